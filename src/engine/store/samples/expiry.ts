// Deletes what is past its time and what belonged to removed hosts, a little at a time; decides nothing about how long.
import { cutoff } from '../../domain/retention.ts'
import { ladder } from '../../domain/rollup.ts'
import type { Db } from '../database.ts'
import { chunkId } from './compaction.ts'

const segmentsPerSlice = 4
const rowsPerSlice = 2000
const unitHistoryDays = 400
/** Uptime looks back 90 days. */
const probeHistoryDays = 100
/** Of all units together: one that restarts ten times a second must not fill the disk. */
const mostTransitions = 1_000_000

export interface Expiry {
  /** One slice of what is past its time; false when nothing is. */
  step(now: number, rawDays: number): boolean
  /** One slice of removing hosts that were forgotten; false when none is left. */
  purge(): boolean
  /** Samples before this were deleted and are not taken any more. */
  rawExpired(): number
  /** The newest sample of all, null where there is none. */
  newest(): number | null
}

export function createExpiry(db: Db): Expiry {
  const oldSegments = db.prepare<[number, number], { id: number }>(
    'SELECT id FROM segment INDEXED BY segment_last WHERE last_at < ? LIMIT ?',
  )
  const dropChunks = db.prepare<[number, number]>('DELETE FROM chunk WHERE id >= ? AND id < ?')
  const dropSegment = db.prepare<[number]>('DELETE FROM segment WHERE id = ?')
  const rollups = ladder.map((_, level) =>
    level === 0 ? null : db.prepare<[number, number]>(`DELETE FROM rollup_${level} WHERE id < ? LIMIT ?`),
  )
  const dropSpans = db.prepare<[number, number, number]>('DELETE FROM span WHERE level = ? AND start < ? LIMIT ?')
  const anyOldSpan = db.prepare<[number, number], { one: number }>(
    'SELECT 1 AS one FROM span WHERE level = ? AND start < ? LIMIT 1',
  )
  const dropTransitions = db.prepare<[number, number]>('DELETE FROM transition WHERE at < ? LIMIT ?')
  const dropSurplus = db.prepare<[number, number]>(
    'DELETE FROM transition WHERE id <= (SELECT max(id) FROM transition) - ? LIMIT ?',
  )
  const dropProbeSpans = db.prepare<[number, number]>('DELETE FROM probe_span WHERE to_at < ? LIMIT ?')
  const dropGaps = db.prepare<[number, number]>('DELETE FROM gap WHERE to_at < ? LIMIT ?')
  const mark = db.prepare<[string], { value: number }>('SELECT value FROM mark WHERE name = ?')
  const setMark = db.prepare<[string, number]>('INSERT OR REPLACE INTO mark VALUES (?, ?)')
  const newestSegment = db.prepare<[], { at: number | null }>('SELECT max(last_at) AS at FROM segment')
  const newestRow = db.prepare<[], { at: number | null }>('SELECT max(at) AS at FROM hot')

  const gone = db.prepare<[], { number: number }>('SELECT number FROM host WHERE id IS NULL LIMIT 1')
  const segmentsOf = db.prepare<[number, number], { id: number }>('SELECT id FROM segment WHERE host = ? LIMIT ?')
  const spansOf = db.prepare<[number, number], { level: number; start: number }>(
    'SELECT level, start FROM span WHERE host = ? LIMIT ?',
  )
  const seriesOf = db.prepare<[number], { id: number }>('SELECT id FROM series WHERE host = ? ORDER BY id')
  const dropRollup = ladder.map((_, level) =>
    level === 0 ? null : db.prepare<[number]>(`DELETE FROM rollup_${level} WHERE id = ?`),
  )
  const dropSpan = db.prepare<[number, number, number]>('DELETE FROM span WHERE host = ? AND level = ? AND start = ?')
  const dropHot = db.prepare<[number, number]>('DELETE FROM hot WHERE host = ? LIMIT ?')
  const dropSeries = db.prepare<[number]>('DELETE FROM series WHERE host = ?')
  const dropHost = db.prepare<[number]>('DELETE FROM host WHERE number = ?')

  let expired = mark.get('raw-expired')?.value ?? 0

  function removeSegments(found: readonly { id: number }[]): void {
    for (const { id } of found) {
      dropChunks.run(chunkId(id, 0), chunkId(id + 1, 0))
      dropSegment.run(id)
    }
  }

  return {
    rawExpired: () => expired,
    newest() {
      const times = [newestSegment.get()?.at, newestRow.get()?.at].filter(at => typeof at === 'number')
      return times.length === 0 ? null : Math.max(...times)
    },
    step(now, rawDays) {
      const samplesBefore = cutoff(0, now, rawDays)
      const old = oldSegments.all(samplesBefore, segmentsPerSlice)
      if (old.length > 0) {
        if (samplesBefore > expired) {
          expired = samplesBefore
          setMark.run('raw-expired', expired)
        }
        removeSegments(old)
        return true
      }
      for (const [level, rung] of ladder.entries()) {
        if (level === 0) continue
        const before = cutoff(level, now, rawDays)
        if (!anyOldSpan.get(level, before)) continue
        if ((rollups[level]?.run(chunkId(before / rung.span, 0), rowsPerSlice).changes ?? 0) > 0) return true
        if (dropSpans.run(level, before, rowsPerSlice).changes > 0) return true
      }
      const historyBefore = now - unitHistoryDays * 86_400_000
      return (
        dropTransitions.run(historyBefore, rowsPerSlice).changes > 0 ||
        dropSurplus.run(mostTransitions, rowsPerSlice).changes > 0 ||
        dropProbeSpans.run(now - probeHistoryDays * 86_400_000, rowsPerSlice).changes > 0 ||
        dropGaps.run(historyBefore, rowsPerSlice).changes > 0
      )
    },
    purge() {
      const number = gone.get()?.number
      if (number === undefined) return false
      if (dropHot.run(number, rowsPerSlice).changes > 0) return true
      const segments = segmentsOf.all(number, segmentsPerSlice)
      removeSegments(segments)
      if (segments.length > 0) return true
      const series = seriesOf.all(number)
      // At least one span, and no more than some thousand rows.
      const spans = spansOf.all(number, Math.max(1, Math.floor(rowsPerSlice / Math.max(1, series.length))))
      for (const { level, start } of spans) {
        const span = ladder[level]?.span ?? 1
        for (const { id } of series) dropRollup[level]?.run(chunkId(start / span, id))
        dropSpan.run(number, level, start)
      }
      if (spans.length > 0) return true
      dropSeries.run(number)
      dropHost.run(number)
      return true
    },
  }
}
