// Counts and hashes what is packed in a stream that passes by; knows nothing of where it goes.
import { Transform, type TransformCallback } from 'node:stream'
import { AppError } from '../../../shared/errors.ts'
import { type Compression, unpacker } from './compression.ts'
import { type Counted, Tally } from './tally.ts'

/** Passes everything on as it came, no faster than it can be unpacked; fails where it cannot be. */
export class UnpackedTally extends Transform {
  readonly #tally = new Tally()
  readonly #unpack: Transform
  readonly #ended: Promise<void>

  constructor(compression: Exclude<Compression, 'none'>) {
    super()
    const unpack = unpacker(compression)
    if (unpack === null) throw new AppError('INTERNAL', 'There is nothing to unpack')
    this.#unpack = unpack
    this.#ended = new Promise((resolve, reject) => {
      unpack.on('data', (chunk: Buffer) => this.#tally.add(chunk))
      unpack.once('end', resolve)
      unpack.once('error', reject)
    })
    this.#ended.catch(error => this.destroy(error))
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#unpack.write(chunk, error => {
      // an error is the unpacker's own, and comes by its event
      if (!error) done(null, chunk)
    })
  }

  override _flush(done: TransformCallback): void {
    this.#unpack.end()
    this.#ended.then(() => done(), done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#unpack.destroy()
    done(error)
  }

  /** Once, when all has passed. */
  counted(): Counted {
    return this.#tally.end()
  }
}
