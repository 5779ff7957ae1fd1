// Starts maintenance when it is due, and tells each task's check how it stands; does none of it itself.
import { AppError } from '../../shared/errors.ts'
import type { Due, ScheduleState } from '../domain/due.ts'
import { judgeMaintenance } from '../domain/maintenance-standing.ts'
import { cronTimes } from '../lib/cron.ts'
import type { StoredTask } from '../store/maintenance.ts'
import type { Store } from '../store/store.ts'
import { scheduleActor } from './backup-runner.ts'
import { featureOf, type MaintenanceRunner } from './maintenance-runner.ts'
import { ScheduleLooks, type ScheduleLooksOptions, stateOf } from './schedule-looks.ts'

/** So many runs are looked through for the last that says something. */
const mostLooked = 20

export interface MaintenanceSchedulesOptions extends ScheduleLooksOptions {
  store: Pick<Store, 'maintenance'>
  runner: Pick<MaintenanceRunner, 'start' | 'running' | 'list'>
}

export class MaintenanceSchedules extends ScheduleLooks<StoredTask> {
  readonly #options: MaintenanceSchedulesOptions

  constructor(options: MaintenanceSchedulesOptions) {
    super(options, 'maintenance-schedules')
    this.#options = options
  }

  /** Why the last run that was not cancelled did not end well; null where it did. */
  lastFailure(taskId: string): string | null {
    const last = this.#options.runner
      .list(taskId, mostLooked)
      .find(({ outcome }) => outcome === 'done' || outcome === 'failed' || outcome === 'lost')
    if (!last || last.outcome === 'done') return null
    return last.evidence.findLast(({ ok }) => !ok)?.text ?? 'It did not end well'
  }

  /** Tells the task's check how it stands. */
  tell(taskId: string): void {
    const stored = this.#options.store.maintenance.get(taskId)
    if (!stored || this.ended.aborted) return
    const { task, doneAt } = stored
    this.checks.tell(task.checkId, () =>
      judgeMaintenance(
        {
          ...{ schedule: task.schedule, enabled: task.enabled, createdAt: task.createdAt, lastDoneAt: doneAt },
          lastFailure: this.lastFailure(taskId),
        },
        this.#options.clock.now(),
        cronTimes,
      ),
    )
  }

  protected runOf({ task, scheduledAt }: StoredTask): ScheduleState | null {
    return stateOf(task, task.id, task.schedule, scheduledAt)
  }

  protected async lookAtAll(): Promise<void> {
    const all = this.#options.store.maintenance.list()
    await this.locate(all.map(({ task }) => task.schedule))
    for (const stored of all) {
      if (this.ended.aborted) return
      const state = this.runOf(stored)
      if (state) this.#runDue(stored.task.id, this.due(state))
      this.tellIfWaitsAnew(stored.task.id, stored)
      this.tell(stored.task.id)
    }
  }

  #runDue(taskId: string, due: Due): void {
    const { store, runner, breakers } = this.#options
    if (due.kind === 'skip') store.maintenance.setScheduled(taskId, due.at)
    if (due.kind !== 'run') return
    // one that is under way, or waits for its host, is this one, too
    const running = runner.running(taskId) !== null
    if (!running && !breakers.allows(featureOf(taskId))) return
    // written first: an engine that dies of it does not begin again and again
    store.maintenance.setScheduled(taskId, due.at)
    if (running) return
    try {
      runner.start({ taskId, reason: due.reason, actor: scheduleActor })
    } catch (caught) {
      this.log.warn('what was due could not begin', { task: taskId, error: AppError.from(caught).message })
    }
  }
}
