// S23, look by look: what has to be seen before an attempt counts as verified.
import { expect, it } from 'vitest'
import {
  judgeRecovery,
  type RecoveryObservation,
  type RecoveryVerdict,
} from '../../../../src/engine/domain/recovery-verification.ts'

const after = {
  activeState: 'active',
  subState: 'running',
  mainPid: 7,
  invocationId: 'new',
  restarts: 0,
  result: 'success',
}
const well = { name: 'health', well: 2, message: 'ok', silent: false }
const base: RecoveryObservation = {
  expects: 'new-run',
  invocationBefore: 'old',
  after,
  doneAt: 0,
  steadySince: 0,
  now: 10_000,
  withinMs: 60_000,
  checks: [well],
}
const judge = (change: Partial<RecoveryObservation>): string => {
  const verdict: RecoveryVerdict = judgeRecovery({ ...base, ...change })
  return verdict.kind === 'wait' ? 'wait' : verdict.ok ? 'verified' : 'failed'
}

it('S23 active, a new InvocationID, steady for 10 s and two OK probes of each check', () => {
  expect(judge({})).toBe('verified')
  expect(judge({ now: 9_999 })).toBe('wait')
  // NRestarts (or the process) changed a moment ago
  expect(judge({ steadySince: 5_000 })).toBe('wait')
  expect(judge({ checks: [well, { ...well, name: 'other', well: 1 }] })).toBe('wait')
  expect(judge({ after: { ...after, activeState: 'activating' } })).toBe('wait')
})

it('S23 within 60 s, or it did not work', () => {
  expect(judge({ checks: [{ ...well, well: 1 }], now: 59_999 })).toBe('wait')
  expect(judge({ checks: [{ ...well, well: 1 }], now: 60_000 })).toBe('failed')
  expect(judge({ after: { ...after, subState: 'auto-restart' }, now: 59_000 })).toBe('wait')
  expect(judge({ after: { ...after, subState: 'auto-restart' }, now: 60_000 })).toBe('failed')
})

it('S23 what cannot become well is not waited for', () => {
  expect(judge({ after: { ...after, activeState: 'failed', result: 'exit-code' }, now: 100 })).toBe('failed')
  expect(judge({ after: { ...after, activeState: 'inactive' }, now: 100 })).toBe('failed')
})

it('S23 the same InvocationID is the same run: nothing was done, unless it is just ending', () => {
  expect(judge({ invocationBefore: 'new' })).toBe('failed')
  expect(judge({ invocationBefore: 'new', after: { ...after, activeState: 'deactivating' } })).toBe('wait')
  // where none was known before, the process tells nothing either, so the rest has to
  expect(judge({ invocationBefore: null })).toBe('verified')
})

it('asks of each kind of action what it is for', () => {
  const same = { ...after, invocationId: 'old' }
  expect(judge({ expects: 'running', after: same })).toBe('verified')
  expect(judge({ expects: 'running', after: { ...same, activeState: 'inactive' }, now: 100 })).toBe('wait')
  expect(judge({ expects: 'checks', after: { ...same, activeState: 'failed' }, now: 0 })).toBe('verified')
  expect(judge({ expects: 'stopped', checks: [] })).toBe('wait')
  expect(judge({ expects: 'stopped', checks: [], after: { ...after, activeState: 'inactive' } })).toBe('verified')
  expect(judge({ after: { ...after, subState: 'exited' }, now: 0 })).toBe('verified')
})

it('demands nothing of a check that cannot tell and was not what failed', () => {
  expect(judge({ checks: [{ ...well, well: 0, silent: true }] })).toBe('verified')
})
