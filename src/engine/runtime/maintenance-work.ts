// Carries out one run of a maintenance task on a host that is this one's: stops services, does the steps, starts the services again. Knows no schedule and no waiting.
import { AppError } from '../../shared/errors.ts'
import type { CheckUnit } from '../../shared/model/check.ts'
import type { MaintenanceStepRun } from '../../shared/model/maintenance.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import { doneText, type RunEnd } from '../domain/maintenance-run.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import { type HostActionType, hostActionTypeOf, type StepResult } from '../recovery/index.ts'
import { fieldSecretId } from '../store/field-secrets.ts'
import type { Store } from '../store/store.ts'
import { bounded, hostActionContext } from './action-context.ts'
import type { Actions } from './actions.ts'
import { runHeld } from './held-command.ts'
import type { HostSession } from './host-session.ts'
import type { MaintenanceRecord } from './maintenance-record.ts'
import { isUp, isUpAtRest, turnUnit } from './restore-units.ts'
import { isOffline, readySession } from './source-access.ts'
import { inWords } from './targets.ts'
import type { Vault } from './vault.ts'

/** How often a host that is away, or a service that somebody else acts on, is looked at again. */
const againMs = 2_000
const mostConflicts = 60
/** So long a host that is connected may keep its services from being asked, before it is left to a person. */
const blindMs = 300_000

export interface MaintenanceWorkOptions {
  readonly store: Pick<Store, 'hosts'>
  /** Null while a host has no session. */
  readonly session: (hostId: string) => HostSession | null
  readonly vault: Pick<Vault, 'get'>
  readonly actions: Pick<Actions, 'run' | 'get' | 'under'>
  readonly clock: Clock
}

export interface RunSignals {
  /** It was cancelled, or the engine is about to end. */
  readonly cancel: AbortSignal
  /** The engine is about to end: it ends what runs, and still starts what was stopped. */
  readonly ending: AbortSignal
  /** The engine ends now. */
  readonly gone: AbortSignal
  /** Nobody wants to wait any longer until services can be started again. */
  readonly calledOff: AbortSignal
}

export class MaintenanceWork {
  readonly #options: MaintenanceWorkOptions
  readonly #record: MaintenanceRecord
  readonly #signals: RunSignals

  constructor(options: MaintenanceWorkOptions, record: MaintenanceRecord, signals: RunSignals) {
    this.#options = options
    this.#record = record
    this.#signals = signals
  }

  /** Throws VAULT_LOCKED where a secret of it cannot be read now: before anything is stopped. */
  refuseLocked(): void {
    const { task } = this.#record
    for (const field of task.stored) this.#options.vault.get(fieldSecretId('maintenance', task.id, field))
  }

  async stopUnits(): Promise<void> {
    const { task, actor } = this.#record
    const { cancel, gone } = this.#signals
    for (const unit of task.stopUnits) {
      const session = () => readySession(this.#options.session(task.hostId))
      const up = await isUpAtRest(this.#options, session, task.hostId, unit, AbortSignal.any([cancel, gone]))
      cancel.throwIfAborted()
      if (!up) continue
      this.#record.tell({ progress: `Stopping ${unit.name}` })
      // written first: whatever becomes of this engine, it is started again
      const others = this.#record.run.stopped.filter(one => !isSame(one, unit))
      this.#record.save({ stopped: [...others, unit] })
      // a cancel does not break it off: a service that is still on its way down cannot be started again
      this.#say({ ok: true, text: await turnUnit(this.#options, task.hostId, unit, 'stop', actor, gone, false) })
      cancel.throwIfAborted()
    }
  }

  /** In order, stopping at the first that does not end well. Rejects only before a step was sent. */
  async doSteps(): Promise<RunEnd> {
    const { task } = this.#record
    for (const [at, step] of task.steps.entries()) {
      const type = hostActionTypeOf(step.type)
      const spec = type?.spec.safeParse(step.spec)
      const title = this.#record.run.steps[at]?.title ?? step.type
      if (!type || !spec?.success) return this.#stepEnded(at, failed(`${title}: its settings cannot be used`))
      const session = readySession(this.#options.session(task.hostId))
      this.#signals.cancel.throwIfAborted()
      this.#step(at, { outcome: 'running', startedAt: this.#options.clock.now() }, title)
      const result = await this.#one(at, type, spec.data, session)
      if (result === 'cancelled') return this.#cancelled(at)
      if (result.outcome !== 'done') return this.#stepEnded(at, result)
      this.#step(at, { outcome: 'done', evidence: bounded(result.evidence), finishedAt: this.#options.clock.now() })
    }
    return { outcome: 'done', text: doneText }
  }

  /** Waits for a host that is away: what was stopped is not left so. Resolves with what stays down all the same; rejects when the engine ends. */
  async startAgain(): Promise<CheckUnit[]> {
    const { gone, calledOff } = this.#signals
    const { clock } = this.#options
    const down: CheckUnit[] = []
    let conflicts = 0
    /** Since when the host is connected, and its services are not to be seen. */
    let blindSince: number | null = null
    for (let [unit] = this.#record.run.stopped; unit; [unit] = this.#record.run.stopped) {
      gone.throwIfAborted()
      try {
        calledOff.throwIfAborted()
        await this.#start(unit)
        blindSince = null
      } catch (caught) {
        gone.throwIfAborted()
        blindSince = this.#isBlind(caught) ? (blindSince ?? clock.monotonic()) : null
        const isBlind = blindSince !== null && clock.monotonic() - blindSince >= blindMs
        if (!calledOff.aborted && !isBlind && this.#mayTryAgain(caught, () => ++conflicts < mostConflicts)) {
          this.#record.tell({ progress: `Waiting to start ${unit.name} again` })
          this.#record.waits = true
          await sleep(clock, againMs, AbortSignal.any([gone, calledOff])).catch(() => {})
          this.#record.waits = false
          continue
        }
        down.push(unit)
        this.#say({ ok: false, text: `${unit.name} was not started again: ${inWords(caught)}` })
      }
      this.#stillStopped(unit)
    }
    return down
  }

  /** The host is connected, and yet the services of this scope cannot be asked: that may never change by itself. */
  #isBlind(caught: unknown): boolean {
    const state = this.#options.session(this.#record.task.hostId)?.link.status.state
    return state === 'ready' && AppError.from(caught).code === 'NOT_CONNECTED'
  }

  #mayTryAgain(caught: unknown, conflict: () => boolean): boolean {
    if (this.#options.store.hosts.get(this.#record.task.hostId) === null) return false
    return isOffline(caught) || (AppError.from(caught).code === 'CONFLICT' && conflict())
  }

  async #start(unit: CheckUnit): Promise<void> {
    const { task, actor } = this.#record
    const session = readySession(this.#options.session(task.hostId))
    if (await isUp(session, unit)) return
    this.#record.tell({ progress: `Starting ${unit.name} again` })
    this.#say({ ok: true, text: await turnUnit(this.#options, task.hostId, unit, 'start', actor, this.#signals.gone) })
  }

  #stillStopped(started: CheckUnit): void {
    const stopped = this.#record.run.stopped.filter(one => !isSame(one, started))
    try {
      this.#record.save({ stopped })
    } catch {
      // a disk that takes no record is no reason to start the next one later: at worst it is looked at once more
      this.#record.tell({ stopped })
    }
  }

  async #one(
    at: number,
    type: HostActionType,
    spec: Record<string, unknown>,
    session: HostSession,
  ): Promise<StepResult | 'cancelled'> {
    const { vault, clock } = this.#options
    const { task } = this.#record
    const signal = this.#signals.cancel
    const key = task.steps[at]?.key ?? ''
    const context = hostActionContext({
      ...{ session, clock, signal },
      secret: field => vault.get(fieldSecretId('maintenance', task.id, `${key}.${field}`)),
      progress: evidence => this.#step(at, { evidence: bounded(evidence) }, null),
      exec: (argv, more = {}) => runHeld(session.link, clock, argv, { ...more, signal }),
    })
    try {
      const result = await type.run(context, spec)
      return signal.aborted ? 'cancelled' : result
    } catch (caught) {
      if (signal.aborted) return 'cancelled'
      return failed(inWords(caught), isOffline(caught) ? 'lost' : 'failed')
    }
  }

  #cancelled(at: number): RunEnd {
    this.#signals.ending.throwIfAborted()
    const text = 'It was cancelled, and ended on the host; what was done until then stays'
    this.#step(at, { outcome: 'cancelled', finishedAt: this.#options.clock.now() })
    this.#skipAfter(at)
    return { outcome: 'cancelled', text }
  }

  #stepEnded(at: number, { outcome, evidence }: StepResult): RunEnd {
    // a step that did not end well never says `done`
    const how = outcome === 'lost' ? 'lost' : 'failed'
    this.#step(at, { outcome: how, evidence: bounded(evidence), finishedAt: this.#options.clock.now() })
    this.#skipAfter(at)
    const why = evidence.findLast(({ ok }) => !ok)?.text ?? 'It did not end well'
    return { outcome: how, text: how === 'lost' ? `${why}. It is not sent again.` : why }
  }

  #skipAfter(at: number): void {
    const steps = this.#record.run.steps.map((one, each) => (each > at ? { ...one, outcome: 'skipped' as const } : one))
    this.#record.save({ steps })
  }

  /** A null title: told only, for it is on its way. */
  #step(at: number, change: Partial<MaintenanceStepRun>, title?: string | null): void {
    const steps = this.#record.run.steps.map((one, each) => (each === at ? { ...one, ...change } : one))
    if (title === null) this.#record.tell({ steps })
    else this.#record.save({ steps, ...(title === undefined ? {} : { progress: title }) })
  }

  #say(evidence: Evidence): void {
    this.#record.tell({ evidence: [...this.#record.run.evidence, evidence] })
  }
}

const isSame = (a: CheckUnit, b: CheckUnit): boolean => a.scope === b.scope && a.name === b.name

const failed = (text: string, outcome: 'failed' | 'lost' = 'failed'): StepResult => ({
  outcome,
  evidence: [{ ok: false, text }],
})
