// Keeps the last known state of each unit and its history of transitions; decides nothing about them.
import type { Unit, UnitRef, UnitTransition } from '../../shared/model/unit.ts'
import type { Db } from './database.ts'

/** A unit's state without what the app adds; the same as in ports. */
export type UnitState = Omit<Unit, 'pinned'>

export interface UnitStore {
  /** What was last known of a host's units, for telling after a restart what changed meanwhile. */
  lastStates(hostId: string): UnitState[]
  /** Replaces what is known of these units; others of the host stay. */
  saveStates(hostId: string, states: readonly UnitState[]): void
  /** Forgets units that are gone from the host. */
  removeStates(refs: readonly UnitRef[]): void
  /** Writes those that are not there yet (same unit, time and new state); returns how many were new. */
  insertTransitions(transitions: readonly UnitTransition[]): number
  /** Newest first. */
  transitions(ref: UnitRef, limit: number): UnitTransition[]
  /** Removes all that is kept of a host. */
  forget(hostId: string): void
}

interface TransitionRow {
  host_id: string
  scope: UnitTransition['scope']
  name: string
  at: number
  from_state: string | null
  to_state: string
  sub_state: string
  result: string | null
  main_pid: number | null
  restarts: number | null
  invocation_id: string | null
  reconstructed: number
  asked: number | null
}

export function createUnitStore(db: Db): UnitStore {
  const states = db.prepare<[string], { state: string }>(
    'SELECT state FROM unit_state WHERE host_id = ? ORDER BY scope, name',
  )
  const saveState = db.prepare('INSERT OR REPLACE INTO unit_state VALUES (?, ?, ?, ?)')
  const removeState = db.prepare('DELETE FROM unit_state WHERE host_id = ? AND scope = ? AND name = ?')
  const insert = db.prepare(`INSERT OR IGNORE INTO transition VALUES (NULL, @hostId, @scope, @name, @at, @fromState,
    @toState, @subState, @result, @mainPid, @restarts, @invocationId, @reconstructed, @asked)`)
  const list = db.prepare<[string, string, string, number], TransitionRow>(
    'SELECT * FROM transition WHERE host_id = ? AND scope = ? AND name = ? ORDER BY at DESC, id DESC LIMIT ?',
  )
  const forgetStates = db.prepare<[string]>('DELETE FROM unit_state WHERE host_id = ?')
  const forgetTransitions = db.prepare<[string]>('DELETE FROM transition WHERE host_id = ?')
  return {
    lastStates: hostId => db.read(() => states.all(hostId).map(row => JSON.parse(row.state) as UnitState)),
    saveStates: (hostId, fresh) => {
      if (fresh.length === 0) return
      db.write(() => {
        for (const state of fresh) saveState.run(hostId, state.scope, state.name, JSON.stringify(state))
      })
    },
    removeStates: refs => {
      if (refs.length === 0) return
      db.write(() => {
        for (const ref of refs) removeState.run(ref.hostId, ref.scope, ref.name)
      })
    },
    insertTransitions: transitions => {
      if (transitions.length === 0) return 0
      return db.write(() => {
        let fresh = 0
        for (const { asked, reconstructed, ...item } of transitions)
          fresh += insert.run({ ...item, reconstructed: flag(reconstructed), asked: flag(asked) }).changes
        return fresh
      })
    },
    transitions: (ref, limit) => db.read(() => list.all(ref.hostId, ref.scope, ref.name, limit).map(toTransition)),
    forget: hostId => {
      db.write(() => {
        forgetStates.run(hostId)
        forgetTransitions.run(hostId)
      })
    },
  }
}

function toTransition(row: TransitionRow): UnitTransition {
  return {
    hostId: row.host_id,
    scope: row.scope,
    name: row.name,
    at: row.at,
    fromState: row.from_state,
    toState: row.to_state,
    subState: row.sub_state,
    result: row.result,
    mainPid: row.main_pid,
    restarts: row.restarts,
    invocationId: row.invocation_id,
    reconstructed: row.reconstructed === 1,
    ...(row.asked === null ? {} : { asked: row.asked === 1 }),
  }
}

const flag = (value: boolean | undefined): number | null => (value === undefined ? null : value ? 1 : 0)
