// Looks again and again at what has a schedule, one look at a time, and says what is due where this computer is just now; starts nothing.
import { AppError } from '../../shared/errors.ts'
import type { RunSchedule, WaitsFor } from '../../shared/model/schedule.ts'
import { type Due, dueAt, nextRunAt, type ScheduleState, waitsFor } from '../domain/due.ts'
import type { Clock } from '../lib/clock.ts'
import { cronTimes } from '../lib/cron.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { CircuitBreakers } from './circuit-breaker.ts'
import { OwnedChecks } from './owned-checks.ts'
import type { Prober } from './prober.ts'

const lookMs = 20_000

/** Where this computer is, as far as schedules ask for it. */
export interface Whereabouts {
  /** Does it run on mains? Null where it cannot be known. */
  onMains: () => Promise<boolean | null>
  /** Asked only where a schedule names networks; empty where nothing can be told. */
  networks: () => Promise<string[]>
}

export interface ScheduleLooksOptions extends Whereabouts {
  prober: Pick<Prober, 'check' | 'record'>
  breakers: Pick<CircuitBreakers, 'allows'>
  /** What one of them waits for has changed. */
  onChange: (id: string) => void
  clock: Clock
  log: Logger
}

/** Looks after all of one kind that has schedules; the kind says what is begun. */
export abstract class ScheduleLooks<Stored> implements Disposable {
  protected readonly log: Logger
  protected readonly checks: OwnedChecks
  readonly #options: ScheduleLooksOptions
  readonly #ended = new AbortController()
  readonly #waited = new Map<string, WaitsFor | null>()
  #timer: Disposable | null = null
  #looking: Promise<void> | null = null
  #mains: boolean | null = null
  #networks: string[] = []

  constructor(options: ScheduleLooksOptions, name: string) {
    this.#options = options
    this.log = options.log.child(name)
    this.checks = new OwnedChecks(options)
  }

  start(): void {
    this.#timer ??= this.#options.clock.every(lookMs, () => void this.look())
    void this.look()
  }

  /** Starts what is due; resolves when that is done. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.lookAtAll()
      .catch(caught => this.log.error('a look at the schedules failed', { error: String(caught) }))
      .finally(() => {
        this.#looking = null
      })
    return this.#looking
  }

  /** When it comes next; null where it has no schedule or is switched off. */
  nextAt(stored: Stored): number | null {
    const state = this.runOf(stored)
    return state === null ? null : nextRunAt(state, this.#options.clock.now(), cronTimes)
  }

  /** What keeps it from being begun, though it is due; null where nothing does. */
  waitsFor(stored: Stored): WaitsFor | null {
    const state = this.runOf(stored)
    return state && waitsFor(this.due(state))
  }

  dispose(): void {
    this.#timer?.dispose()
    this.#ended.abort(new AppError('ENGINE_GONE', 'Quarterdeck ended'))
  }

  /** Its own schedule; null where it has none or is switched off. */
  protected abstract runOf(stored: Stored): ScheduleState | null

  /** Starts what is due of all. */
  protected abstract lookAtAll(): Promise<void>

  protected get ended(): AbortSignal {
    return this.#ended.signal
  }

  /** Finds out where this computer is; what cannot be found out holds nothing up. */
  protected async locate(schedules: readonly (RunSchedule | null)[]): Promise<void> {
    const { onMains, networks } = this.#options
    this.#mains = await onMains().catch(() => null)
    const named = schedules.some(one => one?.onlyOnNetworks.length)
    this.#networks = named ? await networks().catch(() => []) : []
  }

  /** What is due where this computer was when it was located last. */
  protected due(state: ScheduleState): Due {
    return dueAt(state, this.#options.clock.now(), this.#mains, cronTimes, this.#networks)
  }

  /** Tells where it waits for something else than at the look before. */
  protected tellIfWaitsAnew(id: string, stored: Stored): void {
    const before = this.#waited.get(id) ?? null
    const now = this.waitsFor(stored)
    this.#waited.set(id, now)
    if (now !== before) this.#options.onChange(id)
  }
}

/** Null where it has no schedule or is switched off. */
export function stateOf(
  { enabled, createdAt }: { readonly enabled: boolean; readonly createdAt: number },
  id: string,
  schedule: RunSchedule | null,
  lastAt: number | null,
): ScheduleState | null {
  return enabled && schedule ? { id, schedule, lastAt, createdAt } : null
}
