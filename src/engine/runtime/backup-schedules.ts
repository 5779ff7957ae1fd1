// Starts backups, drills and re-hashes when they are due, and tells each backup's check how it stands; makes none of them itself.
import { AppError } from '../../shared/errors.ts'
import type { Backup, BackupRun } from '../../shared/model/backup.ts'
import type { DrillRun } from '../../shared/model/restore.ts'
import type { Snapshot } from '../../shared/model/snapshot.ts'
import { type BackupAgeVerdict, judgeBackupAge } from '../domain/backup-age.ts'
import type { Due, ScheduleState } from '../domain/due.ts'
import { cronTimes } from '../lib/cron.ts'
import type { StoredBackup } from '../store/backups.ts'
import type { Store } from '../store/store.ts'
import { type BackupRunner, featureOf, scheduleActor } from './backup-runner.ts'
import type { DrillRunner } from './drill-runner.ts'
import { ScheduleLooks, type ScheduleLooksOptions, stateOf } from './schedule-looks.ts'
import { lastGoodOf } from './snapshot-manifest.ts'
import type { Snapshots } from './snapshots.ts'

const dayMs = 86_400_000
/** Every snapshot is hashed again at least monthly: begun early enough that one failure leaves time for more. */
const rehashAfterMs = 25 * dayMs
const rehashRestMs = 600_000

export interface BackupSchedulesOptions extends ScheduleLooksOptions {
  store: Pick<Store, 'backups'>
  runner: Pick<BackupRunner, 'start' | 'running'>
  drills: Pick<DrillRunner, 'start' | 'running' | 'list'>
  snapshots: Snapshots
}

export class BackupSchedules extends ScheduleLooks<StoredBackup> {
  readonly #options: BackupSchedulesOptions
  #rehashing = false
  #rehashAt = 0

  constructor(options: BackupSchedulesOptions) {
    super(options, 'backup-schedules')
    this.#options = options
  }

  /** Tells the backup's check how it stands. */
  tell(backupId: string): void {
    const stored = this.#options.store.backups.get(backupId)
    if (stored) this.checks.tell(stored.backup.checkId, () => this.#judge(stored.backup))
  }

  #judge(backup: Backup): BackupAgeVerdict {
    const { store, clock, drills, snapshots } = this.#options
    const all = snapshots.list(backup.id)
    const [lastDrill] = drills.list(backup.id).filter(({ outcome }) => outcome === 'proven' || outcome === 'failed')
    const [lastRun] = store.backups
      .jobs<BackupRun>('backup', backup.id, 20)
      .filter(({ outcome }) => outcome === 'good' || outcome === 'partly' || outcome === 'failed')
    return judgeBackupAge(
      {
        ...{ schedule: backup.schedule, drill: backup.drill, enabled: backup.enabled, createdAt: backup.createdAt },
        lastGoodAt: lastGoodOf(all)?.manifest.startedAt ?? null,
        bad: all.filter(({ state }) => state !== 'good').map(badInWords),
        lastDrill: lastDrill ? drillFacts(lastDrill) : null,
        provenAt: all.reduce<number | null>((at, { provenAt }) => laterOf(at, provenAt), null),
        lastFailure:
          lastRun && lastRun.outcome !== 'good' ? (lastRun.evidence.findLast(({ ok }) => !ok)?.text ?? '') : null,
      },
      clock.now(),
      cronTimes,
    )
  }

  protected runOf({ backup, scheduledAt }: StoredBackup): ScheduleState | null {
    return stateOf(backup, backup.id, backup.schedule, scheduledAt)
  }

  protected async lookAtAll(): Promise<void> {
    const all = this.#options.store.backups.list()
    await this.locate(all.flatMap(({ backup }) => [backup.schedule, backup.drill]))
    for (const stored of all) {
      if (this.ended.aborted) return
      const { backup, drilledAt } = stored
      const [run, drill] = [this.runOf(stored), stateOf(backup, `${backup.id} drill`, backup.drill, drilledAt)]
      if (run) this.#runDue(backup.id, this.due(run))
      if (drill) this.#drillDue(backup.id, this.due(drill))
      this.tellIfWaitsAnew(backup.id, stored)
      this.tell(backup.id)
    }
    // it may have ended while the network was asked, with no backup to notice it by
    if (!this.ended.aborted) void this.#rehash()
  }

  #runDue(backupId: string, due: Due): void {
    const { store, runner, breakers } = this.#options
    if (due.kind === 'skip') store.backups.setScheduled(backupId, due.at)
    if (due.kind !== 'run') return
    // one that is under way, or waits for its host, is this one, too
    if (!runner.running(backupId) && breakers.allows(featureOf(backupId))) {
      // written first: an engine that dies of it does not begin again and again
      store.backups.setScheduled(backupId, due.at)
      this.#try(backupId, () => runner.start({ backupId, reason: due.reason, actor: scheduleActor }))
    } else if (runner.running(backupId)) store.backups.setScheduled(backupId, due.at)
  }

  #drillDue(backupId: string, due: Due): void {
    const { store, drills, snapshots } = this.#options
    if (due.kind === 'skip') store.backups.setDrilled(backupId, due.at)
    if (due.kind !== 'run') return
    // with nothing to prove it is over for this time, and so it is where one is under way
    store.backups.setDrilled(backupId, due.at)
    if (snapshots.lastGood(backupId) && !drills.running(backupId))
      this.#try(backupId, () => drills.start(backupId, scheduleActor))
  }

  #try(backupId: string, start: () => unknown): void {
    try {
      start()
    } catch (caught) {
      this.log.warn('what was due could not begin', { backup: backupId, error: AppError.from(caught).message })
    }
  }

  /** One after the other, each at a pace that nobody notices. */
  async #rehash(): Promise<void> {
    const { clock, snapshots } = this.#options
    if (this.#rehashing || clock.monotonic() < this.#rehashAt) return
    this.#rehashing = true
    try {
      for (const { id } of snapshots.dueForRehash(clock.now() - rehashAfterMs)) {
        if (this.ended.aborted) return
        try {
          await snapshots.verify(id, this.ended, true)
        } catch (caught) {
          // a target that is away is asked again another time
          this.log.debug('not hashed again now', { snapshot: id, error: AppError.from(caught).message })
        }
      }
    } finally {
      this.#rehashing = false
      this.#rehashAt = clock.monotonic() + rehashRestMs
    }
  }
}

const badInWords = ({ manifest, state, problem }: Snapshot): string =>
  `The snapshot of ${new Date(manifest.startedAt).toISOString().slice(0, 16).replace('T', ' ')} UTC is ${state}${problem === null ? '' : ` (${problem})`}`

const drillFacts = ({ startedAt, outcome, evidence }: DrillRun) => ({
  at: startedAt,
  proven: outcome === 'proven',
  text: evidence.findLast(({ ok }) => !ok)?.text ?? '',
})

const laterOf = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b)
