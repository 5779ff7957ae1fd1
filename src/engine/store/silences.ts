// Keeps silences and maintenance windows as they were drawn up; decides nothing about when they are in force.
import { AppError } from '../../shared/errors.ts'
import type { Silence, SilenceDraft } from '../../shared/model/incident.ts'
import type { Db } from './database.ts'

export type StoredSilence = Omit<Silence, 'active' | 'changesAt'>

export interface SilenceStore {
  /** In the order in which they were made. */
  list(): StoredSilence[]
  get(id: string): StoredSilence | null
  insert(silence: StoredSilence): void
  /** Throws NOT_FOUND. */
  update(id: string, draft: SilenceDraft): void
  /** Throws NOT_FOUND. */
  remove(id: string): void
}

interface Row {
  id: string
  name: string
  kind: Silence['kind']
  scope: string
  schedule: string
  created_at: number
  created_by: string
}

export function createSilenceStore(db: Db): SilenceStore {
  const all = db.prepare<[], Row>('SELECT * FROM silence ORDER BY created_at, rowid')
  const one = db.prepare<[string], Row>('SELECT * FROM silence WHERE id = ?')
  const insert = db.prepare(
    'INSERT INTO silence VALUES (@id, @name, @kind, @scope, @schedule, @created_at, @created_by)',
  )
  const update = db.prepare(
    'UPDATE silence SET name = @name, kind = @kind, scope = @scope, schedule = @schedule WHERE id = @id',
  )
  const remove = db.prepare<[string]>('DELETE FROM silence WHERE id = ?')
  const gone = (): AppError => new AppError('NOT_FOUND', 'This silence is not there any more')
  const columns = ({ name, kind, scope, schedule }: SilenceDraft) => ({
    name,
    kind,
    scope: JSON.stringify(scope),
    schedule: JSON.stringify(schedule),
  })
  return {
    list: () => db.read(() => all.all().map(toSilence)),
    get: id =>
      db.read(() => {
        const row = one.get(id)
        return row ? toSilence(row) : null
      }),
    insert: silence => {
      db.write(() =>
        insert.run({
          ...columns(silence),
          id: silence.id,
          created_at: silence.createdAt,
          created_by: silence.createdBy,
        }),
      )
    },
    update: (id, draft) => {
      db.write(() => {
        if (update.run({ ...columns(draft), id }).changes === 0) throw gone()
      })
    },
    remove: id => {
      db.write(() => {
        if (remove.run(id).changes === 0) throw gone()
      })
    },
  }
}

function toSilence(row: Row): StoredSilence {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    scope: JSON.parse(row.scope) as Silence['scope'],
    schedule: JSON.parse(row.schedule) as Silence['schedule'],
    createdAt: row.created_at,
    createdBy: row.created_by,
  }
}
