// Turns buckets into what a chart is given: gaps stay gaps, the pauses between looks do not become any. Pure.
import type { SeriesData } from '../../shared/model/metric.ts'
import type { Buckets } from './rollup.ts'

/** Looks may come this much later than they should before it is a gap. */
const lateness = 3

/**
 * One answer per name, all with the same times. An empty bucket between two looks that follow each other in the ordinary pace (`pace`
 * ms) is left out, because nothing is missing there; every other empty one is a null.
 */
export function toSeriesData(names: readonly string[], buckets: readonly Buckets[], pace: number): SeriesData[] {
  const kept = keptBuckets(buckets, pace * lateness)
  return names.map((series, index) => {
    const data: SeriesData = { series, at: [], min: [], avg: [], max: [], reconstructed: [] }
    const from = buckets[index]
    if (!from) return data
    const { count, sum, min, max, reconstructed, start, step } = from
    for (const place of kept) {
      const looks = count[place] as number
      data.at.push(start + place * step)
      data.min.push(looks === 0 ? null : (min[place] as number))
      data.avg.push(looks === 0 ? null : (sum[place] as number) / looks)
      data.max.push(looks === 0 ? null : (max[place] as number))
      data.reconstructed.push(reconstructed[place] === 1)
    }
    return data
  })
}

/** Places of the buckets that are shown, ascending. */
function keptBuckets(buckets: readonly Buckets[], longestPause: number): number[] {
  const length = buckets[0]?.length ?? 0
  const step = buckets[0]?.step ?? 1
  const filled = new Uint8Array(length)
  for (const { count } of buckets)
    for (let place = 0; place < length; place++) if (count[place] !== 0) filled[place] = 1
  const kept: number[] = []
  let last = -1
  for (let place = 0; place < length; place++) {
    if (filled[place] === 0) continue
    const pause = last >= 0 && (place - last) * step <= longestPause
    if (!pause) for (let empty = last + 1; empty < place; empty++) kept.push(empty)
    kept.push(place)
    last = place
  }
  for (let empty = last + 1; empty < length; empty++) kept.push(empty)
  return kept
}
