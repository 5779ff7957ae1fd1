// Turns rows that wait into segments: their times once, and the values series by series; never changes a value.
import { day, ladder, spanStart } from '../../domain/rollup.ts'
import { packFloats, packTicks } from '../../domain/series-codec.ts'
import type { Db } from '../database.ts'
import type { Books, HostBook } from './book.ts'

/** Rows of a host that make a segment worth while: at 15 s half an hour. Few, because rows are slow to read one series from. */
const wantedRows = 120
const mostRows = 1024
/** Values that are packed in one go without holding up the event loop. */
const valuesPerSlice = 200_000
/** A block that has been over for so long takes no more stragglers into the same segment. */
const settled = 600_000

export const chunkId = (segment: number, series: number): number => segment * 2 ** 24 + series

export interface Compactor {
  /** Compacts one host's rows where enough of them wait; false when none does. */
  step(now: number): boolean
}

export function createCompactor(db: Db, books: Books): Compactor {
  const rowsOf = db.prepare<[number, number, number, number], { at: number; reconstructed: number; body: Buffer }>(
    'SELECT at, reconstructed, body FROM hot WHERE host = ? AND at >= ? AND at < ? ORDER BY at LIMIT ?',
  )
  const addSegment = db.prepare('INSERT INTO segment (host, first_at, last_at, times) VALUES (?, ?, ?, ?)')
  const addChunk = db.prepare('INSERT INTO chunk VALUES (?, ?)')
  const setDay = db.prepare('UPDATE series SET last_day = ? WHERE id = ?')
  const clear = db.prepare('DELETE FROM hot WHERE host = ? AND at >= ? AND at <= ?')
  const first = db.prepare<[number], { at: number }>('SELECT at FROM hot WHERE host = ? ORDER BY at LIMIT 1')
  const block = ladder[0] as (typeof ladder)[0]

  function compact(book: HostBook): void {
    const start = spanStart(block, book.hotFirst)
    const limit = Math.max(16, Math.min(mostRows, Math.floor(valuesPerSlice / Math.max(1, book.slots.length))))
    const rows = rowsOf.all(book.number, book.hotFirst, start + block.span, limit)
    const firstAt = rows[0]?.at
    const lastAt = rows.at(-1)?.at
    if (firstAt === undefined || lastAt === undefined) return
    const times = packTicks({
      at: Float64Array.from(rows, row => row.at),
      reconstructed: Uint8Array.from(rows, row => row.reconstructed),
    })
    const segment = Number(addSegment.run(book.number, firstAt, lastAt, times).lastInsertRowid)
    const today = Math.floor(lastAt / day)
    // In the order of ids, so that the table only ever grows at its end.
    const placed = book.slots.filter(entry => entry !== undefined).sort((a, b) => a.id - b.id)
    const column = new Float32Array(rows.length)
    for (const entry of placed) {
      const offset = (entry.slot ?? 0) * 4
      let any = false
      for (const [index, row] of rows.entries()) {
        const value = offset < row.body.length ? row.body.readFloatLE(offset) : Number.NaN
        column[index] = value
        any ||= !Number.isNaN(value)
      }
      if (!any) continue
      addChunk.run(chunkId(segment, entry.id), packFloats(column))
      if (entry.lastDay < today) {
        setDay.run(today, entry.id)
        entry.lastDay = today
      }
    }
    clear.run(book.number, firstAt, lastAt)
    book.hotRows -= rows.length
    book.hotFirst = first.get(book.number)?.at ?? Number.POSITIVE_INFINITY
    if (book.hotRows === 0) book.hotLast = Number.NEGATIVE_INFINITY
  }

  return {
    step(now) {
      const over = (book: HostBook): boolean => spanStart(block, book.hotFirst) + block.span + settled < now
      const due = books.hot().find(book => book.hotRows >= wantedRows || over(book))
      if (!due) return false
      compact(due)
      return true
    },
  }
}
