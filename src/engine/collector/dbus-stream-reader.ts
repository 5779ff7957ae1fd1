// Cuts a byte stream into D-Bus messages at a pace that a hostile host cannot set; knows nothing of what is in them.
import type { Clock } from '../lib/clock.ts'
import { type Disposable, disposable } from '../lib/disposable.ts'
import { messageLength } from '../parse/dbus-codec.ts'

/** Longest stretch of work in one turn, so that other hosts get theirs. */
const sliceMs = 8
/** Messages taken at once and, after that, per second: a start of 20,000 units fits, an endless flood waits in the host's own buffers. */
const burstMessages = 100_000
const messagesPerSecond = 4_000
const checkEvery = 64

export interface StreamReaderOptions {
  readonly input: NodeJS.ReadableStream
  readonly clock: Clock
  /** The bytes are valid only during the call. */
  readonly onMessage: (bytes: Uint8Array) => void
  readonly onProblem: (problem: string) => void
}

export class DbusStreamReader implements Disposable {
  readonly #options: StreamReaderOptions
  #chunks: Uint8Array[] = []
  #size = 0
  #needed = 16
  #allowance = burstMessages
  #refilledAt: number
  #resume: Disposable = disposable(() => {})
  #paused = false
  #done = false

  constructor(options: StreamReaderOptions) {
    this.#options = options
    this.#refilledAt = options.clock.monotonic()
  }

  push(chunk: Uint8Array): void {
    if (this.#done) return
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size >= this.#needed && !this.#paused) this.#drain()
  }

  dispose(): void {
    this.#done = true
    this.#resume.dispose()
    this.#chunks = []
    this.#size = 0
  }

  #drain(): void {
    const bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Uint8Array) : Buffer.concat(this.#chunks)
    const startedAt = this.#options.clock.monotonic()
    this.#refill(startedAt)
    let at = 0
    for (let count = 1; ; count++) {
      const length = messageLength(bytes, at)
      if (!length.ok) {
        this.#options.onProblem(length.problem)
        return
      }
      this.#needed = length.value || 16
      if (length.value === 0 || bytes.length - at < length.value) break
      this.#options.onMessage(bytes.subarray(at, at + length.value))
      if (this.#done) return
      at += length.value
      this.#allowance--
      const overSlice = count % checkEvery === 0 && this.#options.clock.monotonic() - startedAt > sliceMs
      if (overSlice || this.#allowance <= 0) {
        this.#keep(bytes, at)
        this.#pause(this.#allowance > 0 ? 0 : 100)
        return
      }
    }
    this.#keep(bytes, at)
  }

  #keep(bytes: Uint8Array, at: number): void {
    this.#chunks = at < bytes.length ? [bytes.subarray(at)] : []
    this.#size = bytes.length - at
  }

  #pause(ms: number): void {
    this.#paused = true
    this.#options.input.pause()
    this.#resume = this.#options.clock.after(ms, () => {
      this.#paused = false
      this.#drain()
      if (!this.#paused && !this.#done) this.#options.input.resume()
    })
  }

  #refill(now: number): void {
    this.#allowance = Math.min(burstMessages, this.#allowance + ((now - this.#refilledAt) * messagesPerSecond) / 1000)
    this.#refilledAt = now
  }
}
