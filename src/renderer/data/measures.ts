// What a list shows of a host's measurements: the newest sample and a short course. Knows no layout.
import type { HostView } from '../../shared/model/host.ts'
import type { DiskUse, HostSample } from '../../shared/model/metric.ts'
import { useNow } from './now.ts'
import { useEngineQuery } from './remotes.tsx'

const minute = 60_000
const courseMs = 30 * minute
const coursePoints = 60

/** The newest sample, or null while the host is not connected: old numbers must not look like new ones. */
export function useLatestSample(view: HostView): HostSample | null {
  const ready = view.connection.state === 'ready'
  const { data } = useEngineQuery('metric.latest', view.host.id, {
    enabled: ready,
    staleTime: Number.POSITIVE_INFINITY,
  })
  return ready ? (data ?? null) : null
}

/** The last half hour of one series, asked for once a minute. */
export function useCourse(view: HostView, series: string): readonly (number | null)[] {
  const to = Math.ceil(useNow(minute) / minute) * minute
  const query = { hostId: view.host.id, series: [series], from: to - courseMs, to, points: coursePoints }
  const { data } = useEngineQuery('metric.series', query, {
    keepPrevious: true,
    staleTime: Number.POSITIVE_INFINITY,
    enabled: view.connection.state === 'ready',
  })
  return data?.[0]?.avg ?? []
}

export function memoryPercent(sample: HostSample | null): number | null {
  if (!sample || sample.memory.totalBytes <= 0) return null
  return (1 - sample.memory.availableBytes / sample.memory.totalBytes) * 100
}

/** The disk that is fullest, which is the one to look at. */
export function fullestDisk(sample: HostSample | null): { disk: DiskUse; percent: number } | null {
  let worst: { disk: DiskUse; percent: number } | null = null
  for (const disk of sample?.disks ?? []) {
    // As df does: what root keeps for itself counts as used up.
    const usable = disk.usedBytes + disk.freeBytes
    const percent = usable > 0 ? (disk.usedBytes / usable) * 100 : 0
    if (!worst || percent > worst.percent) worst = { disk, percent }
  }
  return worst
}
