// Keeps the stretches in which a host was not watched (R13); knows nothing of how they are filled.
import { AppError } from '../../shared/errors.ts'
import type { ObservationGap } from '../../shared/model/metric.ts'
import type { Db } from './database.ts'

export interface GapStore {
  /** Returns the id for `close`. */
  open(gap: { hostId: string; from: number; cause: ObservationGap['cause'] }): number
  /** Throws NOT_FOUND. A `to` before the start (the clock went back) ends it at its start. */
  close(id: number, to: number, filled: boolean): ObservationGap
  /** Those that touch [from, to], oldest first. */
  list(hostId: string, from: number, to: number): ObservationGap[]
  /** Those that have no end yet, with their ids. */
  openOnes(): (ObservationGap & { id: number })[]
  /** Removes all that is kept of a host. */
  forget(hostId: string): void
}

interface Row {
  id: number
  host_id: string
  from_at: number
  to_at: number | null
  cause: ObservationGap['cause']
  filled: number
}

export function createGapStore(db: Db): GapStore {
  const open = db.prepare('INSERT INTO gap VALUES (NULL, @hostId, @from, NULL, @cause, 0)')
  const close = db.prepare<[number, number, number]>('UPDATE gap SET to_at = max(?, from_at), filled = ? WHERE id = ?')
  const get = db.prepare<[number], Row>('SELECT * FROM gap WHERE id = ?')
  const list = db.prepare<[string, number, number], Row>(
    'SELECT * FROM gap WHERE host_id = ? AND from_at <= ? AND (to_at IS NULL OR to_at >= ?) ORDER BY from_at, id',
  )
  const opened = db.prepare<[], Row>('SELECT * FROM gap WHERE to_at IS NULL ORDER BY from_at, id')
  const forget = db.prepare<[string]>('DELETE FROM gap WHERE host_id = ?')
  return {
    open: gap => db.write(() => Number(open.run(gap).lastInsertRowid)),
    close: (id, to, filled) =>
      db.write(() => {
        close.run(to, filled ? 1 : 0, id)
        const row = get.get(id)
        if (!row) throw new AppError('NOT_FOUND', 'This gap is not known')
        return toGap(row)
      }),
    list: (hostId, from, to) => db.read(() => list.all(hostId, to, from).map(toGap)),
    openOnes: () => db.read(() => opened.all().map(row => ({ id: row.id, ...toGap(row) }))),
    forget: hostId => {
      db.write(() => forget.run(hostId))
    },
  }
}

function toGap(row: Row): ObservationGap {
  return { hostId: row.host_id, from: row.from_at, to: row.to_at, cause: row.cause, filled: row.filled === 1 }
}
