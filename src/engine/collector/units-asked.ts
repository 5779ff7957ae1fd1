// Tells units that went down because systemd was asked for it (a stop, a restart) from those that went by themselves; acts on nothing.
import type { UnitChange, UnitState } from '../ports.ts'

/** A host that makes up jobs without end costs bounded memory: what is not kept counts as nobody's wish. */
const mostUnits = 2_000
const mostJobs = 16

type Look = Pick<UnitState, 'activeState' | 'subState'>

/**
 * A process that ends by itself takes its unit down without any job of systemd's; a stop or a restart is a job from before the unit moves to
 * after it has arrived. Which kind a job is its signal does not tell, and by the time one could ask it may be over: so what counts is that it
 * came while the unit was in the state that it then left.
 */
export class AskedEnds {
  /** By unit, then by the job's path: what the unit was in when the job came. */
  readonly #jobs = new Map<string, Map<string, string>>()
  readonly #ends = new Map<string, boolean>()

  began(unit: string, path: string, state: Look | null): void {
    const jobs = this.#jobs.get(unit) ?? new Map<string, string>()
    if (!this.#jobs.has(unit) && this.#jobs.size >= mostUnits) return
    if (jobs.size >= mostJobs) return
    this.#jobs.set(unit, jobs.set(path, stageOf(state)))
  }

  ended(unit: string, path: string): void {
    const jobs = this.#jobs.get(unit)
    if (jobs?.delete(path) && jobs.size === 0) this.#jobs.delete(unit)
  }

  /** A unit is in another state than before. */
  moved({ unit, before }: Pick<UnitChange, 'unit' | 'before'>): void {
    // what was at rest and is failed now was not stopped: it could not even be started (no environment file, a start limit)
    const couldNotStart = before?.activeState === 'inactive' && unit.activeState === 'failed'
    if (!isDown(unit) || couldNotStart) this.#ends.delete(unit.name)
    else if (before && !isDown(before) && (this.#ends.size < mostUnits || this.#ends.has(unit.name)))
      this.#ends.set(unit.name, this.#isAsked(unit.name, stageOf(before)))
  }

  forget(unit: string): void {
    this.#ends.delete(unit)
  }

  /** How much is kept. */
  get size(): number {
    return [...this.#jobs.values()].reduce((sum, jobs) => sum + jobs.size, this.#ends.size)
  }

  /** Null for what is not down, and for what was not seen to go. */
  wasAsked(unit: UnitState): boolean | null {
    return isDown(unit) ? (this.#ends.get(unit.name) ?? null) : null
  }

  #isAsked(unit: string, stage: string): boolean {
    const jobs = [...(this.#jobs.get(unit)?.values() ?? [])]
    // what runs has no job of its own; what is being started or reloaded has the one that does it, which came before that began
    return stage === 'active' ? jobs.length > 0 : stage !== '' && jobs.includes(stage)
  }
}

const isDown = ({ activeState }: Look): boolean =>
  activeState === 'deactivating' || activeState === 'inactive' || activeState === 'failed'

/** systemd's own jobs come while it waits to restart a unit, so that wait is a stage of its own, in which nothing is anybody's wish. */
function stageOf(state: Look | null): string {
  return state === null || state.subState.startsWith('auto-restart') ? '' : state.activeState
}
