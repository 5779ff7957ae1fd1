// Keeps which features are switched off for having failed too often (semantics 25), so that a restart does not switch them on; knows no feature.
import type { Db } from './database.ts'

export interface BreakerRow {
  readonly feature: string
  readonly failures: number
  /** Steady ms. */
  readonly openUntil: number
}

export interface BreakerStore {
  list(): BreakerRow[]
  put(row: BreakerRow): void
  remove(feature: string): void
  /** Forgets those that were open until before: what they spoke of may be gone. */
  expire(before: number): void
}

export function createBreakerStore(db: Db): BreakerStore {
  const all = db.prepare<[], { feature: string; failures: number; open_until: number }>('SELECT * FROM breaker')
  const put = db.prepare<[string, number, number]>('INSERT OR REPLACE INTO breaker VALUES (?, ?, ?)')
  const remove = db.prepare<[string]>('DELETE FROM breaker WHERE feature = ?')
  const expire = db.prepare<[number]>('DELETE FROM breaker WHERE open_until < ?')
  return {
    list: () =>
      db.read(() =>
        all.all().map(({ feature, failures, open_until }) => ({ feature, failures, openUntil: open_until })),
      ),
    put: ({ feature, failures, openUntil }) => {
      db.write(() => put.run(feature, failures, openUntil))
    },
    remove: feature => {
      db.write(() => remove.run(feature))
    },
    expire: before => {
      db.write(() => expire.run(before))
    },
  }
}
