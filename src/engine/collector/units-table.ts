// Keeps the present state of a scope's services and tells of each change once; knows nothing of where states come from.
import type { ErrorShape } from '../../shared/errors.ts'
import { UnitName } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, Emitter } from '../lib/disposable.ts'
import type { UnitChange, UnitState } from '../ports.ts'

/** A host with more services than this is watched in part. */
export const maxUnits = 20_000
const otherHalfMs = 20

export type UnitPatch = Partial<Omit<UnitState, 'hostId' | 'scope' | 'name'>>

interface Entry {
  state: UnitState
  /** What listeners were told last; null where they know nothing yet. */
  told: UnitState | null
  /** A loaded name without a unit behind it is remembered and not shown. */
  visible: boolean
}

export class UnitTable {
  readonly changes = new Emitter<UnitChange>()
  readonly removals = new Emitter<string>()
  readonly #base: Pick<UnitState, 'hostId' | 'scope'>
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  readonly #unpublished = new Set<string>()
  #listed: readonly UnitState[] | null = null
  #flush: Disposable | null = null
  #overflow = false

  constructor(base: Pick<UnitState, 'hostId' | 'scope'>, clock: Clock) {
    this.#base = base
    this.#clock = clock
  }

  /** Set when not all services of the host are kept. */
  get problem(): ErrorShape | null {
    return this.#overflow ? tooMany : null
  }

  noteOverflow(): void {
    this.#overflow = true
  }

  get(name: string): UnitState | null {
    return this.#entries.get(name)?.state ?? null
  }

  has(name: string): boolean {
    return this.#entries.has(name)
  }

  names(): IterableIterator<string> {
    return this.#entries.keys()
  }

  list(): readonly UnitState[] {
    if (!this.#listed) {
      const listed: UnitState[] = []
      for (const entry of this.#entries.values()) if (entry.visible) listed.push(entry.state)
      this.#listed = listed
    }
    return this.#listed
  }

  /** Changes a unit without telling: `publish` will. */
  hold(name: string, patch: UnitPatch): void {
    this.#merge(name, patch)
  }

  /** Changes a unit without telling yet: the other half of the same event is about to come. Told in a moment if it does not. */
  draft(name: string, patch: UnitPatch): void {
    if (!this.#merge(name, patch)) return
    this.#unpublished.add(name)
    this.#flush ??= this.#clock.after(otherHalfMs, () => {
      this.#flush = null
      for (const waiting of [...this.#unpublished]) this.publish(waiting)
    })
  }

  /** Changes a unit and tells, with all that was drafted before. */
  apply(name: string, patch: UnitPatch): void {
    if (this.#merge(name, patch)) this.publish(name)
  }

  publish(name: string): void {
    this.#unpublished.delete(name)
    const entry = this.#entries.get(name)
    if (!entry) return
    const { state, told } = entry
    if (told === state || (told && same(told, state))) return
    if (!entry.visible) return
    entry.told = state
    this.changes.emit({ unit: state, before: told, seenAt: this.#clock.now() })
  }

  remove(name: string): void {
    const entry = this.#entries.get(name)
    if (!entry) return
    this.#entries.delete(name)
    this.#unpublished.delete(name)
    this.#listed = null
    if (entry.told) this.removals.emit(name)
  }

  dispose(): void {
    this.#flush?.dispose()
    this.#flush = null
    this.changes.dispose()
    this.removals.dispose()
  }

  #merge(name: string, patch: UnitPatch): boolean {
    const entry = this.#entries.get(name)
    if (entry) {
      if (!differs(entry.state, patch)) return true
      entry.state = { ...entry.state, ...patch }
      this.#see(entry, name)
      this.#listed = null
      return true
    }
    if (this.#entries.size >= maxUnits) {
      this.#overflow = true
      return false
    }
    // A name that systemd itself would not allow is a hostile host's: nothing is kept of it.
    if (!UnitName.safeParse(name).success) return false
    const state = { ...blank, ...this.#base, name, ...patch }
    const added: Entry = { state, told: null, visible: false }
    this.#entries.set(name, added)
    this.#see(added, name)
    this.#listed = null
    return true
  }

  #see(entry: Entry, name: string): void {
    const { loadState, activeState } = entry.state
    const visible = loadState !== 'not-found' || activeState !== 'inactive'
    if (entry.visible && !visible && entry.told) {
      entry.told = null
      this.removals.emit(name)
    }
    entry.visible = visible
  }
}

const tooMany: ErrorShape = {
  code: 'OUTPUT_LIMIT',
  message: `This host has more than ${maxUnits.toLocaleString('en')} services: only the first ones are watched.`,
  hint: 'Something creates units without end; look at systemctl list-units --all on the host.',
}

const blank = {
  description: '',
  loadState: 'stub',
  activeState: 'inactive',
  subState: 'dead',
  unitFileState: null,
  mainPid: null,
  result: null,
  restarts: null,
  since: null,
  invocationId: null,
  exitStatus: null,
  fragmentPath: null,
  memoryBytes: null,
  cpuPercent: null,
} satisfies UnitPatch

function differs(state: UnitState, patch: UnitPatch): boolean {
  for (const key of Object.keys(patch) as (keyof UnitPatch)[]) if (state[key] !== patch[key]) return true
  return false
}

function same(a: UnitState, b: UnitState): boolean {
  return !differs(a, b)
}
