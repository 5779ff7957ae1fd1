// Mends units by the machine of domain/recovery-state: persists before it sends, verifies, and picks up after a kill without sending again.
import { AppError } from '../../shared/errors.ts'
import type { Incident } from '../../shared/model/incident.ts'
import type { RecoveryPolicy, RecoveryView } from '../../shared/model/recovery.ts'
import type { UnitRef } from '../../shared/model/unit.ts'
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
import { type Disposable, DisposableBag } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { StoredAttempt } from '../store/recovery.ts'
import type { Alerting } from './alerting.ts'
import type { HostSession } from './host-session.ts'
import type { Publish } from './publish.ts'
import { type Asked, mendedBy, RecoveryFacts } from './recovery-facts.ts'
import { attemptOf, type Live, RecoveryWork, type RecoveryWorkOptions } from './recovery-work.ts'

/** What could not be written is tried again after this. */
const retryMs = 30_000
/** What holds an attempt up is looked at again after this. */
const againMs = 5_000

export interface RecoveryRunnerOptions extends Omit<RecoveryWorkOptions, 'alerting'> {
  alerting: Pick<
    Alerting,
    'firingFor' | 'hostInTrouble' | 'phase' | 'changed' | 'moved' | 'addEvent' | 'tellEscalated' | 'transaction'
  >
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

export class RecoveryRunner implements Disposable {
  readonly #options: RecoveryRunnerOptions
  readonly #log: Logger
  readonly #facts: RecoveryFacts
  readonly #work: RecoveryWork
  readonly #watches = new Map<string, Watch>()
  readonly #bag = new DisposableBag()
  readonly #ended = new AbortController()

  constructor(options: RecoveryRunnerOptions) {
    this.#options = options
    this.#log = options.log.child('recovery')
    this.#facts = new RecoveryFacts(options)
    this.#work = new RecoveryWork(options)
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

  /** What is being done about an incident, in a sentence, also before the machine has seen it; null where no rule is for it. */
  doing({ id, hostId, unit, cause }: Incident): string | null {
    const watch = unit && this.#watches.get(keyOf({ hostId, ...unit }))
    if (!watch?.policy.enabled) return null
    const { policy, state } = watch
    if (!this.#options.settings().automation) return 'Automatic recovery is switched off.'
    if (state.incidentId === id && state.phase !== 'idle') return `Automatic recovery: ${state.reason}.`
    if (cause === null || !mendedBy(policy).has(cause)) return 'Automatic recovery does not act on this cause.'
    return `Automatic recovery is on, with at most ${policy.attemptsPerIncident} attempts.`
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

  /** A person wrote a rule, and `also` (its secrets) with it; that counts as having taken note of what it came to. */
  put(policy: RecoveryPolicy, also: () => void = () => {}): RecoveryView {
    const { store } = this.#options
    const known = this.#watches.get(keyOf(policy))
    store.transaction(() => {
      also()
      store.recovery.put(policy, known?.state ?? initialRecovery)
    })
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

  /** Steps the machine, and writes state, attempt and news as one; only then anything is done. False where that could not be written. */
  #step(watch: Watch, event: RecoveryEvent, also?: () => void): boolean {
    if (this.#ended.signal.aborted || this.#watches.get(keyOf(watch.policy)) !== watch) return true
    const { store, steady, log, alerting, random = Math.random } = this.#options
    const before = watch.state
    const situation = this.#facts.situation(watch.policy, watch.asked, before.incidentId, this.#hostBusy(watch))
    const { state, effects } = stepRecovery(before, event, situation, watch.policy, steady.now(), random())
    let live: Live | null = null
    if (also || effects.length > 0 || JSON.stringify(state) !== JSON.stringify(before)) {
      try {
        // a message that comes of it goes nowhere unless all is written
        live = alerting.transaction(() => {
          also?.()
          store.recovery.saveState(watch.policy, state)
          return effects.reduce<Live | null>((begun, effect) => this.#write(watch, effect) ?? begun, null)
        })
      } catch (error) {
        // what cannot be recorded is not done
        log.error('recovery could not be written', { unit: watch.policy.name, error: String(error) })
        this.#arm(watch, steady.now() + retryMs)
        return false
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
      this.#run(watch, live)
    }
    if (before !== watch.state) this.#publish(watch)
    // the next one of this host may have waited for this
    if (isBusy(before) && !isBusy(watch.state)) this.lookAt(watch.policy.hostId)
    return true
  }

  /** Writes down one effect, within the transaction of the state. Returns the attempt that begins. */
  #write({ policy }: Watch, effect: RecoveryEffect): Live | null {
    if (effect.kind === 'cancel') return null
    if (effect.kind === 'act') return this.#work.begin(policy, effect)
    this.#options.alerting.tellEscalated(effect.incidentId, `${effect.text}.`)
    return null
  }

  /** What was under way when the engine ended: whether it was done is seen on the host. */
  #resume(attempt: StoredAttempt): void {
    const watch = this.#watches.get(keyOf(attempt))
    if (!watch || !isBusy(watch.state)) {
      this.#work.abandon(attempt)
      return
    }
    watch.live = this.#work.takeUp(attempt)
    watch.state = { ...watch.state, cancelling: false }
    this.#run(watch, watch.live)
  }

  /** Lets the attempt run its course, telling the machine of each step of it. */
  #run(watch: Watch, live: Live): void {
    const end = (event: RecoveryEvent, write: () => void): void => {
      if (this.#watches.get(keyOf(watch.policy)) !== watch) {
        // its rule is gone; what cannot be written then is found open, and closed, at the next start
        try {
          this.#options.store.transaction(write)
        } catch (error) {
          this.#log.error('the end of an attempt could not be written', { error: String(error) })
        }
        return
      }
      watch.live = null
      if (this.#step(watch, event, write)) {
        void this.#look(watch)
        return
      }
      watch.live = live
      const retry = this.#options.clock.after(retryMs, () => end(event, write))
      this.#bag.add(retry)
    }
    void this.#work.run(watch.policy, live, {
      progress: () => this.#publish(watch),
      step: event => this.#step(watch, event),
      end,
    })
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

function isBusy({ phase }: RecoveryState): boolean {
  return phase === 'act' || phase === 'verify'
}

function keyOf({ hostId, scope, name }: UnitRef): string {
  return `${hostId}/${scope}/${name}`
}
