// Keeps the alert machine of each key over restarts, as JSON that only the runtime reads; decides nothing.
import type { Db } from './database.ts'

export interface AlertRow {
  readonly checkId: string
  /** scope/name, or empty where the check is its own target. */
  readonly unit: string
  readonly state: unknown
}

export interface AlertStore {
  list(): AlertRow[]
  /** `json` is the state as text, so that whoever compares it has not made it twice. */
  put(checkId: string, unit: string, json: string): void
  remove(checkId: string, unit: string): void
}

export function createAlertStore(db: Db): AlertStore {
  const all = db.prepare<[], { check_id: string; unit: string; state: string }>('SELECT * FROM alert')
  const put = db.prepare<[string, string, string]>(
    'INSERT INTO alert VALUES (?, ?, ?) ON CONFLICT (check_id, unit) DO UPDATE SET state = excluded.state',
  )
  const remove = db.prepare<[string, string]>('DELETE FROM alert WHERE check_id = ? AND unit = ?')
  return {
    list: () =>
      db.read(() =>
        all.all().map(row => ({ checkId: row.check_id, unit: row.unit, state: JSON.parse(row.state) as unknown })),
      ),
    put: (checkId, unit, json) => {
      db.write(() => put.run(checkId, unit, json))
    },
    remove: (checkId, unit) => {
      db.write(() => remove.run(checkId, unit))
    },
  }
}
