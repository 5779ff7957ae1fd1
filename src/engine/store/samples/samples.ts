// Keeps numbers over time and answers in buckets, whatever level they lie at; knows nothing of what they mean.
import { AppError } from '../../../shared/errors.ts'
import type { SeriesData, SeriesQuery } from '../../../shared/model/metric.ts'
import { type ClockMemory, mayExpire, rememberClock } from '../../domain/retention.ts'
import { Buckets } from '../../domain/rollup.ts'
import { toSeriesData } from '../../domain/series-answer.ts'
import { planSeries } from '../../domain/series-plan.ts'
import type { Clock } from '../../lib/clock.ts'
import { type Disposable, DisposableBag } from '../../lib/disposable.ts'
import type { Logger } from '../../lib/log.ts'
import type { Db } from '../database.ts'
import type { SettingsStore } from '../settings.ts'
import { createBooks, maxSlots } from './book.ts'
import { createCompactor } from './compaction.ts'
import { createExpiry } from './expiry.ts'
import { createHotWriter } from './hot.ts'
import { createReader } from './reader.ts'
import { createRoller } from './rolling.ts'

export interface SampleStore {
  /**
   * Writes what one look at a host found. Never throws for a full disk: what cannot be written is kept in memory, the newest of it.
   * The same time again replaces what it names. Values that are no finite numbers are left out, and Float32 is what is kept.
   */
  write(hostId: string, at: number, values: ReadonlyMap<string, number>, options?: { reconstructed?: boolean }): void
  /** One answer per asked series, all with the same times. Buckets without a sample are null, see SeriesData. */
  query(query: SeriesQuery): SeriesData[]
  /** Names of the series kept for a host, A–Z. */
  names(hostId: string): string[]
  /** When the host was last looked at, wall ms; null where never. */
  lastAt(hostId: string): number | null
  /** Does one slice of compaction, roll-up or retention and says whether there is more to do. Never throws for a full disk. */
  maintain(now: number): boolean
  /** Looks each half minute for something to maintain, and does it slice by slice with pauses, until disposed. */
  startMaintenance(): Disposable
  /** Tries to write what waits in memory; false while the disk takes none of it. */
  flush(): boolean
  /** Removes all that is kept of a host: at once from sight, in slices from the disk. */
  forget(hostId: string): void
}

interface Look {
  readonly hostId: string
  readonly at: number
  readonly values: ReadonlyMap<string, number>
  readonly reconstructed: boolean
}

/** Numbers that are held in memory while the disk takes none: 20 hosts with 60 series each for an hour. */
const mostWaiting = 300_000
const looksPerWrite = 200
const maintenancePeriod = 30_000
const pauseBetweenSlices = 15

export function createSampleStore(options: {
  db: Db
  clock: Clock
  log: Logger
  settings: Pick<SettingsStore, 'get'>
}): SampleStore {
  const { db, clock, settings } = options
  const log = options.log.child('samples')
  const books = createBooks(db)
  const reader = createReader(db)
  const roller = createRoller(db, books, reader, clock)
  const writer = createHotWriter(db, books, (book, at) => roller.touched(book, at))
  const compactor = createCompactor(db, books)
  const expiry = createExpiry(db)
  const abandon = db.prepare<[string]>('UPDATE host SET id = NULL WHERE id = ?')
  const newest = db.prepare<[number, number], { at: number | null }>(`SELECT max(at) AS at FROM (
    SELECT max(at) AS at FROM hot WHERE host = ? UNION ALL SELECT max(last_at) FROM segment WHERE host = ?)`)
  const noSpans = db.prepare<[number]>('DELETE FROM span WHERE host = ? AND rolled = 0')

  let waiting: Look[] = []
  let waitingNumbers = 0
  let dropped = 0
  let clocks: ClockMemory | null = null
  const crowded = new Set<string>()

  function insert(looks: readonly Look[]): void {
    try {
      db.write(() => {
        for (const { hostId, at, values, reconstructed } of looks) {
          if (at < expiry.rawExpired()) continue
          const refused = writer.insert(hostId, at, values, reconstructed)
          if (refused === 0 || crowded.has(hostId)) continue
          crowded.add(hostId)
          log.warn('a host has more series than are kept', { host: hostId, most: maxSlots, refused })
        }
      })
    } catch (error) {
      // What was noted in memory about rows that were rolled back is wrong.
      for (const { hostId } of looks) books.drop(hostId)
      roller.reset()
      throw error
    }
  }
  function hold(look: Look): void {
    waiting.push(look)
    waitingNumbers += look.values.size
    let first = 0
    for (; waitingNumbers > mostWaiting && first < waiting.length - 1; first++)
      waitingNumbers -= waiting[first]?.values.size ?? 0
    if (first === 0) return
    if (dropped === 0) log.warn('history in memory is full, the oldest of it is dropped')
    dropped += first
    waiting.splice(0, first)
  }
  function flush(): boolean {
    if (waiting.length === 0) return true
    const looks = waiting.length
    try {
      while (waiting.length > 0) {
        insert(waiting.slice(0, looksPerWrite))
        for (const { values } of waiting.splice(0, looksPerWrite)) waitingNumbers -= values.size
      }
    } catch (error) {
      if (!ofTheDisk(error)) throw error
      return false
    }
    log.info('history that waited in memory is written', { looks, dropped })
    dropped = 0
    return true
  }
  function maintain(now: number): boolean {
    const { rawSampleDays } = settings.get()
    try {
      return db.write(() => {
        clocks = rememberClock(clocks, now, clock.monotonic(), clocks === null ? expiry.newest() : null)
        if (compactor.step(now)) return true
        if (expiry.purge()) return true
        if (!mayExpire(clocks)) return false
        return roller.step(now, rawSampleDays) || expiry.step(now, rawSampleDays)
      })
    } catch (error) {
      books.dropAll()
      roller.reset()
      if (!ofTheDisk(error)) throw error
      return false
    }
  }

  return {
    write(hostId, time, values, how) {
      const look = { hostId, at: Math.round(time), values, reconstructed: how?.reconstructed ?? false }
      if (waiting.length > 0) {
        hold(look)
        return
      }
      try {
        insert([look])
      } catch (error) {
        if (!ofTheDisk(error)) throw error
        hold(look)
      }
    },
    query: query =>
      db.read(() => {
        const { rawSampleDays, sampleSecondsIdle } = settings.get()
        const plan = planSeries(query, clock.now(), rawSampleDays)
        const book = books.find(query.hostId)
        const buckets = query.series.map(() => new Buckets(plan.start, plan.step, plan.count))
        if (book) {
          const known = query.series.flatMap((name, index) => {
            const series = book.series.get(name)
            const into = buckets[index]
            return series && into ? [{ series, into }] : []
          })
          reader.fill(
            book,
            known.map(item => item.series),
            plan.level,
            plan.start,
            plan.start + plan.step * plan.count,
            known.map(item => item.into),
          )
        }
        return toSeriesData(query.series, buckets, sampleSecondsIdle * 1000)
      }),
    names: hostId => db.read(() => [...(books.find(hostId)?.series.keys() ?? [])].sort()),
    lastAt: hostId =>
      db.read(() => {
        const book = books.find(hostId)
        return book ? (newest.get(book.number, book.number)?.at ?? null) : null
      }),
    maintain,
    startMaintenance() {
      const bag = new DisposableBag()
      let slice: Disposable | null = null
      const run = (): void => {
        slice = null
        let more = false
        try {
          more = maintain(clock.now())
        } catch (error) {
          log.error('maintenance failed', { reason: String(error) })
        }
        if (more && !bag.disposed) slice = clock.after(pauseBetweenSlices, run)
      }
      bag.add(
        clock.every(maintenancePeriod, () => {
          if (slice === null) run()
        }),
      )
      bag.add({ dispose: () => slice?.dispose() })
      return bag
    },
    flush,
    forget(hostId) {
      waiting = waiting.filter(look => look.hostId !== hostId)
      waitingNumbers = waiting.reduce((sum, look) => sum + look.values.size, 0)
      db.write(() => {
        const book = books.find(hostId)
        if (book) noSpans.run(book.number)
        abandon.run(hostId)
      })
      books.drop(hostId)
      roller.reset()
    },
  }
}

function ofTheDisk(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'DISK_FULL' || error.code === 'DATABASE_DAMAGED')
}
