// Decides whether a silence or maintenance window is in force, and whether it speaks of an alert (semantics 17); knows no store.
import type { CheckUnit } from '../../shared/model/check.ts'
import type { SilenceSchedule, SilenceScope } from '../../shared/model/incident.ts'
import { withinHours } from './zone-time.ts'

/** The times of cron expressions, which somebody else reads. */
export interface CronTimes {
  /** The last one at or before `at`. */
  previous(expression: string, zone: string, at: number): number | null
  /** The first one after `at`. */
  next(expression: string, zone: string, at: number): number | null
}

export interface SilencePhase {
  readonly active: boolean
  /** Wall ms at which that has to be asked again; null where it does not change any more. */
  readonly changesAt: number | null
}

/** `now` is wall time (semantics 1). Without `cron`, a schedule by a cron expression is never in force. */
export function silenceActive(schedule: SilenceSchedule, now: number, cron?: CronTimes): SilencePhase {
  switch (schedule.kind) {
    case 'once':
      if (now < schedule.from) return { active: false, changesAt: schedule.from }
      if (schedule.until === null) return { active: true, changesAt: null }
      return now < schedule.until ? { active: true, changesAt: schedule.until } : { active: false, changesAt: null }
    case 'weekly':
      return withinHours(schedule, now)
    case 'cron':
      return cron ? byCron(schedule, now, cron) : { active: false, changesAt: null }
  }
}

/** So many windows that run into each other are looked at to tell the end of all. */
const joined = 50

function byCron(
  { expression, minutes, zone }: Extract<SilenceSchedule, { kind: 'cron' }>,
  now: number,
  cron: CronTimes,
): SilencePhase {
  const began = cron.previous(expression, zone, now)
  let next = cron.next(expression, zone, now)
  if (began === null || now >= began + minutes * 60_000) return { active: false, changesAt: next }
  let end = began + minutes * 60_000
  for (let count = 0; next !== null && next <= end && count < joined; count++) {
    end = next + minutes * 60_000
    next = cron.next(expression, zone, next)
  }
  return { active: true, changesAt: end }
}

export interface SilenceSubject {
  readonly hostId: string
  readonly unit: CheckUnit | null
  readonly checkId: string
  readonly tags: readonly string[]
}

/** All that the scope names has to match. */
export function silenceMatches(scope: SilenceScope, subject: SilenceSubject): boolean {
  if (scope.hostId !== null && scope.hostId !== subject.hostId) return false
  if (scope.checkId !== null && scope.checkId !== subject.checkId) return false
  if (scope.tag !== null && !subject.tags.includes(scope.tag)) return false
  if (scope.unit === null) return true
  return subject.unit !== null && scope.unit.scope === subject.unit.scope && scope.unit.name === subject.unit.name
}
