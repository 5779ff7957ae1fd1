// Makes the roll-ups that are due, some series at a time; decides nothing that the ladder does not say.
import { cutoff } from '../../domain/retention.ts'
import { Buckets, day, ladder, packBuckets, spanStart } from '../../domain/rollup.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Db } from '../database.ts'
import type { Books, HostBook, Series } from './book.ts'
import { chunkId } from './compaction.ts'
import type { SampleReader } from './reader.ts'

/** Stragglers have so long to arrive before a span is rolled up; later ones cost a second time. */
const settled = 600_000
const groupSize = 8
const sliceMilliseconds = 8

interface Job {
  readonly book: HostBook
  readonly level: number
  readonly start: number
  readonly series: readonly Series[]
  next: number
}

export interface Roller {
  /** One slice of one roll-up that is due; false when none is. */
  step(now: number, rawDays: number): boolean
  /** Something was written at this time: a roll-up of it that is under way begins again. */
  touched(book: HostBook, at: number): void
  /** Gives up what is under way, because something about it failed or went away. */
  reset(): void
}

export function createRoller(db: Db, books: Books, reader: SampleReader, clock: Clock): Roller {
  const due = db.prepare<[number, number], { host: number; start: number }>(
    'SELECT host, start FROM span WHERE level = ? AND rolled = 0 AND start <= ? ORDER BY start LIMIT 1',
  )
  const finish = db.prepare('UPDATE span SET rolled = 1 WHERE host = ? AND level = ? AND start = ?')
  const orphan = db.prepare('DELETE FROM span WHERE host = ? AND level = ? AND start = ?')
  const tables = ladder.map((_, level) =>
    level === 0
      ? null
      : {
          put: db.prepare(`INSERT OR REPLACE INTO rollup_${level} VALUES (?, ?)`),
          remove: db.prepare(`DELETE FROM rollup_${level} WHERE id = ?`),
        },
  )
  let job: Job | null = null

  /** Finer levels first: what they make is the source of the coarser ones. */
  function nextJob(now: number, rawDays: number): Job | null | 'again' {
    for (const [level, rung] of ladder.entries()) {
      if (level === 0) continue
      const latest = rung.when === 'expiring' ? cutoff(0, now, rawDays) : now - settled - rung.span
      const span = due.get(level, latest)
      if (!span) continue
      const book = books.byNumber(span.host)
      if (!book) {
        orphan.run(span.host, level, span.start)
        return 'again'
      }
      const series = [...book.series.values()].sort((a, b) => a.id - b.id)
      return { book, level, start: span.start, series, next: 0 }
    }
    return null
  }

  function work(current: Job): void {
    const rung = ladder[current.level]
    const table = tables[current.level]
    if (!rung || !table) return
    const began = clock.monotonic()
    while (current.next < current.series.length && clock.monotonic() - began < sliceMilliseconds) {
      const group = current.series.slice(current.next, current.next + groupSize)
      const buckets = group.map(() => new Buckets(current.start, rung.step, rung.span / rung.step))
      reader.fill(current.book, group, rung.source, current.start, current.start + rung.span, buckets)
      for (const [index, entry] of group.entries()) {
        const id = chunkId(current.start / rung.span, entry.id)
        const filled = buckets[index]
        if (!filled || filled.empty) table.remove.run(id)
        else table.put.run(id, packBuckets(filled))
      }
      current.next += groupSize
    }
    if (current.next < current.series.length) return
    finish.run(current.book.number, current.level, current.start)
    for (let at = current.start; at < current.start + rung.span; at += day)
      current.book.waitingDays.delete(Math.floor(at / day))
    job = null
  }

  return {
    step(now, rawDays) {
      const next = job ?? nextJob(now, rawDays)
      if (next === 'again') return true
      if (next === null) return false
      job = next
      work(next)
      return true
    },
    touched(book, at) {
      const rung = job && ladder[job.level]
      if (job && rung && job.book.number === book.number && spanStart(rung, at) === job.start) job = null
    },
    reset: () => {
      job = null
    },
  }
}
