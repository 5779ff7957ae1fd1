// Proves what counts as done, and that a lost action is told apart from one that never arrived.
import { describe, expect, it } from 'vitest'
import {
  type ActionObservation,
  type ActionView,
  judgeAction,
  reconcileAction,
  settleMs,
  verifyWithinMs,
} from '../../../../src/engine/domain/action-verification.ts'

const running: ActionView = {
  activeState: 'active',
  subState: 'running',
  mainPid: 100,
  invocationId: 'one',
  restarts: 0,
  result: 'success',
  unitFileState: 'enabled',
  exitStatus: 0,
}
const next: ActionView = { ...running, mainPid: 200, invocationId: 'two' }
const stopped: ActionView = { ...running, activeState: 'inactive', subState: 'dead', mainPid: null }
const failed: ActionView = { ...running, activeState: 'failed', subState: 'failed', result: 'exit-code', exitStatus: 1 }

function look(changes: Partial<ActionObservation>): ReturnType<typeof judgeAction> {
  return judgeAction({
    verb: 'restart',
    before: running,
    after: next,
    doneAt: 1_000,
    steadySince: 1_000,
    now: 1_000 + settleMs,
    errors: 0,
    ...changes,
  })
}
const texts = (verdict: ReturnType<typeof judgeAction>): string => verdict.evidence.map(item => item.text).join('; ')

describe('S23 a restart', () => {
  it('S23 is verified when a new run is active for the settle time without new errors', () => {
    const verdict = look({})
    expect(verdict).toMatchObject({ kind: 'settled', outcome: 'verified' })
    expect(texts(verdict)).toBe('New process 200 (was 100); Active for 5 s; No new errors in its journal')
  })
  it('S23 is waited for until it was steady long enough', () => {
    expect(look({ now: 1_500 })).toMatchObject({ kind: 'wait', until: 1_000 + settleMs })
    expect(look({ steadySince: 4_000 })).toMatchObject({ kind: 'wait', until: 4_000 + settleMs })
  })
  it('S23 failed when the InvocationID did not change', () =>
    expect(look({ after: { ...running, mainPid: 300 } })).toMatchObject({ kind: 'settled', outcome: 'failed' }))
  it('S23 failed when the unit fails again', () =>
    expect(look({ after: { ...failed, invocationId: 'two' } })).toMatchObject({ outcome: 'failed' }))
  it('S23 is degraded when systemd had to restart it meanwhile or errors came', () => {
    expect(look({ after: { ...next, restarts: 1 } })).toMatchObject({ outcome: 'degraded' })
    expect(look({ errors: 2 })).toMatchObject({ outcome: 'degraded' })
  })
  it('says that errors are unknown rather than none where the journal cannot be read', () =>
    expect(texts(look({ errors: null }))).toContain('not known'))
  it('S23 failed when it does not get there within 60 s', () => {
    const after = { ...next, activeState: 'activating', subState: 'auto-restart' }
    expect(look({ after, now: 2_000 }).kind).toBe('wait')
    expect(look({ after, now: 1_000 + verifyWithinMs })).toMatchObject({ outcome: 'failed' })
    const starting = { ...next, activeState: 'activating', subState: 'start' }
    expect(look({ after: starting, now: 1_000 + verifyWithinMs })).toMatchObject({ outcome: 'failed' })
  })
})

describe('other verbs', () => {
  it('a oneshot that ran to its end is verified, one that exited with an error is not', () => {
    expect(look({ verb: 'start', before: stopped, after: { ...stopped, invocationId: 'two' } })).toMatchObject({
      outcome: 'verified',
    })
    expect(look({ verb: 'start', before: stopped, after: failed })).toMatchObject({ outcome: 'failed' })
  })
  it('starting what runs says so', () =>
    expect(texts(look({ verb: 'start', after: running }))).toContain('running already'))
  it('a stop is verified when inactive, degraded when it had to be killed, failed when it comes back', () => {
    expect(look({ verb: 'stop', after: stopped })).toMatchObject({ outcome: 'verified' })
    expect(look({ verb: 'stop', after: failed })).toMatchObject({ outcome: 'degraded' })
    expect(look({ verb: 'stop', after: next, now: 2_000 }).kind).toBe('wait')
    expect(look({ verb: 'stop', after: next, now: 1_000 + verifyWithinMs })).toMatchObject({ outcome: 'failed' })
  })
  it('unit file verbs look at the unit file', () => {
    const file = (unitFileState: string) => ({ after: { ...running, unitFileState } })
    expect(look({ verb: 'enable', ...file('enabled') })).toMatchObject({ outcome: 'verified' })
    expect(look({ verb: 'enable', ...file('disabled') })).toMatchObject({ outcome: 'failed' })
    expect(look({ verb: 'disable', ...file('disabled') })).toMatchObject({ outcome: 'verified' })
    expect(look({ verb: 'mask', ...file('masked') })).toMatchObject({ outcome: 'verified' })
    expect(look({ verb: 'unmask', ...file('masked') })).toMatchObject({ outcome: 'failed' })
  })
  it('reset-failed looks whether the failure is forgotten', () => {
    expect(look({ verb: 'reset-failed', before: failed, after: stopped })).toMatchObject({ outcome: 'verified' })
    expect(look({ verb: 'reset-failed', before: failed, after: failed })).toMatchObject({ outcome: 'failed' })
  })
})

describe('S7 after a lost link', () => {
  it('S7 a restart was done exactly when the InvocationID changed', () => {
    expect(reconcileAction('restart', running, next)).toBe('done')
    expect(reconcileAction('restart', running, running)).toBe('not-done')
    expect(reconcileAction('restart', { ...running, invocationId: null }, { ...running, invocationId: null })).toBe(
      'unknown',
    )
  })
  it('S7 start and stop are told by the state', () => {
    expect(reconcileAction('start', stopped, next)).toBe('done')
    expect(reconcileAction('start', stopped, stopped)).toBe('not-done')
    expect(reconcileAction('stop', running, stopped)).toBe('done')
    expect(reconcileAction('stop', running, running)).toBe('not-done')
    expect(reconcileAction('stop', running, next)).toBe('unknown')
  })
  it('S7 what leaves no trace is unknown, never guessed', () =>
    expect(reconcileAction('reload', running, running)).toBe('unknown'))
  it('S7 unit files tell for themselves', () => {
    expect(reconcileAction('mask', running, { ...running, unitFileState: 'masked' })).toBe('done')
    expect(reconcileAction('disable', running, running)).toBe('not-done')
    expect(reconcileAction('reset-failed', failed, stopped)).toBe('done')
  })
})
