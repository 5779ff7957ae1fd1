// Records when a host was not watched and fills that time in from the host's own records (R13); knows nothing of why the link went.
import type { HostFacts } from '../../shared/model/host.ts'
import type { ObservationGap } from '../../shared/model/metric.ts'
import type { UnitScope, UnitTransition } from '../../shared/model/unit.ts'
import { notInFuture } from '../domain/clock-gap.ts'
import { sameTransition } from '../domain/transitions.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { JournalReader, UnitState } from '../ports.ts'
import type { Store } from '../store/store.ts'
import type { Publish } from './publish.ts'

/** A pause shorter than this is no gap: it is what lies between two looks. */
const shortestGapMs = 2_000

export class GapKeeper {
  readonly #hostId: string
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Logger
  readonly #publish: Publish

  constructor(options: { hostId: string; store: Store; clock: Clock; log: Logger; publish: Publish }) {
    this.#hostId = options.hostId
    this.#store = options.store
    this.#clock = options.clock
    this.#log = options.log
    this.#publish = options.publish
  }

  /** From `from` (wall ms) on, the host is not watched. A gap that is open already stays as it is. */
  open(from: number, cause: ObservationGap['cause']): void {
    if (this.#current()) return
    this.#store.gaps.open({ hostId: this.#hostId, from: notInFuture(from, this.#clock.now()), cause })
  }

  /** At the start of the engine: the time since the last sample was not watched. */
  openSinceLastRun(): void {
    const last = this.#store.samples.lastAt(this.#hostId)
    if (last !== null) this.open(last, 'not-running')
  }

  /**
   * The host is watched again: closes the open gap and records what happened to units meanwhile, marked reconstructed. The journal tells it
   * with times where it may be read; for the rest the units' own properties tell how it ended.
   */
  async fill(
    scope: UnitScope,
    unseen: readonly { before: UnitState; after: UnitState }[],
    journal: JournalReader,
    facts: HostFacts,
    signal: AbortSignal,
  ): Promise<readonly UnitTransition[]> {
    const gap = this.#current()
    const now = this.#clock.now()
    let found: readonly UnitTransition[] = []
    let readable = facts.journal.readable || scope === 'user'
    if (gap && readable && now - gap.from >= shortestGapMs) {
      try {
        found = await journal.transitions(scope, gap.from, now, signal)
      } catch (error) {
        readable = false
        this.#log.warn('gap is filled without the journal', { host: this.#hostId, error: String(error) })
      }
    }
    if (signal.aborted) return []
    const ends = unseen.map(pair => this.#endOf(pair, gap?.from ?? now, now))
    const transitions = [...found, ...ends.filter(end => !found.some(seen => sameTransition(seen, end)))]
    if (transitions.length > 0) {
      this.#store.units.insertTransitions(transitions)
      for (const transition of transitions.slice(-500)) this.#publish('unit.transition', transition)
    }
    return transitions
  }

  /** Closes the open gap; `filled` says that unit histories are whole again. */
  close(filled: boolean): void {
    const gap = this.#current()
    if (gap) this.#store.gaps.close(gap.id, Math.max(this.#clock.now(), gap.from), filled)
  }

  #current(): { id: number; from: number } | null {
    return this.#store.gaps.openOnes().find(gap => gap.hostId === this.#hostId) ?? null
  }

  #endOf({ before, after }: { before: UnitState; after: UnitState }, from: number, to: number): UnitTransition {
    return {
      hostId: this.#hostId,
      scope: after.scope,
      name: after.name,
      // the host's clock may differ from ours: what was not seen lies inside the gap, whatever that clock says
      at: Math.min(Math.max(after.since ?? to, from), to),
      fromState: before.activeState,
      toState: after.activeState,
      subState: after.subState,
      result: after.result,
      mainPid: after.mainPid,
      restarts: after.restarts,
      invocationId: after.invocationId,
      reconstructed: true,
    }
  }
}
