// Takes a dump to all places at once, in one pass: hash what came, pack, encrypt, hash what is stored, write; bounded memory. Knows no source, no target and no manifest.
import { pipeline, type Readable } from 'node:stream'
import { AppError } from '../../../shared/errors.ts'
import type { Clock } from '../clock.ts'
import { ByteLimit } from './byte-limit.ts'
import { type Compression, packer, unpacker } from './compression.ts'
import type { Encryptor } from './encryption.ts'
import { type Counted, CountedStream, Tally } from './tally.ts'
import { UnpackedTally } from './unpacked-tally.ts'

/** Where it goes: a file that is whole or not at all. Chunks come as they came, mostly of 32 KiB, and are nobody else's: they may be kept. */
export interface BulkWriter {
  write(chunk: Uint8Array): Promise<void>
  finish(expected: Counted): Promise<void>
  abort(): Promise<void>
}

export interface TransferOptions<End extends { sha256: string }> {
  readonly source: Readable
  /** How the source is packed as it comes. */
  readonly compression: Compression
  /** How it is stored; packed anew only where that differs. */
  readonly want: Compression
  readonly encrypt: Encryptor | null
  /** Is the raw content to be hashed on the way, too? For what nobody here can read again. It costs the unpacking. */
  readonly rawToo: boolean
  readonly writers: readonly BulkWriter[]
  /** Of what is stored; null is as fast as it goes. */
  readonly bytesPerSecond: number | null
  /** What the source says of itself at its end; nothing is finished where it rejects or where it hashed something else. */
  readonly ended: Promise<End>
  readonly clock: Clock
  readonly signal: AbortSignal
  onProgress?(storedBytes: number): void
}

export interface Transferred<End> {
  /** As stored. */
  readonly bytes: number
  readonly sha256: string
  /** Without any packing, where that was seen on the way. */
  readonly raw: Counted | null
  readonly end: End
  /** Writers that failed while at least one other came through, by their place in the list. Nothing of theirs is left. */
  readonly failed: ReadonlyMap<number, AppError>
}

/**
 * Reads the source to its end and finishes all writers, or rejects with every writer aborted. It rejects where the source fails, where it
 * hashed other bytes than arrived, where it is cancelled, and where the last writer that was left failed.
 */
export async function transfer<End extends { sha256: string }>(
  options: TransferOptions<End>,
): Promise<Transferred<End>> {
  const { source, ended, signal, clock } = options
  const writers = new Writers(options.writers)
  // it is awaited at the end; until then its failure is the stream's
  ended.catch(() => {})
  const stop = (): void => {
    source.destroy(new AppError('CANCELLED', 'Cancelled'))
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    if (signal.aborted) throw new AppError('CANCELLED', 'Cancelled')
    const way = await wayOf(options)
    const stored = new Tally()
    const limit = options.bytesPerSecond === null ? null : new ByteLimit(clock, options.bytesPerSecond)
    for await (const piece of way.stream) {
      if (signal.aborted) throw new AppError('CANCELLED', 'Cancelled')
      await limit?.take(piece.length, signal)
      stored.add(piece)
      await writers.each(writer => writer.write(piece))
      options.onProgress?.(stored.bytes)
    }
    const end = await ended
    const whole = stored.end()
    const came = way.came?.counted() ?? whole
    if (came.sha256 !== end.sha256)
      throw new AppError('BACKUP_BAD', 'Other bytes arrived than the host sent', {
        hint: 'Nothing was kept. Try again.',
      })
    const raw = options.compression === 'none' ? came : (way.raw?.counted() ?? null)
    if (signal.aborted) throw new AppError('CANCELLED', 'Cancelled')
    await writers.each(writer => writer.finish(whole))
    return { ...whole, raw, end, failed: writers.failed }
  } catch (caught) {
    source.destroy()
    await writers.abort()
    throw signal.aborted ? new AppError('CANCELLED', 'Cancelled', { cause: caught }) : await reason(caught, ended)
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** What becomes of the source's bytes until they are stored, and who counted them on the way. */
interface Way {
  readonly stream: AsyncIterable<Buffer>
  /** Null where what came is what is stored. */
  readonly came: CountedStream | null
  readonly raw: CountedStream | UnpackedTally | null
}

async function wayOf<End extends { sha256: string }>(options: TransferOptions<End>): Promise<Way> {
  const { source, compression, want, encrypt, rawToo } = options
  const anew = compression !== want
  const came = new CountedStream()
  const unpack = anew ? unpacker(compression) : null
  const aside = rawToo && !anew && compression !== 'none' ? new UnpackedTally(compression) : null
  const raw = unpack === null ? aside : new CountedStream()
  const encrypted = (await encrypt?.stream()) ?? null
  const steps = [unpack, raw, anew ? packer(want) : null, encrypted].filter(step => step !== null)
  if (steps.length === 0) return { stream: source as AsyncIterable<Buffer>, came: null, raw }
  const stream = pipeline([source, came, ...steps], () => {}) as unknown as AsyncIterable<Buffer>
  return { stream, came, raw }
}

/** All writers at once, each at its own risk: one that fails is given up, the last one that fails ends it all. */
class Writers {
  readonly failed = new Map<number, AppError>()
  readonly #writers: readonly BulkWriter[]

  constructor(writers: readonly BulkWriter[]) {
    this.#writers = writers
  }

  async each(act: (writer: BulkWriter) => Promise<void>): Promise<void> {
    const left = this.#writers.flatMap((writer, index) => (this.failed.has(index) ? [] : [{ writer, index }]))
    await Promise.all(
      left.map(async ({ writer, index }) => {
        try {
          await act(writer)
        } catch (caught) {
          this.failed.set(index, AppError.from(caught))
          await writer.abort()
        }
      }),
    )
    if (this.failed.size < this.#writers.length) return
    throw [...this.failed.values()].at(-1) ?? new AppError('INVALID_INPUT', 'There is nowhere to write to')
  }

  async abort(): Promise<void> {
    await Promise.all(this.#writers.filter((_, index) => !this.failed.has(index)).map(writer => writer.abort()))
  }
}

/** Where the source's own words say why, those; else what was caught. */
async function reason(caught: unknown, ended: Promise<unknown>): Promise<AppError> {
  const known = caught instanceof AppError ? caught : null
  if (known !== null && known.code !== 'LINK_LOST' && known.code !== 'CANCELLED') return known
  const soon = await Promise.race([
    ended.then(
      () => null,
      (error: unknown) => AppError.from(error),
    ),
    new Promise<null>(resolve => setImmediate(() => setImmediate(resolve, null))),
  ])
  if (soon !== null) return soon
  if (known !== null) return known
  const { message } = AppError.from(caught)
  return new AppError('BACKUP_BAD', `The stream broke (${message.slice(0, 200)})`, { cause: caught })
}
