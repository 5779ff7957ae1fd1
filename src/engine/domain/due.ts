// Decides when something with a schedule is due: jitter, one make-up for what was missed, mains only, some networks only. Pure; starts nothing.
import type { RunSchedule, WaitsFor } from '../../shared/model/schedule.ts'
import type { CronTimes } from './silence.ts'

/** What begins no later than this after its time was not missed. */
const punctualMs = 300_000

export interface ScheduleState {
  readonly id: string
  readonly schedule: RunSchedule
  /** The time for which it ran (or was passed over) last; null where that never was. */
  readonly lastAt: number | null
  /** Before this nothing was due. */
  readonly createdAt: number
}

/** `at` is the time of the schedule that is taken care of by this run, and by skipping it. */
export type Due =
  | { readonly kind: 'not-yet'; readonly nextAt: number | null }
  | { readonly kind: 'run'; readonly at: number; readonly reason: 'schedule' | 'catch-up' }
  | { readonly kind: 'skip'; readonly at: number }
  | { readonly kind: 'wait-for-mains'; readonly at: number }
  | { readonly kind: 'wait-for-network'; readonly at: number }

/**
 * `mains` is null where it cannot be known, and `networks`, the names of the one on which this computer is, empty: that holds nothing up, for a
 * backup that is never made is the worse of the two.
 */
export function dueAt(
  state: ScheduleState,
  now: number,
  mains: boolean | null,
  cron: CronTimes,
  networks: readonly string[] = [],
): Due {
  const { schedule } = state
  // a time that lies in the future counts as now (semantics 3)
  const since = Math.min(state.lastAt ?? state.createdAt, now)
  const last = cron.previous(schedule.cron, schedule.zone, now)
  if (last === null || last <= since) return { kind: 'not-yet', nextAt: nextRunAt(state, now, cron) }
  const starts = last + jitterOf(state, last)
  // of several that were missed only the newest is made up for, and the one before it need not wait for the jitter of this one
  const before = cron.previous(schedule.cron, schedule.zone, last - 1)
  const missedBefore = before !== null && before > since
  if (now < starts && !missedBefore) return { kind: 'not-yet', nextAt: starts }
  const late = now - starts > punctualMs || (now < starts && missedBefore)
  if (late && !schedule.catchUp) {
    if (now < starts) return { kind: 'not-yet', nextAt: starts }
    return { kind: 'skip', at: last }
  }
  if (schedule.onlyOnMains && mains === false) return { kind: 'wait-for-mains', at: last }
  if (!isNamed(schedule.onlyOnNetworks, networks)) return { kind: 'wait-for-network', at: last }
  return { kind: 'run', at: last, reason: late ? 'catch-up' : 'schedule' }
}

/** What holds it up though it is due; null where nothing does. */
export function waitsFor({ kind }: Due): WaitsFor | null {
  if (kind === 'wait-for-mains') return 'mains'
  return kind === 'wait-for-network' ? 'network' : null
}

function isNamed(named: readonly string[], here: readonly string[]): boolean {
  if (named.length === 0 || here.length === 0) return true
  const names = new Set(here.map(name => name.toLowerCase()))
  return named.some(name => names.has(name.toLowerCase()))
}

/** When it comes next, jitter included; null where it never does. */
export function nextRunAt(state: ScheduleState, now: number, cron: CronTimes): number | null {
  const { schedule } = state
  const since = Math.min(state.lastAt ?? state.createdAt, now)
  const last = cron.previous(schedule.cron, schedule.zone, now)
  if (last !== null && last > since) return last + jitterOf(state, last)
  const next = cron.next(schedule.cron, schedule.zone, now)
  return next === null ? null : next + jitterOf(state, next)
}

/** The same for the same run however often it is asked, and another for each thing that runs and each time. */
export function jitterOf({ id, schedule }: Pick<ScheduleState, 'id' | 'schedule'>, at: number): number {
  if (schedule.jitterSeconds === 0) return 0
  let hash = 0x811c9dc5
  for (const char of `${id} ${at}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return (hash % (schedule.jitterSeconds + 1)) * 1_000
}

/** The longest time between two runs of a schedule around `at`; null where it comes no second time. */
export function intervalOf({ cron: expression, zone }: RunSchedule, at: number, cron: CronTimes): number | null {
  const next = cron.next(expression, zone, at)
  const after = next === null ? null : cron.next(expression, zone, next)
  if (next === null || after === null) return null
  const before = cron.previous(expression, zone, at)
  return Math.max(after - next, before === null ? 0 : next - before)
}
