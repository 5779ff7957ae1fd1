// Decides how a backup stands as its check tells it: late, damaged, or not proven of late (R33, semantics 31). Pure.
import type { ProbeStatus } from '../../shared/model/check.ts'
import type { RunSchedule } from '../../shared/model/schedule.ts'
import { intervalOf } from './due.ts'
import type { CronTimes } from './silence.ts'

export interface BackupAgeFacts {
  readonly schedule: RunSchedule | null
  readonly drill: RunSchedule | null
  readonly enabled: boolean
  readonly createdAt: number
  /** Wall ms of the newest good snapshot. */
  readonly lastGoodAt: number | null
  /** Snapshots that are damaged or gone, in words. */
  readonly bad: readonly string[]
  readonly lastDrill: { readonly at: number; readonly proven: boolean; readonly text: string } | null
  /** Of the last drill that went well. */
  readonly provenAt: number | null
  /** How the last run failed, if it did. */
  readonly lastFailure: string | null
}

export interface BackupAgeVerdict {
  readonly status: ProbeStatus
  readonly message: string
  /** When a late backup began to be late; for tests and for whoever waits for it. */
  readonly lateAt: number | null
}

export function judgeBackupAge(facts: BackupAgeFacts, now: number, cron: CronTimes): BackupAgeVerdict {
  const { schedule, lastGoodAt, bad, lastDrill } = facts
  const since = lastGoodAt ?? facts.createdAt
  const interval = schedule === null ? null : intervalOf(schedule, since, cron)
  const lateAt = interval === null ? null : since + 2 * interval
  const verdict = (status: ProbeStatus, message: string): BackupAgeVerdict => ({ status, message, lateAt })
  if (bad.length > 0) return verdict('unhealthy', `${bad.slice(0, 3).join('; ')}${more(bad.length - 3)}`)
  if (facts.enabled && lateAt !== null && now > lateAt) {
    const age =
      lastGoodAt === null ? 'There is no good backup yet' : `The last good backup is ${ago(now - lastGoodAt)} old`
    const why = facts.lastFailure === null ? '' : `. The last run: ${facts.lastFailure}`
    return verdict('unhealthy', `${age}, more than twice its interval of ${ago(interval ?? 0)}${why}`)
  }
  if (lastDrill !== null && !lastDrill.proven) return verdict('unhealthy', `The last drill failed: ${lastDrill.text}`)
  const drillInterval = facts.drill === null ? null : intervalOf(facts.drill, facts.provenAt ?? facts.createdAt, cron)
  const provenSince = facts.provenAt ?? facts.createdAt
  if (facts.enabled && drillInterval !== null && lastGoodAt !== null && now > provenSince + 2 * drillInterval)
    return verdict(
      'unhealthy',
      facts.provenAt === null
        ? 'It was never proven that it can be restored'
        : `It was last proven restorable ${ago(now - facts.provenAt)} ago`,
    )
  if (facts.lastFailure !== null) return verdict('degraded', `The last run failed: ${facts.lastFailure}`)
  if (lastGoodAt === null) return verdict('unknown', 'There is no backup yet')
  const proven = facts.provenAt === null ? '' : `, proven restorable ${ago(now - facts.provenAt)} ago`
  return verdict('healthy', `The last good backup is ${ago(now - lastGoodAt)} old${proven}`)
}

const more = (count: number): string => (count > 0 ? `; and ${count} more` : '')

/** How long, in the largest unit that says enough. */
export function ago(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000))
  if (minutes < 120) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`
}
