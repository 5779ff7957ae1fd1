// A timeout that can be held while something waits its turn, since waiting in our own queue is nobody's failure; knows no probe.
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'

export class Patience implements Disposable {
  readonly #clock: Clock
  readonly #controller = new AbortController()
  #left: number
  #since = 0
  #holds = 0
  #timer: Disposable | null = null
  #timedOut = false

  constructor(clock: Clock, ms: number) {
    this.#clock = clock
    this.#left = ms
    this.#run()
  }

  /** Aborts when the time is over, or at `end`. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get timedOut(): boolean {
    return this.#timedOut
  }

  /** The time stands still until `release`. */
  hold(): void {
    if (this.#holds++ > 0) return
    this.#timer?.dispose()
    this.#timer = null
    this.#left -= this.#clock.monotonic() - this.#since
  }

  release(): void {
    if (--this.#holds === 0 && !this.signal.aborted) this.#run()
  }

  /** It is no longer wanted, for a reason that is not its own. */
  dispose(): void {
    this.#timer?.dispose()
    this.#timer = null
    this.#controller.abort()
  }

  #run(): void {
    this.#since = this.#clock.monotonic()
    this.#timer = this.#clock.after(Math.max(0, this.#left), () => {
      this.#timedOut = true
      this.dispose()
    })
  }
}
