// Mends units by the machine of domain/recovery-state: persists before it sends, verifies, and picks up after a kill without sending again.
import { randomUUID } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { Incident } from '../../shared/model/incident.ts'
import type { RecoveryAttempt, RecoveryPolicy, RecoveryView } from '../../shared/model/recovery.ts'
import type { Evidence, UnitRef } from '../../shared/model/unit.ts'
import { budgetLeft } from '../domain/recovery-budget.ts'
import {
  initialRecovery,
  nextRecoveryStepAt,
  type RecoveryEffect,
  type RecoveryEvent,
  type RecoveryState,
  restoreRecovery,
  stepRecovery,
} from '../domain/recovery-state.ts'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, DisposableBag } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import { actionTypeOf } from '../recovery/index.ts'
import type { StoredAttempt } from '../store/recovery.ts'
import type { Alerting } from './alerting.ts'
import type { AuditLog } from './audit-log.ts'
import type { HostSession } from './host-session.ts'
import type { Publish } from './publish.ts'
import { carryOut } from './recovery-attempt.ts'
import { type Asked, expectationOf, RecoveryFacts, type RecoveryFactsOptions, stepsFor } from './recovery-facts.ts'
import { type RecoveryProber, type RecoveryProof, verifyRecovery } from './recovery-verifier.ts'

export const recoveryActor = 'rule: auto-recovery'
/** What could not be written is tried again after this. */
const retryMs = 30_000
const mostCommand = 2_000
/** What holds an attempt up is looked at again after this. */
const againMs = 5_000

export interface RecoveryRunnerOptions extends Omit<RecoveryFactsOptions, 'alerting'> {
  alerting: Pick<Alerting, 'firingFor' | 'hostInTrouble' | 'phase' | 'changed' | 'moved' | 'addEvent' | 'tellEscalated'>
  prober: RecoveryProber
  vault: { get(recordId: string): string | null }
  audit: AuditLog
  clock: Clock
  log: Logger
  publish: Publish
  /** 0 … 1, for the jitter. */
  random?: () => number
}

interface Watch {
  policy: RecoveryPolicy
  state: RecoveryState
  readonly asked: Asked
  timer: Disposable | null
  looking: boolean
  again: boolean
  live: Live | null
}

interface Live {
  attempt: StoredAttempt
  readonly controller: AbortController
  readonly finish: ReturnType<AuditLog['begin']>
  readonly taken: Disposable | null
  /** What is still to be done; nothing where it was begun by an engine that ended. */
  readonly steps: RecoveryPolicy['steps']
}

export class RecoveryRunner implements Disposable {
  readonly #options: RecoveryRunnerOptions
  readonly #log: Logger
  readonly #facts: RecoveryFacts
  readonly #watches = new Map<string, Watch>()
  readonly #bag = new DisposableBag()
  readonly #ended = new AbortController()

  constructor(options: RecoveryRunnerOptions) {
    this.#options = options
    this.#log = options.log.child('recovery')
    this.#facts = new RecoveryFacts(options)
    this.#bag.add(options.alerting.changed.on(({ incident, what }) => this.#onIncident(incident, what)))
    this.#bag.add(options.alerting.moved.on(check => this.lookAt(check.hostId)))
  }

  /** Takes up where the last engine ended: what was under way is reconciled, never sent again. */
  start(): void {
    const { store, steady } = this.#options
    const now = steady.now()
    store.recovery.clampFuture(now)
    for (const { policy, state } of store.recovery.policies()) this.#watch(policy, restoreRecovery(state, now))
    for (const attempt of store.recovery.unfinished()) this.#resume(attempt)
    for (const watch of this.#watches.values()) {
      // written in one with its attempt, so this is for what somebody did to the database
      if (!watch.live && (watch.state.phase === 'act' || watch.state.phase === 'verify'))
        this.#step(watch, { type: 'cancelled' })
      else this.#step(watch, { type: 'gap' })
      void this.#look(watch)
    }
  }

  /** A host's session was opened: listens until disposed. */
  attach(session: HostSession): Disposable {
    const bag = new DisposableBag()
    const { id } = session.host
    bag.add(
      session.units.transitions.on(({ unit }) => {
        const watch = this.#watches.get(keyOf({ hostId: id, scope: unit.scope, name: unit.name }))
        if (watch) void this.#look(watch)
      }),
    )
    bag.add(session.found.on(() => this.lookAt(id)))
    bag.add(session.link.onStatus(() => this.lookAt(id)))
    this.lookAt(id)
    return bag
  }

  /** Something about a host, or about everything, may be otherwise now. */
  lookAt(hostId: string | null = null): void {
    for (const watch of this.#watches.values())
      if (hostId === null || watch.policy.hostId === hostId) void this.#look(watch)
  }

  /** The panic switch (and all else that a person sets) acts at once, without asking any host first. */
  onSettings(): void {
    for (const watch of this.#watches.values()) this.#step(watch, { type: 'look' })
    this.lookAt()
  }

  /** Time was lost (semantics 2). */
  onClockGap(): void {
    for (const watch of this.#watches.values()) {
      watch.asked.restart = null
      this.#step(watch, { type: 'gap' })
    }
  }

  /** What is being done about an incident, in a sentence; null where no rule is for it. */
  doing({ hostId, unit }: Incident): string | null {
    const watch = unit && this.#watches.get(keyOf({ hostId, ...unit }))
    return watch?.policy.enabled ? watch.state.reason : null
  }

  views(hostId: string | null): RecoveryView[] {
    return [...this.#watches.values()]
      .filter(({ policy }) => hostId === null || policy.hostId === hostId)
      .map(watch => this.#view(watch))
  }

  /** Null where the unit has no rule. */
  view(ref: UnitRef): RecoveryView | null {
    const watch = this.#watches.get(keyOf(ref))
    return watch ? this.#view(watch) : null
  }

  /** A person wrote a rule; that counts as having taken note of what it came to. */
  put(policy: RecoveryPolicy): RecoveryView {
    const { store } = this.#options
    const known = this.#watches.get(keyOf(policy))
    store.recovery.put(policy, known?.state ?? initialRecovery)
    const watch = known ?? this.#watch(policy, initialRecovery)
    watch.policy = policy
    this.#step(watch, { type: 'acknowledge' })
    // every window shows the rule as it is now, also where nothing came of it
    this.#publish(watch)
    void this.#look(watch)
    return this.#view(watch)
  }

  remove(ref: UnitRef): void {
    const watch = this.#watches.get(keyOf(ref))
    this.#options.store.recovery.remove(ref)
    if (!watch) return
    this.#watches.delete(keyOf(ref))
    watch.timer?.dispose()
    watch.live?.controller.abort(new AppError('CANCELLED', 'The rule was removed'))
  }

  hostRemoved(hostId: string): void {
    for (const { policy } of [...this.#watches.values()]) if (policy.hostId === hostId) this.remove(policy)
  }

  dispose(): void {
    this.#bag.dispose()
    this.#ended.abort(new AppError('ENGINE_GONE', 'Quarterdeck ended'))
    for (const watch of this.#watches.values()) {
      watch.timer?.dispose()
      watch.live?.controller.abort(new AppError('ENGINE_GONE', 'Quarterdeck ended'))
    }
  }

  #watch(policy: RecoveryPolicy, state: RecoveryState): Watch {
    const watch: Watch = {
      policy,
      state,
      asked: { restart: null, restartAt: 0, missing: false },
      timer: null,
      looking: false,
      again: false,
      live: null,
    }
    this.#watches.set(keyOf(policy), watch)
    return watch
  }

  #onIncident(incident: Incident, what: string): void {
    const watch = incident.unit && this.#watches.get(keyOf({ hostId: incident.hostId, ...incident.unit }))
    if (!watch || what === 'message') return
    if (what === 'acknowledged') this.#step(watch, { type: 'acknowledge' })
    void this.#look(watch)
  }

  /** Asks the host where something is wrong, and lets the machine look. One at a time for each unit. */
  async #look(watch: Watch): Promise<void> {
    watch.again = true
    if (watch.looking) return
    watch.looking = true
    try {
      // whoever tells of a change has finished with it then
      await Promise.resolve()
      while (watch.again && !this.#ended.signal.aborted) {
        watch.again = false
        const { phase } = watch.state
        if ((phase === 'idle' || phase === 'wait') && this.#facts.alerts(watch.policy).length > 0)
          await this.#facts.ask(watch.policy, watch.asked, this.#ended.signal)
        if (!this.#ended.signal.aborted) this.#step(watch, { type: 'look' })
      }
    } catch (error) {
      this.#log.error('a look failed', { unit: watch.policy.name, error: String(error) })
    } finally {
      watch.looking = false
    }
  }

  /** Steps the machine, and writes state, attempt and news as one; only then anything is done. */
  #step(watch: Watch, event: RecoveryEvent, also?: () => void): void {
    if (this.#ended.signal.aborted || this.#watches.get(keyOf(watch.policy)) !== watch) return
    const { store, steady, log, random = Math.random } = this.#options
    const before = watch.state
    const situation = this.#facts.situation(watch.policy, watch.asked, before.incidentId, this.#hostBusy(watch))
    const { state, effects } = stepRecovery(before, event, situation, watch.policy, steady.now(), random())
    let live: Live | null = null
    if (also || effects.length > 0 || JSON.stringify(state) !== JSON.stringify(before)) {
      try {
        live = store.transaction(() => {
          also?.()
          store.recovery.saveState(watch.policy, state)
          return effects.reduce<Live | null>((begun, effect) => this.#write(watch, effect) ?? begun, null)
        })
      } catch (error) {
        // what cannot be recorded is not done
        log.error('recovery could not be written', { unit: watch.policy.name, error: String(error) })
        this.#arm(watch, steady.now() + retryMs)
        return
      }
      watch.state = state
      if (before.phase !== state.phase || before.reason !== state.reason)
        this.#log.info('recovery', { unit: watch.policy.name, phase: state.phase, reason: state.reason })
    }
    this.#arm(watch, nextRecoveryStepAt(watch.state) ?? this.#nextLookAt(watch))
    if (effects.some(effect => effect.kind === 'cancel'))
      watch.live?.controller.abort(new AppError('CANCELLED', 'Automatic actions were switched off'))
    if (live) {
      watch.live = live
      void this.#guard(watch, live, signal => this.#act(watch, live, signal))
    }
    if (before !== watch.state) this.#publish(watch)
    // the next one of this host may have waited for this
    if (isBusy(before) && !isBusy(watch.state)) this.lookAt(watch.policy.hostId)
  }

  /** Writes down one effect, within the transaction of the state. Returns the attempt that begins. */
  #write({ policy }: Watch, effect: RecoveryEffect): Live | null {
    const { store, steady, alerting, audit, session, actions, clock } = this.#options
    if (effect.kind === 'cancel') return null
    if (effect.kind === 'escalate') {
      alerting.tellEscalated(effect.incidentId, `${effect.text}.`)
      return null
    }
    const { hostId, scope, name } = policy
    const steps = stepsFor(policy, effect.cause)
    const attempt: StoredAttempt = {
      id: randomUUID(),
      hostId,
      scope,
      name,
      incidentId: effect.incidentId,
      number: effect.number,
      at: steady.now(),
      finishedAt: null,
      command: commandOf(policy, steps),
      outcome: 'running',
      evidence: [],
      expects: expectationOf(policy, effect.cause),
      invocationBefore: session(hostId)?.units.get(scope, name)?.invocationId ?? null,
    }
    store.recovery.insertAttempt(attempt)
    const finish = audit.begin(actOf(attempt))
    alerting.addEvent(effect.incidentId, {
      at: clock.now(),
      kind: 'recovery',
      tone: 'neutral',
      title: `Attempt ${effect.number} of ${policy.attemptsPerIncident}`,
      detail: attempt.command,
      actor: recoveryActor,
    })
    return { attempt, controller: new AbortController(), finish, taken: actions.take(policy, 'restart'), steps }
  }

  async #act(watch: Watch, live: Live, signal: AbortSignal): Promise<void> {
    const { vault, clock, session: sessionOf } = this.#options
    const { policy } = watch
    const session = sessionOf(policy.hostId)
    if (!session) return this.#end(watch, live, 'failed', [bad('The host is not connected')], 'acted')
    const result = await carryOut(live.steps, {
      ref: policy,
      session,
      vault,
      clock,
      signal,
      progress: evidence => this.#progress(watch, live, evidence),
    })
    this.#progress(watch, live, result.evidence)
    if (result.outcome === 'failed') return this.#end(watch, live, 'failed', result.evidence, 'acted')
    this.#step(watch, { type: 'acted', outcome: result.outcome })
    await this.#verify(watch, live, signal, result.evidence)
  }

  async #verify(watch: Watch, live: Live, signal: AbortSignal, done: readonly Evidence[]): Promise<void> {
    const { prober, clock, session, alerting } = this.#options
    const { policy } = watch
    const firing = alerting.firingFor(policy.hostId, policy).map(({ incident }) => incident.checkId)
    const proof: RecoveryProof = await verifyRecovery({
      ref: policy,
      expects: live.attempt.expects as ReturnType<typeof expectationOf>,
      invocationBefore: live.attempt.invocationBefore,
      withinMs: policy.verifySeconds * 1_000,
      session: () => session(policy.hostId),
      prober,
      firing: new Set(firing),
      clock,
      signal,
      onProgress: evidence => this.#progress(watch, live, [...done, ...evidence]),
    })
    this.#end(watch, live, proof.outcome, [...done, ...proof.evidence], 'verified')
  }

  /** What was under way when the engine ended: whether it was done is seen on the host. */
  #resume(attempt: StoredAttempt): void {
    const { audit, store, clock, actions } = this.#options
    const watch = this.#watches.get(keyOf(attempt))
    const finish = audit.resume({ ...actOf(attempt), actionRunId: attempt.id })
    if (!watch || (watch.state.phase !== 'act' && watch.state.phase !== 'verify')) {
      const text = 'Quarterdeck ended in the middle of it, and its rule is no longer there'
      store.recovery.updateAttempt({ ...attempt, finishedAt: clock.now(), outcome: 'lost', evidence: [bad(text)] })
      finish('lost', text)
      return
    }
    const taken = actions.take(attempt, 'restart')
    const live: Live = { attempt, controller: new AbortController(), finish, taken, steps: [] }
    watch.live = live
    watch.state = { ...watch.state, cancelling: false }
    const text = 'Quarterdeck ended in the middle of it; it is not sent again'
    void this.#guard(watch, live, async signal => {
      this.#step(watch, { type: 'acted', outcome: 'lost' })
      await this.#verify(watch, live, signal, [...attempt.evidence, { ok: true, text }])
    })
  }

  async #guard(watch: Watch, live: Live, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = live.controller
    try {
      await work(signal)
    } catch (caught) {
      const reason = signal.aborted ? AppError.from(signal.reason) : AppError.from(caught)
      // the attempt stays open in the store and is reconciled at the next start
      if (signal.aborted && reason.code === 'ENGINE_GONE') return
      if (!signal.aborted) this.#log.error('an attempt broke', { unit: watch.policy.name, error: String(caught) })
      const text = signal.aborted ? `${reason.message}; what was sent is not taken back` : reason.message
      const outcome = signal.aborted ? 'cancelled' : 'failed'
      this.#end(watch, live, outcome, [...live.attempt.evidence, bad(text)], signal.aborted ? 'cancelled' : 'verified')
    }
  }

  /** Writes the end of an attempt with the state that follows from it. */
  #end(
    watch: Watch,
    live: Live,
    outcome: Exclude<RecoveryAttempt['outcome'], 'running'>,
    evidence: readonly Evidence[],
    what: 'acted' | 'verified' | 'cancelled',
  ): void {
    const { store, clock, alerting } = this.#options
    live.attempt = { ...live.attempt, outcome, evidence: [...evidence], finishedAt: clock.now() }
    live.taken?.dispose()
    if (watch.live === live) watch.live = null
    const wrong = evidence.filter(({ ok }) => !ok).map(({ text }) => text)
    const why = wrong.at(-1)
    const detail = (outcome === 'verified' ? evidence.map(({ text }) => text) : wrong).join('; ').slice(0, 2_000)
    const write = (): void => {
      store.recovery.updateAttempt(live.attempt)
      live.finish(outcome, detail || null)
      alerting.addEvent(live.attempt.incidentId, {
        at: clock.now(),
        kind: 'recovery',
        tone: outcome === 'verified' ? 'good' : 'bad',
        title: `Attempt ${live.attempt.number}: ${words[outcome]}`,
        detail: detail || null,
        actor: recoveryActor,
      })
    }
    const event: RecoveryEvent =
      what === 'cancelled'
        ? { type: 'cancelled' }
        : what === 'acted'
          ? { type: 'acted', outcome: 'failed', ...(why ? { why } : {}) }
          : { type: 'verified', ok: outcome === 'verified', ...(why ? { why } : {}) }
    if (this.#watches.get(keyOf(watch.policy)) === watch) this.#step(watch, event, write)
    else store.transaction(write)
    void this.#look(watch)
  }

  #progress(watch: Watch, live: Live, evidence: readonly Evidence[]): void {
    if (JSON.stringify(live.attempt.evidence) === JSON.stringify(evidence)) return
    live.attempt = { ...live.attempt, evidence: [...evidence] }
    this.#publish(watch)
  }

  #hostBusy(watch: Watch): boolean {
    for (const other of this.#watches.values())
      if (other !== watch && other.policy.hostId === watch.policy.hostId && (other.live || isBusy(other.state)))
        return true
    return false
  }

  /** What something waits for is mostly told; what is not (a host's age, say) is seen by looking now and then. */
  #nextLookAt({ state }: Watch): number | null {
    const held = state.phase === 'wait' || (state.phase === 'idle' && state.incidentId !== null)
    return held ? this.#options.steady.now() + againMs : null
  }

  #arm(watch: Watch, at: number | null): void {
    watch.timer?.dispose()
    watch.timer = null
    if (at === null) return
    const wait = Math.max(1, at - this.#options.steady.now())
    watch.timer = this.#options.clock.after(wait, () => void this.#look(watch))
  }

  #view({ policy, state, live }: Watch): RecoveryView {
    const { store, steady } = this.#options
    const spent = store.recovery.spent(policy, steady.now() - 600_000, state.incidentId ? [state.incidentId] : [])
    const left = budgetLeft(spent, state.incidentId, policy, steady.now())
    const last = live?.attempt ?? store.recovery.attempts(policy, 1)[0] ?? null
    return {
      policy,
      phase: state.phase,
      reason: state.reason,
      incidentId: state.incidentId,
      attemptsLeft: left.incident,
      attemptsLeftInWindow: left.window,
      nextAttemptAt: state.phase === 'wait' ? state.dueAt : null,
      last: last && attemptOf(last),
    }
  }

  #publish(watch: Watch): void {
    if (this.#watches.get(keyOf(watch.policy)) === watch) this.#options.publish('recovery.changed', this.#view(watch))
  }
}

const words = {
  verified: 'verified',
  failed: 'did not help',
  lost: 'not known what came of it',
  cancelled: 'cancelled',
}

/** As it crosses to a window. */
export function attemptOf({ expects: _, invocationBefore: __, ...attempt }: StoredAttempt): RecoveryAttempt {
  return attempt
}

function actOf({ hostId, name, command, id }: StoredAttempt) {
  return { actor: recoveryActor, verb: 'recovery.attempt' as const, hostId, target: name, command, actionRunId: id }
}

function commandOf(policy: RecoveryPolicy, steps: RecoveryPolicy['steps']): string {
  const commands = steps.flatMap(step => {
    const type = actionTypeOf(step.type)
    const spec = type?.spec.safeParse(step.spec)
    return type && spec?.success ? type.plan(spec.data, policy).commands : [step.type]
  })
  return commands.join('; ').slice(0, mostCommand)
}

function isBusy({ phase }: RecoveryState): boolean {
  return phase === 'act' || phase === 'verify'
}

function keyOf({ hostId, scope, name }: UnitRef): string {
  return `${hostId}/${scope}/${name}`
}

const bad = (text: string): Evidence => ({ ok: false, text })
