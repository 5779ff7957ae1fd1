// Decides when a unit is mended without a person, and says in a sentence why or why not (semantics 20–24). Pure: JSON state, steady times, chance given.
import type { ProbeCause } from '../../shared/model/check.ts'
import type { RecoveryPhase, RecoveryPolicy } from '../../shared/model/recovery.ts'
import { budgetLeft, delayBefore } from './recovery-budget.ts'
import { decisiveAlert, obstacle, refusal } from './recovery-obstacles.ts'
import type { RecoveryAlert, RecoverySituation } from './recovery-situation.ts'

/** What the machine remembers of one unit. */
export interface RecoveryState {
  readonly phase: RecoveryPhase
  /** The incident that is, or was last, worked on. */
  readonly incidentId: string | null
  /** The number of the attempt that is awaited or under way, 1, 2, … within its incident. */
  readonly attempt: number
  /** WAIT: when its delay is over; null while something holds it up, after which the delay begins anew. */
  readonly dueAt: number | null
  /** After a verified attempt: until when its alerts may take to see it. */
  readonly settleUntil: number | null
  /** ESCALATED: since when all has been well without a break. */
  readonly okSince: number | null
  /** The incidents that a person knew of when the escalation was acknowledged: of them nothing more is told. */
  readonly acknowledged: readonly string[]
  /** ACT, VERIFY: the panic switch asked for its end. */
  readonly cancelling: boolean
  /** One sentence for the panel. */
  readonly reason: string
}

export type RecoveryEvent =
  /** Something changed, or time passed. */
  | { readonly type: 'look' }
  /** What was to be done was done; `lost`: sent, and what became of it is not known. */
  | { readonly type: 'acted'; readonly outcome: 'done' | 'failed' | 'lost'; readonly why?: string }
  | { readonly type: 'verified'; readonly ok: boolean; readonly why?: string }
  | { readonly type: 'cancelled' }
  /** Time was lost (semantics 2). */
  | { readonly type: 'gap' }
  /** A person took note of the escalation, or changed the rule. */
  | { readonly type: 'acknowledge' }

export type RecoveryEffect =
  /** Persist this attempt, then carry it out. */
  | { readonly kind: 'act'; readonly incidentId: string; readonly number: number; readonly cause: ProbeCause }
  /** Stop what is under way, as far as that is possible. */
  | { readonly kind: 'cancel' }
  /** One critical message (semantics 24). */
  | { readonly kind: 'escalate'; readonly incidentId: string; readonly text: string }

export interface RecoveryStepResult {
  readonly state: RecoveryState
  readonly effects: readonly RecoveryEffect[]
}

export const settleMs = 60_000
/** So long all must have been well before an escalation is over by itself. */
const wellMs = 600_000

export const initialRecovery: RecoveryState = {
  phase: 'idle',
  incidentId: null,
  attempt: 0,
  dueAt: null,
  settleUntil: null,
  okSince: null,
  acknowledged: [],
  cancelling: false,
  reason: 'Nothing is wrong',
}

/** Takes an event. `chance` is 0 … 1, for the jitter. `now` is steady ms. */
export function stepRecovery(
  state: RecoveryState,
  event: RecoveryEvent,
  situation: RecoverySituation,
  policy: RecoveryPolicy,
  now: number,
  chance: number,
): RecoveryStepResult {
  const step = { situation, policy, now, chance }
  switch (event.type) {
    case 'look':
      return look(state, step)
    case 'gap':
      return look(afterGap(state, now), step)
    case 'acknowledge':
      if (state.phase !== 'escalated') return look(state, step)
      return look({ ...initialRecovery, incidentId: state.incidentId, acknowledged: known(state, situation) }, step)
    case 'acted':
      if (state.phase !== 'act') return stay(state)
      if (event.outcome === 'failed') return afterFailure(state, event.why, step)
      return stay({ ...state, phase: 'verify', reason: verifying(state, event.outcome === 'lost') })
    case 'verified':
      if (state.phase !== 'act' && state.phase !== 'verify') return stay(state)
      if (!event.ok) return afterFailure(state, event.why, step)
      return look({ ...idle(state), settleUntil: now + settleMs }, step)
    case 'cancelled':
      if (state.phase !== 'act' && state.phase !== 'verify') return stay(state)
      return look(idle(state), step)
  }
}

/** When the machine wants to look again without anything having happened; null when it waits for something. */
export function nextRecoveryStepAt(state: RecoveryState): number | null {
  if (state.phase === 'wait') return state.dueAt
  if (state.phase === 'idle') return state.settleUntil
  if (state.phase === 'escalated' && state.okSince !== null) return state.okSince + wellMs
  return null
}

/** What was persisted, after a start of the engine, which is a gap: delays and times of being well begin anew. */
export function restoreRecovery(json: unknown, now: number): RecoveryState {
  if (typeof json !== 'object' || json === null) return initialRecovery
  const { phase, incidentId, attempt, settleUntil, acknowledged, reason } = json as Record<string, unknown>
  const phases: readonly RecoveryPhase[] = ['idle', 'wait', 'act', 'verify', 'escalated']
  const valid = phases.find(each => each === phase)
  if (!valid) return initialRecovery
  return {
    ...initialRecovery,
    phase: valid,
    incidentId: typeof incidentId === 'string' ? incidentId : null,
    attempt: typeof attempt === 'number' && Number.isSafeInteger(attempt) ? attempt : 0,
    settleUntil: typeof settleUntil === 'number' ? Math.min(settleUntil, now + settleMs) : null,
    acknowledged: Array.isArray(acknowledged) ? acknowledged.filter(id => typeof id === 'string') : [],
    reason: typeof reason === 'string' ? reason : '',
  }
}

interface Step {
  readonly situation: RecoverySituation
  readonly policy: RecoveryPolicy
  readonly now: number
  readonly chance: number
}

function look(state: RecoveryState, step: Step): RecoveryStepResult {
  const { situation } = step
  if (state.phase === 'act' || state.phase === 'verify') {
    if (situation.automation || state.cancelling) return stay(state)
    return {
      state: { ...state, cancelling: true, reason: 'Automatic actions were switched off in the middle of it' },
      effects: [{ kind: 'cancel' }],
    }
  }
  if (state.phase === 'escalated') return lookEscalated(state, step)
  const alert = decisiveAlert(situation.alerts, state.incidentId, situation.mends)
  if (!alert) return stay({ ...idle(state), incidentId: null, settleUntil: null, reason: calm(state) })
  const settling = settle(state, alert, step.now)
  if (settling.settleUntil !== null)
    return stay({ ...settling, reason: 'The last attempt was verified; its checks have not seen that yet' })
  return consider(settling, alert, step)
}

/** Something is wrong and nothing is under way: may it act, must it wait, or is it over? */
function consider(state: RecoveryState, alert: RecoveryAlert, step: Step): RecoveryStepResult {
  const { situation, policy, now } = step
  const { incidentId, cause } = alert
  const told = state.acknowledged.includes(incidentId)
  const refused = refusal(alert, situation, policy)
  if (refused?.escalate && !told) return escalate(state, incidentId, refused.text)
  if (refused || cause === null)
    return stay({ ...idle(state), incidentId, reason: refused?.text ?? 'The cause is not known' })
  const left = budgetLeft(situation.attempts, incidentId, policy, now)
  const attempt = policy.attemptsPerIncident - left.incident + 1
  const waiting: RecoveryState = { ...idle(state), phase: 'wait', incidentId, attempt }
  const held = obstacle(alert, situation)
  if (held?.kind === 'hold') return stay({ ...waiting, reason: held.text })
  if (left.incident === 0) {
    const many = policy.attemptsPerIncident
    const used = many === 1 ? 'The one attempt of this incident was' : `All ${many} attempts of this incident were`
    const text = `${used} used, and it still fails`
    return told ? stay({ ...idle(state), incidentId, reason: text }) : escalate(state, incidentId, text)
  }
  if (left.window === 0 && !told) {
    const times = policy.attemptsPerTenMinutes === 1 ? 'once' : `${policy.attemptsPerTenMinutes} times`
    const text = `It was tried ${times} within 10 minutes, and it still fails`
    return escalate(state, incidentId, text)
  }
  const running = state.phase === 'wait' && state.incidentId === incidentId && state.attempt === attempt
  const dueAt = Math.max(
    (running ? state.dueAt : null) ?? now + delayBefore(attempt, policy, step.chance),
    left.windowFreeAt,
  )
  if (now < dueAt || left.window === 0) {
    const room = left.window === 0 ? ', when the last 10 minutes have room for it' : ''
    return stay({ ...waiting, dueAt, reason: `Attempt ${attempt} of ${policy.attemptsPerIncident} comes next${room}` })
  }
  // the delay is over; only its turn on this host is waited for
  if (held) return stay({ ...waiting, dueAt, reason: held.text })
  return {
    state: { ...waiting, phase: 'act', reason: `Attempt ${attempt} of ${policy.attemptsPerIncident} is under way` },
    effects: [{ kind: 'act', incidentId, number: attempt, cause }],
  }
}

function lookEscalated(state: RecoveryState, { situation, now }: Step): RecoveryStepResult {
  const well = situation.alerts.length === 0 && situation.host.ready
  if (!well) return stay({ ...state, okSince: null })
  const okSince = Math.min(state.okSince ?? now, now)
  if (now - okSince < wellMs) return stay({ ...state, okSince })
  return stay({ ...initialRecovery, reason: 'It has been well for 10 minutes' })
}

function escalate(state: RecoveryState, incidentId: string, text: string): RecoveryStepResult {
  const reason = `${text}. Nothing more is done until someone acknowledges it, or it is well for 10 minutes`
  return {
    state: { ...idle(state), phase: 'escalated', incidentId, reason },
    effects: [{ kind: 'escalate', incidentId, text }],
  }
}

/** The alert was seen to move, or had its time: what it says from now on is news. */
function settle(state: RecoveryState, alert: RecoveryAlert, now: number): RecoveryState {
  if (state.settleUntil === null) return state
  const over = alert.incidentId !== state.incidentId || alert.phase !== 'firing' || now >= state.settleUntil
  return over ? { ...state, settleUntil: null } : state
}

function afterFailure(state: RecoveryState, why: string | undefined, step: Step): RecoveryStepResult {
  const result = look(idle(state), step)
  if (result.state.phase !== 'wait' && result.state.phase !== 'idle') return result
  const failed = `Attempt ${state.attempt} did not help${why ? ` (${why})` : ''}`
  return { ...result, state: { ...result.state, reason: `${failed}. ${result.state.reason}` } }
}

function afterGap(state: RecoveryState, now: number): RecoveryState {
  return {
    ...state,
    dueAt: null,
    okSince: null,
    settleUntil: state.settleUntil === null ? null : now + settleMs,
  }
}

function known(state: RecoveryState, { alerts }: RecoverySituation): string[] {
  const ids = [state.incidentId, ...alerts.map(alert => alert.incidentId)]
  return [...new Set(ids.filter(id => id !== null))]
}

function idle(state: RecoveryState): RecoveryState {
  const { incidentId, acknowledged, settleUntil } = state
  return { ...initialRecovery, incidentId, acknowledged, settleUntil }
}

function calm(state: RecoveryState): string {
  if (state.settleUntil !== null) return 'The last attempt worked and was verified'
  if (state.phase === 'wait') return 'It was well again before anything was done'
  return state.incidentId === null && state.reason !== '' ? state.reason : 'Nothing is wrong'
}

function verifying(state: RecoveryState, lost: boolean): string {
  return lost
    ? 'The connection was lost in the middle; waiting for the host to see what became of it'
    : `Attempt ${state.attempt} is done and being verified`
}

function stay(state: RecoveryState): RecoveryStepResult {
  return { state, effects: [] }
}
