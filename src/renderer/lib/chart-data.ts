// Turns the engine's series into the columns that a chart draws, and into the words that stand for it; draws nothing.
import type { SeriesData } from '../../shared/model/metric.ts'

export interface ChartColumns {
  /** Seconds since the epoch, ascending. */
  readonly at: number[]
  /** For each series what was seen, then for each what was reconstructed; null is a gap. */
  readonly values: (number | null)[][]
}

/** A bucket's average as seen live, and apart from it as reconstructed: those are drawn dashed and meet the live line at its ends. */
export function chartColumns(data: readonly SeriesData[], names: readonly string[]): ChartColumns {
  const found = names.map(name => data.find(series => series.series === name))
  const at = (found.find(series => series !== undefined)?.at ?? []).map(time => time / 1000)
  const seen = found.map(series => at.map((_, index) => valueAt(series, index, false)))
  const reconstructed = found.map(series => {
    const values = at.map((_, index) => valueAt(series, index, true))
    return values.map((value, index) => {
      const touches = values[index - 1] != null || values[index + 1] != null
      return value ?? (touches ? (series?.avg[index] ?? null) : null)
    })
  })
  return { at, values: [...seen, ...reconstructed] }
}

function valueAt(series: SeriesData | undefined, index: number, reconstructed: boolean): number | null {
  return series !== undefined && (series.reconstructed[index] ?? false) === reconstructed
    ? (series.avg[index] ?? null)
    : null
}

export interface SeriesSummary {
  readonly latest: number | null
  readonly min: number | null
  readonly avg: number | null
  readonly max: number | null
}

/** The figures of one series over the shown range; all null where nothing was measured. */
export function summarise(series: SeriesData | undefined): SeriesSummary {
  let latest: number | null = null
  let min: number | null = null
  let max: number | null = null
  let sum = 0
  let count = 0
  for (let index = 0; index < (series?.at.length ?? 0); index++) {
    const value = series?.avg[index] ?? null
    if (value === null) continue
    latest = value
    sum += value
    count++
    const low = series?.min[index] ?? value
    const high = series?.max[index] ?? value
    min = min === null ? low : Math.min(min, low)
    max = max === null ? high : Math.max(max, high)
  }
  return { latest, min, max, avg: count === 0 ? null : sum / count }
}

/** The numbers of an axis, all with as many decimals as the finest of them needs. */
export function tickNumbers(ticks: readonly number[]): string[] {
  const digits = [0, 1, 2].find(few => ticks.every(tick => Math.abs(tick - Number(tick.toFixed(few))) < 1e-9)) ?? 2
  return ticks.map(tick =>
    tick.toLocaleString('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  )
}
