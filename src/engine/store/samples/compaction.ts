// Turns rows that wait into segments: their times once, and the values series by series; never changes a value.
import { day, ladder, spanStart } from '../../domain/rollup.ts'
import { packFloats, packTicks, type Ticks, unpackFloats, unpackTicks } from '../../domain/series-codec.ts'
import type { Db } from '../database.ts'
import type { Books, HostBook } from './book.ts'

/** Rows of a host that make a segment worth while: at 15 s half an hour. Few, because rows are slow to read one series from. */
const wantedRows = 120
const mostRows = 1024
const mostMerged = 4096
/** Values that are packed in one go without holding up the event loop. */
const valuesPerSlice = 200_000
/** A block that has been over for so long takes no more stragglers into the same segment. */
const settled = 600_000

export const chunkId = (segment: number, series: number): number => segment * 2 ** 24 + series

interface SegmentRow {
  readonly id: number
  readonly first_at: number
  readonly last_at: number
  readonly looks: number
  readonly times: Buffer
}

export interface Compactor {
  /** Compacts one host's rows where enough of them wait, or merges the segments of a block that is over; false when there is neither. */
  step(now: number): boolean
}

export function createCompactor(db: Db, books: Books): Compactor {
  const rowsOf = db.prepare<[number, number, number, number], { at: number; reconstructed: number; body: Buffer }>(
    'SELECT at, reconstructed, body FROM hot WHERE host = ? AND at >= ? AND at < ? ORDER BY at LIMIT ?',
  )
  const insertSegment = db.prepare(
    'INSERT INTO segment (host, first_at, last_at, looks, merged, times) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const addChunk = db.prepare('INSERT INTO chunk VALUES (?, ?)')
  const setDay = db.prepare('UPDATE series SET last_day = ? WHERE id = ?')
  const clear = db.prepare('DELETE FROM hot WHERE host = ? AND at >= ? AND at <= ?')
  const first = db.prepare<[number], { at: number }>('SELECT at FROM hot WHERE host = ? ORDER BY at LIMIT 1')
  const unmerged = db.prepare<[number], { host: number; first_at: number }>(
    'SELECT host, first_at FROM segment WHERE merged = 0 AND first_at < ? ORDER BY first_at LIMIT 1',
  )
  const segmentsOf = db.prepare<[number, number, number], SegmentRow>(
    `SELECT id, first_at, last_at, looks, times FROM segment
     WHERE host = ? AND first_at >= ? AND first_at < ? AND merged = 0 ORDER BY first_at, id`,
  )
  const setMerged = db.prepare<[number]>('UPDATE segment SET merged = 1 WHERE id = ?')
  const chunk = db.prepare<[number], { body: Buffer }>('SELECT body FROM chunk WHERE id = ?')
  const dropChunks = db.prepare<[number, number]>('DELETE FROM chunk WHERE id >= ? AND id < ?')
  const dropSegment = db.prepare<[number]>('DELETE FROM segment WHERE id = ?')
  const block = ladder[0] as (typeof ladder)[0]

  function addSegment(book: HostBook, ticks: Ticks, merged: boolean): number {
    const { at } = ticks
    const body = packTicks(ticks)
    const added = insertSegment.run(book.number, at[0], at[at.length - 1], at.length, merged ? 1 : 0, body)
    return Number(added.lastInsertRowid)
  }

  function compact(book: HostBook): void {
    const start = spanStart(block, book.hotFirst)
    const limit = Math.max(16, Math.min(mostRows, Math.floor(valuesPerSlice / Math.max(1, book.slots.length))))
    const rows = rowsOf.all(book.number, book.hotFirst, start + block.span, limit)
    const firstAt = rows[0]?.at
    const lastAt = rows.at(-1)?.at
    if (firstAt === undefined || lastAt === undefined) return
    const segment = addSegment(
      book,
      {
        at: Float64Array.from(rows, row => row.at),
        reconstructed: Uint8Array.from(rows, row => row.reconstructed),
      },
      false,
    )
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
    book.hotCache = null
    book.hotFirst = first.get(book.number)?.at ?? Number.POSITIVE_INFINITY
    if (book.hotRows === 0) book.hotLast = Number.NEGATIVE_INFINITY
  }

  /** Makes one segment of those of a block that is over, so that a day is read in few pieces. */
  function merge(host: number, firstAt: number): void {
    const book = books.byNumber(host)
    const start = spanStart(block, firstAt)
    const found = segmentsOf.all(host, start, start + block.span)
    const limit = Math.max(
      wantedRows * 2,
      Math.min(mostMerged, Math.floor(valuesPerSlice / Math.max(1, book?.series.size ?? 1))),
    )
    const group: SegmentRow[] = []
    let looks = 0
    for (const segment of found) {
      const overlaps = segment.first_at <= (group.at(-1)?.last_at ?? Number.NEGATIVE_INFINITY)
      if (group.length > 0 && (overlaps || looks + segment.looks > limit)) break
      group.push(segment)
      looks += segment.looks
    }
    const only = group[0]
    if (!book || group.length < 2) {
      if (only) setMerged.run(only.id)
      return
    }
    const parts = group.map(segment => ({ id: segment.id, ticks: unpackTicks(segment.times), place: 0 }))
    const ticks: Ticks = { at: new Float64Array(looks), reconstructed: new Uint8Array(looks) }
    let place = 0
    for (const part of parts) {
      part.place = place
      ticks.at.set(part.ticks.at, place)
      ticks.reconstructed.set(part.ticks.reconstructed, place)
      place += part.ticks.at.length
    }
    const segment = addSegment(book, ticks, true)
    const whole = new Float32Array(looks)
    for (const entry of [...book.series.values()].sort((a, b) => a.id - b.id)) {
      whole.fill(Number.NaN)
      let any = false
      for (const part of parts) {
        const body = chunk.get(chunkId(part.id, entry.id))?.body
        if (!body) continue
        unpackFloats(body, part.ticks.at.length, whole.subarray(part.place))
        any = true
      }
      if (any) addChunk.run(chunkId(segment, entry.id), packFloats(whole))
    }
    for (const { id } of group) {
      dropChunks.run(chunkId(id, 0), chunkId(id + 1, 0))
      dropSegment.run(id)
    }
  }

  return {
    step(now) {
      const over = (book: HostBook): boolean => spanStart(block, book.hotFirst) + block.span + settled < now
      const due = books.hot().find(book => book.hotRows >= wantedRows || over(book))
      if (due) {
        compact(due)
        return true
      }
      const fresh = unmerged.get(spanStart(block, now - settled))
      if (!fresh) return false
      merge(fresh.host, fresh.first_at)
      return true
    },
  }
}
