// Counts and hashes what flows by; knows nothing of where it comes from.
import { createHash } from 'node:crypto'
import { Transform, type TransformCallback } from 'node:stream'
import { AppError } from '../../../shared/errors.ts'

export interface Counted {
  readonly bytes: number
  readonly sha256: string
}

export class Tally {
  readonly #hash = createHash('sha256')
  bytes = 0

  add(chunk: Uint8Array): void {
    this.bytes += chunk.length
    this.#hash.update(chunk)
  }

  /** Once, at the end. */
  end(): Counted {
    return { bytes: this.bytes, sha256: this.#hash.digest('hex') }
  }
}

/** Hashes all that there is. */
export async function tallyOf(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Counted> {
  const tally = new Tally()
  for await (const chunk of chunks) tally.add(chunk)
  return tally.end()
}

/** Passes everything on, counted and hashed. */
export class CountedStream extends Transform {
  readonly #tally = new Tally()

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#tally.add(chunk)
    done(null, chunk)
  }

  /** Once, when all has passed. */
  counted(): Counted {
    return this.#tally.end()
  }
}

/** Passes everything on, and fails at the end with BACKUP_BAD where it was not what was expected. */
export class CheckedStream extends Transform {
  /** All of it has passed, and was what was expected. */
  whole = false
  readonly #tally = new Tally()
  readonly #expected: Counted
  readonly #what: string

  constructor(expected: Counted, what: string) {
    super({ highWaterMark: 1024 * 1024 })
    this.#expected = expected
    this.#what = what
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#tally.add(chunk)
    // more than there should be is known at once, and need not be read to its end
    done(this.#tally.bytes > this.#expected.bytes ? differs(this.#what, 'is longer than it was') : null, chunk)
  }

  override _flush(done: TransformCallback): void {
    const { bytes, sha256 } = this.#tally.end()
    if (bytes < this.#expected.bytes)
      done(differs(this.#what, `has ${bytes} of the ${this.#expected.bytes} bytes that it had`))
    else if (sha256 !== this.#expected.sha256) done(differs(this.#what, 'is not what was written'))
    else {
      this.whole = true
      done()
    }
  }
}

function differs(what: string, how: string): AppError {
  return new AppError('BACKUP_BAD', `${what} ${how}`, {
    hint: 'This snapshot is damaged. Take another one, and look at the disk that it lies on.',
  })
}
