// Proves when a unit's state is trouble, whose fault it is, and how that is said.
import { expect, it } from 'vitest'
import { isLeftOut, judgeUnit, summariseFailed, type UnitLook } from '../../../../src/engine/domain/unit-health.ts'

const unit = (change: Partial<UnitLook> = {}): UnitLook => ({
  name: 'bot.service',
  loadState: 'loaded',
  activeState: 'active',
  subState: 'running',
  result: 'success',
  exitStatus: 0,
  ...change,
})
const failed = (result: string | null, exitStatus: number | null = null) =>
  unit({ activeState: 'failed', subState: 'failed', result, exitStatus })
const inactive = unit({ activeState: 'inactive', subState: 'dead' })

it.each([
  ['signal', 9, 'bot.service failed: its process was killed by signal 9', 'unit'],
  ['exit-code', 1, 'bot.service failed: its process exited with code 1', 'unit'],
  ['oom-kill', null, 'bot.service failed: the kernel killed it for want of memory', 'unit'],
  ['watchdog', null, 'bot.service failed: it missed its watchdog', 'unit'],
  ['core-dump', null, 'bot.service failed: its process crashed and dumped core', 'unit'],
  ['timeout', null, 'bot.service failed: it did not answer in time', 'unit'],
  ['resources', null, 'bot.service failed: systemd says "resources"', 'unit'],
  [
    'start-limit-hit',
    null,
    'bot.service failed: it failed too often, so systemd gave up (start-limit-hit)',
    'start-limit',
  ],
] as const)('failed by %s', (result, exitStatus, message, cause) => {
  for (const expected of ['running', 'not-failed'] as const)
    expect(judgeUnit(failed(result, exitStatus), expected, null)).toEqual({ status: 'unhealthy', message, cause })
})

it('S20 a stop in order is no trouble, an end by itself is, and what is not known is not blamed on the unit', () => {
  expect(judgeUnit(inactive, 'running', true)).toMatchObject({ status: 'unknown' })
  expect(judgeUnit(inactive, 'running', false)).toMatchObject({ status: 'unhealthy', cause: 'unit' })
  expect(judgeUnit(inactive, 'running', null)).toMatchObject({ status: 'unhealthy', cause: 'other' })
  expect(judgeUnit({ ...inactive, loadState: 'masked' }, 'running', null)).toMatchObject({ cause: 'other' })
  for (const stopped of [true, false, null])
    expect(judgeUnit(inactive, 'not-failed', stopped)).toMatchObject({ status: 'healthy' })
})

it('what ends badly because it was asked to end is no trouble', () => {
  const stopped = failed('exit-code', 143)
  expect(judgeUnit(stopped, 'running', true)).toEqual({
    status: 'unknown',
    message: 'bot.service was stopped; its process exited with code 143',
    cause: null,
  })
  expect(judgeUnit(stopped, 'not-failed', true)).toMatchObject({ status: 'healthy' })
  for (const unsure of [false, null])
    expect(judgeUnit(stopped, 'not-failed', unsure)).toMatchObject({ status: 'unhealthy', cause: 'unit' })
})

it('an automatic restart is a failure only after a crash', () => {
  const restarting = unit({ activeState: 'activating', subState: 'auto-restart', result: 'exit-code', exitStatus: 3 })
  expect(judgeUnit(restarting, 'not-failed', null)).toMatchObject({
    status: 'unhealthy',
    message: 'bot.service failed: its process exited with code 3; systemd restarts it',
  })
  expect(judgeUnit({ ...restarting, result: 'success' }, 'running', null)).toMatchObject({ status: 'unknown' })
  const queued = { ...restarting, subState: 'auto-restart-queued' }
  expect(judgeUnit(queued, 'running', null)).toMatchObject({ status: 'unhealthy' })
})

it('what is on its way is not known, and what reloads runs', () => {
  for (const activeState of ['activating', 'deactivating'])
    expect(judgeUnit(unit({ activeState, subState: 'start' }), 'running', null)).toMatchObject({ status: 'unknown' })
  expect(judgeUnit(unit({ activeState: 'reloading' }), 'running', null)).toMatchObject({ status: 'healthy' })
})

it('one that should be stopped is in trouble when it runs', () => {
  expect(judgeUnit(unit(), 'stopped', null)).toMatchObject({ status: 'unhealthy', cause: 'other' })
  expect(judgeUnit(inactive, 'stopped', true)).toMatchObject({ status: 'healthy' })
  expect(judgeUnit(failed('signal'), 'stopped', null)).toMatchObject({ status: 'healthy' })
})

it('the host as a whole: what failed while it was watched counts, what was found failed is only mentioned', () => {
  expect(summariseFailed([], [])).toMatchObject({ status: 'healthy' })
  expect(summariseFailed([], ['old.service'])).toMatchObject({ status: 'degraded', cause: null })
  const many = Array.from({ length: 7 }, (_, n) => `unit-${n}.service`)
  expect(summariseFailed(many, ['old.service'])).toMatchObject({
    status: 'unhealthy',
    message: expect.stringMatching(/unit-4\.service and 2 more$/),
  })
})

it.each([
  [['bot'], 'bot.service', true],
  [['bot.service'], 'bot.service', true],
  [['bot'], 'bot-2.service', false],
  [['session-*'], 'session-4.service', true],
  [[], 'bot.service', false],
  ['nonsense', 'bot.service', false],
])('%j leaves out %s: %s', (patterns, name, out) => {
  expect(isLeftOut(patterns, name)).toBe(out)
})
