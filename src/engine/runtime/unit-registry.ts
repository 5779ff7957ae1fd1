// Keeps what is known of one host's units, records their transitions and tells of changes in batches; knows nothing of how they are watched.

import type { UnitUse } from '../../shared/model/metric.ts'
import type { Unit, UnitRef, UnitScope, UnitTransition } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, DisposableBag, Emitter } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { UnitChange, UnitManager, UnitState } from '../ports.ts'
import type { Store } from '../store/store.ts'
import type { Publish } from './publish.ts'

/** Changes within this time are told together, so that a burst costs a window one message. */
const batchMs = 40
/** How long after the last change the known states are written down for the next start. */
const saveMs = 2_000
/** What the disk did not take is tried again after this. */
const retryMs = 30_000
/** Transitions that wait for the disk; the newest are kept. */
const maxUnwritten = 5_000

interface Entry {
  state: UnitState
  use: UnitUse | null
}

/** What became of a unit while nobody looked. `before` is null where it was not there, on a host that was watched before. */
export interface UnseenChange {
  readonly before: UnitState | null
  readonly after: UnitState
}

export class UnitRegistry implements Disposable {
  readonly #hostId: string
  readonly #store: Store
  readonly #clock: Clock
  readonly #publish: Publish
  readonly #log: Logger
  readonly #units = new Map<string, Entry>()
  readonly #pins = new Set<string>()
  readonly #dirty = new Set<string>()
  readonly #removed = new Map<string, UnitRef>()
  readonly #attachments = new Map<UnitScope, DisposableBag>()
  readonly #managers = new Map<UnitScope, UnitManager>()
  /** As they were before something happened to them unseen that nobody has judged yet. */
  readonly #unjudged = new Map<string, UnitState | null>()
  /** Every transition seen live, before it is told in a batch. */
  readonly transitions = new Emitter<{ transition: UnitTransition; unit: UnitState }>()
  /** After each batch of changes: counts and the like may be new. */
  readonly changed = new Emitter<void>()
  #flush: Disposable | null = null
  #save: Disposable | null = null
  #unwritten: UnitTransition[] = []

  constructor(options: { hostId: string; store: Store; clock: Clock; publish: Publish; log: Logger }) {
    this.#hostId = options.hostId
    this.#store = options.store
    this.#clock = options.clock
    this.#publish = options.publish
    this.#log = options.log
    for (const pin of this.#store.hosts.pins(this.#hostId)) this.#pins.add(keyOf(pin.scope, pin.name))
  }

  /** All units as a window shows them, from memory. */
  list(): Unit[] {
    return [...this.#units.keys()].map(key => this.#view(key)).filter(unit => unit !== null)
  }

  get(scope: UnitScope, name: string): Unit | null {
    return this.#view(keyOf(scope, name))
  }

  /** Counts over services of both scopes; null while none are known. */
  counts(): { total: number; failed: number; active: number } | null {
    if (this.#units.size === 0 && this.#managers.size === 0) return null
    let failed = 0
    let active = 0
    for (const { state } of this.#units.values()) {
      if (state.activeState === 'failed') failed++
      else if (state.activeState === 'active') active++
    }
    return { total: this.#units.size, failed, active }
  }

  manager(scope: UnitScope): UnitManager | null {
    return this.#managers.get(scope) ?? null
  }

  /** The units whose processes are worth summing: what runs, the person's own and pinned ones first. */
  running(limit: number): UnitState[] {
    const states = [...this.#units.values()].map(entry => entry.state).filter(state => state.activeState === 'active')
    return states.sort((a, b) => this.#interest(b) - this.#interest(a)).slice(0, limit)
  }

  /** Is the unit one that the person cares for: pinned, of the user's own manager, or written by hand on the host? */
  isOwn(scope: UnitScope, name: string): boolean {
    const state = this.#units.get(keyOf(scope, name))?.state
    return state !== undefined && this.#interest(state) > 0
  }

  /**
   * Takes over a freshly opened manager. What differs from the last known states happened unseen: the caller reconstructs
   * it (R13) from the returned pairs; it is not announced as if it were live. It is returned again, by the next attachment or the next
   * start, until `judged` is called.
   */
  attach(manager: UnitManager): UnseenChange[] {
    const { scope } = manager
    this.detach(scope)
    const bag = new DisposableBag()
    this.#attachments.set(scope, bag)
    this.#managers.set(scope, manager)
    bag.add(manager.onChange(change => this.#onChange(change)))
    bag.add(manager.onRemoved(name => this.#onRemoved(scope, name)))
    const known = this.#lastStates(scope)
    const present = new Set<string>()
    const unseen: UnseenChange[] = []
    for (const state of manager.list()) {
      const key = keyOf(scope, state.name)
      present.add(key)
      const waiting = this.#unjudged.get(key)
      const before = waiting === undefined ? (known.get(key) ?? null) : waiting
      // what was not there when the others were, and is failed, has failed since
      const happened = before ? differs(before, state) : known.size > 0 && state.activeState === 'failed'
      if (happened) {
        unseen.push({ before, after: state })
        this.#unjudged.set(key, before)
      } else this.#unjudged.delete(key)
      this.#put(key, state)
    }
    for (const [key, { state }] of this.#units)
      if (state.scope === scope && !present.has(key)) this.#onRemoved(scope, state.name)
    return unseen
  }

  /** What happened unseen to the scope's units was taken note of. */
  judged(scope: UnitScope): void {
    for (const key of [...this.#unjudged.keys()]) if (key.startsWith(`${scope}/`)) this.#unjudged.delete(key)
    this.#save ??= this.#clock.after(saveMs, () => this.save())
  }

  /** The manager (this one, where one is named) can no longer be trusted; the last states stay, and the connection tells how old they are. */
  detach(scope: UnitScope, manager?: UnitManager): void {
    // the end of an older connection's manager must not take away its successor
    if (manager && this.#managers.get(scope) !== manager) return
    this.#attachments.get(scope)?.dispose()
    this.#attachments.delete(scope)
    this.#managers.delete(scope)
  }

  /** Resources of units as of the newest sample. They travel with the sample, so this announces nothing. */
  applyUse(uses: readonly UnitUse[]): void {
    for (const use of uses) {
      const entry = this.#units.get(keyOf(use.scope, use.name))
      if (entry) entry.use = use
    }
  }

  pin(scope: UnitScope, name: string, pinned: boolean): void {
    this.#store.hosts.setPinned({ hostId: this.#hostId, scope, name }, pinned)
    const key = keyOf(scope, name)
    if (pinned) this.#pins.add(key)
    else this.#pins.delete(key)
    this.#markDirty(key)
  }

  /** Keeps transitions. A disk that takes nothing costs neither the watching nor, for a while, the history. */
  record(transitions: readonly UnitTransition[]): void {
    this.#unwritten.push(...transitions)
    if (this.#write()) return
    this.#unwritten = this.#unwritten.slice(-maxUnwritten)
    this.#save ??= this.#clock.after(retryMs, () => this.save())
  }

  /** Writes the known states down, so that the next start can tell what happened in between. */
  save(): void {
    this.#save?.dispose()
    this.#save = null
    const states = [...this.#units].flatMap(([key, { state }]) => {
      const unjudged = this.#unjudged.get(key)
      return unjudged === undefined ? state : (unjudged ?? [])
    })
    if (this.#write() && this.#tryToWrite(() => this.#store.units.saveStates(this.#hostId, states))) return
    this.#save = this.#clock.after(retryMs, () => this.save())
  }

  dispose(): void {
    for (const scope of [...this.#attachments.keys()]) this.detach(scope)
    this.#flush?.dispose()
    if (this.#save) this.save()
    this.#save?.dispose()
    this.transitions.dispose()
    this.changed.dispose()
  }

  #onChange({ unit, before, seenAt, asked }: UnitChange): void {
    const key = keyOf(unit.scope, unit.name)
    this.#put(key, unit)
    if (before && !differs(before, unit)) return
    const transition: UnitTransition = {
      hostId: this.#hostId,
      scope: unit.scope,
      name: unit.name,
      at: seenAt,
      fromState: before?.activeState ?? null,
      toState: unit.activeState,
      subState: unit.subState,
      result: unit.result,
      mainPid: unit.mainPid,
      restarts: unit.restarts,
      invocationId: unit.invocationId,
      reconstructed: false,
      ...(asked === undefined ? {} : { asked }),
    }
    // a unit that merely got loaded (asked for by name, or a new file) is not something that happened to it
    if (!before && (unit.activeState === 'inactive' || unit.activeState === 'active')) return
    this.record([transition])
    this.#publish('unit.transition', transition)
    this.transitions.emit({ transition, unit })
  }

  #onRemoved(scope: UnitScope, name: string): void {
    const key = keyOf(scope, name)
    this.#unjudged.delete(key)
    if (!this.#units.delete(key)) return
    const ref = { hostId: this.#hostId, scope, name }
    this.#dirty.delete(key)
    this.#removed.set(key, ref)
    this.#tryToWrite(() => this.#store.units.removeStates([ref]))
    this.#schedule()
  }

  #write(): boolean {
    const waiting = this.#unwritten
    if (waiting.length === 0) return true
    if (!this.#tryToWrite(() => this.#store.units.insertTransitions(waiting))) return false
    this.#unwritten = []
    return true
  }

  /** The store tells the person of its trouble by itself; here it must only not end the engine. */
  #tryToWrite(work: () => unknown): boolean {
    try {
      work()
      return true
    } catch (error) {
      this.#log.debug('units were not written', { error: String(error) })
      return false
    }
  }

  #put(key: string, state: UnitState): void {
    const entry = this.#units.get(key)
    if (entry) {
      // resources of a process that is gone are not those of its successor
      if (entry.state.mainPid !== state.mainPid) entry.use = null
      entry.state = state
    } else this.#units.set(key, { state, use: null })
    this.#removed.delete(key)
    this.#markDirty(key)
  }

  #markDirty(key: string): void {
    this.#dirty.add(key)
    this.#schedule()
  }

  #schedule(): void {
    this.#flush ??= this.#clock.after(batchMs, () => {
      this.#flush = null
      const changed = [...this.#dirty].map(key => this.#view(key)).filter(unit => unit !== null)
      const removed = [...this.#removed.values()]
      this.#dirty.clear()
      this.#removed.clear()
      this.#publish('unit.changed', { hostId: this.#hostId, changed, removed })
      this.changed.emit()
    })
    this.#save ??= this.#clock.after(saveMs, () => this.save())
  }

  #view(key: string): Unit | null {
    const entry = this.#units.get(key)
    if (!entry) return null
    const { state, use } = entry
    return {
      ...state,
      memoryBytes: state.memoryBytes ?? use?.memoryBytes ?? null,
      cpuPercent: use?.cpuPercent ?? state.cpuPercent,
      pinned: this.#pins.has(key),
    }
  }

  #interest(state: UnitState): number {
    if (this.#pins.has(keyOf(state.scope, state.name))) return 2
    return state.scope === 'user' || (state.fragmentPath?.startsWith('/etc/systemd/system/') ?? false) ? 1 : 0
  }

  #lastStates(scope: UnitScope): Map<string, UnitState> {
    const known = new Map<string, UnitState>()
    const add = (states: Iterable<UnitState>): void => {
      for (const state of states) if (state.scope === scope) known.set(keyOf(scope, state.name), state)
    }
    add([...this.#units.values()].map(entry => entry.state))
    // the other scope may have come first: what is in memory need not hold anything of this one
    if (known.size === 0) add(this.#store.units.lastStates(this.#hostId))
    return known
  }
}

/**
 * Did something happen to the unit, as opposed to a number or a text having changed? That systemd unloaded it and forgot its last run is
 * nothing that happened: a unit that was stopped stays one that was stopped.
 */
function differs(before: UnitState, after: UnitState): boolean {
  return (
    before.activeState !== after.activeState ||
    before.subState !== after.subState ||
    (after.invocationId !== null && before.invocationId !== after.invocationId)
  )
}

function keyOf(scope: UnitScope, name: string): string {
  return `${scope}/${name}`
}
