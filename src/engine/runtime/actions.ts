// Carries out actions on units: recorded before they are sent, verified afterwards, reconciled and never resent when the link is lost.
import { randomUUID } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { ActionOutcome, ActionPreview, ActionRun, Evidence, UnitRef, UnitVerb } from '../../shared/model/unit.ts'
import { planAction } from '../domain/action-plan.ts'
import { type ActionView, reconcileAction } from '../domain/action-verification.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import { type Disposable, disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { UnitManager } from '../ports.ts'
import type { Store } from '../store/store.ts'
import { isAnswer, verifyAction } from './action-verifier.ts'
import type { AuditLog } from './audit-log.ts'
import type { Fleet } from './fleet.ts'
import type { Publish } from './publish.ts'

/** How long a lost host is waited for before what became of the action is called unknown. */
const reconcileWithinMs = 300_000

export interface ActionsOptions {
  fleet: Fleet
  store: Store
  audit: AuditLog
  clock: Clock
  log: Logger
  publish: Publish
}

interface Live {
  run: ActionRun
  controller: AbortController
  finish: ReturnType<AuditLog['begin']>
}

export class Actions implements Disposable {
  readonly #options: ActionsOptions
  readonly #log: Logger
  readonly #live = new Map<string, Live>()
  /** Units that something is under way on, from the click on: two clicks must not both find it free. */
  readonly #taken = new Map<string, UnitVerb>()

  constructor(options: ActionsOptions) {
    this.#options = options
    this.#log = options.log.child('actions')
  }

  preview(ref: UnitRef, verb: UnitVerb): ActionPreview {
    const session = this.#options.fleet.session(ref.hostId)
    return planAction({ ...ref, hostName: session.host.name }, verb, session.facts?.rights ?? 'sudo')
  }

  /** Throws NOT_FOUND. */
  get(id: string): ActionRun {
    const run = this.#live.get(id)?.run ?? this.#options.store.actionRuns.get(id)
    if (!run) throw new AppError('NOT_FOUND', 'This action is not known')
    return run
  }

  /**
   * Records the action and begins it; resolves once it is recorded. Rejects, with nothing sent, with NOT_CONNECTED, NOT_FOUND, CONFLICT (something
   * is under way on this unit) or DISK_FULL (what cannot be recorded is not done).
   */
  async run(ref: UnitRef, verb: UnitVerb, actor: string): Promise<ActionRun> {
    const manager = this.#managerOf(ref)
    const under = this.#taken.get(keyOf(ref))
    if (under)
      throw new AppError('CONFLICT', `${under} of ${ref.name} is still under way`, {
        hint: 'Wait for it, or cancel it.',
      })
    this.#taken.set(keyOf(ref), verb)
    try {
      const before = await manager.get(ref.name)
      const live = this.#begin(ref, verb, actor, before)
      void this.#carryOut(live, ref, manager, before)
      return live.run
    } catch (error) {
      this.#taken.delete(keyOf(ref))
      throw error
    }
  }

  /** What is under way on a unit, by whomever. */
  under(ref: UnitRef): UnitVerb | null {
    return this.#taken.get(keyOf(ref)) ?? null
  }

  /** Keeps a unit for whoever acts on it by other means; null where something is under way. */
  take(ref: UnitRef, verb: UnitVerb): Disposable | null {
    const key = keyOf(ref)
    if (this.#taken.has(key)) return null
    this.#taken.set(key, verb)
    return disposable(() => this.#taken.delete(key))
  }

  #begin(ref: UnitRef, verb: UnitVerb, actor: string, before: ActionView): Live {
    const { store, audit, clock } = this.#options
    const { command } = this.preview(ref, verb)
    const run: ActionRun = {
      id: randomUUID(),
      hostId: ref.hostId,
      scope: ref.scope,
      unit: ref.name,
      verb,
      command,
      actor,
      requestedAt: clock.now(),
      finishedAt: null,
      outcome: 'running',
      evidence: [],
      error: null,
      invocationBefore: before.invocationId,
      invocationAfter: null,
    }
    const act = {
      actor,
      verb: `unit.${verb}` as const,
      hostId: ref.hostId,
      target: ref.name,
      command,
      actionRunId: run.id,
    }
    const finish = store.transaction(() => {
      store.actionRuns.insert(run)
      return audit.begin(act)
    })
    const live: Live = { run, controller: new AbortController(), finish }
    this.#live.set(run.id, live)
    this.#log.info('action', { host: ref.hostId, unit: ref.name, verb, actor })
    this.#options.publish('action.changed', run)
    return live
  }

  /** Stops waiting for the action. What was sent already is not taken back. */
  cancel(id: string): void {
    this.#live.get(id)?.controller.abort()
  }

  /** After a start of the engine: what was under way when it ended is reconciled, never resent. */
  resume(): void {
    for (const run of this.#options.store.actionRuns.unfinished()) {
      const ref = { hostId: run.hostId, scope: run.scope, name: run.unit }
      const act = {
        actor: run.actor,
        verb: `unit.${run.verb}` as const,
        hostId: run.hostId,
        target: run.unit,
        command: run.command,
      }
      const live: Live = {
        run,
        controller: new AbortController(),
        finish: this.#options.audit.resume({ ...act, actionRunId: run.id }),
      }
      this.#live.set(run.id, live)
      this.#taken.set(keyOf(ref), run.verb)
      const unknown = {
        activeState: 'unknown',
        subState: '',
        mainPid: null,
        restarts: null,
        result: null,
        unitFileState: null,
        exitStatus: null,
      }
      void this.#guard(live, () => this.#reconcile(live, ref, { ...unknown, invocationId: run.invocationBefore }))
    }
  }

  dispose(): void {
    for (const live of this.#live.values()) live.controller.abort(new AppError('ENGINE_GONE', 'Quarterdeck ended'))
  }

  async #carryOut(live: Live, ref: UnitRef, manager: UnitManager, before: ActionView): Promise<void> {
    await this.#guard(live, async () => {
      const result = await manager.act(live.run.verb, ref.name, { signal: live.controller.signal })
      if (result.kind === 'refused')
        return this.#end(live, 'failed', live.run.evidence, AppError.fromShape(result.error))
      if (result.kind === 'lost') return this.#reconcile(live, ref, before)
      if (result.job !== null && result.job !== 'done')
        return this.#end(live, 'failed', [{ ok: false, text: `systemd ended the job with "${result.job}"` }])
      return this.#verify(live, ref, before)
    })
  }

  /** An abort becomes the end it stands for; a bug is recorded as one instead of leaving the run open. */
  async #guard(live: Live, work: () => Promise<void> | undefined): Promise<void> {
    try {
      await work()
    } catch (caught) {
      const { signal } = live.controller
      // the engine ends: the run stays open in the store and is reconciled at the next start
      if (signal.aborted && AppError.from(signal.reason).code === 'ENGINE_GONE') return
      if (signal.aborted) {
        const text = 'Nobody waited for its end; what was sent is not taken back'
        this.#end(live, 'cancelled', [...live.run.evidence, { ok: false, text }])
        return
      }
      const error = AppError.from(caught)
      this.#log.warn('action failed', { id: live.run.id, code: error.code, error: error.message })
      this.#end(live, 'failed', live.run.evidence, error)
    }
  }

  async #verify(live: Live, ref: UnitRef, before: ActionView): Promise<void> {
    const { fleet, clock } = this.#options
    const session = fleet.session(ref.hostId)
    const verdict = await verifyAction({
      session,
      ref,
      verb: live.run.verb,
      before,
      requestedAt: live.run.requestedAt,
      clock,
      signal: live.controller.signal,
      onProgress: evidence => this.#progress(live, evidence),
    })
    if (verdict === 'lost') return this.#reconcile(live, ref, before)
    live.run = { ...live.run, invocationAfter: session.units.get(ref.scope, ref.name)?.invocationId ?? null }
    this.#end(live, verdict.outcome, verdict.evidence)
  }

  /** The link broke: wait for the host, look whether it was done, and verify or say so. Nothing is sent again. */
  async #reconcile(live: Live, ref: UnitRef, before: ActionView): Promise<void> {
    const lost = {
      ok: false,
      text: 'The connection was lost in the middle; waiting for the host to see what became of it',
    }
    this.#progress(live, [lost])
    const after = await this.#lookAgain(ref, live.controller.signal)
    if (!after) {
      const text = 'The host did not come back in time, so what became of it is not known'
      this.#end(live, 'lost', [{ ok: false, text }])
      return
    }
    const verdict = reconcileAction(live.run.verb, before, after)
    if (verdict === 'done') return this.#verify(live, ref, before)
    const evidence =
      verdict === 'not-done'
        ? {
            ok: false,
            text: 'The connection was lost before it was done: the host is as it was. It was not sent again.',
          }
        : {
            ok: false,
            text: 'The connection was lost and the host cannot tell whether it was done. It was not sent again.',
          }
    this.#end(live, verdict === 'not-done' ? 'failed' : 'lost', [evidence])
  }

  /** The unit as it is once the host can be asked again, or null where that takes too long. */
  async #lookAgain(ref: UnitRef, signal: AbortSignal): Promise<ActionView | null> {
    const { fleet, clock } = this.#options
    const until = clock.monotonic() + reconcileWithinMs
    while (clock.monotonic() < until) {
      try {
        // the host may have been removed meanwhile, which ends the wait by its error
        const manager = fleet.session(ref.hostId).units.manager(ref.scope)
        if (manager) return await manager.get(ref.name)
      } catch (error) {
        // the link may have gone again, or not be known yet to have gone: only what systemd itself said is an answer
        if (isAnswer(error)) throw error
      }
      await sleep(clock, 250, signal)
    }
    return null
  }

  #managerOf(ref: UnitRef): UnitManager {
    const session = this.#options.fleet.session(ref.hostId)
    const manager = session.units.manager(ref.scope)
    if (manager) return manager
    throw new AppError('NOT_CONNECTED', `${session.host.name} is not connected, so nothing can be sent to it`, {
      hint: 'Wait until it is connected again, or reconnect it.',
    })
  }

  #progress(live: Live, evidence: readonly Evidence[]): void {
    live.run = { ...live.run, evidence: [...evidence] }
    this.#options.publish('action.changed', live.run)
  }

  #end(live: Live, outcome: ActionOutcome, evidence: readonly Evidence[], error: AppError | null = null): void {
    const { store, clock, publish } = this.#options
    live.run = {
      ...live.run,
      outcome,
      evidence: [...evidence],
      error: error?.toShape() ?? null,
      finishedAt: clock.now(),
    }
    this.#live.delete(live.run.id)
    this.#taken.delete(keyOf({ hostId: live.run.hostId, scope: live.run.scope, name: live.run.unit }))
    const detail = error?.message ?? (evidence.map(item => item.text).join('; ') || null)
    try {
      store.actionRuns.update(live.run)
      live.finish(outcome, detail)
    } catch (caught) {
      // a full disk must not keep the person from hearing how it ended
      this.#log.error('the end of an action could not be recorded', { id: live.run.id, error: String(caught) })
    }
    this.#log.info('action ended', { id: live.run.id, outcome })
    publish('action.changed', live.run)
  }
}

function keyOf({ hostId, scope, name }: UnitRef): string {
  return `${hostId}/${scope}/${name}`
}
