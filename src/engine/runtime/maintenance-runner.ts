// Runs maintenance tasks: one job at a time per host, waiting while the host is away, never sending anything twice. Knows no schedule and no kind of action.
import { AppError } from '../../shared/errors.ts'
import type { CheckUnit } from '../../shared/model/check.ts'
import type { MaintenanceRun } from '../../shared/model/maintenance.ts'
import { isUntouched, leftDown, type RunEnd, takeUp } from '../domain/maintenance-run.ts'
import { settledWithin } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { Store } from '../store/store.ts'
import { scheduleActor } from './backup-runner.ts'
import type { CircuitBreakers } from './circuit-breaker.ts'
import type { HostSession } from './host-session.ts'
import type { HostTurns } from './host-turns.ts'
import { MaintenanceRecord, type MaintenanceRecordOptions } from './maintenance-record.ts'
import { MaintenanceWork, type MaintenanceWorkOptions } from './maintenance-work.ts'
import { isOffline, readySession } from './source-access.ts'
import { inWords } from './targets.ts'

/** A host that is just back is given a moment to tell of itself. */
const settleMs = 2_000
/** What waits is tried now and then also without a sign. */
const retryMs = 300_000

export interface MaintenanceRequest {
  readonly taskId: string
  readonly reason: MaintenanceRun['reason']
  readonly actor: string
}

export interface MaintenanceRunnerOptions extends MaintenanceWorkOptions, MaintenanceRecordOptions {
  readonly store: Pick<Store, 'maintenance' | 'hosts'>
  readonly turns: HostTurns
  readonly breakers: Pick<CircuitBreakers, 'ended'>
}

interface Live {
  readonly record: MaintenanceRecord
  readonly controller: AbortController
  readonly callOff: AbortController
  readonly over: Promise<void>
  readonly settle: () => void
  retry: Disposable | null
  working: boolean
  /** What is done for it just now; never rejects. */
  done: Promise<void>
}

export class MaintenanceRunner implements Disposable {
  readonly #options: MaintenanceRunnerOptions
  readonly #log: Logger
  readonly #live = new Map<string, Live>()
  /** Nothing is begun any more, and what runs on hosts is ended … */
  readonly #ending = new AbortController()
  /** … and now nothing is done any more at all. */
  readonly #gone = new AbortController()

  constructor(options: MaintenanceRunnerOptions) {
    this.#options = options
    this.#log = options.log.child('maintenance')
  }

  /** After a start of the engine: what waited goes on waiting, what was under way is told as such and never sent again. */
  resume(): void {
    const { store } = this.#options
    for (const run of store.maintenance.unfinished()) {
      const task = store.maintenance.get(run.taskId)?.task
      if (!task) continue
      const actor = run.reason === 'person' ? 'person' : scheduleActor
      const live = this.#enter(new MaintenanceRecord(run, task, actor, this.#recording()))
      if (isUntouched(run)) {
        live.record.tell({ outcome: 'waiting', progress: null })
        this.#retryIn(live, settleMs)
        continue
      }
      const { steps, end } = takeUp(run.steps)
      live.record.tell({ steps })
      live.working = true
      live.done = this.#takeUp(live, end)
    }
  }

  /** What waits for a host is tried as soon as it is there. */
  attach(session: HostSession): Disposable {
    return session.link.onStatus(({ state }) => {
      if (state !== 'ready') return
      for (const live of this.#live.values())
        if (live.record.task.hostId === session.host.id) this.#retryIn(live, settleMs)
    })
  }

  onVaultUnlocked(): void {
    for (const live of this.#live.values()) this.#retryIn(live, settleMs)
  }

  /** Begins, or gives a run that waits another try. Throws NOT_FOUND, CONFLICT while one is under way, and what the store says. */
  start(request: MaintenanceRequest): MaintenanceRun {
    this.#ending.signal.throwIfAborted()
    const task = this.#options.store.maintenance.get(request.taskId)?.task
    if (!task) throw new AppError('NOT_FOUND', 'This task is not there any more')
    const before = this.#of(task.id)
    if (before?.working)
      throw new AppError('CONFLICT', 'This task is under way just now', { hint: 'Wait for it, or cancel it.' })
    if (before) {
      this.#begin(before)
      return before.record.run
    }
    const live = this.#enter(MaintenanceRecord.begun(task, request, this.#recording()))
    this.#begin(live)
    return live.record.run
  }

  /** What is under way, or waits. */
  running(taskId: string): MaintenanceRun | null {
    return this.#of(taskId)?.record.run ?? null
  }

  /** What is stopped on a host that it waits for. */
  stillDown(taskId: string): readonly CheckUnit[] {
    const record = this.#of(taskId)?.record
    return record?.waits ? record.run.stopped : []
  }

  /** What was stopped is started again all the same; one that waits for nothing but that is no longer waited for. */
  cancel(runId: string): void {
    const live = this.#live.get(runId)
    if (!live) return
    live.controller.abort(new AppError('CANCELLED', 'Cancelled'))
    if (live.record.waits) live.callOff.abort(new AppError('CANCELLED', 'It was called off while it waited for that'))
    if (!live.working) void this.#close(live, { outcome: 'cancelled', text: 'It was called off while it waited' })
  }

  /** Newest first. */
  list(taskId: string, limit: number): MaintenanceRun[] {
    return this.#options.store.maintenance.runs(taskId, limit).map(run => this.#live.get(run.id)?.record.run ?? run)
  }

  /** The task is about to go: resolves once nothing of it is under way, its services started again. */
  async forget(taskId: string): Promise<void> {
    const live = this.#of(taskId)
    if (!live) return
    this.cancel(live.record.run.id)
    await live.over
  }

  /**
   * Before the engine ends: ends what runs, and starts again what was stopped for it where the host is there, within that time. How far a run came,
   * and what is still stopped, the next engine finds as it was written down. Never rejects.
   */
  async end(graceMs: number): Promise<void> {
    this.#abort(this.#ending)
    const all = [...this.#live.values()]
    const open = all.filter(({ record: { run, task } }) => run.stopped.length > 0 && this.#isReady(task.hostId))
    await settledWithin(
      this.#options.clock,
      graceMs,
      open.map(({ done }) => done),
    )
  }

  dispose(): void {
    this.#abort(this.#ending)
    this.#abort(this.#gone)
  }

  #abort(which: AbortController): void {
    const reason = new AppError('ENGINE_GONE', 'Quarterdeck ended')
    which.abort(reason)
    for (const live of this.#live.values()) {
      live.retry?.dispose()
      live.controller.abort(reason)
    }
  }

  #isReady(hostId: string): boolean {
    return this.#options.session(hostId)?.link.status.state === 'ready'
  }

  #of(taskId: string): Live | undefined {
    return [...this.#live.values()].find(({ record }) => record.run.taskId === taskId)
  }

  #enter(record: MaintenanceRecord): Live {
    let settle = (): void => {}
    const over = new Promise<void>(resolve => {
      settle = resolve
    })
    const live: Live = {
      ...{ record, controller: new AbortController(), callOff: new AbortController(), over, settle },
      ...{ retry: null, working: false, done: Promise.resolve() },
    }
    this.#live.set(record.run.id, live)
    this.#options.onChange(record.task.id)
    return live
  }

  #recording(): MaintenanceRecordOptions {
    return { ...this.#options, log: this.#log }
  }

  #retryIn(live: Live, ms: number): void {
    if (live.working || this.#ending.signal.aborted) return
    live.retry?.dispose()
    live.retry = this.#options.clock.after(ms, () => this.#begin(live))
  }

  #begin(live: Live): void {
    if (live.working || this.#ending.signal.aborted || !this.#live.has(live.record.run.id)) return
    live.working = true
    live.retry?.dispose()
    live.retry = null
    live.done = this.#attempt(live)
  }

  /** One go at it; never rejects. Nothing of it was sent yet. */
  async #attempt(live: Live): Promise<void> {
    const { record } = live
    const { signal } = live.controller
    let leave = (): void => {}
    try {
      record.readTask()
      const { hostId } = record.task
      const work = this.#work(live)
      let end: RunEnd
      try {
        // while the host is away it goes on waiting, without a word
        readySession(this.#options.session(hostId))
        work.refuseLocked()
        record.work('Waiting for its turn on this host')
        leave = await this.#options.turns.take(hostId, signal)
        await work.stopUnits()
        end = await work.doSteps()
      } catch (caught) {
        // how it came out is told by the next engine; what was stopped need not wait for that
        if (this.#ending.signal.aborted) return void (await work.startAgain().catch(() => {}))
        if (!signal.aborted && isUntouched(record.run) && this.#mayWait(record.run, caught))
          return this.#wait(live, caught)
        end = signal.aborted
          ? { outcome: 'cancelled', text: 'It was cancelled' }
          : { outcome: 'failed', text: inWords(caught) }
      }
      await this.#close(live, end)
    } finally {
      leave()
      live.working = false
    }
  }

  /** Of a run that is over but for its services: they are started in their turn, as all else that is done to a host. Never rejects. */
  async #takeUp(live: Live, end: RunEnd): Promise<void> {
    const { record } = live
    let leave = (): void => {}
    if (record.run.stopped.length > 0) {
      record.waits = true
      const over = AbortSignal.any([this.#ending.signal, live.callOff.signal])
      leave = await this.#options.turns.take(record.task.hostId, over).catch(() => leave)
      record.waits = false
      if (this.#ending.signal.aborted) return leave()
    }
    await this.#close(live, end)
    leave()
  }

  #work(live: Live): MaintenanceWork {
    return new MaintenanceWork(this.#options, live.record, {
      ...{ cancel: live.controller.signal, calledOff: live.callOff.signal },
      ...{ ending: this.#ending.signal, gone: this.#gone.signal },
    })
  }

  /** A host that is away is no failure (semantics 31); nor is a vault that nobody is there to unlock. */
  #mayWait({ reason }: MaintenanceRun, caught: unknown): boolean {
    return isOffline(caught) || (reason !== 'person' && AppError.from(caught).code === 'VAULT_LOCKED')
  }

  #wait(live: Live, caught: unknown): void {
    live.working = false
    live.record.wait(inWords(caught))
    this.#retryIn(live, retryMs)
  }

  /** Starts again what was stopped, and only then it is over. Never rejects. */
  async #close(live: Live, end: RunEnd): Promise<void> {
    live.working = true
    try {
      const down = (await this.#work(live).startAgain()).map(({ name }) => name)
      this.#end(live, down.length === 0 ? end : leftDown(end, down, live.callOff.signal.aborted))
    } catch (caught) {
      // the next engine finds it as it was written down
      if (!this.#gone.signal.aborted) this.#end(live, { outcome: 'failed', text: inWords(caught) })
    }
  }

  #end(live: Live, end: RunEnd): void {
    const { id, taskId } = live.record.run
    live.retry?.dispose()
    this.#live.delete(id)
    const code = failures[end.outcome]
    this.#options.breakers.ended(featureOf(taskId), code === null ? null : new AppError(code, end.text))
    live.record.end(end)
    live.settle()
  }
}

const failures = { done: null, failed: 'COMMAND_FAILED', lost: 'LINK_LOST', cancelled: 'CANCELLED' } as const

export const featureOf = (taskId: string): string => `maintenance/${taskId}`
