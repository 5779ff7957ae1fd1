// The only source of time in the engine, so that tests can own it; knows nothing of what is scheduled.
import { type Disposable, disposable } from './disposable.ts'

export interface Clock {
  /** Wall time in ms since the epoch: for display, schedules and the end of silences. */
  now(): number
  /** Monotonic time in ms from an arbitrary start: for durations. */
  monotonic(): number
  /** Runs `task` once after `ms`. */
  after(ms: number, task: () => void): Disposable
  /** Runs `task` every `ms`, first after one period. */
  every(ms: number, task: () => void): Disposable
}

/** The machine's own clocks. Timers do not keep the process alive by themselves only where `unref` is asked for. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, Math.min(ms, 2_147_483_647))
    return disposable(() => clearTimeout(timer))
  },
  every(ms, task) {
    const timer = setInterval(task, ms)
    return disposable(() => clearInterval(timer))
  },
}

/** Resolves after `ms`, or rejects with an AbortError as soon as `signal` aborts. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortError())
      return
    }
    const onAbort = (): void => {
      timer.dispose()
      reject(abortError())
    }
    const timer = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** Resolves once all of them are settled, or after `ms`. Never rejects. */
export async function settledWithin(clock: Clock, ms: number, all: readonly Promise<unknown>[]): Promise<void> {
  if (all.length === 0) return
  const enough = new AbortController()
  const late = sleep(clock, ms, enough.signal).catch(() => {})
  await Promise.race([Promise.allSettled(all), late])
  enough.abort()
}

function abortError(): Error {
  const error = new Error('Aborted')
  error.name = 'AbortError'
  return error
}

/** A clock that moves only when told; for tests and simulations. */
export class ManualClock implements Clock {
  #wall: number
  #mono = 0
  #sequence = 0
  readonly #tasks = new Map<number, { at: number; every: number | null; task: () => void }>()

  constructor(wall = 1_700_000_000_000) {
    this.#wall = wall
  }

  now(): number {
    return this.#wall
  }

  monotonic(): number {
    return this.#mono
  }

  after(ms: number, task: () => void): Disposable {
    return this.#schedule(ms, null, task)
  }

  every(ms: number, task: () => void): Disposable {
    return this.#schedule(ms, ms, task)
  }

  /** Timers that are still waiting: a test asserts 0 at its end. */
  get pending(): number {
    return this.#tasks.size
  }

  /** Moves both clocks forward and runs, in order, whatever comes due. */
  advance(ms: number): void {
    const end = this.#mono + ms
    for (;;) {
      let due: [number, { at: number; every: number | null; task: () => void }] | undefined
      for (const entry of this.#tasks) if (entry[1].at <= end && (!due || entry[1].at < due[1].at)) due = entry
      if (!due) break
      const [id, item] = due
      this.#wall += item.at - this.#mono
      this.#mono = item.at
      if (item.every === null) this.#tasks.delete(id)
      else item.at += Math.max(1, item.every)
      item.task()
    }
    this.#wall += end - this.#mono
    this.#mono = end
  }

  /** Like `advance`, and lets promises settle after each step of `step` ms. */
  async advanceAsync(ms: number, step = ms): Promise<void> {
    for (let left = ms; left > 0; left -= step) {
      this.advance(Math.min(step, left))
      for (let turn = 0; turn < 8; turn++) await Promise.resolve()
    }
  }

  /** Moves only the wall clock, as NTP, a person or sleep would. */
  jump(ms: number): void {
    this.#wall += ms
  }

  #schedule(ms: number, every: number | null, task: () => void): Disposable {
    const id = this.#sequence++
    this.#tasks.set(id, { at: this.#mono + Math.max(0, ms), every, task })
    return disposable(() => this.#tasks.delete(id))
  }
}
