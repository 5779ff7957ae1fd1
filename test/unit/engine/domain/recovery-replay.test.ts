// What a rule would have done last week, played by the same machine that would have done it.
import { expect, it } from 'vitest'
import { type Replay, replayRecovery } from '../../../../src/engine/domain/recovery-replay.ts'
import type { ProbeCause } from '../../../../src/shared/model/check.ts'
import { RecoveryPolicy } from '../../../../src/shared/model/recovery.ts'
import type { UnitTransition } from '../../../../src/shared/model/unit.ts'

const start = 1_700_000_000_000
const seconds = (n: number): number => start + n * 1_000
const policy = RecoveryPolicy.parse({ hostId: 'h', scope: 'system', name: 'bot.service', enabled: false })
const replay = (change: Partial<Replay>): string[] =>
  replayRecovery({
    policy,
    incidents: [],
    transitions: [],
    mends: new Set<ProbeCause>(['unit', 'health', 'resource']),
    leavesStopped: () => false,
    from: start - 1,
    now: seconds(86_400),
    ...change,
  }).map(item => `${Math.round((item.at - start) / 1_000)} ${item.act} ${item.text}`)
const incident = (id: string, at: number, until: number | null, cause: ProbeCause | null = 'unit') => ({
  id,
  cause,
  openedAt: seconds(at),
  resolvedAt: until === null ? null : seconds(until),
  acknowledgedAt: null,
  mutedBy: null,
})
const transition = (at: number, toState: string, change: Partial<UnitTransition> = {}): UnitTransition => ({
  hostId: 'h',
  scope: 'system',
  name: 'bot.service',
  at: seconds(at),
  fromState: null,
  toState,
  subState: toState,
  result: 'exit-code',
  mainPid: null,
  restarts: 0,
  invocationId: null,
  reconstructed: false,
  ...change,
})

it('tells the attempts that it would have made, and what is known of their end', () => {
  expect(replay({ incidents: [incident('i1', 100, 140)], transitions: [transition(100, 'failed')] })).toEqual([
    '105 restart Attempt 1 of 5; it was well soon after',
  ])
})

it('S22 S24 keeps to the budget and escalates once', () => {
  const items = replay({ incidents: [incident('i1', 0, null)], transitions: [transition(0, 'failed')] })
  expect(items).toEqual([
    '5 restart Attempt 1 of 5; it was not well within the time for verification',
    '75 restart Attempt 2 of 5; it was not well within the time for verification',
    '155 restart Attempt 3 of 5; it was not well within the time for verification',
    '215 escalate It was tried 3 times within 10 minutes, and it still fails: one critical message',
  ])
})

it('S20 S21 says why it would not have acted', () => {
  expect(replay({ incidents: [incident('i1', 0, 900, 'network')] })).toEqual([
    '0 refuse The network is the trouble, which none of its steps mends',
  ])
  const stopped = [transition(0, 'deactivating'), transition(1, 'inactive', { fromState: 'deactivating' })]
  expect(replay({ incidents: [incident('i1', 3, 900, 'health')], transitions: stopped })).toEqual([
    '3 refuse A person stopped it',
  ])
  const waiting = [transition(0, 'activating', { subState: 'auto-restart' })]
  expect(replay({ incidents: [incident('i1', 0, 20)], transitions: waiting })).toEqual([
    '0 wait Waits: systemd restarts it by itself',
  ])
  const limit = [transition(0, 'failed', { result: 'start-limit-hit' })]
  expect(replay({ incidents: [incident('i1', 0, 900)], transitions: limit })).toEqual([
    expect.stringMatching(/^0 escalate systemd gave up/),
  ])
})

it('ends also where the history is absurd', () => {
  const incidents = Array.from({ length: 3_000 }, (_, n) => incident(`i${n}`, n, n + 1))
  expect(replay({ incidents }).length).toBeLessThanOrEqual(500)
})
