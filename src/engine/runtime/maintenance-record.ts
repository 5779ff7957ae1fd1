// Keeps the record of one run of a maintenance task: told to the windows as it goes, on disk before anything that follows from it is sent. Decides nothing.
import { randomUUID } from 'node:crypto'
import type { MaintenanceRun, MaintenanceStepRun, MaintenanceTask } from '../../shared/model/maintenance.ts'
import { type RunEnd, settled } from '../domain/maintenance-run.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import { hostActionTypeOf } from '../recovery/index.ts'
import type { Store } from '../store/store.ts'
import type { AuditLog } from './audit-log.ts'
import type { Publish } from './publish.ts'

const mostCommand = 2_000

export interface MaintenanceRecordOptions {
  readonly store: Pick<Store, 'maintenance'>
  readonly audit: Pick<AuditLog, 'resume'>
  readonly clock: Clock
  readonly log: Logger
  readonly publish: Publish
  /** How a task stands has changed. */
  readonly onChange: (taskId: string) => void
}

export class MaintenanceRecord {
  readonly actor: string
  /** Nothing is done just now but to wait until services can be started: that may be called off. */
  waits = false
  readonly #options: MaintenanceRecordOptions
  readonly #finish: ReturnType<AuditLog['resume']>
  #task: MaintenanceTask
  #run: MaintenanceRun

  /** Of a run that is on disk: one that an engine before this one began. */
  constructor(run: MaintenanceRun, task: MaintenanceTask, actor: string, options: MaintenanceRecordOptions) {
    this.#run = run
    this.#task = task
    this.actor = actor
    this.#options = options
    const command = run.steps.flatMap(({ commands }) => commands).join('; ')
    const about = { actor, hostId: task.hostId, target: task.name, command: command.slice(0, mostCommand) }
    this.#finish = options.audit.resume({ ...about, verb: 'maintenance.run', actionRunId: run.id })
  }

  /** Of a new one; on disk before anything is done. */
  static begun(
    task: MaintenanceTask,
    { reason, actor }: { readonly reason: MaintenanceRun['reason']; readonly actor: string },
    options: MaintenanceRecordOptions,
  ): MaintenanceRecord {
    const { store, clock } = options
    const run: MaintenanceRun = {
      ...{ id: randomUUID(), taskId: task.id, reason, startedAt: clock.now(), finishedAt: null, outcome: 'running' },
      ...{ steps: planned(task), evidence: [], progress: null, stopped: [] },
    }
    store.maintenance.insertRun(run)
    return new MaintenanceRecord(run, task, actor, options)
  }

  get run(): MaintenanceRun {
    return this.#run
  }

  get task(): MaintenanceTask {
    return this.#task
  }

  /** The task as it is now: it may have been changed while the run waited. */
  readTask(): void {
    this.#task = this.#options.store.maintenance.get(this.#task.id)?.task ?? this.#task
  }

  /** Told only. */
  tell(change: Partial<MaintenanceRun>): void {
    const before = this.#run.outcome
    this.#run = { ...this.#run, ...change }
    this.#options.publish('maintenanceRun.changed', this.#run)
    if (this.#run.outcome !== before) this.#options.onChange(this.#run.taskId)
  }

  /** Told, and written down before anything that follows from it is sent. */
  save(change: Partial<MaintenanceRun>): void {
    this.#options.store.maintenance.updateRun({ ...this.#run, ...change })
    this.tell(change)
  }

  /** It begins, or goes on after it waited: nothing of it was sent yet, so its steps are those of the task as it is now. */
  work(progress: string): void {
    this.tell({ outcome: 'running', steps: planned(this.#task), progress })
  }

  /** It waits, and goes on waiting in the next engine. */
  wait(text: string): void {
    const { id, evidence } = this.#run
    try {
      this.save({
        ...{ outcome: 'waiting', progress: null },
        evidence: evidence.at(-1)?.text === text ? evidence : [...evidence, { ok: false, text }],
      })
    } catch (error) {
      this.#options.log.error('that it waits could not be recorded', { id, error: String(error) })
    }
  }

  end({ outcome, text }: RunEnd): void {
    const { store, clock, log, publish, onChange } = this.#options
    const { id, taskId, steps, evidence } = this.#run
    const now = clock.now()
    this.#run = {
      ...{ ...this.#run, outcome, progress: null, finishedAt: now, steps: settled(steps) },
      evidence: [...evidence, { ok: outcome === 'done', text }],
    }
    try {
      store.maintenance.updateRun(this.#run)
      if (outcome === 'done') store.maintenance.setDone(taskId, now)
      this.#finish(outcome === 'done' ? 'verified' : outcome, text)
    } catch (caught) {
      log.error('the end of maintenance could not be recorded', { id, error: String(caught) })
    }
    log.info('maintenance ended', { task: taskId, outcome })
    publish('maintenanceRun.changed', this.#run)
    onChange(taskId)
  }
}

/** The steps in words, before any of them is done. */
function planned(task: MaintenanceTask): MaintenanceStepRun[] {
  return task.steps.map(({ key, type, spec }) => {
    const kind = hostActionTypeOf(type)
    const parsed = kind?.spec.safeParse(spec)
    const plan = kind && parsed?.success ? kind.plan(parsed.data) : { title: type, commands: [] }
    return {
      ...{ key, title: plan.title, commands: plan.commands },
      ...{ outcome: 'pending', startedAt: null, finishedAt: null, evidence: [] },
    }
  })
}
