// Looks again and again at what has a schedule, one look at a time, and says what is due where this computer is just now; starts nothing.
import type { RunSchedule, WaitsFor } from '../../shared/model/schedule.ts'
import { type Due, dueAt, type ScheduleState, waitsFor } from '../domain/due.ts'
import type { Clock } from '../lib/clock.ts'
import { cronTimes } from '../lib/cron.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'

const lookMs = 20_000

/** Where this computer is, as far as schedules ask for it. */
export interface Whereabouts {
  /** Does it run on mains? Null where it cannot be known. */
  onMains: () => Promise<boolean | null>
  /** Asked only where a schedule names networks; empty where nothing can be told. */
  networks: () => Promise<string[]>
}

export class ScheduleLooks implements Disposable {
  readonly #clock: Clock
  readonly #log: Logger
  readonly #look: () => Promise<void>
  #timer: Disposable | null = null
  #looking: Promise<void> | null = null

  constructor({ clock, log }: { clock: Clock; log: Logger }, look: () => Promise<void>) {
    this.#clock = clock
    this.#log = log
    this.#look = look
  }

  start(): void {
    this.#timer ??= this.#clock.every(lookMs, () => void this.now())
    void this.now()
  }

  /** Resolves when that is done. Never rejects. */
  now(): Promise<void> {
    this.#looking ??= this.#look()
      .catch(caught => this.#log.error('a look at the schedules failed', { error: String(caught) }))
      .finally(() => {
        this.#looking = null
      })
    return this.#looking
  }

  dispose(): void {
    this.#timer?.dispose()
  }
}

/** What is due where this computer was at the last look. */
export class DueHere {
  readonly #options: Whereabouts & { readonly clock: Clock }
  readonly #waited = new Map<string, WaitsFor | null>()
  #mains: boolean | null = null
  #networks: string[] = []

  constructor(options: Whereabouts & { readonly clock: Clock }) {
    this.#options = options
  }

  /** Finds out where it is; what cannot be found out holds nothing up. */
  async look(schedules: readonly (RunSchedule | null)[]): Promise<void> {
    const { onMains, networks } = this.#options
    this.#mains = await onMains().catch(() => null)
    const named = schedules.some(one => one?.onlyOnNetworks.length)
    this.#networks = named ? await networks().catch(() => []) : []
  }

  due(state: ScheduleState): Due {
    return dueAt(state, this.#options.clock.now(), this.#mains, cronTimes, this.#networks)
  }

  /** Null where it waits for nothing, or has no schedule. */
  waitsFor(state: ScheduleState | null): WaitsFor | null {
    return state && waitsFor(this.due(state))
  }

  /** Waits it for something else than when this was asked last? */
  waitsAnew(id: string, state: ScheduleState | null): boolean {
    const before = this.#waited.get(id) ?? null
    const now = this.waitsFor(state)
    this.#waited.set(id, now)
    return now !== before
  }
}
