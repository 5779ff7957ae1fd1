// A channel as a well-behaved Node stream: backpressure both ways, an end that always comes, memory that stays bounded. Knows nothing of commands.
import { Duplex, Readable } from 'node:stream'
import type { Channel } from 'ssh2'
import { AppError } from '../../shared/errors.ts'

const buffered = 256 * 1024
const stderrKept = 64 * 1024

/** ssh2's channels never call back writes after their end and do not close while unread data waits; this wraps one so that both are sure. */
export class ChannelStream extends Duplex {
  readonly #channel: Channel

  constructor(channel: Channel) {
    super({ highWaterMark: buffered, allowHalfOpen: true })
    this.#channel = channel
    channel.on('data', (chunk: Buffer) => {
      // nobody reads any more: pausing for what is still under way would keep the channel open for good
      if (!this.destroyed && !this.push(chunk)) channel.pause()
    })
    channel.on('end', () => this.push(null))
    channel.on('error', () => {})
    channel.on('close', () => {
      // Lets a reader take what is still buffered before the stream goes.
      if (this.readableEnded || this.destroyed) this.destroy()
      else this.once('end', () => this.destroy())
    })
  }

  override _read(): void {
    this.#channel.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (!this.#channel.writable) {
      // What was sent before the close may still be unread, and an error would throw it away; the end comes anyway.
      done(this.readableEnded ? new AppError('LINK_LOST', 'The channel is closed') : null)
      return
    }
    this.#channel.write(chunk, done)
  }

  override _final(done: () => void): void {
    this.#channel.end()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#channel.close()
    // Unread data would keep the channel from closing.
    this.#channel.resume()
    done(error)
  }
}

/** A command's stderr: diagnostics. What nobody reads is dropped beyond a limit, because it shares its window with stdout. */
export class DiagnosticStream extends Readable {
  constructor() {
    super({ highWaterMark: stderrKept })
  }

  override _read(): void {}

  /** Takes a chunk, or drops it where nobody keeps up. */
  offer(chunk: Buffer): void {
    if (!this.destroyed && !this.readableEnded && this.readableLength < stderrKept) this.push(chunk)
  }

  finish(): void {
    if (!this.destroyed && !this.readableEnded) this.push(null)
  }
}
