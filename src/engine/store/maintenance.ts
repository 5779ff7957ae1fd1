// Keeps maintenance tasks and their runs, each written before anything of it is sent; decides nothing.
import { AppError } from '../../shared/errors.ts'
import { MaintenanceDraft, type MaintenanceRun, type MaintenanceTask } from '../../shared/model/maintenance.ts'
import type { Db } from './database.ts'
import { removeFieldSecrets, storedFields } from './field-secrets.ts'

export interface StoredTask {
  readonly task: MaintenanceTask
  /** The time of the schedule that was taken care of last, by a run or by passing it over. */
  readonly scheduledAt: number | null
  readonly doneAt: number | null
}

export interface MaintenanceStore {
  list(): StoredTask[]
  get(id: string): StoredTask | null
  insert(task: Omit<MaintenanceTask, 'stored'>): void
  /** Throws NOT_FOUND. */
  update(id: string, draft: MaintenanceDraft): void
  /** With its runs and its secrets. */
  remove(id: string): void
  setScheduled(id: string, at: number): void
  setDone(id: string, at: number): void
  insertRun(run: MaintenanceRun): void
  updateRun(run: MaintenanceRun): void
  /** Newest first. */
  runs(taskId: string, limit: number): MaintenanceRun[]
  /** Under way, or waiting, when the engine ended; oldest first. */
  unfinished(): MaintenanceRun[]
}

/** So many runs of one task are kept. */
const mostRuns = 200

interface Row {
  id: string
  draft: string
  check_id: string
  created_at: number
  scheduled_at: number | null
  done_at: number | null
  stored: string
}
type RunRow = { run: string }

export function createMaintenanceStore(db: Db): MaintenanceStore {
  const select = `SELECT *, ${storedFields('maintenance', 'maintenance')} AS stored FROM maintenance`
  const list = db.prepare<[], Row>(`${select} ORDER BY created_at, rowid`)
  const one = db.prepare<[string], Row>(`${select} WHERE id = ?`)
  const insert = db.prepare<[string, string, string, string, number]>(
    'INSERT INTO maintenance (id, host_id, draft, check_id, created_at) VALUES (?, ?, ?, ?, ?)',
  )
  const update = db.prepare<[string, string]>('UPDATE maintenance SET draft = ? WHERE id = ?')
  const remove = db.prepare<[string]>('DELETE FROM maintenance WHERE id = ?')
  const removeSecrets = db.prepare<[string, string]>(removeFieldSecrets)
  const scheduled = db.prepare<[number, string]>('UPDATE maintenance SET scheduled_at = ? WHERE id = ?')
  const done = db.prepare<[number, string]>('UPDATE maintenance SET done_at = ? WHERE id = ?')
  const insertRun = db.prepare<[string, string, number, number | null, string]>(
    'INSERT INTO maintenance_run VALUES (?, ?, ?, ?, ?)',
  )
  const trim = db.prepare<[string, string, number]>(
    `DELETE FROM maintenance_run WHERE maintenance_id = ? AND finished_at IS NOT NULL AND id NOT IN (
       SELECT id FROM maintenance_run WHERE maintenance_id = ? ORDER BY started_at DESC LIMIT ?)`,
  )
  const updateRun = db.prepare<[number | null, string, string]>(
    'UPDATE maintenance_run SET finished_at = ?, run = ? WHERE id = ?',
  )
  const runs = db.prepare<[string, number], RunRow>(
    'SELECT run FROM maintenance_run WHERE maintenance_id = ? ORDER BY started_at DESC, rowid DESC LIMIT ?',
  )
  const unfinished = db.prepare<[], RunRow>(
    'SELECT run FROM maintenance_run WHERE finished_at IS NULL ORDER BY started_at, rowid',
  )
  return {
    list: () => db.read(() => list.all().map(toTask)),
    get: id =>
      db.read(() => {
        const row = one.get(id)
        return row ? toTask(row) : null
      }),
    insert: ({ id, checkId, createdAt, ...draft }) => {
      db.write(() => insert.run(id, draft.hostId, JSON.stringify(MaintenanceDraft.parse(draft)), checkId, createdAt))
    },
    update: (id, draft) => {
      db.write(() => {
        if (update.run(JSON.stringify(draft), id).changes === 0)
          throw new AppError('NOT_FOUND', 'This task is not there any more')
      })
    },
    remove: id => {
      db.write(() => {
        remove.run(id)
        removeSecrets.run(`maintenance/${id}`, `maintenance/${id}`)
      })
    },
    setScheduled: (id, at) => {
      db.write(() => scheduled.run(at, id))
    },
    setDone: (id, at) => {
      db.write(() => done.run(at, id))
    },
    insertRun: run => {
      db.write(() => {
        insertRun.run(run.id, run.taskId, run.startedAt, run.finishedAt, JSON.stringify(run))
        trim.run(run.taskId, run.taskId, mostRuns)
      })
    },
    updateRun: run => {
      db.write(() => updateRun.run(run.finishedAt, JSON.stringify(run), run.id))
    },
    runs: (taskId, limit) => db.read(() => runs.all(taskId, limit).map(toRun)),
    unfinished: () => db.read(() => unfinished.all().map(toRun)),
  }
}

const toRun = ({ run }: RunRow): MaintenanceRun => JSON.parse(run) as MaintenanceRun

function toTask(row: Row): StoredTask {
  const draft = MaintenanceDraft.parse(JSON.parse(row.draft))
  const stored = JSON.parse(row.stored) as string[]
  return {
    task: { ...draft, id: row.id, checkId: row.check_id, createdAt: row.created_at, stored },
    scheduledAt: row.scheduled_at,
    doneAt: row.done_at,
  }
}
