// Carries out the circuit breaker for features by name and keeps their error counts (semantics 25); knows no feature.
import { AppError } from '../../shared/errors.ts'
import {
  askBreaker,
  type BreakerState,
  closedBreaker,
  type ErrorKind,
  kindOfError,
  restoreBreaker,
  stepBreaker,
} from '../domain/circuit-breaker.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { SteadyTime } from '../lib/steady-time.ts'
import type { Store } from '../store/store.ts'

/** What was switched off so long ago, and never tried since, is not there any more. */
const keptMs = 86_400_000

export interface CircuitBreakersOptions {
  store: Pick<Store, 'errorCounts' | 'breakers'>
  clock: Clock
  steady: SteadyTime
  log: Logger
}

export class CircuitBreakers {
  readonly #options: CircuitBreakersOptions
  readonly #states = new Map<string, BreakerState>()

  constructor(options: CircuitBreakersOptions) {
    this.#options = options
    const { store, steady } = options
    const now = steady.now()
    this.#tidy(() => store.breakers.expire(now - keptMs))
    for (const row of store.breakers.list()) this.#states.set(row.feature, restoreBreaker(row, now))
  }

  /** May the feature run now? Where it may, tell `ended` how it went. */
  allows(feature: string): boolean {
    const { state, allowed } = askBreaker(this.#state(feature), this.#options.steady.now())
    this.#put(feature, state)
    return allowed
  }

  /** `error` is null where it went well. What is no fault of the feature (a lost link, a cancel) is counted and does not switch it off. */
  ended(feature: string, error: unknown, kind: ErrorKind = 'task'): void {
    const { steady, log } = this.#options
    if (error === null) {
      this.#put(feature, stepBreaker(this.#state(feature), true, steady.now()))
      return
    }
    const { code, message } = AppError.from(error)
    const own = code !== 'CANCELLED' && kindOfError(code, kind) !== 'ssh'
    if (code !== 'CANCELLED') this.count(kindOfError(code, kind))
    const before = this.#state(feature)
    const after = stepBreaker(before, own ? false : null, steady.now())
    this.#put(feature, after)
    if (before.openUntil === null && after.openUntil !== null)
      log.warn('a feature that fails again and again is switched off for 10 minutes', { feature, code, message })
  }

  /** Runs the feature, or rejects with UNSUPPORTED while it is switched off. */
  async run<T>(feature: string, work: () => Promise<T>, kind: ErrorKind = 'task'): Promise<T> {
    if (!this.allows(feature))
      throw new AppError('UNSUPPORTED', 'This failed 5 times running and is switched off for 10 minutes', {
        hint: 'It is tried again by itself then.',
      })
    try {
      const result = await work()
      this.ended(feature, null)
      return result
    } catch (error) {
      this.ended(feature, error, kind)
      throw error
    }
  }

  /** Until when a feature is switched off, steady ms; null where it is on. */
  openUntil(feature: string): number | null {
    return this.#states.get(feature)?.openUntil ?? null
  }

  /** Counts an error for the reports. */
  count(kind: ErrorKind): void {
    const { store, clock, log } = this.#options
    try {
      store.errorCounts.add(new Date(clock.now()).toISOString().slice(0, 10), kind)
    } catch (error) {
      log.debug('an error was not counted', { error: String(error) })
    }
  }

  #state(feature: string): BreakerState {
    return this.#states.get(feature) ?? closedBreaker
  }

  /** What is switched off is written down; what only failed a few times starts anew with the engine. */
  #put(feature: string, state: BreakerState): void {
    const before = this.#state(feature).openUntil
    if (state === closedBreaker) this.#states.delete(feature)
    else this.#states.set(feature, state)
    const { openUntil, failures } = state
    if (openUntil === before) return
    const { breakers } = this.#options.store
    this.#tidy(() => (openUntil === null ? breakers.remove(feature) : breakers.put({ feature, failures, openUntil })))
  }

  /** A disk that takes nothing is no reason to stop: it is forgotten with the engine then. */
  #tidy(write: () => void): void {
    try {
      write()
    } catch (error) {
      this.#options.log.debug('what is switched off was not written down', { error: String(error) })
    }
  }
}
