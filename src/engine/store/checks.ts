// Keeps configured checks, and the proposals that a person sent away; knows nothing of how any kind of check looks.
import { AppError } from '../../shared/errors.ts'
import type { Check, CheckDraft, Severity, Vantage } from '../../shared/model/check.ts'
import type { UnitScope } from '../../shared/model/unit.ts'
import type { Db } from './database.ts'
import { removeFieldSecrets, storedFields } from './field-secrets.ts'

export interface CheckStore {
  /** Of one host or of all, in the order in which they were added. */
  list(hostId?: string): Check[]
  get(id: string): Check | null
  /** Throws CONFLICT where the id is taken, NOT_FOUND where the host is not there. */
  insert(check: Omit<Check, 'stored'>): void
  /** Throws NOT_FOUND; INVALID_INPUT where the draft names another host. */
  update(id: string, draft: CheckDraft): void
  /** Forgets it with its secrets, alerts and spans, and nothing depends on it any more. Throws NOT_FOUND. */
  remove(id: string): void
  dismiss(hostId: string, key: string): void
  /** Keys of the proposals that were sent away. */
  dismissed(hostId: string): Set<string>
}

interface Row {
  id: string
  host_id: string
  type: string
  name: string
  spec: string
  unit_scope: UnitScope | null
  unit_name: string | null
  enabled: number
  vantage: Vantage
  interval_seconds: number
  timeout_seconds: number
  failure_threshold: number
  recovery_threshold: number
  for_seconds: number
  severity: Severity
  depends_on: string
  tags: string
  built_in: number
  created_at: number
  rise_seconds: number | null
  stored: string
}

/** `forgetHistory` removes what history.db holds of a check. */
export function createCheckStore(db: Db, forgetHistory: (checkId: string) => void): CheckStore {
  const select = `SELECT *, ${storedFields('check', 'check_definition')} AS stored FROM check_definition`
  const all = db.prepare<[], Row>(`${select} ORDER BY created_at, rowid`)
  const ofHost = db.prepare<[string], Row>(`${select} WHERE host_id = ? ORDER BY created_at, rowid`)
  const one = db.prepare<[string], Row>(`${select} WHERE id = ?`)
  const host = db.prepare<[string], { one: number }>('SELECT 1 AS one FROM host WHERE id = ?')
  const insert = db.prepare(`INSERT INTO check_definition VALUES (@id, @host_id, @type, @name, @spec, @unit_scope,
    @unit_name, @enabled, @vantage, @interval_seconds, @timeout_seconds, @failure_threshold, @recovery_threshold,
    @for_seconds, @severity, @depends_on, @tags, @built_in, @created_at, @rise_seconds)`)
  const update = db.prepare(`UPDATE check_definition SET type = @type, name = @name, spec = @spec,
    unit_scope = @unit_scope, unit_name = @unit_name, enabled = @enabled, vantage = @vantage,
    interval_seconds = @interval_seconds, timeout_seconds = @timeout_seconds, failure_threshold = @failure_threshold,
    recovery_threshold = @recovery_threshold, for_seconds = @for_seconds, severity = @severity,
    depends_on = @depends_on, tags = @tags, rise_seconds = @rise_seconds WHERE id = @id`)
  const remove = db.prepare<[string]>('DELETE FROM check_definition WHERE id = ?')
  const removeSecrets = db.prepare<[string, string]>(removeFieldSecrets)
  const undepend = db.prepare<[{ id: string }]>(`UPDATE check_definition SET depends_on =
    (SELECT json_group_array(value) FROM json_each(depends_on) WHERE value <> @id)
    WHERE EXISTS (SELECT 1 FROM json_each(depends_on) WHERE value = @id)`)
  const dismiss = db.prepare<[string, string]>('INSERT OR IGNORE INTO dismissed_proposal VALUES (?, ?)')
  const dismissed = db.prepare<[string], { key: string }>('SELECT key FROM dismissed_proposal WHERE host_id = ?')
  const gone = (): AppError => new AppError('NOT_FOUND', 'This check is not there any more')

  return {
    list: hostId => db.read(() => (hostId === undefined ? all.all() : ofHost.all(hostId)).map(toCheck)),
    get: id =>
      db.read(() => {
        const row = one.get(id)
        return row ? toCheck(row) : null
      }),
    insert: check => {
      db.write(() => {
        if (one.get(check.id)) throw new AppError('CONFLICT', 'There is already a check with this id')
        if (!host.get(check.hostId)) throw new AppError('NOT_FOUND', 'The host of this check is not configured')
        insert.run({
          ...columns(check),
          host_id: check.hostId,
          built_in: check.builtIn ? 1 : 0,
          created_at: check.createdAt,
          id: check.id,
        })
      })
    },
    update: (id, draft) => {
      db.write(() => {
        const before = one.get(id)
        if (!before) throw gone()
        if (before.host_id !== draft.hostId)
          throw new AppError('INVALID_INPUT', 'A check stays on its host', { hint: 'Add one to the other host.' })
        update.run({ ...columns(draft), id })
      })
    },
    remove(id) {
      db.write(() => {
        if (remove.run(id).changes === 0) throw gone()
        undepend.run({ id })
        removeSecrets.run(`check/${id}`, `check/${id}`)
      })
      forgetHistory(id)
    },
    dismiss: (hostId, key) => {
      db.write(() => dismiss.run(hostId, key))
    },
    dismissed: hostId => db.read(() => new Set(dismissed.all(hostId).map(row => row.key))),
  }
}

function columns(draft: CheckDraft) {
  return {
    type: draft.type,
    name: draft.name,
    spec: JSON.stringify(draft.spec),
    unit_scope: draft.unit?.scope ?? null,
    unit_name: draft.unit?.name ?? null,
    enabled: draft.enabled ? 1 : 0,
    vantage: draft.vantage,
    interval_seconds: draft.intervalSeconds,
    timeout_seconds: draft.timeoutSeconds,
    failure_threshold: draft.failureThreshold,
    recovery_threshold: draft.recoveryThreshold,
    for_seconds: draft.forSeconds,
    severity: draft.severity,
    depends_on: JSON.stringify(draft.dependsOn),
    tags: JSON.stringify(draft.tags),
    rise_seconds: draft.riseSeconds ?? null,
  }
}

function toCheck(row: Row): Check {
  const { unit_scope: scope, unit_name: name } = row
  return {
    id: row.id,
    hostId: row.host_id,
    type: row.type,
    name: row.name,
    spec: JSON.parse(row.spec) as Check['spec'],
    unit: scope === null || name === null ? null : { scope, name },
    enabled: row.enabled === 1,
    vantage: row.vantage,
    intervalSeconds: row.interval_seconds,
    timeoutSeconds: row.timeout_seconds,
    failureThreshold: row.failure_threshold,
    recoveryThreshold: row.recovery_threshold,
    forSeconds: row.for_seconds,
    severity: row.severity,
    ...(row.rise_seconds === null ? {} : { riseSeconds: row.rise_seconds }),
    dependsOn: JSON.parse(row.depends_on) as string[],
    tags: JSON.parse(row.tags) as string[],
    builtIn: row.built_in === 1,
    createdAt: row.created_at,
    stored: JSON.parse(row.stored) as string[],
  }
}
