// Keeps how often features failed for their own reasons, by kind of error and day (semantics 25); knows no feature.
import type { Db } from './database.ts'

export interface ErrorCountStore {
  /** `day` is a UTC date, 2026-01-31. */
  add(day: string, kind: string): void
  /** Sums by kind from a day on. */
  since(day: string): { kind: string; count: number }[]
}

/** Days that are kept: a report looks back over a quarter at most. */
const keptDays = 100

export function createErrorCountStore(db: Db): ErrorCountStore {
  const add = db.prepare(`INSERT INTO error_count VALUES (?, ?, 1)
    ON CONFLICT (day, kind) DO UPDATE SET count = count + 1`)
  const expire = db.prepare(`DELETE FROM error_count WHERE day < date(?, '-${keptDays} days')`)
  const since = db.prepare<[string], { kind: string; count: number }>(
    'SELECT kind, sum(count) AS count FROM error_count WHERE day >= ? GROUP BY kind ORDER BY kind',
  )
  return {
    add: (day, kind) => {
      db.write(() => {
        add.run(day, kind)
        expire.run(day)
      })
    },
    since: day => db.read(() => since.all(day)),
  }
}
