// How far a long work is, at most some times a second, with its rate and the time that is left; knows nothing of the work.
import type { BackupProgress } from '../../shared/model/backup.ts'
import type { Clock } from '../lib/clock.ts'

const tellMs = 250
/** The rate is that of about the last so many ms. */
const windowMs = 5_000

export class ProgressMeter {
  readonly #clock: Clock
  readonly #tell: (progress: BackupProgress) => void
  #progress: BackupProgress
  #toldAt = Number.NEGATIVE_INFINITY
  #marks: { at: number; bytes: number }[] = []

  constructor(clock: Clock, tell: (progress: BackupProgress) => void) {
    this.#clock = clock
    this.#tell = tell
    this.#progress = { step: '', part: null, bytes: 0, totalBytes: null, bytesPerSecond: null, secondsLeft: null }
  }

  /** A new step begins: told at once. */
  step(step: string, part: string | null = null, totalBytes: number | null = null): void {
    this.#marks = [{ at: this.#clock.monotonic(), bytes: 0 }]
    this.#progress = { step, part, bytes: 0, totalBytes, bytesPerSecond: null, secondsLeft: null }
    this.#toldAt = this.#clock.monotonic()
    this.#tell(this.#progress)
  }

  bytes(bytes: number): void {
    const now = this.#clock.monotonic()
    if (now - this.#toldAt < tellMs) return
    this.#toldAt = now
    this.#marks.push({ at: now, bytes })
    while (this.#marks.length > 2 && now - (this.#marks[0]?.at ?? now) > windowMs) this.#marks.shift()
    const [first] = this.#marks
    const ms = first ? now - first.at : 0
    const rate = first && ms > 0 ? ((bytes - first.bytes) / ms) * 1_000 : null
    const { totalBytes } = this.#progress
    const left = totalBytes === null || rate === null || rate <= 0 ? null : Math.max(0, (totalBytes - bytes) / rate)
    this.#progress = { ...this.#progress, bytes, bytesPerSecond: rate, secondsLeft: left }
    this.#tell(this.#progress)
  }
}
