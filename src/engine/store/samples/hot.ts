// Writes what one look at a host found as one row; knows nothing of what becomes of it later.
import { day, ladder, spanStart } from '../../domain/rollup.ts'
import type { Db } from '../database.ts'
import type { Books, HostBook } from './book.ts'

export interface HotWriter {
  /** Must run inside a transaction. Says how many values found no place. */
  insert(hostId: string, at: number, values: ReadonlyMap<string, number>, reconstructed: boolean): number
}

/** `touched` is told of every time that is written, for roll-ups under way. */
export function createHotWriter(db: Db, books: Books, touched: (book: HostBook, at: number) => void): HotWriter {
  const find = db.prepare<[number, number], { reconstructed: number; body: Buffer }>(
    'SELECT reconstructed, body FROM hot WHERE host = ? AND at = ?',
  )
  const put = db.prepare('INSERT OR REPLACE INTO hot VALUES (?, ?, ?, ?)')
  const wait = db.prepare(
    'INSERT INTO span VALUES (?, ?, ?, 0) ON CONFLICT (host, level, start) DO UPDATE SET rolled = 0 WHERE rolled = 1',
  )

  /** Once a day per host, and again when something late arrives: its roll-ups at all levels are to be made (anew). */
  function markWaiting(book: HostBook, at: number): void {
    const today = Math.floor(at / day)
    if (book.waitingDays.has(today)) return
    for (const [level, rung] of ladder.entries()) if (level > 0) wait.run(book.number, level, spanStart(rung, at))
    book.waitingDays.add(today)
  }

  return {
    insert(hostId, at, values, reconstructed) {
      const book = books.findOrAdd(hostId)
      const places: number[] = []
      const numbers: number[] = []
      let width = 0
      let refused = 0
      for (const [name, value] of values) {
        if (!Number.isFinite(Math.fround(value))) continue
        const slot = books.place(book, name, at)?.slot
        if (slot === undefined || slot === null) {
          refused++
          continue
        }
        places.push(slot)
        numbers.push(value)
        width = Math.max(width, slot + 1)
      }
      if (places.length === 0) return refused
      const before = at <= book.hotLast && at >= book.hotFirst ? find.get(book.number, at) : undefined
      const row = new Float32Array(Math.max(width, (before?.body.length ?? 0) / 4)).fill(Number.NaN)
      if (before)
        for (let slot = 0; slot * 4 < before.body.length; slot++) row[slot] = before.body.readFloatLE(slot * 4)
      for (let index = 0; index < places.length; index++) row[places[index] as number] = numbers[index] as number
      const filledIn = reconstructed && (before === undefined || before.reconstructed === 1)
      markWaiting(book, at)
      put.run(book.number, at, filledIn ? 1 : 0, Buffer.from(row.buffer))
      if (at > book.hotLast) book.hotCache?.push({ at, reconstructed: filledIn ? 1 : 0, body: row })
      else book.hotCache = null
      if (!before) book.hotRows++
      book.hotFirst = Math.min(book.hotFirst, at)
      book.hotLast = Math.max(book.hotLast, at)
      touched(book, at)
      return refused
    },
  }
}
