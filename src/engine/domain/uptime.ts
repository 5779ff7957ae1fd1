// Decides how much of a time something was up, leaving out what is not known and maintenance (semantics 17, R12, R13); knows no store.
import type { ProbeStatus, Uptime, UptimeWindow } from '../../shared/model/check.ts'
import type { ObservationGap } from '../../shared/model/metric.ts'
import type { UnitTransition } from '../../shared/model/unit.ts'

export type SpanStatus = ProbeStatus | 'maintenance'

/** A stretch of wall time with one status. */
export interface StatusSpan {
  readonly from: number
  readonly to: number
  readonly status: SpanStatus
}

const hour = 3_600_000
export const uptimeWindowMs: Record<UptimeWindow, number> = {
  '24h': 24 * hour,
  '7d': 168 * hour,
  '30d': 720 * hour,
  '90d': 2160 * hour,
}

/** Where spans lie over each other, the first of these that is among them counts. */
const precedence: readonly SpanStatus[] = ['maintenance', 'unhealthy', 'degraded', 'healthy']

/** Degraded is up: it answers, if not as it should. Time that no span speaks of is unknown. */
export function uptimeOf(spans: readonly StatusSpan[], window: UptimeWindow, now: number): Uptime {
  const from = now - uptimeWindowMs[window]
  const edges = spans
    .map(span => ({ ...span, from: Math.max(span.from, from), to: Math.min(span.to, now) }))
    .filter(span => span.to > span.from && span.status !== 'unknown')
    .flatMap(({ from, to, status }) => [
      { at: from, status, step: 1 },
      { at: to, status, step: -1 },
    ])
    .sort((a, b) => a.at - b.at)
  const open = new Map<SpanStatus, number>()
  const sums: Record<SpanStatus, number> = { healthy: 0, degraded: 0, unhealthy: 0, unknown: 0, maintenance: 0 }
  let at = from
  for (const edge of edges) {
    sums[precedence.find(status => (open.get(status) ?? 0) > 0) ?? 'unknown'] += edge.at - at
    open.set(edge.status, (open.get(edge.status) ?? 0) + edge.step)
    at = edge.at
  }
  sums.unknown += now - at
  const up = sums.healthy + sums.degraded
  const known = up + sums.unhealthy
  return {
    window,
    percent: known > 0 ? (up / known) * 100 : null,
    up,
    down: sums.unhealthy,
    unknown: sums.unknown,
    maintenance: sums.maintenance,
  }
}

export interface UnitAsItIs {
  readonly activeState: string
  readonly subState: string
  readonly result: string | null
}

export interface UnitPast {
  /** When the unit came to be watched: before that nothing is known. Without it, from its first transition on. */
  readonly since?: number
  /** How it is now, for a unit that never changed. */
  readonly current?: UnitAsItIs | null
}

/**
 * How a unit was, from its transitions (in any order) and the times in which nobody looked. A gap that was filled from the host's own records
 * is no gap. A unit that was stopped in order is neither up nor down.
 */
export function unitSpans(
  transitions: readonly UnitTransition[],
  gaps: readonly Pick<ObservationGap, 'from' | 'to' | 'filled'>[],
  now: number,
  past: UnitPast = {},
): StatusSpan[] {
  const ordered = transitions.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at)
  const first = ordered[0]
  const before = first
    ? first.fromState === null
      ? null
      : { activeState: first.fromState, subState: '', result: null }
    : (past.current ?? null)
  let status: SpanStatus = before ? statusOf(before, 'unknown') : 'unknown'
  let at = Math.min(past.since ?? first?.at ?? now, now)
  const spans: StatusSpan[] = []
  for (const transition of ordered) {
    append(spans, at, Math.max(at, transition.at), status)
    at = Math.max(at, transition.at)
    status = statusOf({ ...transition, activeState: transition.toState }, status)
  }
  append(spans, at, now, status)
  return gaps.filter(gap => !gap.filled).reduce((known, gap) => cut(known, gap.from, gap.to ?? now), spans)
}

function append(spans: StatusSpan[], from: number, to: number, status: SpanStatus): void {
  const last = spans.at(-1)
  if (to <= from) return
  if (last && last.status === status && last.to === from) spans[spans.length - 1] = { ...last, to }
  else spans.push({ from, to, status })
}

/** The spans without what lies between the two times, which becomes unknown. */
function cut(spans: readonly StatusSpan[], from: number, to: number): StatusSpan[] {
  const left: StatusSpan[] = []
  for (const span of spans) {
    append(left, span.from, Math.min(span.to, Math.max(from, span.from)), span.status)
    append(left, Math.max(from, span.from), Math.min(to, span.to), 'unknown')
    append(left, Math.max(span.from, Math.min(to, span.to)), span.to, span.status)
  }
  return left
}

function statusOf({ activeState, subState, result }: UnitAsItIs, before: SpanStatus): SpanStatus {
  switch (activeState) {
    case 'active':
    case 'reloading':
    case 'refreshing':
      return 'healthy'
    case 'failed':
      return 'unhealthy'
    case 'activating':
      return subState.startsWith('auto-restart') ? 'unhealthy' : before
    case 'deactivating':
      return before
    default:
      return activeState === 'inactive' && result !== null && result !== 'success' ? 'unhealthy' : 'unknown'
  }
}
