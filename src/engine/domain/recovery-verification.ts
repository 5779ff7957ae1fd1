// Decides from what is observed whether an attempt to mend a unit worked (semantics 23). Pure.
import type { Evidence, Unit } from '../../shared/model/unit.ts'

/** What an attempt has to lead to; see recovery/action. */
export type RecoveryExpectation = 'new-run' | 'running' | 'stopped' | 'checks'

export type RecoveryLook = Pick<Unit, 'activeState' | 'subState' | 'mainPid' | 'invocationId' | 'restarts' | 'result'>

/** How a check of the unit answered since the attempt. */
export interface CheckProof {
  readonly name: string
  /** OK answers in a row. */
  readonly well: number
  /** Its newest answer, as it explains itself; null before the first. */
  readonly message: string | null
  /** It could not tell, and was not what failed: nothing is demanded of it. */
  readonly silent: boolean
}

export interface RecoveryObservation {
  readonly expects: RecoveryExpectation
  readonly invocationBefore: string | null
  readonly after: RecoveryLook
  /** Monotonic ms: since when it can be looked at after it was done, since when `after` is as it is, and now. */
  readonly doneAt: number
  readonly steadySince: number
  readonly now: number
  readonly withinMs: number
  readonly checks: readonly CheckProof[]
}

export type RecoveryVerdict =
  | { readonly kind: 'wait'; readonly evidence: readonly Evidence[] }
  | { readonly kind: 'settled'; readonly ok: boolean; readonly evidence: readonly Evidence[] }

/** So long a unit must stay as it is before that is believed. */
const steadyForMs = 10_000
/** So often each of its checks has to answer OK. */
export const wellTimes = 2

export function judgeRecovery(observation: RecoveryObservation): RecoveryVerdict {
  const { expects, after, now, doneAt, withinMs } = observation
  const unit = expects === 'checks' ? [] : judgeUnit(observation)
  const hopeless = unit.some(item => item.hopeless)
  const evidence = [...unit.map(({ ok, text }) => ({ ok, text })), ...judgeChecks(observation)]
  if (expects === 'stopped' && after.activeState === 'failed') return { kind: 'settled', ok: true, evidence }
  if (hopeless) return { kind: 'settled', ok: false, evidence }
  if (evidence.every(item => item.ok)) return { kind: 'settled', ok: true, evidence }
  if (now - doneAt < withinMs) return { kind: 'wait', evidence }
  return { kind: 'settled', ok: false, evidence: [...evidence, bad(`Not within ${Math.round(withinMs / 1_000)} s`)] }
}

function judgeUnit(observation: RecoveryObservation): (Evidence & { hopeless?: boolean })[] {
  const { expects, invocationBefore, after, steadySince, doneAt, now } = observation
  if (expects === 'stopped') {
    const over = after.activeState === 'inactive' || after.activeState === 'failed'
    return [over ? good('It is stopped') : bad(`It is still ${after.activeState}`)]
  }
  const evidence: (Evidence & { hopeless?: boolean })[] = []
  const waits = after.subState === 'auto-restart' || after.subState === 'auto-restart-queued'
  if (expects === 'new-run') {
    const same = invocationBefore !== null && after.invocationId === invocationBefore
    // a restart that was asked for stops the old run first
    if (same && after.activeState === 'deactivating') return [bad('The old run is still ending')]
    if (same)
      return [{ ...bad('It still is the same run as before (its InvocationID did not change)'), hopeless: true }]
    evidence.push(good('It is a new run (InvocationID changed)'))
  }
  if (waits) return [...evidence, bad(`It ended again and systemd waits to restart it: ${after.result ?? 'unknown'}`)]
  if (after.activeState === 'failed')
    return [...evidence, { ...bad(`It failed again: ${after.result ?? 'unknown reason'}`), hopeless: true }]
  if (after.activeState === 'inactive') {
    // what was asked over HTTP to restart itself may be down for a moment
    const text = `It does not run: ${after.result ?? 'unknown reason'}`
    return [...evidence, expects === 'new-run' ? { ...bad(text), hopeless: true } : bad(text)]
  }
  if (after.activeState !== 'active') return [...evidence, bad(`It is ${after.activeState}`)]
  const steadyMs = now - Math.max(steadySince, doneAt)
  const steady = steadyMs >= steadyForMs || after.subState === 'exited'
  const seconds = steadyForMs / 1_000
  evidence.push(
    steady
      ? good(`Active and steady for ${seconds} s, restarted by nobody meanwhile`)
      : bad(`Active for ${Math.floor(steadyMs / 1_000)} of ${seconds} s`),
  )
  return evidence
}

function judgeChecks({ checks }: RecoveryObservation): Evidence[] {
  return checks
    .filter(({ silent }) => !silent)
    .map(({ name, well, message }) => {
      if (well >= wellTimes) return good(`${name}: OK ${wellTimes} times`)
      const said = message === null ? 'no answer yet' : message
      return bad(`${name}: OK ${well} of ${wellTimes} times (${said})`)
    })
}

const good = (text: string): Evidence => ({ ok: true, text })
const bad = (text: string): Evidence => ({ ok: false, text })
