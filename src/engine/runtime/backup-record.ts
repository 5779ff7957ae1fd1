// Keeps the record of one run of a backup: told to the windows as it goes, on disk where it has to outlive the engine. Decides nothing.
import { randomUUID } from 'node:crypto'
import type { Backup, BackupRun } from '../../shared/model/backup.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { Store } from '../store/store.ts'
import type { AuditLog } from './audit-log.ts'
import type { Publish } from './publish.ts'

const mostEvidence = 200
const audited = { good: 'verified', partly: 'degraded', cancelled: 'cancelled' } as const

export interface BackupRecordOptions {
  readonly store: Pick<Store, 'backups'>
  readonly audit: Pick<AuditLog, 'resume'>
  readonly clock: Clock
  readonly log: Logger
  readonly publish: Publish
  /** How a backup stands has changed. */
  readonly onChange: (backupId: string) => void
}

export class BackupRecord {
  readonly #options: BackupRecordOptions
  readonly #finish: ReturnType<AuditLog['resume']>
  #run: BackupRun

  private constructor(run: BackupRun, actor: string, options: BackupRecordOptions) {
    this.#run = run
    this.#options = options
    const backup = options.store.backups.get(run.backupId)?.backup
    const about = backup ? { hostId: backup.hostId, target: backup.name } : {}
    this.#finish = options.audit.resume({ ...about, actor, verb: 'backup.run', actionRunId: run.id })
  }

  /** A new one; on disk before anything is done. */
  static begun(
    { backupId, reason, actor }: { backupId: Backup['id']; reason: BackupRun['reason']; actor: string },
    options: BackupRecordOptions,
  ): BackupRecord {
    const { store, clock } = options
    const run: BackupRun = {
      ...{ id: randomUUID(), backupId, reason, startedAt: clock.now(), finishedAt: null },
      ...{ outcome: 'running', evidence: [], progress: null, snapshots: [] },
    }
    store.backups.insertJob('backup', run)
    return new BackupRecord(run, actor, options)
  }

  /** One that an engine before this one began. */
  static resumed(run: BackupRun, actor: string, options: BackupRecordOptions): BackupRecord {
    return new BackupRecord(run, actor, options)
  }

  get run(): BackupRun {
    return this.#run
  }

  tell(change: Partial<BackupRun>): void {
    const before = this.#run.outcome
    this.#run = { ...this.#run, ...change }
    this.#options.publish('backupRun.changed', this.#run)
    if (change.outcome !== undefined && change.outcome !== before) this.#options.onChange(this.#run.backupId)
  }

  say(evidence: Evidence): void {
    this.tell({ evidence: [...this.#run.evidence, evidence].slice(-mostEvidence) })
  }

  /** Its snapshots, told with its end. */
  made(snapshots: string[]): void {
    this.#run = { ...this.#run, snapshots }
  }

  /** It begins, or goes on after it waited: that is on disk first, so that an engine that dies of it does not begin again and again. */
  work(progress: BackupRun['progress']): void {
    const waited = this.#run.outcome === 'waiting'
    this.tell({ outcome: 'running', progress })
    if (waited) this.#options.store.backups.updateJob(this.#run)
  }

  /** It waits, and goes on waiting in the next engine. */
  wait(text: string): void {
    const same = this.#run.evidence.at(-1)?.text === text
    const evidence = same ? this.#run.evidence : [...this.#run.evidence, { ok: false, text }]
    this.tell({ outcome: 'waiting', progress: null, evidence })
    try {
      this.#options.store.backups.updateJob(this.#run)
    } catch (caught) {
      this.#options.log.error('that it waits could not be recorded', { id: this.#run.id, error: String(caught) })
    }
  }

  end(outcome: BackupRun['outcome'], last: Evidence): void {
    const { store, clock, publish, onChange, log } = this.#options
    const evidence = [...this.#run.evidence, last]
    this.#run = { ...this.#run, outcome, evidence, finishedAt: clock.now(), progress: null }
    try {
      store.backups.updateJob(this.#run)
      this.#finish(outcome in audited ? audited[outcome as keyof typeof audited] : 'failed', last.text)
    } catch (caught) {
      log.error('the end of a backup could not be recorded', { id: this.#run.id, error: String(caught) })
    }
    log.info('backup ended', { backup: this.#run.backupId, outcome })
    publish('backupRun.changed', this.#run)
    onChange(this.#run.backupId)
  }
}
