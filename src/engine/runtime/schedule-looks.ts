// Looks again and again at what has a schedule, one look at a time, and finds out where this computer is; knows nothing of what is due.
import type { RunSchedule } from '../../shared/model/schedule.ts'
import type { Clock } from '../lib/clock.ts'
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

/** What cannot be found out holds nothing up. */
export async function whereabouts(
  { onMains, networks }: Whereabouts,
  schedules: readonly (RunSchedule | null)[],
): Promise<{ mains: boolean | null; here: string[] }> {
  const mains = await onMains().catch(() => null)
  const named = schedules.some(one => one?.onlyOnNetworks.length)
  return { mains, here: named ? await networks().catch(() => []) : [] }
}
