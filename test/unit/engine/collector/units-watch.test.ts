// What systemd says becomes states and changes: each once, in order, none made up, and bounded whatever a host sends.
import { describe, expect, it } from 'vitest'
import { startDbus } from '../../../../src/engine/collector/dbus-start.ts'
import { AskedEnds } from '../../../../src/engine/collector/units-asked.ts'
import { DbusWatch } from '../../../../src/engine/collector/units-dbus.ts'
import { readUnit } from '../../../../src/engine/collector/units-details.ts'
import { actOverBus } from '../../../../src/engine/collector/units-job.ts'
import { maxUnits, UnitTable } from '../../../../src/engine/collector/units-table.ts'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../../src/engine/lib/log.ts'
import { unitNameOf } from '../../../../src/engine/parse/dbus-unit-path.ts'
import type { UnitChange, UnitState } from '../../../../src/engine/ports.ts'
import { type Answer, type Call, FakeBus, listed, settle } from './fake-bus.ts'

type Units = (readonly [string, string?, string?, string?])[]

const invocation = new Uint8Array(16).fill(0xcd)

function property(call: Call): Answer | undefined {
  const values: Record<string, [string, string | number | bigint | Uint8Array]> = {
    StateChangeTimestamp: ['t', 1_700_000_000_000_000n],
    InvocationID: ['ay', invocation],
    FragmentPath: ['s', `/etc/systemd/system/${unitNameOf(call.message.path)}`],
    MainPID: ['u', 41],
    NRestarts: ['u', 0],
    Result: ['s', 'success'],
    ExecMainStatus: ['i', 0],
  }
  const value = values[String(call.values[1])]
  return value ? { signature: 'v', body: [{ signature: value[0], value: value[1] }] } : undefined
}

function asksFor({ member, values }: Call, name: string): boolean {
  const patterns = member === 'ListUnitsByPatterns' ? (values[1] as string[]) : []
  return patterns.includes('*.service') || patterns.includes(name)
}

async function watching(units: Units, change: (call: Call) => Answer | undefined = () => undefined) {
  const bus = new FakeBus()
  const clock = new ManualClock()
  const present = { units }
  bus.answer = call =>
    change(call) ??
    (call.member === 'ListUnitsByPatterns'
      ? listed(present.units.filter(([name]) => asksFor(call, name)))
      : call.member === 'Get'
        ? property(call)
        : undefined)
  const table = new UnitTable({ hostId: 'h', scope: 'system' }, clock)
  const changes: UnitChange[] = []
  const removed: string[] = []
  const { connection } = startDbus(bus.stream, { clock, uid: 0 })
  const watch = new DbusWatch(connection, table, { clock, log: silentLogger })
  await watch.start()
  table.changes.on(item => changes.push(item))
  table.removals.on(name => removed.push(name))
  const life = (name: string) =>
    changes
      .filter(({ unit }) => unit.name === name)
      .map(({ unit }) => `${unit.activeState}/${unit.subState} ${unit.mainPid} ${unit.restarts} ${unit.result}`)
  return { bus, clock, table, watch, connection, changes, removed, life, present }
}

describe('watching services', () => {
  it('asks for all in the first round trip and knows running units in full', async () => {
    const { bus, table, watch, clock } = await watching([['bot.service'], ['idle.service', 'inactive', 'dead']])
    const members = bus.calls.map(call => call.member)
    expect(members.slice(0, 3)).toEqual(['Hello', 'AddMatch', 'AddMatch'])
    expect(members).toContain('Subscribe')
    expect(table.get('bot.service')).toMatchObject({
      hostId: 'h',
      description: 'About bot.service',
      mainPid: 41,
      restarts: 0,
      result: 'success',
      exitStatus: 0,
      invocationId: 'cd'.repeat(16),
      since: 1_700_000_000_000,
      fragmentPath: '/etc/systemd/system/bot.service',
    })
    await watch.dispose()
    table.dispose()
    expect(clock.pending).toBe(0)
  })

  it('tells every step of a crash and restart, with both halves of each step together', async () => {
    const { bus, watch, life } = await watching([['bot.service']])
    bus.changed('bot.service', 'Service', { MainPID: ['u', 0], Result: ['s', 'signal'], ExecMainStatus: ['i', 9] })
    bus.changed('bot.service', 'Unit', { ActiveState: ['s', 'failed'], SubState: ['s', 'failed'] })
    bus.changed('bot.service', 'Unit', { ActiveState: ['s', 'activating'], SubState: ['s', 'auto-restart'] })
    bus.changed('bot.service', 'Service', { MainPID: ['u', 42], NRestarts: ['u', 1], Result: ['s', 'success'] })
    bus.changed('bot.service', 'Unit', { ActiveState: ['s', 'active'], SubState: ['s', 'running'] })
    await settle()
    expect(life('bot.service')).toEqual([
      'failed/failed null 0 signal',
      'activating/auto-restart null 0 signal',
      'active/running 42 1 success',
    ])
    await watch.dispose()
  })

  it('tells what went down by a job of systemd’s from what went by itself', async () => {
    const { bus, watch, table, changes } = await watching([['bot.service'], ['idle.service', 'inactive', 'dead']])
    const path = '/org/freedesktop/systemd1/job/7'
    const job = (member: 'JobNew' | 'JobRemoved', unit: string): void =>
      member === 'JobNew'
        ? bus.manager(member, 'uos', [7, path, unit])
        : bus.manager(member, 'uoss', [7, path, unit, 'done'])
    const to = (unit: string, active: string, sub: string): void =>
      bus.changed(unit, 'Unit', { ActiveState: ['s', active], SubState: ['s', sub] })
    const asked = async (unit: string): Promise<boolean | null> => {
      await settle()
      const state = table.get(unit)
      return state && watch.asked.wasAsked(state)
    }
    job('JobNew', 'bot.service')
    to('bot.service', 'deactivating', 'stop-sigterm')
    job('JobRemoved', 'bot.service')
    to('bot.service', 'failed', 'failed')
    expect(await asked('bot.service')).toBe(true)
    to('bot.service', 'active', 'running')
    expect(await asked('bot.service')).toBeNull()
    // what stops after a crash is no job, and neither is the restart that systemd makes for itself
    to('bot.service', 'deactivating', 'stop-post')
    to('bot.service', 'activating', 'auto-restart')
    job('JobNew', 'bot.service')
    to('bot.service', 'inactive', 'dead')
    expect(await asked('bot.service')).toBe(false)
    job('JobRemoved', 'bot.service')
    // a start that fails was not asked to fail, a start that is broken off was
    job('JobNew', 'idle.service')
    to('idle.service', 'activating', 'start')
    to('idle.service', 'failed', 'failed')
    expect(await asked('idle.service')).toBe(false)
    job('JobRemoved', 'idle.service')
    to('idle.service', 'activating', 'start')
    await settle()
    job('JobNew', 'idle.service')
    to('idle.service', 'deactivating', 'stop-sigterm')
    expect(await asked('idle.service')).toBe(true)
    // it was asked to end, and by nobody to be unable to start after that
    to('idle.service', 'inactive', 'dead')
    expect(await asked('idle.service')).toBe(true)
    to('idle.service', 'failed', 'failed')
    expect(await asked('idle.service')).toBeNull()
    expect(changes.length).toBeGreaterThan(0)
    await watch.dispose()
  })

  it('keeps of a host that makes up jobs and units without end only so much', () => {
    const ends = new AskedEnds()
    const unit = (name: string, activeState: string): UnitState =>
      ({ name, activeState, subState: '', hostId: 'h', scope: 'system' }) as UnitState
    for (let n = 0; n < 10_000; n++) {
      ends.began(`${n}.service`, `/job/${n}`, unit(`${n}.service`, 'active'))
      ends.began('0.service', `/job/more/${n}`, unit('0.service', 'active'))
      ends.moved({ unit: unit(`${n}.service`, 'failed'), before: unit(`${n}.service`, 'active') })
    }
    expect(ends.wasAsked(unit('1.service', 'failed'))).toBe(true)
    // what is not kept is told as if nobody had asked for it
    expect(ends.wasAsked(unit('9999.service', 'failed'))).toBeNull()
    expect(ends.size).toBeLessThan(5_000)
  })

  it('tells what came in one half only, a moment later', async () => {
    const { bus, watch, life, clock } = await watching([['bot.service']])
    bus.changed('bot.service', 'Service', { MainPID: ['u', 43] })
    await settle()
    expect(life('bot.service')).toEqual([])
    clock.advance(20)
    expect(life('bot.service')).toEqual(['active/running 43 0 success'])
    await watch.dispose()
  })

  it('tells nothing when nothing is new', async () => {
    const { bus, watch, changes } = await watching([['bot.service']])
    bus.changed('bot.service', 'Service', { MainPID: ['u', 41] })
    bus.changed('bot.service', 'Unit', { ActiveState: ['s', 'active'], SubState: ['s', 'running'] })
    await settle()
    await watch.reconcile()
    expect(changes).toEqual([])
    await watch.dispose()
  })

  it('reads again what was called invalid without its value', async () => {
    let restarts = 0
    const { bus, watch, table } = await watching([['bot.service']], call =>
      call.member === 'Get' && call.values[1] === 'NRestarts'
        ? { signature: 'v', body: [{ signature: 'u', value: restarts }] }
        : undefined,
    )
    restarts = 7
    bus.changed('bot.service', 'Service', {}, { invalidated: ['NRestarts', 'ExecStart'] })
    await settle()
    expect(table.get('bot.service')?.restarts).toBe(7)
    await watch.dispose()
  })

  it('believes only systemd: signals that another user of the host sends count for nothing', async () => {
    const { bus, watch, changes, removed } = await watching([['bot.service']])
    bus.changed('bot.service', 'Unit', { ActiveState: ['s', 'failed'] }, { sender: ':1.666' })
    bus.manager('UnitRemoved', 'so', ['bot.service', '/'], ':1.666')
    bus.signal(
      '/',
      'org.freedesktop.DBus',
      'NameOwnerChanged',
      'sss',
      ['org.freedesktop.systemd1', '', ':1.666'],
      ':1.666',
    )
    bus.changed('bot.service', 'Unit', { ActiveState: ['s', 'failed'] }, { sender: ':1.666' })
    await settle()
    expect(changes).toEqual([])
    expect(removed).toEqual([])
    await watch.dispose()
  })

  it('tells nothing while systemd reads its configuration anew, and finds what really changed after', async () => {
    const { bus, watch, changes, removed, present, life } = await watching([
      ['a.service'],
      ['b.service'],
      ['c.service'],
    ])
    bus.manager('Reloading', 'b', [true])
    for (const name of ['a.service', 'b.service', 'c.service']) bus.manager('UnitRemoved', 'so', [name, '/'])
    for (const name of ['a.service', 'b.service']) {
      bus.manager('UnitNew', 'so', [name, '/'])
      bus.changed(name, 'Unit', { ActiveState: ['s', 'inactive'], SubState: ['s', 'dead'] })
    }
    await settle()
    present.units = [['a.service'], ['b.service', 'failed', 'failed']]
    expect(changes).toEqual([])
    bus.manager('Reloading', 'b', [false])
    await settle()
    expect(life('a.service')).toEqual([])
    expect(life('b.service')[0]).toContain('failed/failed')
    expect(changes.filter(({ unit }) => unit.name === 'c.service').map(({ unit }) => unit.loadState)).toEqual([
      'not-loaded',
    ])
    expect(removed).toEqual([])
    await watch.dispose()
  })

  it('a reload whose end is never told is over in time', async () => {
    const { bus, watch, clock, life, present } = await watching([['a.service']])
    bus.manager('Reloading', 'b', [true])
    await settle()
    present.units = [['a.service', 'failed', 'failed']]
    clock.advance(90_000)
    await settle()
    expect(life('a.service')[0]).toContain('failed/failed')
    await watch.dispose()
  })

  it('units that appear together are asked for together, and one that goes is gone', async () => {
    const { bus, watch, table, removed, clock, present } = await watching([])
    present.units = Array.from({ length: 50 }, (_, index) => [`run-${index}.service`] as const)
    for (const [name] of present.units) bus.manager('UnitNew', 'so', [name, '/x'])
    bus.manager('UnitNew', 'so', ['some.mount', '/x'])
    await settle()
    clock.advance(2)
    await settle()
    // at the start, and now
    expect(bus.calls.filter(call => asksFor(call, 'run-1.service'))).toHaveLength(2)
    expect(table.list()).toHaveLength(50)
    await settle(400)
    // no unit file: nothing is left of it
    table.apply('run-1.service', { fragmentPath: '/run/systemd/transient/run-1.service' })
    bus.manager('UnitRemoved', 'so', ['run-1.service', '/x'])
    bus.manager('UnitRemoved', 'so', ['run-2.service', '/x'])
    await settle()
    expect(removed).toEqual(['run-1.service'])
    expect(table.get('run-2.service')).toMatchObject({ loadState: 'not-loaded', activeState: 'inactive' })
    await watch.dispose()
  })

  it('a service that systemd loads only to be asked about is not kept loaded by asking again and again', async () => {
    let bus: FakeBus | null = null
    const loadedForUs = (call: Call): undefined => {
      if (call.member !== 'ListUnitsByNames' && call.member !== 'Get' && call.member !== 'GetAll') return
      // nothing refers to it: it is forgotten as soon as the call is answered
      for (const member of ['UnitNew', 'UnitRemoved']) bus?.manager(member, 'so', ['idle.service', '/x'])
    }
    const started = await watching([['idle.service', 'inactive', 'dead']], loadedForUs)
    bus = started.bus
    const { watch, clock, present, table } = started
    present.units = []
    bus.manager('UnitRemoved', 'so', ['idle.service', '/x'])
    await settle()
    await readUnit(watch.calls, table, 'idle.service')
    for (let look = 0; look < 20; look++) {
      await settle()
      clock.advance(2)
    }
    const before = bus.calls.length
    for (let look = 0; look < 20; look++) {
      await settle()
      clock.advance(2)
    }
    expect(bus.calls).toHaveLength(before)
    expect(table.get('idle.service')?.loadState).toBe('not-loaded')
    await watch.dispose()
  })

  it('names that are referred to and do not exist are not shown', async () => {
    const { watch, table } = await watching([['bot.service'], ['ghost.service', 'inactive', 'dead', 'not-found']])
    expect(table.list().map(unit => unit.name)).toEqual(['bot.service'])
    await watch.dispose()
  })

  it('S36 of more services than anyone has, from a hostile host 20,000 are kept, and that is known', async () => {
    const units: Units = Array.from(
      { length: 25_000 },
      (_, index) => [`u${index}.service`, 'inactive', 'dead'] as const,
    )
    const { watch, table, bus } = await watching(units)
    expect(table.list()).toHaveLength(maxUnits)
    expect(table.problem).toMatchObject({ code: 'OUTPUT_LIMIT' })
    bus.changed('another.service', 'Unit', { ActiveState: ['s', 'failed'] })
    await settle()
    expect(table.list()).toHaveLength(maxUnits)
    await watch.dispose()
  })

  it('S35 names that no unit can have are not kept', async () => {
    const units: Units = [
      ['ok.service'],
      ['../../etc/passwd.service'],
      ['\u001b[31mred.service'],
      [`${'a'.repeat(300)}.service`],
      ['-x.service'],
    ]
    const { watch, table } = await watching(units)
    expect(table.list().map(unit => unit.name)).toEqual(['ok.service'])
    await watch.dispose()
  })

  it('a systemd that is not there yet is waited for', async () => {
    let tries = 0
    const bus = new FakeBus()
    const clock = new ManualClock()
    bus.answer = call => {
      if (call.member !== 'Subscribe' && call.member !== 'ListUnitsByPatterns' && call.member !== 'GetNameOwner') return
      if (call.member === 'GetNameOwner') tries++
      return tries < 3 ? { error: 'org.freedesktop.DBus.Error.NameHasNoOwner' } : undefined
    }
    const { connection } = startDbus(bus.stream, { clock, uid: 1000 })
    const watch = new DbusWatch(connection, new UnitTable({ hostId: 'h', scope: 'user' }, clock), {
      clock,
      log: silentLogger,
    })
    let started = false
    const starting = watch.start().then(() => {
      started = true
    })
    for (let wait = 0; wait < 5 && !started; wait++) {
      await settle()
      clock.advance(250)
    }
    await starting
    expect(tries).toBe(3)
    await watch.dispose()
  })
})

describe('acting over the bus', () => {
  const job = '/org/freedesktop/systemd1/job/12'
  const starts = (call: Call): Answer | undefined =>
    call.member === 'RestartUnit' ? { signature: 'o', body: [job] } : undefined

  it.each(['done', 'failed', 'timeout', 'dependency', 'canceled'])(
    'a job that ends with %s is told so',
    async result => {
      const { bus, watch } = await watching([['bot.service']], starts)
      const acting = actOverBus(watch.calls, watch, 'restart', 'bot.service')
      await settle()
      bus.manager('JobRemoved', 'uoss', [11, '/org/freedesktop/systemd1/job/11', 'other.service', 'failed'])
      bus.manager('JobRemoved', 'uoss', [12, job, 'bot.service', result])
      expect(await acting).toEqual({ kind: 'done', job: result })
      await watch.dispose()
    },
  )

  it('a job that ends before its path is known is not missed', async () => {
    const fast = { end: () => {} }
    const { bus, watch } = await watching([['bot.service']], call => {
      if (call.member === 'RestartUnit') fast.end()
      return starts(call)
    })
    fast.end = () => bus.manager('JobRemoved', 'uoss', [12, job, 'bot.service', 'done'])
    expect(await actOverBus(watch.calls, watch, 'restart', 'bot.service')).toEqual({ kind: 'done', job: 'done' })
    await watch.dispose()
  })

  it('S7 a bus that ends while the job runs makes the act lost', async () => {
    const { bus, watch } = await watching([['bot.service']], starts)
    const acting = actOverBus(watch.calls, watch, 'restart', 'bot.service')
    await settle()
    bus.end()
    expect(await acting).toEqual({ kind: 'lost' })
    await watch.dispose()
  })

  it('S7 an act that is not answered is lost, not refused', async () => {
    const { watch, clock } = await watching([['bot.service']], call =>
      call.member === 'RestartUnit' ? 'silence' : undefined,
    )
    const acting = actOverBus(watch.calls, watch, 'restart', 'bot.service')
    await settle()
    clock.advance(25_000)
    expect(await acting).toEqual({ kind: 'lost' })
    await watch.dispose()
  })

  it('enable reloads systemd where something changed, and refuses where there is nothing to enable', async () => {
    let changes: string[][] = [['symlink', '/a', '/b']]
    let installable = true
    const { watch, bus } = await watching([['bot.service']], call =>
      call.member === 'EnableUnitFiles' ? { signature: 'ba(sss)', body: [installable, changes] } : undefined,
    )
    const reloads = () => bus.calls.filter(call => call.member === 'Reload').length
    expect(await actOverBus(watch.calls, watch, 'enable', 'bot.service')).toEqual({ kind: 'done', job: null })
    expect(reloads()).toBe(1)
    changes = []
    expect(await actOverBus(watch.calls, watch, 'enable', 'bot.service')).toEqual({ kind: 'done', job: null })
    installable = false
    expect(await actOverBus(watch.calls, watch, 'enable', 'bot.service')).toMatchObject({
      kind: 'refused',
      error: { code: 'UNSUPPORTED' },
    })
    expect(reloads()).toBe(1)
    await watch.dispose()
  })
})
