// Takes one attempt to mend a unit from its record to its verified end; knows no budget, and asks for every step of the machine.
import { randomUUID } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { RecoveryAttempt, RecoveryPolicy } from '../../shared/model/recovery.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import type { RecoveryEffect, RecoveryEvent } from '../domain/recovery-state.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import { actionTypeOf } from '../recovery/index.ts'
import type { StoredAttempt } from '../store/recovery.ts'
import type { Alerting } from './alerting.ts'
import type { AuditLog } from './audit-log.ts'
import { carryOut } from './recovery-attempt.ts'
import { expectationOf, type RecoveryFactsOptions, stepsFor } from './recovery-facts.ts'
import { type RecoveryProber, verifyRecovery } from './recovery-verifier.ts'

const recoveryActor = 'rule: auto-recovery'
const mostCommand = 2_000
const mostDetail = 2_000

export interface RecoveryWorkOptions extends Omit<RecoveryFactsOptions, 'alerting'> {
  alerting: Pick<Alerting, 'firingFor' | 'addEvent'>
  prober: RecoveryProber
  vault: { get(recordId: string): string | null }
  audit: AuditLog
  clock: Clock
  log: Logger
}

/** An attempt that is under way. */
export interface Live {
  attempt: StoredAttempt
  readonly controller: AbortController
  readonly finish: ReturnType<AuditLog['begin']>
  /** Keeps others from acting on the unit; from the moment that it is carried out. */
  taken: Disposable | null
  /** What is to be done; null where an engine that ended began it, and only its end is looked for. */
  readonly steps: RecoveryPolicy['steps'] | null
}

/** Whoever drives the machine. */
export interface WorkListener {
  progress(): void
  step(event: RecoveryEvent): void
  /** `write` belongs into the transaction of the state that follows. */
  end(event: RecoveryEvent, write: () => void): void
}

type Outcome = Exclude<RecoveryAttempt['outcome'], 'running'>

export class RecoveryWork {
  readonly #options: RecoveryWorkOptions
  readonly #log: Logger

  constructor(options: RecoveryWorkOptions) {
    this.#options = options
    this.#log = options.log.child('recovery')
  }

  /** Writes an attempt down, within the transaction of the state. Nothing is sent yet. */
  begin(policy: RecoveryPolicy, effect: Extract<RecoveryEffect, { kind: 'act' }>): Live {
    const { store, steady, audit, session } = this.#options
    const { hostId, scope, name } = policy
    const { incidentId, number, cause } = effect
    const steps = stepsFor(policy, cause)
    const attempt: StoredAttempt = {
      ...{ id: randomUUID(), hostId, scope, name, incidentId, number, at: steady.now(), finishedAt: null },
      command: commandOf(policy, steps),
      outcome: 'running',
      evidence: [],
      expects: expectationOf(policy, cause),
      invocationBefore: session(hostId)?.units.get(scope, name)?.invocationId ?? null,
    }
    store.recovery.insertAttempt(attempt)
    const finish = audit.begin(actOf(attempt))
    this.#tell(attempt, `Attempt ${number} of ${policy.attemptsPerIncident}`, 'neutral', attempt.command)
    return { attempt, controller: new AbortController(), finish, taken: null, steps }
  }

  /** What was under way when the engine ended. */
  takeUp(attempt: StoredAttempt): Live {
    const { audit } = this.#options
    const finish = audit.resume({ ...actOf(attempt), actionRunId: attempt.id })
    return { attempt, controller: new AbortController(), finish, taken: null, steps: null }
  }

  /** The same, where nobody waits for its end any more. */
  abandon(attempt: StoredAttempt): void {
    const { audit, store, clock } = this.#options
    const text = 'Quarterdeck ended in the middle of it, and its rule is no longer there'
    store.recovery.updateAttempt({ ...attempt, finishedAt: clock.now(), outcome: 'lost', evidence: [bad(text)] })
    audit.resume({ ...actOf(attempt), actionRunId: attempt.id })('lost', text)
  }

  /** Carries it out and verifies it. Never rejects. */
  async run(policy: RecoveryPolicy, live: Live, listener: WorkListener): Promise<void> {
    const { signal } = live.controller
    live.taken = this.#options.actions.take(policy, 'restart')
    try {
      await (live.steps ? this.#act(policy, live, live.steps, listener) : this.#look(policy, live, listener))
    } catch (caught) {
      const reason = signal.aborted ? AppError.from(signal.reason) : AppError.from(caught)
      // the attempt stays open in the store and is reconciled at the next start
      if (signal.aborted && reason.code === 'ENGINE_GONE') return
      if (!signal.aborted) this.#log.error('an attempt broke', { unit: policy.name, error: String(caught) })
      const text = signal.aborted ? `${reason.message}; what was sent is not taken back` : reason.message
      const evidence = [...live.attempt.evidence, bad(text)]
      if (signal.aborted) this.#end(live, 'cancelled', evidence, listener, () => ({ type: 'cancelled' }))
      else this.#end(live, 'failed', evidence, listener, verified)
    }
  }

  async #act(
    policy: RecoveryPolicy,
    live: Live,
    steps: RecoveryPolicy['steps'],
    listener: WorkListener,
  ): Promise<void> {
    const { vault, clock, session: sessionOf } = this.#options
    const session = sessionOf(policy.hostId)
    if (!session) {
      this.#end(live, 'failed', [bad('The host is not connected')], listener, notDone)
      return
    }
    const progress = (evidence: readonly Evidence[]): void => note(live, evidence, listener)
    const { signal } = live.controller
    const result = await carryOut(steps, { ref: policy, session, vault, clock, signal, progress })
    progress(result.evidence)
    if (result.outcome === 'failed') {
      this.#end(live, 'failed', result.evidence, listener, notDone)
      return
    }
    listener.step({ type: 'acted', outcome: result.outcome })
    await this.#verify(policy, live, result.evidence, listener)
  }

  async #look(policy: RecoveryPolicy, live: Live, listener: WorkListener): Promise<void> {
    listener.step({ type: 'acted', outcome: 'lost' })
    const text = 'Quarterdeck ended in the middle of it; it is not sent again'
    await this.#verify(policy, live, [...live.attempt.evidence, { ok: true, text }], listener)
  }

  async #verify(policy: RecoveryPolicy, live: Live, done: readonly Evidence[], listener: WorkListener): Promise<void> {
    const { prober, clock, session, alerting } = this.#options
    const firing = alerting.firingFor(policy.hostId, policy).map(({ incident }) => incident.checkId)
    const proof = await verifyRecovery({
      ref: policy,
      expects: live.attempt.expects as ReturnType<typeof expectationOf>,
      invocationBefore: live.attempt.invocationBefore,
      withinMs: policy.verifySeconds * 1_000,
      session: () => session(policy.hostId),
      prober,
      firing: new Set(firing),
      clock,
      signal: live.controller.signal,
      onProgress: evidence => note(live, [...done, ...evidence], listener),
    })
    this.#end(live, proof.outcome, [...done, ...proof.evidence], listener, verified)
  }

  /** Hands over the end of an attempt, to be written with the state that follows from it. */
  #end(
    live: Live,
    outcome: Outcome,
    evidence: readonly Evidence[],
    listener: WorkListener,
    event: (outcome: Outcome, why: string | undefined) => RecoveryEvent,
  ): void {
    const { store, clock } = this.#options
    live.attempt = { ...live.attempt, outcome, evidence: [...evidence], finishedAt: clock.now() }
    live.taken?.dispose()
    const wrong = evidence.filter(({ ok }) => !ok).map(({ text }) => text)
    const detail = (outcome === 'verified' ? evidence.map(({ text }) => text) : wrong).join('; ').slice(0, mostDetail)
    listener.end(event(outcome, wrong.at(-1)), () => {
      store.recovery.updateAttempt(live.attempt)
      live.finish(outcome, detail || null)
      const title = `Attempt ${live.attempt.number}: ${words[outcome]}`
      this.#tell(live.attempt, title, outcome === 'verified' ? 'good' : 'bad', detail || null)
    })
  }

  #tell({ incidentId }: StoredAttempt, title: string, tone: 'neutral' | 'good' | 'bad', detail: string | null): void {
    const { alerting, clock } = this.#options
    alerting.addEvent(incidentId, { at: clock.now(), kind: 'recovery', tone, title, detail, actor: recoveryActor })
  }
}

const words: Record<Outcome, string> = {
  verified: 'verified',
  failed: 'did not help',
  lost: 'not known what came of it',
  cancelled: 'cancelled',
}

/** As it crosses to a window. */
export function attemptOf({ expects: _, invocationBefore: __, ...attempt }: StoredAttempt): RecoveryAttempt {
  return attempt
}

const notDone = (_outcome: Outcome, why: string | undefined): RecoveryEvent => ({
  type: 'acted',
  outcome: 'failed',
  ...(why ? { why } : {}),
})
const verified = (outcome: Outcome, why: string | undefined): RecoveryEvent => ({
  type: 'verified',
  ok: outcome === 'verified',
  ...(why ? { why } : {}),
})

function note(live: Live, evidence: readonly Evidence[], listener: WorkListener): void {
  if (JSON.stringify(live.attempt.evidence) === JSON.stringify(evidence)) return
  live.attempt = { ...live.attempt, evidence: [...evidence] }
  listener.progress()
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

const bad = (text: string): Evidence => ({ ok: false, text })
