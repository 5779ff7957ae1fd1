// Proves the decisions of a connection: order, ends that wait, back-off, generations, the silence of a peer.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  backoffDelay,
  type ConnectionEvent,
  type ConnectionMachine,
  idleMachine,
  keepalive,
  nextCheck,
  nextConnection,
  peerVerdict,
  stepLimits,
  waitingState,
} from '../../../../src/engine/domain/connection-state.ts'
import { type ErrorCode, errorCodes } from '../../../../src/shared/errors.ts'

const at = (mono: number) => ({ wall: 1_000_000 + mono, mono })
const failure = (code: ErrorCode): ConnectionEvent => ({ type: 'failed', error: { code, message: code } })

function play(events: readonly (ConnectionEvent | number)[], random = 0.5): ConnectionMachine {
  let now = 0
  let machine = idleMachine(at(0))
  for (const event of events) {
    if (typeof event === 'number') now += event
    else machine = nextConnection(machine, event, at(now), random)
  }
  return machine
}

const start: ConnectionEvent = { type: 'start' }
const steps = (['tcp', 'host-key', 'auth'] as const).map((step): ConnectionEvent => ({ type: 'step', step }))
const connected: ConnectionEvent[] = [start, ...steps, { type: 'ready' }]

test('S4 the steps come in order and end in READY, with a limit each', () => {
  const seen: string[] = []
  let machine = idleMachine(at(0))
  for (const event of connected) {
    machine = nextConnection(machine, event, at(0), 0)
    seen.push(machine.state)
  }
  expect(seen).toEqual(['resolve', 'tcp', 'host-key', 'auth', 'ready'])
  expect(stepLimits).toMatchObject({ resolve: 5_000, tcp: 10_000, auth: 20_000 })
})

test('S4 READY → LOST → BACKOFF → RESOLVE', () => {
  const lost = play([...connected, failure('LINK_LOST')])
  expect(lost).toMatchObject({ state: 'lost', error: { code: 'LINK_LOST' }, nextAttemptAt: null })
  const resting = nextConnection(lost, { type: 'settled' }, at(5), 0.5)
  expect(resting).toMatchObject({ state: 'backoff', delay: 1_500, nextAttemptAt: 1_000_005 + 1_500 })
  expect(nextConnection(resting, { type: 'retry' }, at(1_505), 0.5)).toMatchObject({ state: 'resolve', delay: null })
})

test('S4 back-off is full jitter from 1 to 30 s', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
      const delay = backoffDelay(failures, random)
      expect(delay).toBeGreaterThanOrEqual(1_000)
      expect(delay).toBeLessThanOrEqual(Math.min(30_000, 1_000 * 2 ** failures))
    }),
  )
  expect([1, 2, 3, 4, 5, 50].map(failures => backoffDelay(failures, 1))).toEqual([
    2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
  ])
})

test('S4 back-off grows with failures and starts afresh only after 60 s of READY', () => {
  const refused = [failure('PORT_CLOSED'), { type: 'retry' } as const]
  const thrice = [start, ...refused, ...refused, failure('PORT_CLOSED')]
  expect(play(thrice, 1)).toMatchObject({ state: 'backoff', failures: 3, delay: 8_000 })
  const again = [...thrice, { type: 'retry' } as const, ...steps, { type: 'ready' } as const]
  const settled = { type: 'settled' } as const
  expect(play([...again, 59_999, failure('LINK_LOST'), settled], 1)).toMatchObject({ failures: 4, delay: 16_000 })
  expect(play([...again, 60_000, failure('LINK_LOST'), settled], 1)).toMatchObject({ failures: 1, delay: 2_000 })
})

test.each([
  ['HOST_KEY_UNKNOWN', 'host-key-unknown'],
  ['HOST_KEY_CHANGED', 'host-key-changed'],
  ['HOST_KEY_REVOKED', 'host-key-changed'],
  ['AUTH_FAILED', 'auth-failed'],
  ['CONFIG', 'config'],
  ['KEY_UNREADABLE', 'config'],
  ['KEY_LOCKED', 'config'],
  ['KEY_PASSPHRASE_WRONG', 'config'],
  ['AGENT_UNAVAILABLE', 'config'],
  ['VAULT_LOCKED', 'config'],
] as const)('S5 %s waits for the user in %s: only a start goes on', (code, state) => {
  const waiting = play([start, failure(code)])
  expect(waiting).toMatchObject({ state, nextAttemptAt: null, delay: null })
  for (const event of [{ type: 'retry' }, { type: 'settled' }, { type: 'ready' }, ...steps] as ConnectionEvent[]) {
    expect(nextConnection(waiting, event, at(1e9), 0)).toBe(waiting)
  }
  expect(nextConnection(waiting, start, at(1), 0)).toMatchObject({ state: 'resolve', failures: 0 })
})

test('S5 every other error is tried again by itself', () => {
  const waits = errorCodes.filter(code => waitingState(code) !== null)
  for (const code of errorCodes) {
    expect(play([start, failure(code)]).state === 'backoff').toBe(!waits.includes(code))
  }
  for (const code of ['RESOLVE_FAILED', 'UNREACHABLE', 'PORT_CLOSED', 'NOT_SSH', 'LINK_LOST', 'TIMEOUT'] as const) {
    expect(waits).not.toContain(code)
  }
})

test('S6 each READY is a new generation, and nothing else changes it', () => {
  const lostAndBack = [
    failure('LINK_LOST'),
    { type: 'settled' },
    { type: 'retry' },
    ...steps,
    { type: 'ready' },
  ] as const
  expect(play(connected).generation).toBe(1)
  expect(play([...connected, ...lostAndBack]).generation).toBe(2)
  expect(play([...connected, ...lostAndBack, { type: 'stop' }]).generation).toBe(2)
  expect(play([...connected, ...lostAndBack, { type: 'stop' }, ...connected]).generation).toBe(3)
})

test('S6 no order of events skips a step, lowers a generation or leaves a rest without an end', () => {
  const event = fc.oneof(
    fc.constantFrom<ConnectionEvent>(
      start,
      { type: 'stop' },
      { type: 'ready' },
      { type: 'settled' },
      { type: 'retry' },
    ),
    fc.constantFrom<ConnectionEvent>(...steps),
    fc.constantFrom(...errorCodes).map(failure),
  )
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), events => {
      let machine = idleMachine(at(0))
      events.forEach((each, index) => {
        const after = nextConnection(machine, each, at(index * 1_000), 0.3)
        expect(after.generation).toBeGreaterThanOrEqual(machine.generation)
        if (after.state === 'lost') expect(['ready', 'lost']).toContain(machine.state)
        expect(after.state === 'backoff').toBe(after.nextAttemptAt !== null)
        if (each.type === 'stop') expect(after).toMatchObject({ state: 'idle', wanted: false, error: null })
        if (!after.wanted) expect(after.state).toBe('idle')
        machine = after
      })
    }),
  )
})

test('S8 a silent peer is asked each 5 s and gone after 15 s', () => {
  expect(keepalive.interval * (keepalive.misses + 1)).toBeLessThanOrEqual(16_000)
  expect([0, 4_999, 5_000, 14_999, 15_000].map(silence => peerVerdict(silence, 0))).toEqual([
    'alive',
    'alive',
    'silent',
    'silent',
    'gone',
  ])
})

test('S8 silent links are asked together, within a second after 5 s and 10 s of silence, and ended after 15 s exactly', () => {
  const moments = {
    silence: fc.double({ min: 0, max: 14_999.4, noNaN: true }),
    now: fc.double({ min: 15_000, max: 1e9, noNaN: true }),
  }
  fc.assert(
    fc.property(moments.silence, moments.now, (silence, now) => {
      const wait = nextCheck(silence, now)
      expect(wait).toBeGreaterThan(0)
      const then = Math.round(silence) + wait
      const full = (Math.floor(Math.round(silence) / 5_000) + 1) * 5_000
      expect(then).toBeGreaterThanOrEqual(full)
      expect(then).toBeLessThanOrEqual(full < 15_000 ? full + 1_001 : full)
      // Whole seconds, but for the rounding up to whole ms.
      if (full < 15_000) expect((now + wait + 0.001) % 1_000).toBeLessThan(1.002)
    }),
  )
  // A link that nobody hears of again after `from`: how long until it is given up.
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), from => {
      let now = from
      let questions = 0
      while (peerVerdict(now - from, 0) !== 'gone') {
        if (peerVerdict(now - from, 0) === 'silent') questions += 1
        now += nextCheck(now - from, now)
      }
      expect(questions).toBe(2)
      expect(now - from).toBeLessThan(15_002)
    }),
  )
})

test('S8 a look that comes late (this computer slept) gives the peer a chance first', () => {
  expect(peerVerdict(3_600_000, 3_590_000)).toBe('doubtful')
  expect(peerVerdict(15_010, 10)).toBe('gone')
})
