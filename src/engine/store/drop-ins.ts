// Keeps what lay on a host before the app changed it, so that it can be put back; never touches a host.
import type { UnitRef } from '../../shared/model/unit.ts'
import type { Db } from './database.ts'

export interface DropInChange extends UnitRef {
  readonly id: number
  readonly path: string
  readonly at: number
  /** The whole text; null where there was, or is, no file. */
  readonly before: string | null
  readonly after: string | null
}

export interface DropInStore {
  /** Returns its id. */
  insert(change: Omit<DropInChange, 'id'>): number
  last(ref: UnitRef): DropInChange | null
  remove(id: number): void
}

/** How many changes of one unit are kept. */
const kept = 20

export function createDropInStore(db: Db): DropInStore {
  const insert = db.prepare(
    'INSERT INTO dropin_change VALUES (NULL, @hostId, @scope, @name, @path, @at, @before, @after)',
  )
  const trim =
    db.prepare(`DELETE FROM dropin_change WHERE host_id = @hostId AND scope = @scope AND name = @name AND id NOT IN
    (SELECT id FROM dropin_change WHERE host_id = @hostId AND scope = @scope AND name = @name ORDER BY id DESC LIMIT ${kept})`)
  const last = db.prepare<[string, string, string], DropInChange>(`SELECT id, host_id AS hostId, scope, name, path, at,
    before, after FROM dropin_change WHERE host_id = ? AND scope = ? AND name = ? ORDER BY id DESC LIMIT 1`)
  const remove = db.prepare<[number]>('DELETE FROM dropin_change WHERE id = ?')
  return {
    insert: change =>
      db.write(() => {
        const id = Number(insert.run(change).lastInsertRowid)
        trim.run({ hostId: change.hostId, scope: change.scope, name: change.name })
        return id
      }),
    last: ref => db.read(() => last.get(ref.hostId, ref.scope, ref.name) ?? null),
    remove: id => {
      db.write(() => remove.run(id))
    },
  }
}
