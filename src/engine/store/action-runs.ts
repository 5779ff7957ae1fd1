// Keeps every run of an action on a unit, written before it is sent; knows nothing of how it is done.
import { ErrorShape } from '../../shared/error-shape.ts'
import { AppError } from '../../shared/errors.ts'
import { type ActionOutcome, type ActionRun, Evidence } from '../../shared/model/unit.ts'
import type { Db } from './database.ts'

export interface ActionRunStore {
  insert(run: ActionRun): void
  /** Throws NOT_FOUND. */
  update(run: ActionRun): void
  get(id: string): ActionRun | null
  /** Runs that were under way when the engine ended, oldest first. */
  unfinished(): ActionRun[]
}

interface Row {
  id: string
  host_id: string
  scope: ActionRun['scope']
  unit: string
  verb: ActionRun['verb']
  command: string
  actor: string
  requested_at: number
  finished_at: number | null
  outcome: ActionOutcome
  evidence: string
  error: string | null
  invocation_before: string | null
  invocation_after: string | null
}

export function createActionRunStore(db: Db): ActionRunStore {
  const insert = db.prepare(`INSERT INTO action_run VALUES (@id, @host_id, @scope, @unit, @verb, @command, @actor,
    @requested_at, @finished_at, @outcome, @evidence, @error, @invocation_before, @invocation_after)`)
  const update = db.prepare(`UPDATE action_run SET finished_at = @finished_at, outcome = @outcome, evidence = @evidence,
    error = @error, invocation_before = @invocation_before, invocation_after = @invocation_after WHERE id = @id`)
  const get = db.prepare<[string], Row>('SELECT * FROM action_run WHERE id = ?')
  const unfinished = db.prepare<[], Row>('SELECT * FROM action_run WHERE finished_at IS NULL ORDER BY requested_at, id')
  return {
    insert: run => {
      db.write(() => insert.run(toRow(run)))
    },
    update: run => {
      db.write(() => {
        const { id, finished_at, outcome, evidence, error, invocation_before, invocation_after } = toRow(run)
        const change = { id, finished_at, outcome, evidence, error, invocation_before, invocation_after }
        if (update.run(change).changes === 0) throw new AppError('NOT_FOUND', 'This action is not known')
      })
    },
    get: id =>
      db.read(() => {
        const row = get.get(id)
        return row ? fromRow(row) : null
      }),
    unfinished: () => db.read(() => unfinished.all().map(fromRow)),
  }
}

function toRow(run: ActionRun): Row {
  return {
    id: run.id,
    host_id: run.hostId,
    scope: run.scope,
    unit: run.unit,
    verb: run.verb,
    command: run.command,
    actor: run.actor,
    requested_at: run.requestedAt,
    finished_at: run.finishedAt,
    outcome: run.outcome,
    evidence: JSON.stringify(run.evidence),
    error: run.error === null ? null : JSON.stringify(run.error),
    invocation_before: run.invocationBefore,
    invocation_after: run.invocationAfter,
  }
}

function fromRow(row: Row): ActionRun {
  return {
    id: row.id,
    hostId: row.host_id,
    scope: row.scope,
    unit: row.unit,
    verb: row.verb,
    command: row.command,
    actor: row.actor,
    requestedAt: row.requested_at,
    finishedAt: row.finished_at,
    outcome: row.outcome,
    evidence: Evidence.array().parse(JSON.parse(row.evidence)),
    error: row.error === null ? null : ErrorShape.parse(JSON.parse(row.error)),
    invocationBefore: row.invocation_before,
    invocationAfter: row.invocation_after,
  }
}
