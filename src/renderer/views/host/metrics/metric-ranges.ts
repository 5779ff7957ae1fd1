// Which stretches of time the charts can show, and how they are written in the address. Pure; draws nothing.

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

export const rangeIds = ['1h', '6h', '24h', '7d', '30d', '1y'] as const
export type RangeId = (typeof rangeIds)[number]

export const rangeMs: Record<RangeId, number> = {
  '1h': hour,
  '6h': 6 * hour,
  '24h': day,
  '7d': 7 * day,
  '30d': 30 * day,
  '1y': 365 * day,
}
export const rangeWords: Record<RangeId, string> = {
  '1h': '1 h',
  '6h': '6 h',
  '24h': '24 h',
  '7d': '7 d',
  '30d': '30 d',
  '1y': '1 y',
}

/** How many points a chart is given: about one for each pixel or two. */
export const points = 480

export function readRange(text: string): RangeId {
  return rangeIds.find(id => id === text) ?? '1h'
}

export interface Span {
  readonly from: number
  readonly to: number
}

/** Nothing is measured more often than this, so that nothing is seen by looking closer. */
const shortestZoom = 10_000

/** A zoom as `from-to` in wall ms; null where there is none, or no sensible one. */
export function readZoom(text: string): Span | null {
  const [from, to] = text.split('-').map(Number)
  if (!from || !to || !Number.isFinite(from) || !Number.isFinite(to) || to - from < shortestZoom) return null
  return { from, to }
}
export function writeZoom(from: number, to: number): string {
  const middle = (from + to) / 2
  const half = Math.max(shortestZoom, to - from) / 2
  return `${Math.round(middle - half)}-${Math.round(middle + half)}`
}

/** How long one answer for a range stands for the present: one point's worth, but at least some seconds. */
export function stepOf(range: RangeId): number {
  return Math.max(5_000, Math.round(rangeMs[range] / points))
}
