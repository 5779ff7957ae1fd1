// How backups, snapshots and their runs stand, in the app's one vocabulary of tone and word; decides nothing and draws nothing.
import type { BackupProgress, BackupRun, BackupView, RetentionPolicy } from '../../shared/model/backup.ts'
import type { DrillRun, RestoreRun } from '../../shared/model/restore.ts'
import type { Snapshot } from '../../shared/model/snapshot.ts'
import { formatBytes, formatDuration, formatExact, formatRate } from './format.ts'
import { safeText } from './safe-text.ts'
import type { StatusWord } from './status.ts'

const runOutcomes: Record<BackupRun['outcome'], StatusWord> = {
  running: { tone: 'busy', word: 'Under way' },
  waiting: { tone: 'unknown', word: 'Waits for the host' },
  good: { tone: 'healthy', word: 'Good' },
  partly: { tone: 'degraded', word: 'Not everywhere' },
  failed: { tone: 'unhealthy', word: 'Failed' },
  cancelled: { tone: 'unknown', word: 'Cancelled' },
}

export function runStatus(run: Pick<BackupRun, 'outcome'>): StatusWord {
  return runOutcomes[run.outcome]
}

/** What is under way comes first, then what is wrong, then what is good. */
export function backupStatus(view: BackupView): StatusWord {
  const { backup, running, lastRun, lastGood, problem } = view
  if (running) return runOutcomes[running.outcome]
  if (problem)
    return { tone: 'unhealthy', word: lastGood ? 'Needs attention' : 'No good one', detail: safeText(problem) }
  if (lastRun?.outcome === 'failed')
    return withReason({ tone: 'unhealthy', word: lastGood ? 'Last one failed' : 'Failed' }, lastRun)
  if (lastRun?.outcome === 'partly') return withReason(runOutcomes.partly, lastRun)
  if (!lastGood) return { tone: 'unknown', word: 'None yet' }
  if (!backup.enabled) return { tone: 'off', word: 'Switched off' }
  return { tone: 'healthy', word: 'Good' }
}

function withReason(status: StatusWord, run: BackupRun): StatusWord {
  const reason = run.evidence.findLast(({ ok }) => !ok)
  return reason ? { ...status, detail: safeText(reason.text) } : status
}

/** Damage is worse than anything; a drill is the best that can be said. */
export function snapshotStatus(snapshot: Snapshot): StatusWord {
  const detail = snapshot.problem === null ? {} : { detail: safeText(snapshot.problem) }
  if (snapshot.state === 'damaged') return { tone: 'unhealthy', word: 'Damaged', ...detail }
  if (snapshot.state === 'missing') return { tone: 'unhealthy', word: 'Missing', ...detail }
  return snapshot.provenAt === null
    ? { tone: 'healthy', word: 'Verified' }
    : { tone: 'healthy', word: 'Proven', detail: 'It was restored to a scratch place, looked at, and dropped.' }
}

/** Which one it is, where it stands alone: `Trading bot of bots-1, taken Sat 22 Nov 2026, 03:00:00 UTC+1`. */
export function snapshotText(manifest: Snapshot['manifest']): string {
  return `${manifest.backupName} of ${manifest.hostName}, taken ${formatExact(manifest.startedAt)}`
}

const restoreOutcomes: Record<RestoreRun['outcome'], StatusWord> = {
  running: { tone: 'busy', word: 'Under way' },
  restored: { tone: 'healthy', word: 'Restored' },
  'rolled-back': { tone: 'unhealthy', word: 'Taken back' },
  failed: { tone: 'unhealthy', word: 'Failed' },
  cancelled: { tone: 'unknown', word: 'Cancelled' },
}
export function restoreStatus(run: Pick<RestoreRun, 'outcome'>): StatusWord {
  return restoreOutcomes[run.outcome]
}

/** Whether what it replaced may go: it lies somewhere, and what was restored was found in place, even where its service then failed it. */
export function replacesSoundly({ outcome, kept, steps }: Pick<RestoreRun, 'outcome' | 'kept' | 'steps'>): boolean {
  if (kept.length === 0) return false
  return (
    outcome === 'restored' ||
    (outcome === 'failed' && steps.at(-1)?.step === 'verify' && steps.at(-1)?.outcome === 'done')
  )
}

const drillOutcomes: Record<DrillRun['outcome'], StatusWord> = {
  running: { tone: 'busy', word: 'Under way' },
  proven: { tone: 'healthy', word: 'Proven' },
  failed: { tone: 'unhealthy', word: 'Failed' },
  cancelled: { tone: 'unknown', word: 'Cancelled' },
}
export function drillStatus(run: Pick<DrillRun, 'outcome'>): StatusWord {
  return drillOutcomes[run.outcome]
}

/** `412 MiB of about 1.1 GiB · 38 MiB/s · 18 s left`. */
export function progressText(progress: BackupProgress): string {
  const { bytes, totalBytes, bytesPerSecond, secondsLeft } = progress
  return [
    totalBytes === null ? formatBytes(bytes) : `${formatBytes(bytes)} of about ${formatBytes(totalBytes)}`,
    bytesPerSecond === null ? null : formatRate(bytesPerSecond),
    secondsLeft === null ? null : `${formatDuration(secondsLeft * 1000)} left`,
  ]
    .filter(part => part !== null)
    .join(' · ')
}

/** What a policy keeps, in words: `the last 7, one a day for 14 days`. */
export function retentionText(policy: RetentionPolicy): string {
  const span = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'}`
  const parts = [
    policy.last > 0 ? `the last ${policy.last}` : null,
    policy.hourly > 0 ? `one an hour for ${policy.hourly} h` : null,
    policy.daily > 0 ? `one a day for ${span(policy.daily, 'day')}` : null,
    policy.weekly > 0 ? `one a week for ${span(policy.weekly, 'week')}` : null,
    policy.monthly > 0 ? `one a month for ${span(policy.monthly, 'month')}` : null,
  ].filter(part => part !== null)
  return parts.length === 0 ? 'nothing' : parts.join(', ')
}
