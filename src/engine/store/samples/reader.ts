// Answers from whatever level holds the samples: roll-ups where they are made, else segments and rows; changes nothing.
import { addPacked, type Buckets, ladder, spanStart } from '../../domain/rollup.ts'
import { type Ticks, unpackFloats, unpackTicks } from '../../domain/series-codec.ts'
import type { Db } from '../database.ts'
import type { HostBook, Series } from './book.ts'
import { chunkId } from './compaction.ts'

export interface SampleReader {
  /** Adds what is kept of these series in [from, to) to their buckets, read at `level` or finer. */
  fill(
    book: HostBook,
    series: readonly Series[],
    level: number,
    from: number,
    to: number,
    into: readonly Buckets[],
  ): void
}

interface SegmentRow {
  id: number
  first_at: number
  last_at: number
  times: Buffer
}
interface HotRow {
  at: number
  reconstructed: number
  body: Buffer
}

export function createReader(db: Db): SampleReader {
  const block = ladder[0] as (typeof ladder)[0]
  const spans = db.prepare<[number, number, number, number], { start: number; rolled: number }>(
    'SELECT start, rolled FROM span WHERE host = ? AND level = ? AND start >= ? AND start < ? ORDER BY start',
  )
  const rollups = ladder.map((_, level) =>
    level === 0 ? null : db.prepare<[number], { body: Buffer }>(`SELECT body FROM rollup_${level} WHERE id = ?`),
  )
  const segments = db.prepare<[number, number, number, number], SegmentRow>(
    `SELECT id, first_at, last_at, times FROM segment
     WHERE host = ? AND first_at >= ? AND first_at < ? AND last_at >= ? ORDER BY first_at, id`,
  )
  const chunk = db.prepare<[number], { body: Buffer }>('SELECT body FROM chunk WHERE id = ?')
  const hot = db.prepare<[number, number, number], HotRow>(
    'SELECT at, reconstructed, body FROM hot WHERE host = ? AND at >= ? AND at < ? ORDER BY at',
  )

  function fill(
    book: HostBook,
    series: readonly Series[],
    level: number,
    from: number,
    to: number,
    into: readonly Buckets[],
  ): void {
    const rung = ladder[level]
    const rollup = rollups[level]
    if (!rung || !rollup) {
      readSamples(book, series, from, to, into)
      return
    }
    for (const span of spans.all(book.number, level, spanStart(rung, from), to)) {
      const first = Math.max(from, span.start)
      const end = Math.min(to, span.start + rung.span)
      if (span.rolled === 0) {
        fill(book, series, level - 1, first, end, into)
        continue
      }
      for (const [index, entry] of series.entries()) {
        const body = rollup.get(chunkId(span.start / rung.span, entry.id))?.body
        const buckets = into[index]
        if (body && buckets) addPacked(body, rung, span.start, first, end, buckets)
      }
    }
  }

  function readSamples(
    book: HostBook,
    series: readonly Series[],
    from: number,
    to: number,
    into: readonly Buckets[],
  ): void {
    // A segment never leaves its block, so that none that begins earlier can reach into the range.
    const found = segments.all(book.number, spanStart(block, from), to, from)
    const rows = book.hotFirst < to && book.hotLast >= from ? hot.all(book.number, from, to) : []
    if (overlap(found, rows)) {
      readOverlapping(found, rows, series, from, to, into)
      return
    }
    let column = new Float32Array(1024)
    for (const segment of found) {
      const ticks = unpackTicks(segment.times)
      const { length } = ticks.at
      if (length > column.length) column = new Float32Array(length)
      const first = from <= segment.first_at ? 0 : lowerBound(ticks.at, from)
      const end = to > segment.last_at ? length : lowerBound(ticks.at, to)
      for (const [index, entry] of series.entries()) {
        const body = chunk.get(chunkId(segment.id, entry.id))?.body
        if (!body) continue
        unpackFloats(body, length, column)
        into[index]?.addRun(ticks.at, column, ticks.reconstructed, first, end)
      }
    }
    for (const [index, entry] of series.entries()) {
      if (entry.slot === null) continue
      const offset = entry.slot * 4
      for (const row of rows) {
        if (offset >= row.body.length) continue
        const value = row.body.readFloatLE(offset)
        if (!Number.isNaN(value)) into[index]?.add(row.at, value, row.reconstructed)
      }
    }
  }

  /** Something late was written over what was there: the later write of the same time wins, as it would have in one row. */
  function readOverlapping(
    found: readonly SegmentRow[],
    rows: readonly HotRow[],
    series: readonly Series[],
    from: number,
    to: number,
    into: readonly Buckets[],
  ): void {
    const ordered = [...found].sort((a, b) => a.id - b.id)
    const unpacked: { id: number; ticks: Ticks }[] = ordered.map(({ id, times }) => ({ id, ticks: unpackTicks(times) }))
    const filledIn = new Map<number, number>()
    const see = (at: number, flag: number): void => {
      filledIn.set(at, (filledIn.get(at) ?? 1) & flag)
    }
    for (const { ticks } of unpacked)
      ticks.at.forEach((at, place) => void see(at, ticks.reconstructed[place] as number))
    for (const row of rows) see(row.at, row.reconstructed)
    for (const [index, entry] of series.entries()) {
      const values = new Map<number, number>()
      for (const { id, ticks } of unpacked) {
        const body = chunk.get(chunkId(id, entry.id))?.body
        if (!body) continue
        const column = new Float32Array(ticks.at.length)
        unpackFloats(body, column.length, column)
        column.forEach((value, place) => {
          if (!Number.isNaN(value)) values.set(ticks.at[place] as number, value)
        })
      }
      if (entry.slot !== null)
        for (const row of rows) {
          const value = entry.slot * 4 < row.body.length ? row.body.readFloatLE(entry.slot * 4) : Number.NaN
          if (!Number.isNaN(value)) values.set(row.at, value)
        }
      for (const [at, value] of values) if (at >= from && at < to) into[index]?.add(at, value, filledIn.get(at) ?? 0)
    }
  }

  return { fill }
}

function overlap(found: readonly SegmentRow[], rows: readonly HotRow[]): boolean {
  let last = Number.NEGATIVE_INFINITY
  for (const segment of found) {
    if (segment.first_at <= last) return true
    last = Math.max(last, segment.last_at)
  }
  return rows[0] !== undefined && rows[0].at <= last
}

/** The first place whose time is not before `at`. */
function lowerBound(times: Float64Array, at: number): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((times[middle] as number) < at) low = middle + 1
    else high = middle
  }
  return low
}
