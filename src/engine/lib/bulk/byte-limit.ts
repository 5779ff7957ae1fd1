// Holds a stream to so many bytes a second; knows nothing of the stream.
import { type Clock, sleep } from '../clock.ts'

/** What may flow at once after a rest. */
const burstSeconds = 0.25

export class ByteLimit {
  readonly #clock: Clock
  readonly #perSecond: number
  #owed = 0
  #at: number

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock
    this.#perSecond = perSecond
    this.#at = clock.monotonic()
  }

  /** Resolves when `bytes` more may flow; rejects with an AbortError. */
  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    const now = this.#clock.monotonic()
    this.#owed = Math.max(-burstSeconds, this.#owed - (now - this.#at) / 1_000)
    this.#at = now
    this.#owed += bytes / this.#perSecond
    if (this.#owed > 0) await sleep(this.#clock, this.#owed * 1_000, signal)
  }
}
