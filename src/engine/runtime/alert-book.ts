// Holds the alert machine of every key in memory and keeps it over restarts; moves none of them.
import type { Check, CheckUnit, Probe } from '../../shared/model/check.ts'
import { flappingMs, forget } from '../domain/alert-model.ts'
import {
  type AlertPolicy,
  type AlertState,
  coolDownMs,
  initialAlert,
  phaseOf,
  restoreAlert,
} from '../domain/alert-state.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { AlertRow } from '../store/alerts.ts'
import type { Store } from '../store/store.ts'

/** One key: a check, or one unit of a check over many. */
export interface AlertEntry {
  check: Check
  policy: AlertPolicy
  readonly unit: CheckUnit | null
  readonly unitKey: string
  state: AlertState
  incidentId: string | null
  /** The newest probe as it counted, and the newest that failed; lost with the engine. */
  last: Probe | null
  failure: Probe | null
  /** What of it is on disk; empty where nothing is. */
  saved: string
  /** The message that the incident's row has, and when it was written (steady ms). */
  shown: { message: string; at: number } | null
  timer: Disposable | null
}

/** Of one check over many units: a host that makes up units without end must not fill the memory. */
const mostUnits = 20_000

export const unitKeyOf = (unit: CheckUnit | null): string => (unit === null ? '' : `${unit.scope}/${unit.name}`)

export class AlertBook {
  readonly #store: Store
  readonly #checks = new Map<string, Check>()
  readonly #entries = new Map<string, Map<string, AlertEntry>>()
  readonly #reachability = new Map<string, string>()
  /** Which checks a host has, and which rest on a check; made anew after a check changed. */
  #index: { byHost: Map<string, Check[]>; dependents: Map<string, Check[]> } | null = null

  constructor(store: Store, now: number) {
    this.#store = store
    for (const check of store.checks.list()) this.setCheck(check)
    const useless = store.alerts.list().filter(row => !this.#restore(row.checkId, row.unit, row.state, now))
    forgetAlerts(store, useless)
  }

  checks(): Iterable<Check> {
    return this.#checks.values()
  }

  check(id: string): Check | undefined {
    return this.#checks.get(id)
  }

  /** The check that says whether the host can be reached. */
  reachabilityOf(hostId: string): Check | undefined {
    const id = this.#reachability.get(hostId)
    return id === undefined ? undefined : this.#checks.get(id)
  }

  checksOf(hostId: string): readonly Check[] {
    return this.#indexed().byHost.get(hostId) ?? []
  }

  /** The checks that declare that they rest on this one (semantics 18). */
  dependentsOf(checkId: string): readonly Check[] {
    return this.#indexed().dependents.get(checkId) ?? []
  }

  setCheck(check: Check): Check {
    this.#checks.set(check.id, check)
    this.#index = null
    if (check.type === 'host-reachable') this.#reachability.set(check.hostId, check.id)
    for (const entry of this.ofCheck(check.id)) {
      entry.check = check
      entry.policy = policyOf(check)
    }
    return check
  }

  /** The check is not in the store any more: nothing is kept of its alerts, which can still be closed. */
  dropCheck(id: string): void {
    this.#checks.delete(id)
    this.#index = null
    for (const [hostId, checkId] of this.#reachability) if (checkId === id) this.#reachability.delete(hostId)
  }

  /** Forgets the alerts of a check that is gone. */
  dropEntries(checkId: string): void {
    for (const entry of this.ofCheck(checkId)) entry.timer?.dispose()
    this.#entries.delete(checkId)
  }

  get(checkId: string, unitKey: string): AlertEntry | undefined {
    return this.#entries.get(checkId)?.get(unitKey)
  }

  ensure(check: Check, unit: CheckUnit | null): AlertEntry {
    const entries = this.#entries.get(check.id) ?? new Map<string, AlertEntry>()
    this.#entries.set(check.id, entries)
    const unitKey = unitKeyOf(unit)
    let entry = entries.get(unitKey)
    if (!entry) {
      if (entries.size >= mostUnits) this.#makeRoom(entries)
      entry = {
        check,
        policy: policyOf(check),
        unit,
        unitKey,
        state: initialAlert,
        incidentId: null,
        last: null,
        failure: null,
        saved: '',
        shown: null,
        timer: null,
      }
      entries.set(unitKey, entry)
    }
    return entry
  }

  ofCheck(id: string): AlertEntry[] {
    return [...(this.#entries.get(id)?.values() ?? [])]
  }

  ofHost(hostId: string): AlertEntry[] {
    return this.checksOf(hostId).flatMap(check => this.ofCheck(check.id))
  }

  all(): AlertEntry[] {
    return [...this.#entries.values()].flatMap(entries => [...entries.values()])
  }

  byIncident(incidentId: string): AlertEntry | undefined {
    for (const entries of this.#entries.values())
      for (const entry of entries.values()) if (entry.incidentId === incidentId) return entry
    return undefined
  }

  /** Writes what a restart would need of it, where that is not there already. */
  save(entry: AlertEntry): void {
    const { check, unitKey } = entry
    const json = this.#checks.has(check.id) ? remembered(entry) : ''
    if (json === entry.saved) return
    if (json === '') this.#store.alerts.remove(check.id, unitKey)
    else this.#store.alerts.put(check.id, unitKey, json)
    entry.saved = json
  }

  #indexed(): { byHost: Map<string, Check[]>; dependents: Map<string, Check[]> } {
    if (this.#index) return this.#index
    const byHost = new Map<string, Check[]>()
    const dependents = new Map<string, Check[]>()
    const note = (map: Map<string, Check[]>, key: string, check: Check): void => {
      const known = map.get(key)
      if (known) known.push(check)
      else map.set(key, [check])
    }
    for (const check of this.#checks.values()) {
      note(byHost, check.hostId, check)
      for (const id of check.dependsOn) note(dependents, id, check)
    }
    this.#index = { byHost, dependents }
    return this.#index
  }

  /** False where there is nothing in it that could still matter. */
  #restore(checkId: string, unitKey: string, kept: unknown, now: number): boolean {
    const check = this.#checks.get(checkId)
    const { alert, incidentId = null } = (kept ?? {}) as { alert?: unknown; incidentId?: string | null }
    const unit = unitOf(unitKey)
    const state = restoreAlert(alert, now)
    if (!check || unitKeyOf(unit) !== unitKey || (state.incident === null) !== (incidentId === null)) return false
    if (state.phase === 'ok' && !state.incident && settledLong(state, now)) return false
    Object.assign(this.ensure(check, unit), { state, incidentId, saved: JSON.stringify(kept) })
    return true
  }

  /** The longest known that is well goes. */
  #makeRoom(entries: Map<string, AlertEntry>): void {
    for (const [key, entry] of entries)
      if (phaseOf(entry.state) === 'ok' && entry.incidentId === null) {
        entry.timer?.dispose()
        if (entry.saved !== '') this.#store.alerts.remove(entry.check.id, key)
        entries.delete(key)
        return
      }
  }
}

/** What there is to be told, muted or counted of it: nothing at all for nearly every check. */
export const isQuiet = ({ state }: AlertEntry): boolean => state.phase === 'ok' && state.incident === null

/**
 * As a restart would find it: what is being counted then starts anew anyway (semantics 2), so counting writes nothing. Empty where there is
 * nothing to remember.
 */
function remembered({ state, incidentId }: AlertEntry): string {
  const kept = { ...forget(state, 0), flapping: state.flapping }
  if (kept.phase === 'ok' && !kept.incident && kept.spoke === null && kept.opened.length === 0) return ''
  return JSON.stringify({ alert: kept, incidentId })
}

function unitOf(unitKey: string): CheckUnit | null {
  const [scope, name] = unitKey.split('/', 2)
  return name !== undefined && (scope === 'system' || scope === 'user') ? { scope, name } : null
}

const settledLong = ({ spoke, opened }: AlertState, now: number): boolean =>
  (spoke === null || now - spoke.at >= coolDownMs) && opened.every(at => now - at >= flappingMs)

function policyOf(check: Check): AlertPolicy {
  return {
    failureThreshold: check.failureThreshold,
    recoveryThreshold: check.recoveryThreshold,
    forMs: check.forSeconds * 1_000,
    severity: check.severity,
    ...(check.riseSeconds === undefined ? {} : { riseMs: check.riseSeconds * 1_000 }),
  }
}

/** Only to tidy up: a disk that takes nothing is no reason not to start. */
function forgetAlerts(store: Store, rows: readonly AlertRow[]): void {
  if (rows.length === 0 || store.problem) return
  try {
    store.transaction(() => {
      for (const row of rows) store.alerts.remove(row.checkId, row.unit)
    })
  } catch {
    // the store has told why, and they are found again at the next start
  }
}
