// Keeps who did what, when and how it ended; entries are never changed but by their own end.
import { AppError } from '../../shared/errors.ts'
import type { AuditEntry, AuditQuery } from '../../shared/model/audit.ts'
import type { ActionOutcome } from '../../shared/model/unit.ts'
import type { Db } from './database.ts'

export interface AuditStore {
  insert(entry: Omit<AuditEntry, 'id'>): number
  /** Throws NOT_FOUND. */
  finish(id: number, end: { finishedAt: number; outcome: ActionOutcome; detail: string | null }): AuditEntry
  get(id: number): AuditEntry | null
  /** The entry of a run that has no end yet; null where there is none. */
  openOfRun(actionRunId: string): AuditEntry | null
  /** Newest first. */
  list(query: AuditQuery): AuditEntry[]
}

interface Row {
  id: number
  at: number
  finished_at: number | null
  actor: string
  verb: string
  host_id: string | null
  target: string | null
  command: string | null
  outcome: ActionOutcome
  detail: string | null
  action_run_id: string | null
}

export function createAuditStore(db: Db): AuditStore {
  const insert = db.prepare(
    `INSERT INTO audit VALUES (NULL, @at, @finishedAt, @actor, @verb, @hostId, @target, @command, @outcome, @detail,
      @actionRunId)`,
  )
  const finish = db.prepare(
    'UPDATE audit SET finished_at = @finishedAt, outcome = @outcome, detail = @detail WHERE id = @id',
  )
  const get = db.prepare<[number], Row>('SELECT * FROM audit WHERE id = ?')
  const openOfRun = db.prepare<[string], Row>(
    'SELECT * FROM audit WHERE action_run_id = ? AND finished_at IS NULL ORDER BY id DESC LIMIT 1',
  )
  const list = db.prepare<[Record<string, unknown>], Row>(`
    SELECT * FROM audit
    WHERE (@before IS NULL OR id < @before)
      AND (@hostId IS NULL OR host_id = @hostId)
      AND (@target IS NULL OR target = @target)
      AND (@text IS NULL OR instr(lower(concat_ws(char(10), actor, verb, host_id, target, command, detail)), lower(@text)) > 0)
    ORDER BY id DESC LIMIT @limit`)
  const entry = (id: number): AuditEntry | null => {
    const row = get.get(id)
    return row ? toEntry(row) : null
  }
  return {
    insert: fresh => db.write(() => Number(insert.run(fresh).lastInsertRowid)),
    finish: (id, end) =>
      db.write(() => {
        finish.run({ ...end, id })
        const result = entry(id)
        if (!result) throw new AppError('NOT_FOUND', 'This entry of the audit log is not known')
        return result
      }),
    get: id => db.read(() => entry(id)),
    openOfRun: actionRunId =>
      db.read(() => {
        const row = openOfRun.get(actionRunId)
        return row ? toEntry(row) : null
      }),
    list: query => db.read(() => list.all({ ...query }).map(toEntry)),
  }
}

function toEntry(row: Row): AuditEntry {
  return {
    id: row.id,
    at: row.at,
    finishedAt: row.finished_at,
    actor: row.actor,
    verb: row.verb,
    hostId: row.host_id,
    target: row.target,
    command: row.command,
    outcome: row.outcome,
    detail: row.detail,
    actionRunId: row.action_run_id,
  }
}
