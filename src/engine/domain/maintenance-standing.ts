// Decides how a maintenance task stands as its check tells it: its last run did not end well, or it did not run for long (R36). Pure.
import type { ProbeStatus } from '../../shared/model/check.ts'
import type { RunSchedule } from '../../shared/model/schedule.ts'
import { ago } from './backup-age.ts'
import { intervalOf } from './due.ts'
import type { CronTimes } from './silence.ts'

export interface MaintenanceFacts {
  readonly schedule: RunSchedule | null
  readonly enabled: boolean
  readonly createdAt: number
  /** When it last ended well. */
  readonly lastDoneAt: number | null
  /** Why the last run that was not cancelled did not end well; null where it did, or where there is none. */
  readonly lastFailure: string | null
}

export function judgeMaintenance(
  facts: MaintenanceFacts,
  now: number,
  cron: CronTimes,
): { readonly status: ProbeStatus; readonly message: string } {
  const { schedule, lastDoneAt, lastFailure, createdAt } = facts
  if (!facts.enabled) return { status: 'healthy', message: 'It is switched off' }
  if (lastFailure !== null) return { status: 'unhealthy', message: `The last run: ${lastFailure}` }
  const since = lastDoneAt ?? createdAt
  const interval = schedule === null ? null : intervalOf(schedule, since, cron)
  const lately = lastDoneAt === null ? 'It has not ended well yet' : `It last ended well ${ago(now - lastDoneAt)} ago`
  if (interval !== null && now > since + 2 * interval)
    return { status: 'unhealthy', message: `${lately}; it is to run every ${ago(interval)}` }
  return lastDoneAt === null
    ? { status: 'unknown', message: 'It has not run yet' }
    : { status: 'healthy', message: lately }
}
