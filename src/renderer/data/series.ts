// The course of numbers over a moving range of time; knows no chart.
import type { SeriesData } from '../../shared/model/metric.ts'
import { useNow } from './now.ts'
import { useEngineQuery } from './remotes.tsx'

export interface Course {
  readonly data: readonly SeriesData[] | undefined
  readonly from: number
  readonly to: number
}

/** The last `rangeMs` of these series, asked for again as time goes on; the old answer stays until the new one is there. */
export function useRecentSeries(hostId: string, series: readonly string[], rangeMs: number, points = 240): Course {
  const step = Math.max(5_000, Math.round(rangeMs / points))
  const to = Math.ceil(useNow(step) / step) * step
  const from = to - rangeMs
  const { data } = useEngineQuery(
    'metric.series',
    { hostId, series: [...series], from, to, points },
    { keepPrevious: true, staleTime: Number.POSITIVE_INFINITY, enabled: series.length > 0 },
  )
  return { data, from, to }
}
