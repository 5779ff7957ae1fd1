// Records when a host was not watched and fills that time in from the host's own records (R13); knows nothing of why the link went.
import type { HostFacts } from '../../shared/model/host.ts'
import type { ObservationGap } from '../../shared/model/metric.ts'
import type { UnitScope, UnitTransition } from '../../shared/model/unit.ts'
import { notInFuture } from '../domain/clock-gap.ts'
import { sameTransition } from '../domain/transitions.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { JournalReader } from '../ports.ts'
import type { Store } from '../store/store.ts'
import type { Publish } from './publish.ts'
import type { UnseenChange } from './unit-registry.ts'

const scopes = ['system', 'user'] as const satisfies readonly UnitScope[]
/** A pause shorter than this is no gap: it is what lies between two looks. */
const shortestGapMs = 2_000
/** How far back in a unit's history an event is looked for before it is added. */
const recentTransitions = 100

export class GapKeeper {
  readonly #hostId: string
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Logger
  readonly #publish: Publish
  readonly #record: (transitions: readonly UnitTransition[]) => void
  /** Since when (wall ms) each scope's units were not watched; the scopes are watched again at different times. */
  readonly #unfilled = new Map<UnitScope, number>()

  constructor(options: {
    hostId: string
    store: Store
    clock: Clock
    log: Logger
    publish: Publish
    record: (transitions: readonly UnitTransition[]) => void
  }) {
    this.#hostId = options.hostId
    this.#store = options.store
    this.#clock = options.clock
    this.#log = options.log
    this.#publish = options.publish
    this.#record = options.record
  }

  /** From `from` (wall ms) on, the host is not watched. A gap that is open already stays as it is. */
  open(from: number, cause: ObservationGap['cause']): void {
    this.#tryTo('opened', () => {
      const gap = this.#current()
      const since = gap?.from ?? notInFuture(from, this.#clock.now())
      for (const scope of scopes) if (!this.#unfilled.has(scope)) this.#unfilled.set(scope, since)
      if (!gap) this.#store.gaps.open({ hostId: this.#hostId, from: since, cause })
    })
  }

  /** A scope's units are no longer watched although the host is: a bus that went. No gap of the host, but something to fill in. */
  lapse(scope: UnitScope): void {
    if (!this.#unfilled.has(scope)) this.#unfilled.set(scope, this.#clock.now())
  }

  /** At the start of the engine: the time since the last sample was not watched. */
  openSinceLastRun(): void {
    const last = this.#store.samples.lastAt(this.#hostId)
    if (last !== null) this.open(last, 'not-running')
  }

  /**
   * The scope is watched again: records what happened to its units meanwhile, marked reconstructed, and says whether that is all of it. The
   * journal tells it with times where it may be read; for the rest the units' own properties tell how it ended.
   */
  async fill(
    scope: UnitScope,
    unseen: readonly UnseenChange[],
    journal: JournalReader,
    facts: HostFacts,
    signal: AbortSignal,
  ): Promise<boolean> {
    const from = this.#unfilled.get(scope) ?? null
    // taken at once, so that nobody else fills the same time
    this.#unfilled.delete(scope)
    const now = this.#clock.now()
    let found: readonly UnitTransition[] = []
    let whole = facts.journal.readable || scope === 'user'
    if (from !== null && whole && now - from >= shortestGapMs) {
      try {
        found = await journal.transitions(scope, from, now, signal)
      } catch (error) {
        whole = false
        if (!signal.aborted) this.#log.warn('gap is filled without the journal', { scope, error: String(error) })
      }
    }
    if (signal.aborted) {
      if (from !== null) this.#unfilled.set(scope, from)
      return false
    }
    const ends = unseen.map(pair => this.#endOf(pair, from ?? now, now))
    const told = new Map<string, UnitTransition[]>()
    for (const one of found) {
      const list = told.get(one.name)
      if (list) list.push(one)
      else told.set(one.name, [one])
    }
    // what was seen live since the last sample, or came late through a link that slept, is in the history already
    const kept = new Map<string, readonly UnitTransition[]>()
    const isKept = (one: UnitTransition): boolean => {
      const { name } = one
      const known =
        kept.get(name) ?? this.#store.units.transitions({ hostId: this.#hostId, scope, name }, recentTransitions)
      kept.set(name, known)
      return known.some(other => sameTransition(other, one))
    }
    const isTold = (end: UnitTransition): boolean => told.get(end.name)?.some(one => sameTransition(one, end)) ?? false
    const transitions = [...found, ...ends.filter(end => !isTold(end))].filter(one => !isKept(one))
    if (transitions.length === 0) return whole
    this.#record(transitions)
    for (const transition of transitions.slice(-500)) this.#publish('unit.transition', transition)
    return whole
  }

  /** Closes the open gap; `filled` says that unit histories are whole again. */
  close(filled: boolean): void {
    this.#tryTo('closed', () => {
      const gap = this.#current()
      if (gap) this.#store.gaps.close(gap.id, Math.max(this.#clock.now(), gap.from), filled)
    })
  }

  /** A disk that takes nothing must not end the watching; the missing samples show the gap all the same. */
  #tryTo(what: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#log.warn(`gap was not ${what}`, { error: String(error) })
    }
  }

  #current(): { id: number; from: number } | null {
    return this.#store.gaps.openOnes().find(gap => gap.hostId === this.#hostId) ?? null
  }

  #endOf({ before, after }: UnseenChange, from: number, to: number): UnitTransition {
    return {
      hostId: this.#hostId,
      scope: after.scope,
      name: after.name,
      // the host's clock may differ from ours: what was not seen lies inside the gap, whatever that clock says
      at: Math.min(Math.max(after.since ?? to, from), to),
      fromState: before?.activeState ?? null,
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
