// Opens what lies on a target again: hash of the stored bytes, decryption, unpacking, hash of the raw bytes; knows no target and no source.
import { pipeline, Readable } from 'node:stream'
import { AppError } from '../../../shared/errors.ts'
import { type Compression, unpacker } from './compression.ts'
import type { Decryptor } from './encryption.ts'
import { CheckedStream, type Counted, CountedStream } from './tally.ts'

/** A file of a snapshot: what its manifest says of it, and how it is read. */
export interface Stored {
  /** For the words of an error: `app.db.zst`. */
  readonly name: string
  readonly bytes: number
  readonly sha256: string
  /** Null where nobody has seen it yet. */
  readonly raw: Counted | null
  readonly compression: Compression
  /** Null where it is not encrypted. */
  readonly decrypt: Decryptor | null
  read(signal?: AbortSignal): Promise<Readable>
}

/**
 * As the source gave it: decrypted, unpacked and hashed on the way. Fails at its end with BACKUP_BAD where it is not what it was. Where nobody
 * has seen it yet, `onRaw` is told what it is.
 */
export async function openRaw(
  stored: Stored,
  signal?: AbortSignal,
  onRaw: (raw: Counted) => void = () => {},
): Promise<Readable> {
  const unpack = unpacker(stored.compression)
  const counted = new CountedStream()
  const check = stored.raw === null ? counted : new CheckedStream(stored.raw, `The content of ${stored.name}`)
  const after = unpack === null ? [check] : [unpack, check]
  return await open(stored, after, signal, whole => {
    if (stored.raw !== null) return
    // a packed stream that is broken may end early without a word; only what all stored bytes gave is what it is
    if (!whole) throw new AppError('BACKUP_BAD', `${stored.name} ends before its last byte`)
    onRaw(counted.counted())
  })
}

/** Decrypted only; the stored bytes are hashed on the way. */
export const openPacked = async (stored: Stored, signal?: AbortSignal): Promise<Readable> =>
  await open(stored, [], signal)

/** Reads every stored byte again; rejects with BACKUP_BAD where they are not what was written. No key is needed. */
export async function rehash(
  stored: Pick<Stored, 'name' | 'bytes' | 'sha256' | 'read'>,
  signal?: AbortSignal,
  pace?: (bytes: number) => Promise<void>,
): Promise<void> {
  const checked = chain([await stored.read(signal), new CheckedStream(stored, stored.name)], signal)
  try {
    for await (const chunk of checked) await pace?.((chunk as Buffer).length)
  } catch (caught) {
    throw bad(stored.name, caught)
  }
}

async function open(
  stored: Stored,
  after: NodeJS.ReadWriteStream[],
  signal?: AbortSignal,
  /** Called at its end; `whole` where all stored bytes passed and were right. What it throws, the stream fails with. */
  atEnd: (whole: boolean) => void = () => {},
): Promise<Readable> {
  // the key first: where there is none, nothing is read
  const decrypt = (await stored.decrypt?.stream()) ?? null
  const source = await stored.read(signal)
  const through = decrypt === null ? after : [decrypt, ...after]
  const check = new CheckedStream(stored, stored.name)
  const stream = chain([source, check, ...through], signal)
  const words = inWords(stored.name, stream, () => atEnd(check.whole))
  const result = Readable.from(words, { objectMode: false, highWaterMark: 1024 * 1024 })
  // a generator that never began would leave the file open
  result.once('close', () => stream.destroy())
  return result
}

async function* inWords(name: string, stream: Readable, atEnd: () => void): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield chunk as Buffer
    atEnd()
  } catch (caught) {
    throw bad(name, caught)
  }
}

function chain(streams: (Readable | NodeJS.ReadWriteStream)[], signal?: AbortSignal): Readable {
  const last = streams.at(-1) as Readable
  if (streams.length > 1) pipeline(streams as [Readable, NodeJS.ReadWriteStream], () => {})
  const stop = (): void => {
    last.destroy(new AppError('CANCELLED', 'Cancelled'))
  }
  signal?.addEventListener('abort', stop, { once: true })
  last.once('close', () => signal?.removeEventListener('abort', stop))
  // whoever reads it listens too; an error before that must not end the engine
  last.on('error', () => {})
  if (signal?.aborted) stop()
  return last
}

/** What zlib says of broken data, in words; errors of ours stay as they are. */
function bad(name: string, caught: unknown): AppError {
  if (caught instanceof AppError) return caught
  const known = AppError.from(caught)
  if (known.code === 'CANCELLED') return known
  return new AppError('BACKUP_BAD', `${name} cannot be unpacked (${known.message.slice(0, 200)})`, { cause: caught })
}
