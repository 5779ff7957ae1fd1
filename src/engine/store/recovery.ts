// Keeps the rules that mend units, the state of each one's machine and every attempt, written before it is sent; decides nothing.
import { RecoveryAttempt, RecoveryPolicy } from '../../shared/model/recovery.ts'
import { Evidence, type UnitRef } from '../../shared/model/unit.ts'
import type { Db } from './database.ts'
import { removeFieldSecrets } from './field-secrets.ts'

export interface StoredPolicy {
  readonly policy: RecoveryPolicy
  /** The machine's state as it was written down; only the runtime reads it. */
  readonly state: unknown
}

/** An attempt with what is needed to verify it after a restart of the engine. */
export interface StoredAttempt extends RecoveryAttempt {
  readonly expects: string
  readonly invocationBefore: string | null
}

export interface RecoveryStore {
  policies(): StoredPolicy[]
  get(ref: UnitRef): StoredPolicy | null
  put(policy: RecoveryPolicy, state: unknown): void
  saveState(ref: UnitRef, state: unknown): void
  /** With its secrets; its attempts stay as history. */
  remove(ref: UnitRef): void
  insertAttempt(attempt: StoredAttempt): void
  /** How it stands: its end, outcome and evidence. */
  updateAttempt(attempt: StoredAttempt): void
  /** Newest first. */
  attempts(ref: UnitRef, limit: number): StoredAttempt[]
  /** Those that count for the unit's budget: since a time, and those of an incident. */
  spent(ref: UnitRef, since: number, incidentIds: readonly string[]): { incidentId: string; at: number }[]
  ofIncident(incidentId: string): StoredAttempt[]
  /** Under way when the engine ended, oldest first. */
  unfinished(): StoredAttempt[]
  /** A persisted time that lies in the future counts as now (semantics 3). */
  clampFuture(now: number): void
}

interface AttemptRow {
  id: string
  host_id: string
  scope: UnitRef['scope']
  name: string
  incident_id: string
  number: number
  at: number
  finished_at: number | null
  command: string
  outcome: string
  evidence: string
  expects: string
  invocation_before: string | null
}

export const recoverySecretId = ({ hostId, scope, name }: UnitRef, field: string): string =>
  `recovery/${hostId}/${scope}/${name}/${field}`

export function createRecoveryStore(db: Db): RecoveryStore {
  type PolicyRow = { host_id: string; scope: string; name: string; policy: string; state: string }
  const policies = db.prepare<[], PolicyRow>('SELECT * FROM recovery_policy ORDER BY host_id, scope, name')
  const get = db.prepare<[string, string, string], PolicyRow>(
    'SELECT * FROM recovery_policy WHERE host_id = ? AND scope = ? AND name = ?',
  )
  const put = db.prepare(`INSERT INTO recovery_policy VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (host_id, scope, name) DO UPDATE SET policy = excluded.policy, state = excluded.state`)
  const saveState = db.prepare('UPDATE recovery_policy SET state = ? WHERE host_id = ? AND scope = ? AND name = ?')
  const remove = db.prepare('DELETE FROM recovery_policy WHERE host_id = ? AND scope = ? AND name = ?')
  const removeSecrets = db.prepare<[string, string]>(removeFieldSecrets)
  const insert = db.prepare(`INSERT INTO recovery_attempt VALUES (@id, @host_id, @scope, @name, @incident_id, @number,
    @at, @finished_at, @command, @outcome, @evidence, @expects, @invocation_before)`)
  const update = db.prepare(`UPDATE recovery_attempt SET finished_at = @finished_at, outcome = @outcome,
    evidence = @evidence, invocation_before = @invocation_before WHERE id = @id`)
  const attempts = db.prepare<[string, string, string, number], AttemptRow>(`SELECT * FROM recovery_attempt
    WHERE host_id = ? AND scope = ? AND name = ? ORDER BY at DESC, number DESC LIMIT ?`)
  const spent = db.prepare<[string, string, string, number, string], { incidentId: string; at: number }>(`
    SELECT incident_id AS incidentId, at FROM recovery_attempt
    WHERE host_id = ? AND scope = ? AND name = ? AND (at > ? OR incident_id IN (SELECT value FROM json_each(?)))
    ORDER BY at`)
  const ofIncident = db.prepare<[string], AttemptRow>(
    'SELECT * FROM recovery_attempt WHERE incident_id = ? ORDER BY at',
  )
  const unfinished = db.prepare<[], AttemptRow>(
    'SELECT * FROM recovery_attempt WHERE finished_at IS NULL ORDER BY at, id',
  )
  const clamp = db.prepare<[number, number]>('UPDATE recovery_attempt SET at = ? WHERE at > ?')
  return {
    policies: () =>
      db.read(() =>
        policies
          .all()
          .map(toPolicy)
          .filter(each => each !== null),
      ),
    get: ref =>
      db.read(() => {
        const row = get.get(ref.hostId, ref.scope, ref.name)
        return row ? toPolicy(row) : null
      }),
    put: (policy, state) => {
      db.write(() =>
        put.run(policy.hostId, policy.scope, policy.name, JSON.stringify(policy), JSON.stringify(state ?? null)),
      )
    },
    saveState: (ref, state) => {
      db.write(() => saveState.run(JSON.stringify(state ?? null), ref.hostId, ref.scope, ref.name))
    },
    remove: ref => {
      db.write(() => {
        remove.run(ref.hostId, ref.scope, ref.name)
        const id = recoverySecretId(ref, '').slice(0, -1)
        removeSecrets.run(id, id)
      })
    },
    insertAttempt: attempt => {
      db.write(() => insert.run(toRow(attempt)))
    },
    updateAttempt: attempt => {
      db.write(() => {
        const { id, finished_at, outcome, evidence, invocation_before } = toRow(attempt)
        update.run({ id, finished_at, outcome, evidence, invocation_before })
      })
    },
    attempts: (ref, limit) => db.read(() => attempts.all(ref.hostId, ref.scope, ref.name, limit).map(toAttempt)),
    spent: (ref, since, incidentIds) =>
      db.read(() => spent.all(ref.hostId, ref.scope, ref.name, since, JSON.stringify(incidentIds))),
    ofIncident: incidentId => db.read(() => ofIncident.all(incidentId).map(toAttempt)),
    unfinished: () => db.read(() => unfinished.all().map(toAttempt)),
    clampFuture: now => {
      db.write(() => clamp.run(now, now))
    },
  }
}

/** Null for one that a newer version wrote: it is kept, and does nothing. */
function toPolicy({ policy, state }: { policy: string; state: string }): StoredPolicy | null {
  const parsed = RecoveryPolicy.safeParse(JSON.parse(policy))
  return parsed.success ? { policy: parsed.data, state: JSON.parse(state) as unknown } : null
}

function toRow(attempt: StoredAttempt): AttemptRow {
  return {
    id: attempt.id,
    host_id: attempt.hostId,
    scope: attempt.scope,
    name: attempt.name,
    incident_id: attempt.incidentId,
    number: attempt.number,
    at: attempt.at,
    finished_at: attempt.finishedAt,
    command: attempt.command,
    outcome: attempt.outcome,
    evidence: JSON.stringify(attempt.evidence),
    expects: attempt.expects,
    invocation_before: attempt.invocationBefore,
  }
}

function toAttempt(row: AttemptRow): StoredAttempt {
  return {
    id: row.id,
    hostId: row.host_id,
    scope: row.scope,
    name: row.name,
    incidentId: row.incident_id,
    number: row.number,
    at: row.at,
    finishedAt: row.finished_at,
    command: row.command,
    outcome: RecoveryAttempt.shape.outcome.parse(row.outcome),
    evidence: Evidence.array().parse(JSON.parse(row.evidence)),
    expects: row.expects,
    invocationBefore: row.invocation_before,
  }
}
