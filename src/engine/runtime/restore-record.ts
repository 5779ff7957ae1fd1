// Keeps the record of one restore: each step is on disk and in the windows before it begins. Does nothing itself.
import { AppError } from '../../shared/errors.ts'
import type { CheckUnit } from '../../shared/model/check.ts'
import { RestoreRun } from '../../shared/model/restore.ts'
import type { SnapshotPart } from '../../shared/model/snapshot.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import type { RestoreStep } from '../domain/restore-state.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import type { Store } from '../store/store.ts'
import type { AuditLog } from './audit-log.ts'
import { ProgressMeter } from './progress-meter.ts'
import type { Publish } from './publish.ts'
import { inWords } from './targets.ts'

const mostEvidence = 200
/** From the swap on it is carried through, also where a disk that is full here takes no record of it: the host can tell how far it is. */
const goesOn: ReadonlySet<RestoreStep> = new Set(['start', 'verify', 'roll-back'])

/** A run with what is needed to find out, after a kill, what is to be done. */
export interface StoredRestore extends RestoreRun {
  readonly hostId: string
  readonly actor: string
  readonly unit: CheckUnit | null
  /** The unit ran before, so it is to run afterwards. */
  readonly wasUp: boolean
  /** Names what was staged on the host. */
  readonly staging: string
  /** The step that began last. */
  readonly reached: RestoreStep | null
  /** The parts, as they were in the snapshot: it need not be there any more to finish or undo. */
  readonly parts: readonly SnapshotPart[]
  /** Keys of those that were there before. */
  readonly present: readonly string[]
  /** Keys of those that are whole at another place; older records have none. */
  readonly whole?: readonly string[]
}

export interface RestoreRecordOptions {
  store: Pick<Store, 'backups'>
  audit: Pick<AuditLog, 'resume'>
  clock: Clock
  log: Logger
  publish: Publish
}

/** As it crosses to a window. */
export const restoreOf = (run: StoredRestore): RestoreRun => RestoreRun.parse(run)

export class RestoreRecord {
  readonly meter: ProgressMeter
  readonly #options: RestoreRecordOptions
  readonly #gone: AbortSignal
  readonly #finish: ReturnType<AuditLog['resume']>
  #run: StoredRestore

  /** `gone` aborts when the engine ends: what is under way then is left as it is written down. */
  constructor(run: StoredRestore, gone: AbortSignal, options: RestoreRecordOptions) {
    this.#run = run
    this.#gone = gone
    this.#options = options
    this.meter = new ProgressMeter(options.clock, progress => this.#tell({ progress }))
    const target = options.store.backups.get(run.backupId)?.backup.name ?? run.backupId
    const command = `${run.draft.snapshotId} ${run.draft.to.kind}`
    const about = { actor: run.actor, hostId: run.hostId, target, command, actionRunId: run.id }
    this.#finish = options.audit.resume({ ...about, verb: 'restore.run' })
  }

  get run(): StoredRestore {
    return this.#run
  }

  /** Written down before it begins, and at its end; one that is tried again stands once. `text` is what the step's own name does not say. */
  async step(step: RestoreStep, text: string, act: () => Promise<void>): Promise<void> {
    const before = this.#run.steps.filter(one => one.step !== step)
    this.meter.step('')
    this.#tell({ reached: step, steps: [...before, { step, outcome: 'running', text }] })
    if (goesOn.has(step)) this.#keep()
    else this.#options.store.backups.updateJob(this.#run)
    try {
      await act()
    } catch (caught) {
      if (!this.#gone.aborted)
        this.save({ steps: [...before, { step, outcome: 'failed', text: failedText(text, inWords(caught)) }] })
      throw caught
    }
    this.save({ steps: [...before, { step, outcome: 'done', text }] })
  }

  skip(step: RestoreStep, text: string): void {
    this.save({ steps: [...this.#run.steps, { step, outcome: 'skipped', text }] })
  }

  say(evidence: Evidence): void {
    this.#tell({ evidence: [...this.#run.evidence, evidence] })
  }

  save(change: Partial<StoredRestore>): void {
    this.#tell(change)
    this.#keep()
  }

  end(outcome: RestoreRun['outcome'], why: string | null): void {
    const { clock, publish, log } = this.#options
    const evidence = why === null ? this.#run.evidence : [...this.#run.evidence, { ok: false, text: why }]
    this.#run = { ...this.#run, outcome, evidence, finishedAt: clock.now(), progress: null }
    this.#keep()
    try {
      const audited = outcome === 'restored' ? 'verified' : outcome === 'cancelled' ? 'cancelled' : 'failed'
      this.#finish(audited, why)
    } catch (caught) {
      log.error('the end of a restore could not be recorded', {
        id: this.#run.id,
        error: AppError.from(caught).message,
      })
    }
    log.info('restore ended', { backup: this.#run.backupId, outcome })
    publish('restore.changed', restoreOf(this.#run))
  }

  #keep(): void {
    try {
      this.#options.store.backups.updateJob(this.#run)
    } catch (caught) {
      this.#options.log.error('a step was not recorded', { id: this.#run.id, error: AppError.from(caught).message })
    }
  }

  #tell(change: Partial<StoredRestore>): void {
    const run = { ...this.#run, ...change }
    this.#run = { ...run, evidence: run.evidence.slice(-mostEvidence) }
    this.#options.publish('restore.changed', restoreOf(this.#run))
  }
}

/** A step that failed: what it was about, where its name does not say so, and why. */
export function failedText(about: string, why: string): string {
  return about === '' ? why : `${about}: ${why}`
}
