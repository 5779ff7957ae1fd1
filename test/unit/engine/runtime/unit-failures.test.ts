// Proves what a person is told about failed units, in which words, and that a burst becomes one message.
import { expect, it } from 'vitest'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../../src/engine/lib/log.ts'
import type { Native, UnitState } from '../../../../src/engine/ports.ts'
import { UnitFailures } from '../../../../src/engine/runtime/unit-failures.ts'
import { NativeNotification } from '../../../../src/shared/contract/native.ts'
import type { Host } from '../../../../src/shared/model/host.ts'

const host = { id: 'web-1', name: 'web-1' } as Host

function unit(name: string, activeState: string, changes: Partial<UnitState> = {}): UnitState {
  return {
    name,
    scope: 'system',
    activeState,
    subState: activeState,
    result: null,
    exitStatus: null,
    ...changes,
  } as UnitState
}

function setUp(enabled = true) {
  const clock = new ManualClock()
  const watched = { now: true }
  const shown: NativeNotification[] = []
  const native = {
    notify: async (notification: NativeNotification) => {
      shown.push(NativeNotification.parse(notification))
      return { shown: true, reason: null }
    },
  } as unknown as Native
  const failures = new UnitFailures({
    clock,
    native,
    log: silentLogger,
    enabled: () => enabled,
    isWatched: () => watched.now,
  })
  return { clock, shown, failures, watched }
}

it('tells at once what failed, where and why, and where a click leads', () => {
  const { shown, failures } = setUp()
  failures.observe(host, unit('bot.service', 'failed', { result: 'signal', exitStatus: 9 }))
  expect(shown).toEqual([
    {
      id: 'unit/web-1/system/bot.service',
      title: 'bot failed on web-1',
      body: 'Its process was killed by signal 9. It is not running.',
      urgency: 'critical',
      route: '/hosts/web-1/services/system/bot.service',
    },
  ])
  failures.dispose()
})

it('S14 what follows within 10 s of the first goes together', () => {
  const { clock, shown, failures } = setUp()
  for (const name of ['a', 'b', 'c', 'd']) failures.observe(host, unit(`${name}.service`, 'failed'))
  expect(shown).toHaveLength(1)
  clock.advance(10_000)
  expect(shown.map(item => item.title)).toEqual(['a failed on web-1', '3 more services failed on web-1'])
  expect(shown[1]?.body).toBe('b, c, d')
  failures.dispose()
  expect(clock.pending).toBe(0)
})

it('S12 says that it runs again only after it lasted', () => {
  const { clock, shown, failures } = setUp()
  failures.observe(host, unit('bot.service', 'failed'))
  clock.advance(60_000)
  failures.observe(host, unit('bot.service', 'active'))
  clock.advance(9_999)
  expect(shown).toHaveLength(1)
  clock.advance(1)
  expect(shown[1]).toMatchObject({
    title: 'bot is running again on web-1',
    body: 'It was down for 70 s.',
    urgency: 'normal',
  })
  failures.dispose()
})

it('S9 says nothing of a unit that is not seen: its proof starts anew when it is', () => {
  const { clock, shown, failures, watched } = setUp()
  failures.observe(host, unit('bot.service', 'failed'))
  clock.advance(60_000)
  failures.observe(host, unit('bot.service', 'active'))
  watched.now = false
  clock.advance(3_600_000)
  expect(shown).toHaveLength(1)
  watched.now = true
  clock.advance(20_000)
  expect(shown[1]?.title).toBe('bot is running again on web-1')
  failures.dispose()
  expect(clock.pending).toBe(0)
})

it('is silent where the person asked for silence, and about hosts that are gone', () => {
  const quiet = setUp(false)
  quiet.failures.observe(host, unit('bot.service', 'failed'))
  expect(quiet.shown).toEqual([])
  const { clock, shown, failures } = setUp()
  failures.observe(host, unit('a.service', 'failed'))
  failures.observe(host, unit('b.service', 'failed'))
  failures.forget('web-1')
  clock.advance(600_000)
  expect(shown).toHaveLength(1)
  expect(clock.pending).toBe(0)
})

it('fits the contract even with a hostile unit name', () => {
  const { shown, failures } = setUp()
  failures.observe({ ...host, name: 'x'.repeat(64) } as Host, unit(`${'\\x2d'.repeat(60)}.service`, 'failed'))
  expect(shown).toHaveLength(1)
  failures.dispose()
})

it('does not call a service running that somebody stopped after it failed', () => {
  const { clock, shown, failures } = setUp()
  failures.observe(host, unit('bot.service', 'failed'))
  failures.observe(host, unit('bot.service', 'inactive'))
  clock.advance(10_000)
  expect(shown[1]).toMatchObject({ title: 'bot is no longer failed on web-1', body: 'It is not running now.' })
  failures.dispose()
})

it('fits the contract when many services of the longest names fail together', () => {
  const { clock, shown, failures } = setUp()
  for (let n = 0; n < 12; n++) failures.observe(host, unit(`${n}${'x'.repeat(240)}.service`, 'failed'))
  clock.advance(10_000)
  expect(shown.map(item => item.title.slice(-31))).toContain('11 more services failed on web-1'.slice(-31))
  failures.dispose()
})

it('a host that makes up failures without end does not keep those of another from being told', () => {
  const { clock, shown, failures } = setUp()
  for (let n = 0; n < 25_000; n++) failures.observe(host, unit(`made-up-${n}.service`, 'failed'))
  failures.observe({ id: 'db-1', name: 'db-1' } as Host, unit('postgres.service', 'failed'))
  expect(shown.map(item => item.title)).toContain('postgres failed on db-1')
  failures.dispose()
  expect(clock.pending).toBe(0)
})
