// Decides at which level and in which buckets a question about series is answered; pure.
import { cutoff } from './retention.ts'
import { ladder } from './rollup.ts'

export interface SeriesPlan {
  /** The coarsest level to read; where it is not there yet, the finer ones below answer. */
  readonly level: number
  /** Start of the first bucket, wall ms. */
  readonly start: number
  /** ms per bucket: a multiple of the level's. */
  readonly step: number
  /** How many buckets, never more than were asked for. */
  readonly count: number
}

/** Steps that people can read on an axis, for samples as they came. */
const roundSteps = [1, 2, 5, 10, 15, 20, 30, 60].map(seconds => seconds * 1000)
/** How much coarser than asked for a bucket may be for the sake of a level that is cheaper to read. */
const tolerance = 1.25

/**
 * Buckets lie on multiples of their step since the epoch, so that a chart that moves on keeps its points. Only levels that still
 * hold `from` are considered.
 */
export function planSeries(
  query: { from: number; to: number; points: number },
  now: number,
  rawDays: number,
): SeriesPlan {
  const from = Math.min(query.from, query.to)
  const to = Math.max(query.to, from + 1)
  // One bucket more than the span needs may be touched because they do not begin at `from`.
  const ideal = (to - from) / Math.max(1, query.points - 1)
  const holds = ladder.map((_, level) => level).filter(level => cutoff(level, now, rawDays) <= from)
  const finest = holds[0] ?? ladder.length - 1
  const stepAt = (level: number): number => {
    const own = ladder[level]?.step ?? 0
    if (own > 0) return Math.ceil(ideal / own) * own
    return roundSteps.find(step => step >= ideal) ?? Math.ceil(ideal / 60_000) * 60_000
  }
  const cheap = holds.findLast(level => stepAt(level) <= ideal * tolerance)
  const level = cheap ?? finest
  const step = stepAt(level)
  const start = Math.floor(from / step) * step
  return { level, start, step, count: Math.max(1, Math.ceil((to - start) / step)) }
}
