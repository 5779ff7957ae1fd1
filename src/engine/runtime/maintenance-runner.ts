// Runs maintenance tasks: one job at a time per host, waiting while the host is away, never sending anything twice. Knows no schedule and no kind of action.
import { randomUUID } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { CheckUnit } from '../../shared/model/check.ts'
import type { MaintenanceRun, MaintenanceStepRun, MaintenanceTask } from '../../shared/model/maintenance.ts'
import { isUntouched, type RunEnd, settled, takeUp } from '../domain/maintenance-run.ts'
import { sleep } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import { hostActionTypeOf } from '../recovery/index.ts'
import type { Store } from '../store/store.ts'
import type { AuditLog } from './audit-log.ts'
import { scheduleActor } from './backup-runner.ts'
import type { CircuitBreakers } from './circuit-breaker.ts'
import type { HostSession } from './host-session.ts'
import type { HostTurns } from './host-turns.ts'
import { MaintenanceWork, type MaintenanceWorkOptions, type RunRecord } from './maintenance-work.ts'
import type { Publish } from './publish.ts'
import { isOffline, readySession } from './source-access.ts'
import { inWords } from './targets.ts'

/** A host that is just back is given a moment to tell of itself. */
const settleMs = 2_000
/** What waits is tried now and then also without a sign. */
const retryMs = 300_000
const mostCommand = 2_000
/** So long an engine that is about to end still starts what was stopped. Whoever ends it kills it after 5 s. */
const endMs = 3_500

export interface MaintenanceRequest {
  readonly taskId: string
  readonly reason: MaintenanceRun['reason']
  readonly actor: string
}

export interface MaintenanceRunnerOptions extends MaintenanceWorkOptions {
  readonly store: Pick<Store, 'maintenance' | 'hosts'>
  readonly turns: HostTurns
  readonly breakers: Pick<CircuitBreakers, 'ended'>
  readonly audit: Pick<AuditLog, 'resume'>
  readonly log: Logger
  readonly publish: Publish
  /** How a task stands has changed. */
  readonly onChange: (taskId: string) => void
}

interface Live extends RunRecord {
  run: MaintenanceRun
  task: MaintenanceTask
  readonly controller: AbortController
  readonly callOff: AbortController
  readonly finish: ReturnType<AuditLog['resume']>
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
      const live = this.#enter(run, task, run.reason === 'person' ? 'person' : scheduleActor)
      if (isUntouched(run)) {
        live.tell({ outcome: 'waiting', progress: null })
        this.#retryIn(live, settleMs)
        continue
      }
      const { steps, end } = takeUp(run.steps)
      live.tell({ steps })
      live.working = true
      live.done = this.#takeUp(live, end)
    }
  }

  /** What waits for a host is tried as soon as it is there. */
  attach(session: HostSession): Disposable {
    return session.link.onStatus(({ state }) => {
      if (state !== 'ready') return
      for (const live of this.#live.values()) if (live.task.hostId === session.host.id) this.#retryIn(live, settleMs)
    })
  }

  onVaultUnlocked(): void {
    for (const live of this.#live.values()) this.#retryIn(live, settleMs)
  }

  /** Begins, or gives a run that waits another try. Throws NOT_FOUND, CONFLICT while one is under way, and what the store says. */
  start({ taskId, reason, actor }: MaintenanceRequest): MaintenanceRun {
    const { store, clock } = this.#options
    this.#ending.signal.throwIfAborted()
    const task = store.maintenance.get(taskId)?.task
    if (!task) throw new AppError('NOT_FOUND', 'This task is not there any more')
    const before = this.#of(taskId)
    if (before?.working)
      throw new AppError('CONFLICT', 'This task is under way just now', { hint: 'Wait for it, or cancel it.' })
    if (before) {
      this.#begin(before)
      return before.run
    }
    const run: MaintenanceRun = {
      ...{ id: randomUUID(), taskId, reason, startedAt: clock.now(), finishedAt: null, outcome: 'running' },
      ...{ steps: planned(task), evidence: [], progress: null, stopped: [] },
    }
    store.maintenance.insertRun(run)
    const live = this.#enter(run, task, actor)
    this.#begin(live)
    return live.run
  }

  /** What is under way, or waits. */
  running(taskId: string): MaintenanceRun | null {
    return this.#of(taskId)?.run ?? null
  }

  /** What is stopped on a host that it waits for. */
  stillDown(taskId: string): readonly CheckUnit[] {
    const live = this.#of(taskId)
    return live?.waits ? live.run.stopped : []
  }

  /** What was stopped is started again all the same; one that waits for nothing but that is no longer waited for. */
  cancel(runId: string): void {
    const live = this.#live.get(runId)
    if (!live) return
    live.controller.abort(new AppError('CANCELLED', 'Cancelled'))
    if (live.waits) live.callOff.abort(new AppError('CANCELLED', 'It was called off while it waited for that'))
    if (!live.working) void this.#close(live, { outcome: 'cancelled', text: 'It was called off while it waited' })
  }

  /** Newest first. */
  list(taskId: string, limit: number): MaintenanceRun[] {
    return this.#options.store.maintenance.runs(taskId, limit).map(run => this.#live.get(run.id)?.run ?? run)
  }

  /** The task is about to go: resolves once nothing of it is under way, its services started again. */
  async forget(taskId: string): Promise<void> {
    const live = this.#of(taskId)
    if (!live) return
    this.cancel(live.run.id)
    await live.over
  }

  /**
   * Before the engine ends: ends what runs, and starts again what was stopped for it where the host is there, for some seconds at most. How far a run
   * came, and what is still stopped, the next engine finds as it was written down. Never rejects.
   */
  async end(): Promise<void> {
    this.#abort(this.#ending)
    const all = [...this.#live.values()]
    const open = all.filter(({ run, task }) => run.stopped.length > 0 && this.#isReady(task.hostId))
    if (open.length === 0) return
    const enough = new AbortController()
    const late = sleep(this.#options.clock, endMs, enough.signal).catch(() => {})
    await Promise.race([Promise.all(open.map(({ done }) => done)), late])
    enough.abort()
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
    return [...this.#live.values()].find(({ run }) => run.taskId === taskId)
  }

  #enter(run: MaintenanceRun, task: MaintenanceTask, actor: string): Live {
    const { audit, store } = this.#options
    const command = run.steps.flatMap(({ commands }) => commands).join('; ')
    const about = { actor, hostId: task.hostId, target: task.name, command: command.slice(0, mostCommand) }
    let settle = (): void => {}
    const over = new Promise<void>(resolve => {
      settle = resolve
    })
    const tell = (change: Partial<MaintenanceRun>): void => this.#tell(live, change)
    const live: Live = {
      ...{ run, task, actor, controller: new AbortController(), over, settle, retry: null, working: false, tell },
      ...{ callOff: new AbortController(), waits: false, done: Promise.resolve() },
      finish: audit.resume({ ...about, verb: 'maintenance.run', actionRunId: run.id }),
      save: change => {
        store.maintenance.updateRun({ ...live.run, ...change })
        tell(change)
      },
    }
    this.#live.set(run.id, live)
    this.#options.onChange(task.id)
    return live
  }

  #retryIn(live: Live, ms: number): void {
    if (live.working || this.#ending.signal.aborted) return
    live.retry?.dispose()
    live.retry = this.#options.clock.after(ms, () => this.#begin(live))
  }

  #begin(live: Live): void {
    if (live.working || this.#ending.signal.aborted || !this.#live.has(live.run.id)) return
    live.working = true
    live.retry?.dispose()
    live.retry = null
    live.done = this.#attempt(live)
  }

  /** One go at it; never rejects. Nothing of it was sent yet. */
  async #attempt(live: Live): Promise<void> {
    const { signal } = live.controller
    let leave = (): void => {}
    try {
      // it may have been changed while it waited
      live.task = this.#options.store.maintenance.get(live.task.id)?.task ?? live.task
      const work = this.#work(live)
      let end: RunEnd
      try {
        // while the host is away it goes on waiting, without a word
        readySession(this.#options.session(live.task.hostId))
        work.refuseLocked()
        live.tell({ outcome: 'running', steps: planned(live.task), progress: 'Waiting for its turn on this host' })
        leave = await this.#options.turns.take(live.task.hostId, signal)
        await work.stopUnits()
        end = await work.doSteps()
      } catch (caught) {
        // how it came out is told by the next engine; what was stopped need not wait for that
        if (this.#ending.signal.aborted) return void (await work.startAgain().catch(() => {}))
        if (!signal.aborted && isUntouched(live.run) && this.#mayWait(live, caught)) return this.#wait(live, caught)
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
    const { hostId } = live.task
    let leave = (): void => {}
    if (live.run.stopped.length > 0) {
      live.waits = true
      const over = AbortSignal.any([this.#ending.signal, live.callOff.signal])
      leave = await this.#options.turns.take(hostId, over).catch(() => leave)
      live.waits = false
      if (this.#ending.signal.aborted) return leave()
    }
    await this.#close(live, end)
    leave()
  }

  #work(live: Live): MaintenanceWork {
    return new MaintenanceWork(this.#options, live, {
      ...{ cancel: live.controller.signal, calledOff: live.callOff.signal },
      ...{ ending: this.#ending.signal, gone: this.#gone.signal },
    })
  }

  /** A host that is away is no failure (semantics 31); nor is a vault that nobody is there to unlock. */
  #mayWait({ run }: Live, caught: unknown): boolean {
    return isOffline(caught) || (run.reason !== 'person' && AppError.from(caught).code === 'VAULT_LOCKED')
  }

  #wait(live: Live, caught: unknown): void {
    const text = inWords(caught)
    const { evidence } = live.run
    live.working = false
    try {
      live.save({
        ...{ outcome: 'waiting', progress: null },
        evidence: evidence.at(-1)?.text === text ? evidence : [...evidence, { ok: false, text }],
      })
    } catch (error) {
      this.#log.error('that it waits could not be recorded', { id: live.run.id, error: String(error) })
    }
    this.#retryIn(live, retryMs)
  }

  /** Starts again what was stopped, and only then it is over. Never rejects. */
  async #close(live: Live, { outcome, text }: RunEnd): Promise<void> {
    live.working = true
    try {
      const down = await this.#work(live).startAgain()
      this.#end(live, down.length === 0 ? { outcome, text } : leftDown({ outcome, text }, down, live.callOff.signal))
    } catch (caught) {
      // the next engine finds it as it was written down
      if (!this.#gone.signal.aborted) this.#end(live, { outcome: 'failed', text: inWords(caught) })
    }
  }

  #tell(live: Live, change: Partial<MaintenanceRun>): void {
    const before = live.run.outcome
    live.run = { ...live.run, ...change }
    this.#options.publish('maintenanceRun.changed', live.run)
    if (live.run.outcome !== before) this.#options.onChange(live.run.taskId)
  }

  #end(live: Live, { outcome, text }: RunEnd): void {
    const { store, clock, publish, onChange, breakers } = this.#options
    const { id, taskId, steps, evidence } = live.run
    const now = clock.now()
    live.retry?.dispose()
    live.run = {
      ...{ ...live.run, outcome, progress: null, finishedAt: now, steps: settled(steps) },
      evidence: [...evidence, { ok: outcome === 'done', text }],
    }
    this.#live.delete(id)
    const failure = { done: null, failed: 'COMMAND_FAILED', lost: 'LINK_LOST', cancelled: 'CANCELLED' } as const
    const code = failure[outcome]
    breakers.ended(featureOf(taskId), code === null ? null : new AppError(code, text))
    try {
      store.maintenance.updateRun(live.run)
      if (outcome === 'done') store.maintenance.setDone(taskId, now)
      live.finish(outcome === 'done' ? 'verified' : outcome, text)
    } catch (caught) {
      this.#log.error('the end of maintenance could not be recorded', { id, error: String(caught) })
    }
    this.#log.info('maintenance ended', { task: taskId, outcome })
    publish('maintenanceRun.changed', live.run)
    onChange(taskId)
    live.settle()
  }
}

export const featureOf = (taskId: string): string => `maintenance/${taskId}`

/** What was done is done, but a service that stays down is no good end, unless a person wanted to wait for it no longer. */
function leftDown({ outcome, text }: RunEnd, down: readonly CheckUnit[], calledOff: AbortSignal): RunEnd {
  const first = outcome === 'done' ? 'Not all services run again.' : text.replace(/\.?$/, '.')
  const its = outcome === 'lost' ? 'lost' : 'failed'
  const wanted = calledOff.aborted && (outcome === 'done' || outcome === 'cancelled')
  return {
    outcome: wanted ? 'cancelled' : its,
    text: `${first} Start ${down.map(({ name }) => name).join(', ')} on the host yourself.`,
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
