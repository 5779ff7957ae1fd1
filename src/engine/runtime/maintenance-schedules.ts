// Starts maintenance when it is due, and tells each task's check how it stands; does none of it itself.
import { AppError } from '../../shared/errors.ts'
import type { WaitsFor } from '../../shared/model/schedule.ts'
import { type Due, nextRunAt } from '../domain/due.ts'
import { judgeMaintenance } from '../domain/maintenance-standing.ts'
import type { Clock } from '../lib/clock.ts'
import { cronTimes } from '../lib/cron.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { StoredTask } from '../store/maintenance.ts'
import type { Store } from '../store/store.ts'
import { scheduleActor } from './backup-runner.ts'
import type { CircuitBreakers } from './circuit-breaker.ts'
import { featureOf, type MaintenanceRunner } from './maintenance-runner.ts'
import { OwnedChecks } from './owned-checks.ts'
import type { Prober } from './prober.ts'
import { DueHere, ScheduleLooks, type Whereabouts } from './schedule-looks.ts'

/** So many runs are looked through for the last that says something. */
const mostLooked = 20

export interface MaintenanceSchedulesOptions extends Whereabouts {
  store: Pick<Store, 'maintenance'>
  runner: Pick<MaintenanceRunner, 'start' | 'running' | 'list'>
  prober: Pick<Prober, 'check' | 'record'>
  breakers: Pick<CircuitBreakers, 'allows'>
  /** What a task waits for has changed. */
  onChange: (taskId: string) => void
  clock: Clock
  log: Logger
}

export class MaintenanceSchedules implements Disposable {
  readonly #options: MaintenanceSchedulesOptions
  readonly #log: Logger
  readonly #checks: OwnedChecks
  readonly #looks: ScheduleLooks
  readonly #here: DueHere
  #ended = false

  constructor(options: MaintenanceSchedulesOptions) {
    this.#options = options
    this.#log = options.log.child('maintenance-schedules')
    this.#checks = new OwnedChecks(options)
    this.#here = new DueHere(options)
    this.#looks = new ScheduleLooks({ clock: options.clock, log: this.#log }, () => this.#look())
  }

  start(): void {
    this.#looks.start()
  }

  /** Starts what is due; resolves when that is done. Never rejects. */
  look(): Promise<void> {
    return this.#looks.now()
  }

  /** When a task comes next; null where it has no schedule or is switched off. */
  nextAt(stored: StoredTask): number | null {
    const state = stateOf(stored)
    return state === null ? null : nextRunAt(state, this.#options.clock.now(), cronTimes)
  }

  /** What keeps a task from being begun, though it is due. */
  waitsFor(stored: StoredTask): WaitsFor | null {
    return this.#here.waitsFor(stateOf(stored))
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
    if (!stored || this.#ended) return
    const { task, doneAt } = stored
    this.#checks.tell(task.checkId, () =>
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

  dispose(): void {
    this.#looks.dispose()
    this.#ended = true
  }

  async #look(): Promise<void> {
    const { store, onChange } = this.#options
    const all = store.maintenance.list()
    await this.#here.look(all.map(({ task }) => task.schedule))
    for (const stored of all) {
      if (this.#ended) return
      const state = stateOf(stored)
      if (state) this.#runDue(stored.task.id, this.#here.due(state))
      if (this.#here.waitsAnew(stored.task.id, state)) onChange(stored.task.id)
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
      this.#log.warn('what was due could not begin', { task: taskId, error: AppError.from(caught).message })
    }
  }
}

const stateOf = ({ task, scheduledAt }: StoredTask) =>
  task.enabled && task.schedule
    ? { id: task.id, schedule: task.schedule, lastAt: scheduledAt, createdAt: task.createdAt }
    : null
