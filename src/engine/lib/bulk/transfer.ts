// Takes a dump to all places at once, in one pass: unpack to hash, pack, encrypt, hash, write; bounded memory. Knows no source, no target and no manifest.
import { PassThrough, pipeline, type Readable } from 'node:stream'
import { AppError } from '../../../shared/errors.ts'
import type { Clock } from '../clock.ts'
import { ByteLimit } from './byte-limit.ts'
import { type Compression, packer, unpacker } from './compression.ts'
import type { Encryptor } from './encryption.ts'
import { type Counted, Tally } from './tally.ts'

const pieceBytes = 512 * 1024

/** Where it goes: a file that is whole or not at all. Chunks come as they came, mostly of 32 KiB, and are nobody else's: they may be kept. */
export interface BulkWriter {
  write(chunk: Uint8Array): Promise<void>
  finish(expected: Counted): Promise<void>
  abort(): Promise<void>
}

export interface TransferOptions<End extends { rawBytes: number; rawSha256: string }> {
  readonly source: Readable
  /** How the source is packed as it comes. */
  readonly compression: Compression
  /** How it is stored; packed anew only where that differs. */
  readonly want: Compression
  readonly encrypt: Encryptor | null
  readonly writers: readonly BulkWriter[]
  /** Of what is stored; null is as fast as it goes. */
  readonly bytesPerSecond: number | null
  /** What the source says of itself at its end; nothing is finished where it rejects or where it counted something else. */
  readonly ended: Promise<End>
  readonly clock: Clock
  readonly signal: AbortSignal
  onProgress?(rawBytes: number, storedBytes: number): void
}

export interface Transferred<End> {
  /** As stored. */
  readonly bytes: number
  readonly sha256: string
  readonly rawBytes: number
  readonly rawSha256: string
  readonly end: End
  /** Writers that failed while at least one other came through, by their place in the list. Nothing of theirs is left. */
  readonly failed: ReadonlyMap<number, AppError>
}

/**
 * Reads the source to its end and finishes all writers, or rejects with every writer aborted. It rejects where the source fails, where it
 * counted other bytes than arrived, where it is cancelled, and where the last writer that was left failed.
 */
export async function transfer<End extends { rawBytes: number; rawSha256: string }>(
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
    const stored = new Tally()
    const limit = options.bytesPerSecond === null ? null : new ByteLimit(clock, options.bytesPerSecond)
    const raw = new RawTally(options.compression)
    for await (const piece of await path(options, raw)) {
      if (signal.aborted) throw new AppError('CANCELLED', 'Cancelled')
      await limit?.take(piece.length, signal)
      stored.add(piece)
      await writers.each(writer => writer.write(piece))
      options.onProgress?.(raw.bytes, stored.bytes)
    }
    const end = await ended
    const counted = await raw.end()
    if (counted.bytes !== end.rawBytes || counted.sha256 !== end.rawSha256) throw otherBytes(counted, end)
    if (signal.aborted) throw new AppError('CANCELLED', 'Cancelled')
    const whole = stored.end()
    await writers.each(writer => writer.finish(whole))
    return { ...whole, rawBytes: counted.bytes, rawSha256: counted.sha256, end, failed: writers.failed }
  } catch (caught) {
    source.destroy()
    await writers.abort()
    throw signal.aborted ? new AppError('CANCELLED', 'Cancelled', { cause: caught }) : await reason(caught, ended)
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** What becomes of the source's bytes until they are stored. */
async function path<End extends { rawBytes: number; rawSha256: string }>(
  { source, compression, want, encrypt }: TransferOptions<End>,
  raw: RawTally,
): Promise<AsyncIterable<Buffer>> {
  const anew = compression !== want
  const unpack = anew ? unpacker(compression) : null
  const pack = anew ? packer(want) : null
  const encrypted = (await encrypt?.stream()) ?? null
  // What is unpacked to be packed anew is hashed between the two; what stays packed is unpacked on the side.
  const unpacked = unpack === null ? source : join(source, unpack)
  const counted = raw.watch(unpacked, unpack !== null)
  if (pack === null && encrypted === null) return counted
  const head = new PassThrough({ highWaterMark: pieceBytes })
  const through = [pack, encrypted].filter(stream => stream !== null)
  const last = through.reduce<Readable>(join, head)
  void feed(counted, head)
  return last as AsyncIterable<Buffer>
}

function join(from: Readable, to: NodeJS.ReadWriteStream): Readable {
  return pipeline(from, to, () => {}) as unknown as Readable
}

async function feed(from: AsyncIterable<Buffer>, to: PassThrough): Promise<void> {
  const moved = { wake: (): void => {} }
  const wake = (): void => moved.wake()
  to.on('drain', wake)
  to.once('close', wake)
  to.on('error', () => {})
  try {
    for await (const chunk of from) {
      if (to.destroyed) return
      if (!to.write(chunk))
        await new Promise<void>(resolve => {
          moved.wake = resolve
          if (to.destroyed || !to.writableNeedDrain) resolve()
        })
    }
    to.end()
  } catch (caught) {
    to.destroy(caught instanceof Error ? caught : new Error(String(caught)))
  }
}

/** Counts and hashes what the source is without its packing. */
class RawTally {
  readonly #tally = new Tally()
  readonly #compression: Compression
  #sideEnded: Promise<void> = Promise.resolve()

  constructor(compression: Compression) {
    this.#compression = compression
  }

  get bytes(): number {
    return this.#tally.bytes
  }

  async *watch(stream: Readable, unpacked: boolean): AsyncGenerator<Buffer> {
    const side = unpacked ? null : unpacker(this.#compression)
    if (side === null) {
      for await (const chunk of stream) {
        this.#tally.add(chunk as Buffer)
        yield chunk as Buffer
      }
      return
    }
    let failure: Error | null = null
    let wake = (): void => {}
    this.#sideEnded = new Promise((resolve, reject) => {
      side.on('data', (chunk: Buffer) => this.#tally.add(chunk))
      side.once('end', resolve)
      side.once('error', error => {
        failure = error
        reject(error)
        wake()
      })
      side.once('close', () => {
        reject(new AppError('CANCELLED', 'Cancelled'))
        wake()
      })
    })
    this.#sideEnded.catch(() => {})
    side.on('drain', () => wake())
    try {
      for await (const chunk of stream) {
        if (failure !== null) throw failure
        if (!side.write(chunk))
          await new Promise<void>(resolve => {
            wake = resolve
            if (failure !== null) resolve()
          })
        yield chunk as Buffer
      }
      side.end()
      await this.#sideEnded
    } finally {
      side.destroy()
    }
  }

  async end(): Promise<Counted> {
    await this.#sideEnded
    return this.#tally.end()
  }
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

function otherBytes(counted: Counted, end: { rawBytes: number; rawSha256: string }): AppError {
  const how =
    counted.bytes === end.rawBytes
      ? 'Other bytes arrived than the host sent'
      : `${counted.bytes} bytes arrived of the ${end.rawBytes} that the host sent`
  return new AppError('BACKUP_BAD', how, { hint: 'Nothing was kept. Try again.' })
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
