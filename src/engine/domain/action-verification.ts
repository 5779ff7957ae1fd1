// Decides from what is observed of a unit whether an action did what it should (R9, semantics 23), and after a lost link whether it was done at all. Pure.
import type { ActionOutcome, Evidence, Unit, UnitVerb } from '../../shared/model/unit.ts'

/** What is looked at of a unit before and after an action. */
export type ActionView = Pick<
  Unit,
  'activeState' | 'subState' | 'mainPid' | 'invocationId' | 'restarts' | 'result' | 'unitFileState' | 'exitStatus'
>

export interface ActionObservation {
  readonly verb: UnitVerb
  readonly before: ActionView
  readonly after: ActionView
  /** Monotonic ms: when the job ended, since when `after` has been in its state, and now. */
  readonly doneAt: number
  readonly steadySince: number
  readonly now: number
  /** Error lines of the unit in the journal since the action was asked for; null where the journal cannot be read. */
  readonly errors: number | null
}

export type Verdict =
  | {
      readonly kind: 'wait'
      readonly evidence: readonly Evidence[] /** Monotonic ms of the next look. */
      readonly until: number
    }
  | {
      readonly kind: 'settled'
      readonly outcome: Extract<ActionOutcome, 'verified' | 'degraded' | 'failed'>
      readonly evidence: readonly Evidence[]
    }

/** How long a started unit must stay as it is before that is believed. */
export const settleMs = 5_000
/** A unit that is still on its way after this time did not make it (semantics 23). */
export const verifyWithinMs = 60_000

/** Judges one look; `wait` asks for another. */
export function judgeAction(observation: ActionObservation): Verdict {
  switch (observation.verb) {
    case 'start':
    case 'restart':
    case 'reload':
      return judgeRunning(observation)
    case 'stop':
      return judgeStopped(observation)
    case 'enable':
    case 'disable':
    case 'mask':
    case 'unmask':
      return judgeUnitFile(observation)
    case 'reset-failed':
      return settled(observation.after.activeState !== 'failed', [
        observation.after.activeState !== 'failed'
          ? good('The failure is forgotten')
          : bad('The unit is still marked as failed'),
      ])
  }
}

/**
 * After the link was lost in the middle of an action: was it done? Nothing is ever sent again; `unknown` is for what the host
 * cannot tell.
 */
export function reconcileAction(
  verb: UnitVerb,
  before: ActionView,
  after: ActionView,
): 'done' | 'not-done' | 'unknown' {
  const sameRun = before.invocationId !== null && before.invocationId === after.invocationId
  switch (verb) {
    case 'restart':
      if (after.invocationId === null || before.invocationId === null)
        return after.mainPid !== before.mainPid ? 'done' : 'unknown'
      return sameRun ? 'not-done' : 'done'
    case 'start':
      return after.activeState === 'active' || after.activeState === 'activating' || !sameRun ? 'done' : 'not-done'
    case 'stop':
      return after.activeState === 'inactive' || after.activeState === 'failed' || after.activeState === 'deactivating'
        ? 'done'
        : sameRun
          ? 'not-done'
          : 'unknown'
    case 'reload':
      return 'unknown'
    case 'enable':
    case 'disable':
    case 'mask':
    case 'unmask':
      return unitFileFits(verb, after.unitFileState) ? 'done' : 'not-done'
    case 'reset-failed':
      return after.activeState === 'failed' ? 'not-done' : 'done'
  }
}

function judgeRunning({ verb, before, after, doneAt, steadySince, now, errors }: ActionObservation): Verdict {
  const evidence: Evidence[] = []
  const invocationChanged = after.invocationId !== before.invocationId
  if (verb === 'restart') {
    if (!invocationChanged && after.invocationId !== null)
      return settled(false, [bad('It still is the same run as before (its InvocationID did not change)')])
    if (after.mainPid !== null && after.mainPid !== 0 && after.mainPid !== before.mainPid)
      evidence.push(good(`New process ${after.mainPid}${before.mainPid ? ` (was ${before.mainPid})` : ''}`))
  }
  if (verb === 'start' && !invocationChanged && before.activeState === 'active')
    evidence.push(good('It was running already'))
  if (after.activeState === 'failed')
    return settled(false, [...evidence, bad(`It failed again: ${after.result ?? 'unknown reason'}`)])
  if (after.subState === 'auto-restart' || after.subState === 'auto-restart-queued') {
    const text = `It ended again and systemd waits to restart it: ${after.result ?? 'unknown reason'}`
    return now - doneAt >= verifyWithinMs
      ? settled(false, [...evidence, bad(text)])
      : wait([...evidence, bad(text)], now + 500)
  }
  if (after.activeState === 'inactive')
    // a oneshot without RemainAfterExit is inactive when it is done
    return settled(after.result === 'success' && after.exitStatus === 0, [
      ...evidence,
      after.result === 'success'
        ? good('It ran to its end with success')
        : bad(`It ended: ${after.result ?? 'unknown reason'}`),
    ])
  if (after.activeState !== 'active') {
    const seconds = Math.round((now - doneAt) / 1_000)
    const text = `It is ${after.activeState} for ${seconds} s`
    return now - doneAt >= verifyWithinMs
      ? settled(false, [...evidence, bad(text)])
      : wait([...evidence, bad(text)], now + 500)
  }
  const restartsGrew = (after.restarts ?? 0) > (verb === 'restart' ? 0 : (before.restarts ?? 0))
  const steadyMs = now - Math.max(steadySince, doneAt)
  if (after.subState !== 'exited' && steadyMs < settleMs)
    return wait(
      [...evidence, good(`Active for ${Math.floor(steadyMs / 1_000)} of ${settleMs / 1_000} s`)],
      now + settleMs - steadyMs,
    )
  evidence.push(
    good(after.subState === 'exited' ? 'It ran to its end with success' : `Active for ${settleMs / 1_000} s`),
  )
  if (restartsGrew) evidence.push(bad('systemd had to restart it meanwhile'))
  if (errors === null) evidence.push({ ok: true, text: 'Its journal could not be read, so errors in it are not known' })
  else
    evidence.push(
      errors === 0
        ? good('No new errors in its journal')
        : bad(`${errors} new error ${errors === 1 ? 'line' : 'lines'} in its journal`),
    )
  return { kind: 'settled', outcome: evidence.every(item => item.ok) ? 'verified' : 'degraded', evidence }
}

function judgeStopped({ after, doneAt, now }: ActionObservation): Verdict {
  if (after.activeState === 'inactive') return settled(true, [good('It is stopped')])
  if (after.activeState === 'failed')
    return {
      kind: 'settled',
      outcome: 'degraded',
      evidence: [good('It is stopped'), bad(`It did not end cleanly: ${after.result ?? 'unknown reason'}`)],
    }
  const text =
    after.activeState === 'active' ? 'It runs again: something started it' : `It is still ${after.activeState}`
  return now - doneAt >= verifyWithinMs ? settled(false, [bad(text)]) : wait([bad(text)], now + 500)
}

function judgeUnitFile({ verb, after }: ActionObservation): Verdict {
  const state = after.unitFileState ?? 'unknown'
  const fits = unitFileFits(verb, after.unitFileState)
  return settled(fits, [fits ? good(`Its unit file is ${state}`) : bad(`Its unit file is ${state}`)])
}

function unitFileFits(verb: UnitVerb, state: string | null): boolean {
  const text = state ?? ''
  if (verb === 'enable') return /^(enabled|alias|static|indirect|linked)/.test(text)
  if (verb === 'mask') return text.startsWith('masked')
  if (verb === 'unmask') return !text.startsWith('masked')
  return !text.startsWith('enabled')
}

const good = (text: string): Evidence => ({ ok: true, text })
const bad = (text: string): Evidence => ({ ok: false, text })
const wait = (evidence: readonly Evidence[], until: number): Verdict => ({ kind: 'wait', evidence, until })
const settled = (ok: boolean, evidence: readonly Evidence[]): Verdict => ({
  kind: 'settled',
  outcome: ok ? 'verified' : 'failed',
  evidence,
})
