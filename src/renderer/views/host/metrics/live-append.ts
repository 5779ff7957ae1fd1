// Puts the newest sample at the end of the kept course, so that a chart reaches the present between two questions. Pure; draws nothing.
import type { HostSample, SeriesData } from '../../../../shared/model/metric.ts'

/** The number that a series of this name keeps of a sample; null where the sample has none. The names are the engine's (see SeriesName). */
export function numberOf(sample: HostSample, series: string): number | null {
  const colon = series.indexOf(':')
  const kind = colon < 0 ? series : series.slice(0, colon)
  const of = colon < 0 ? '' : series.slice(colon + 1)
  switch (kind) {
    case 'cpu':
      return sample.cpuPercent
    case 'load.1':
      return sample.load[0]
    case 'load.5':
      return sample.load[1]
    case 'load.15':
      return sample.load[2]
    case 'memory.used':
      return sample.memory.totalBytes - sample.memory.availableBytes
    case 'memory.total':
      return sample.memory.totalBytes
    case 'swap.used':
      return sample.swap.totalBytes - sample.swap.freeBytes
    case 'disk.read':
      return sample.diskReadBytesPerSecond
    case 'disk.write':
      return sample.diskWriteBytesPerSecond
    case 'disk.used':
      return sample.disks.find(disk => disk.mount === of)?.usedBytes ?? null
    case 'net.rx':
      return sample.net.find(net => net.name === of)?.rxBytesPerSecond ?? null
    case 'net.tx':
      return sample.net.find(net => net.name === of)?.txBytesPerSecond ?? null
    default:
      return null
  }
}

/**
 * The same series with the sample as their last point. Empty buckets just before it are not gaps: their time is not over yet, so those within
 * `pauseMs` of the sample go. All series of one answer have the same times, and keep that.
 */
export function appendSample(
  data: readonly SeriesData[],
  sample: HostSample | null,
  pauseMs: number,
): readonly SeriesData[] {
  const times = data[0]?.at
  if (!sample || !times) return data
  let end = times.length
  while (end > 0) {
    const place = end - 1
    const at = times[place] ?? 0
    const empty = data.every(series => (series.avg[place] ?? null) === null)
    if (at >= sample.at || (empty && at > sample.at - pauseMs)) end = place
    else break
  }
  return data.map(series => {
    const value = numberOf(sample, series.series)
    return {
      series: series.series,
      at: [...series.at.slice(0, end), sample.at],
      min: [...series.min.slice(0, end), value],
      avg: [...series.avg.slice(0, end), value],
      max: [...series.max.slice(0, end), value],
      reconstructed: [...series.reconstructed.slice(0, end), false],
    }
  })
}
