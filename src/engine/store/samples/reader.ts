// Answers from whatever level holds the samples: roll-ups where they are made, else segments and rows; changes nothing.
import { addPacked, type Buckets, ladder, spanStart } from '../../domain/rollup.ts'
import { type Ticks, unpackFloats, unpackTicks } from '../../domain/series-codec.ts'
import type { Db } from '../database.ts'
import type { HostBook, HotRow, Series } from './book.ts'
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

interface Segment {
  readonly id: number
  readonly firstAt: number
  readonly lastAt: number
  /** The chunk of the only series that is asked for; absent where more are. */
  readonly body?: Buffer | null
}

/** Unpacked times that are kept, because every series of a host and every chart of a screen needs the same: about 1 MB. */
const ticksKept = 128
export function createReader(db: Db): SampleReader {
  const block = ladder[0] as (typeof ladder)[0]
  const spans = db.prepare<[number, number, number, number], { start: number; rolled: number }>(
    'SELECT start, rolled FROM span WHERE host = ? AND level = ? AND start >= ? AND start < ? ORDER BY start',
  )
  const rollups = ladder.map((_, level) =>
    level === 0 ? null : db.prepare<[number], { body: Buffer }>(`SELECT body FROM rollup_${level} WHERE id = ?`),
  )
  const segments = db.prepare<[number, number, number, number], Segment>(
    `SELECT id, first_at AS firstAt, last_at AS lastAt FROM segment
     WHERE host = ? AND first_at >= ? AND first_at < ? AND last_at >= ? ORDER BY first_at, id`,
  )
  const times = db.prepare<[number], { times: Buffer }>('SELECT times FROM segment WHERE id = ?')
  const chunk = db.prepare<[number], Buffer>('SELECT body FROM chunk WHERE id = ?').pluck()
  // A chart of one series is the most frequent question: its segments and chunks come in one answer.
  const ofOne = db
    .prepare<[number, number, number, number, number], [number, number, number, Buffer | null]>(
      `SELECT segment.id, first_at, last_at, body FROM segment LEFT JOIN chunk ON chunk.id = segment.id * ${chunkId(1, 0)} + ?
       WHERE host = ? AND first_at >= ? AND first_at < ? AND last_at >= ? ORDER BY first_at, segment.id`,
    )
    .raw()
  const unpacked = new Map<number, Ticks>()
  const hot = db.prepare<[number], { at: number; reconstructed: number; body: Buffer }>(
    'SELECT at, reconstructed, body FROM hot WHERE host = ? ORDER BY at',
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
    // Spans that are not rolled up yet lie side by side mostly, and are read from below in one go: [pendingFrom, pendingTo).
    let pendingFrom = from
    let pendingTo = from
    const readPending = (): void => {
      if (pendingTo > pendingFrom) fill(book, series, level - 1, pendingFrom, pendingTo, into)
    }
    for (const span of spans.all(book.number, level, spanStart(rung, from), to)) {
      const first = Math.max(from, span.start)
      const end = Math.min(to, span.start + rung.span)
      if (span.rolled === 0) {
        if (first !== pendingTo) {
          readPending()
          pendingFrom = first
        }
        pendingTo = end
        continue
      }
      for (const [index, entry] of series.entries()) {
        const body = rollup.get(chunkId(span.start / rung.span, entry.id))?.body
        const buckets = into[index]
        if (body && buckets) addPacked(body, rung, span.start, first, end, buckets)
      }
    }
    readPending()
  }

  /** Times of a segment never change, and ids are not used twice (see AUTOINCREMENT). */
  function ticksOf(segment: number): Ticks {
    const known = unpacked.get(segment)
    if (known) return known
    const ticks = unpackTicks(times.get(segment)?.times ?? new Uint8Array(11))
    for (const oldest of unpacked.keys()) {
      if (unpacked.size < ticksKept) break
      unpacked.delete(oldest)
    }
    unpacked.set(segment, ticks)
    return ticks
  }

  function hotRows(book: HostBook): readonly HotRow[] {
    book.hotCache ??= hot.all(book.number).map(({ at, reconstructed, body }) => {
      const numbers = new Float32Array(body.length / 4)
      for (let slot = 0; slot < numbers.length; slot++) numbers[slot] = body.readFloatLE(slot * 4)
      return { at, reconstructed, body: numbers }
    })
    return book.hotCache
  }

  function findSegments(host: number, series: readonly Series[], from: number, to: number): Segment[] {
    const first = spanStart(block, from)
    const [only, ...others] = series
    if (!only || others.length > 0) return segments.all(host, first, to, from)
    return ofOne
      .all(only.id, host, first, to, from)
      .map(([id, firstAt, lastAt, body]) => ({ id, firstAt, lastAt, body }))
  }

  function readSamples(
    book: HostBook,
    series: readonly Series[],
    from: number,
    to: number,
    into: readonly Buckets[],
  ): void {
    // A segment never leaves its block, so that none that begins earlier can reach into the range.
    const found = findSegments(book.number, series, from, to)
    const rows =
      book.hotFirst < to && book.hotLast >= from ? hotRows(book).filter(row => row.at >= from && row.at < to) : []
    if (overlap(found, rows)) {
      readOverlapping(found, rows, series, from, to, into)
      return
    }
    let column = new Float32Array(1024)
    for (const segment of found) {
      const ticks = ticksOf(segment.id)
      const { length } = ticks.at
      if (length > column.length) column = new Float32Array(length)
      const first = from <= segment.firstAt ? 0 : lowerBound(ticks.at, from)
      const end = to > segment.lastAt ? length : lowerBound(ticks.at, to)
      for (let index = 0; index < series.length; index++) {
        const body = segment.body === undefined ? chunk.get(chunkId(segment.id, series[index]?.id ?? 0)) : segment.body
        if (!body) continue
        unpackFloats(body, length, column)
        into[index]?.addRun(ticks.at, column, ticks.reconstructed, first, end)
      }
    }
    for (const [index, entry] of series.entries()) {
      if (entry.slot === null) continue
      for (const row of rows) {
        const value = row.body[entry.slot] ?? Number.NaN
        if (!Number.isNaN(value)) into[index]?.add(row.at, value, row.reconstructed)
      }
    }
  }

  /** Something late was written over what was there: the later write of the same time wins, as it would have in one row. */
  function readOverlapping(
    found: readonly Segment[],
    rows: readonly HotRow[],
    series: readonly Series[],
    from: number,
    to: number,
    into: readonly Buckets[],
  ): void {
    const ordered = [...found].sort((a, b) => a.id - b.id)
    const parts = ordered.map(({ id }) => ({ id, ticks: ticksOf(id) }))
    const filledIn = new Map<number, number>()
    const see = (at: number, flag: number): void => {
      filledIn.set(at, (filledIn.get(at) ?? 1) & flag)
    }
    for (const { ticks } of parts) ticks.at.forEach((at, place) => void see(at, ticks.reconstructed[place] as number))
    for (const row of rows) see(row.at, row.reconstructed)
    for (const [index, entry] of series.entries()) {
      const values = new Map<number, number>()
      for (const { id, ticks } of parts) {
        const body = chunk.get(chunkId(id, entry.id))
        if (!body) continue
        const column = new Float32Array(ticks.at.length)
        unpackFloats(body, column.length, column)
        column.forEach((value, place) => {
          if (!Number.isNaN(value)) values.set(ticks.at[place] as number, value)
        })
      }
      if (entry.slot !== null)
        for (const row of rows) {
          const value = row.body[entry.slot] ?? Number.NaN
          if (!Number.isNaN(value)) values.set(row.at, value)
        }
      for (const [at, value] of values) if (at >= from && at < to) into[index]?.add(at, value, filledIn.get(at) ?? 0)
    }
  }

  return { fill }
}

function overlap(found: readonly Segment[], rows: readonly HotRow[]): boolean {
  let last = Number.NEGATIVE_INFINITY
  for (const segment of found) {
    if (segment.firstAt <= last) return true
    last = Math.max(last, segment.lastAt)
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
