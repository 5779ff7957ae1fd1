// The dictionary of samples: small numbers for hosts and series, places in a row; knows no sample.
import { day } from '../../domain/rollup.ts'
import type { Db } from '../database.ts'

export interface Series {
  readonly id: number
  /** Its place in a hot row; null while it has none. */
  slot: number | null
  /** The last day (days since the epoch) that it was compacted on. */
  lastDay: number
}

/** One look at a host: Float32 by slot. */
export interface HotRow {
  readonly at: number
  readonly reconstructed: number
  readonly body: Float32Array
}

/** What is held in memory of a host that is being sampled. */
export interface HostBook {
  readonly number: number
  readonly series: Map<string, Series>
  readonly slots: (Series | undefined)[]
  /** Rows that wait for compaction: how many, from when, till when. */
  hotRows: number
  hotFirst: number
  hotLast: number
  /** The same rows in memory, once somebody has asked for them. */
  hotCache: HotRow[] | null
  /** Days whose roll-ups are known to wait. */
  readonly waitingDays: Set<number>
}

/** More than this at a time are not kept of one host; whoever floods names costs only itself. */
export const maxSlots = 4096
/** A series that was silent for so many days gives up its place when another needs one. */
const idleDays = 3

export interface Books {
  /** Null where nothing was ever kept of this host. */
  find(hostId: string): HostBook | null
  findOrAdd(hostId: string): HostBook
  /** The series' place for writing at `at`, made where needed; null when the host has too many. */
  place(book: HostBook, name: string, at: number): Series | null
  /** Drops what is in memory, after a failed write or a removal. */
  drop(hostId: string): void
  dropAll(): void
  /** All hosts with rows that wait for compaction. */
  hot(): HostBook[]
  byNumber(number: number): HostBook | null
}

export function createBooks(db: Db): Books {
  const numberOf = db.prepare<[string], { number: number }>('SELECT number FROM host WHERE id = ?')
  const idOf = db.prepare<[number], { id: string | null }>('SELECT id FROM host WHERE number = ?')
  const addHost = db.prepare<[string]>('INSERT INTO host (id) VALUES (?)')
  const series = db.prepare<[number], { id: number; slot: number | null; name: string; last_day: number }>(
    'SELECT id, slot, name, last_day FROM series WHERE host = ?',
  )
  const addSeries = db.prepare('INSERT INTO series (host, slot, name, last_day) VALUES (?, ?, ?, ?)')
  const setSlot = db.prepare('UPDATE series SET slot = ? WHERE id = ?')
  const hotOf = db.prepare<[number], { rows: number; first: number | null; last: number | null }>(
    'SELECT count(*) AS rows, min(at) AS first, max(at) AS last FROM hot WHERE host = ?',
  )
  const hotHosts = db.prepare<[], { id: string }>(
    'SELECT id FROM host WHERE id IS NOT NULL AND EXISTS (SELECT 1 FROM hot WHERE hot.host = host.number)',
  )
  const books = new Map<string, HostBook>()
  let hotLoaded = false

  function load(hostId: string): HostBook | null {
    const number = numberOf.get(hostId)?.number
    if (number === undefined) return null
    const hot = hotOf.get(number)
    const book: HostBook = {
      number,
      series: new Map(),
      slots: [],
      hotRows: hot?.rows ?? 0,
      hotFirst: hot?.first ?? Number.POSITIVE_INFINITY,
      hotLast: hot?.last ?? Number.NEGATIVE_INFINITY,
      hotCache: null,
      waitingDays: new Set(),
    }
    for (const row of series.all(number)) {
      const entry = { id: row.id, slot: row.slot, lastDay: row.last_day }
      book.series.set(row.name, entry)
      if (row.slot !== null) book.slots[row.slot] = entry
    }
    books.set(hostId, book)
    return book
  }
  /** The lowest free place, else one whose series has been silent, else a new one at the end. */
  function freeSlot(book: HostBook, today: number): number | null {
    for (let slot = 0; slot < book.slots.length; slot++) if (book.slots[slot] === undefined) return slot
    // Rows that wait may still hold the silent series' values.
    const waitingSince = Math.floor(Math.min(book.hotFirst, today * day) / day)
    const idle = book.slots.findIndex(entry => entry !== undefined && entry.lastDay + idleDays < waitingSince)
    if (idle >= 0) {
      const entry = book.slots[idle] as Series
      setSlot.run(null, entry.id)
      entry.slot = null
      book.slots[idle] = undefined
      return idle
    }
    return book.slots.length < maxSlots ? book.slots.length : null
  }

  return {
    find: hostId => books.get(hostId) ?? load(hostId),
    findOrAdd(hostId) {
      const book = books.get(hostId) ?? load(hostId)
      if (book) return book
      addHost.run(hostId)
      return load(hostId) as HostBook
    },
    place(book, name, at) {
      const known = book.series.get(name)
      if (known && known.slot !== null) return known
      const today = Math.floor(at / day)
      const slot = freeSlot(book, today)
      if (slot === null) return null
      let entry = known
      if (entry) {
        setSlot.run(slot, entry.id)
        entry.slot = slot
      } else {
        const id = Number(addSeries.run(book.number, slot, name, today).lastInsertRowid)
        entry = { id, slot, lastDay: today }
        book.series.set(name, entry)
      }
      book.slots[slot] = entry
      return entry
    },
    drop: hostId => {
      books.delete(hostId)
      hotLoaded = false
    },
    dropAll: () => {
      books.clear()
      hotLoaded = false
    },
    hot() {
      if (!hotLoaded) for (const { id } of hotHosts.all()) if (!books.has(id)) load(id)
      hotLoaded = true
      return [...books.values()].filter(book => book.hotRows > 0)
    },
    byNumber(number) {
      const id = idOf.get(number)?.id ?? null
      return id === null ? null : (books.get(id) ?? load(id))
    },
  }
}
