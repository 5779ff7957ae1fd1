// Watches real systemd by each way in, on each Debian: what happens to a service is told, step by step and at once.
import { beforeAll, describe, expect, it } from 'vitest'
import { collectFacts, readHostReport } from '../../../src/engine/collector/facts.ts'
import { type Suite, suites } from '../lib/index.ts'
import { sharedHost } from '../lib/vitest.ts'
import { hostRecord } from '../remote/support.ts'
import { sleeper, watch } from './watching.ts'

const sudo = { user: 'deploy', sudo: 'passwordless' } as const

const versions: Record<Suite, number> = { bullseye: 247, bookworm: 252, trixie: 257 }

describe.each(suites)('units on %s', suite => {
  const host = sharedHost({ suite })

  beforeAll(async () => {
    await host().installUnit(
      'watched.service',
      sleeper('Restart=on-failure\nRestartSec=200ms\nStartLimitIntervalSec=0'),
    )
    await host().installUnit('mortal.service', sleeper())
    await host().installUnit('masked-one.service', sleeper(), { start: false })
    await host().exec(
      'systemctl disable masked-one.service; mv /etc/systemd/system/masked-one.service /usr/lib/systemd/system/; systemctl daemon-reload',
    )
  })

  it.each(['dbus-socket', 'dbus-bridge'] as const)(
    '%s: lists, and tells each step of a crash and its auto-restart',
    async source => {
      const { manager, changes, life, until } = await watch(host(), { ...sudo, sources: [source] })
      expect(manager.source).toBe(source)
      const before = manager.list().find(unit => unit.name === 'watched.service')
      expect(before).toMatchObject({
        activeState: 'active',
        subState: 'running',
        loadState: 'loaded',
        description: 'Sleeps',
        mainPid: await host().pid('watched.service'),
        result: 'success',
        fragmentPath: '/etc/systemd/system/watched.service',
        invocationId: await host().property('watched.service', 'InvocationID'),
      })
      await host().killUnit('watched.service', 'SIGKILL')
      await until(() => life('watched.service').at(-1) === 'active/running', 'running again')
      const told = changes.map(change => change.unit).filter(unit => unit.name === 'watched.service')
      expect(life('watched.service')).toContain('activating/auto-restart')
      expect(told.some(unit => unit.activeState === 'failed' && unit.result === 'signal')).toBe(true)
      const after = manager.list().find(unit => unit.name === 'watched.service')
      expect(after?.mainPid).toBe(await host().pid('watched.service'))
      expect(after?.invocationId).not.toBe(before?.invocationId)
      expect(after?.restarts).toBeGreaterThan(before?.restarts ?? 0)
      expect(after?.since).toBeGreaterThan(before?.since ?? Number.POSITIVE_INFINITY)
    },
  )

  it('systemctl: lists the same services and notices a crash-and-restart between two looks', async () => {
    const bus = await watch(host(), { ...sudo, sources: ['dbus-socket'] })
    const { manager, changes, until } = await watch(host(), { ...sudo, sources: ['systemctl'] })
    expect(manager.source).toBe('systemctl')
    const states = (list: typeof manager) =>
      new Map(list.list().map(unit => [unit.name, `${unit.loadState} ${unit.activeState} ${unit.mainPid}`]))
    const running = [...states(bus.manager)].filter(([, state]) => state.startsWith('loaded active'))
    expect(states(manager)).toEqual(new Map([...states(manager), ...running]))
    const before = manager.list().find(unit => unit.name === 'watched.service')
    await host().killUnit('watched.service', 'SIGKILL')
    const seen = () => changes.some(({ unit }) => unit.name === 'watched.service' && unit.mainPid !== before?.mainPid)
    await until(seen, 'a new process')
    expect(manager.list().find(unit => unit.name === 'watched.service')?.invocationId).not.toBe(before?.invocationId)
  })

  it.each(['dbus-socket', 'dbus-bridge', 'systemctl'] as const)('%s: acts, with a typed result', async source => {
    const { manager } = await watch(host(), { ...sudo, sources: [source] })
    const pid = await host().pid('mortal.service')
    expect(await manager.act('restart', 'mortal.service')).toEqual({ kind: 'done', job: 'done' })
    expect(await host().pid('mortal.service')).not.toBe(pid)
    expect((await manager.get('mortal.service')).mainPid).toBe(await host().pid('mortal.service'))
    expect(await manager.act('stop', 'mortal.service')).toEqual({ kind: 'done', job: 'done' })
    expect((await manager.get('mortal.service')).activeState).toBe('inactive')
    expect(await manager.act('start', 'mortal.service')).toEqual({ kind: 'done', job: 'done' })

    expect(await manager.act('reload', 'mortal.service')).toMatchObject({
      kind: 'refused',
      error: { code: 'UNSUPPORTED' },
    })
    expect(await manager.act('start', 'no-such.service')).toMatchObject({
      kind: 'refused',
      error: { code: 'NOT_FOUND' },
    })
    await expect(manager.get('no-such.service')).rejects.toMatchObject({ code: 'NOT_FOUND' })

    expect(await manager.act('enable', 'mortal.service')).toEqual({ kind: 'done', job: null })
    expect((await manager.get('mortal.service')).unitFileState).toBe('enabled')
    expect(await host().output(['systemctl', 'is-enabled', 'mortal.service'])).toBe('enabled')
    expect(await manager.act('disable', 'mortal.service')).toEqual({ kind: 'done', job: null })
    expect((await manager.get('mortal.service')).unitFileState).toBe('disabled')

    expect(await manager.act('mask', 'mortal.service')).toMatchObject({ kind: 'refused', error: { code: 'CONFLICT' } })
    expect(await manager.act('mask', 'masked-one.service')).toEqual({ kind: 'done', job: null })
    expect(await manager.act('start', 'masked-one.service')).toMatchObject({
      kind: 'refused',
      error: { code: 'CONFLICT', hint: 'Unmask it first.' },
    })
    expect(await manager.act('unmask', 'masked-one.service')).toEqual({ kind: 'done', job: null })
    expect((await manager.get('masked-one.service')).unitFileState).toBe('disabled')
  })

  it.each(['dbus-socket', 'systemctl'] as const)(
    '%s: tells a start that fails, and forgets it on request',
    async source => {
      await host().installUnit('broken.service', '[Service]\nType=oneshot\nExecStart=/bin/false\n', { start: false })
      const { manager } = await watch(host(), { ...sudo, sources: [source] })
      expect(await manager.act('start', 'broken.service')).toEqual({ kind: 'done', job: 'failed' })
      expect(await manager.get('broken.service')).toMatchObject({
        activeState: 'failed',
        result: 'exit-code',
        exitStatus: 1,
      })
      expect(await manager.act('reset-failed', 'broken.service')).toEqual({ kind: 'done', job: null })
      expect((await manager.get('broken.service')).activeState).toBe('inactive')
    },
  )

  it('a reload of systemd and an install tell nothing that did not happen', async () => {
    const { manager, changes } = await watch(host(), { ...sudo, sources: ['dbus-socket'] })
    const gone: string[] = []
    manager.onRemoved(name => gone.push(name))
    const running = manager.list().filter(unit => unit.activeState === 'active')
    for (let round = 0; round < 3; round++) await host().exec(['systemctl', 'daemon-reload'])
    // By the same connection, so that all earlier signals have come when it is answered.
    await manager.get('watched.service')
    const phantoms = changes.filter(({ unit, before }) => before && unit.activeState !== before.activeState)
    expect(phantoms.map(({ unit }) => `${unit.name} ${unit.activeState}`)).toEqual([])
    expect(gone).toEqual([])
    const pids = new Map(running.map(unit => [unit.name, unit.mainPid]))
    for (const unit of manager.list()) if (pids.has(unit.name)) expect(unit.mainPid).toBe(pids.get(unit.name))
  })

  it('systemd executing itself anew, as an upgrade does, does not end the watch', async () => {
    const { manager, changes, life, until } = await watch(host(), { ...sudo, sources: ['dbus-socket'] })
    await host().exec(['systemctl', 'daemon-reexec'])
    await manager.get('watched.service')
    const phantoms = changes.filter(({ unit, before }) => before && unit.activeState !== before.activeState)
    expect(phantoms.map(({ unit }) => `${unit.name} ${unit.activeState}`)).toEqual([])
    await host().killUnit('watched.service', 'SIGKILL')
    const steps = () => life('watched.service')
    await until(() => steps().includes('activating/auto-restart') && steps().at(-1) === 'active/running', 'restarted')
  })

  it('a unit that comes and goes is told, and services that are not loaded are listed', async () => {
    const { manager, until } = await watch(host(), { ...sudo, sources: ['dbus-socket'] })
    const gone: string[] = []
    manager.onRemoved(name => gone.push(name))
    // with what systemd writes for a dash of a path
    const fleeting = 'fleet\\x2ding.service'
    await host().exec(['systemd-run', '--quiet', `--unit=${fleeting}`, 'sleep', '0.3'])
    await until(() => manager.list().some(unit => unit.name === fleeting), 'fleeting listed')
    await expect.poll(() => gone, { timeout: 20_000 }).toContain(fleeting)
    expect(manager.list().some(unit => unit.name === fleeting)).toBe(false)
    expect(manager.list().find(unit => unit.name === 'masked-one.service')).toMatchObject({ activeState: 'inactive' })
    expect(manager.list().some(unit => unit.loadState === 'not-found' && unit.activeState === 'inactive')).toBe(false)
  })

  it('looking at a stopped service loads it once, not without end', async () => {
    await host().installUnit('at-rest.service', '[Service]\nExecStart=/bin/sleep 100000\n')
    const { manager, changes, until } = await watch(host(), { ...sudo, sources: ['dbus-socket'] })
    await host().exec(['systemctl', 'stop', 'at-rest.service'])
    const rest = () => manager.list().find(unit => unit.name === 'at-rest.service')
    await until(() => rest()?.loadState === 'not-loaded', 'unloaded')
    expect(await manager.get('at-rest.service')).toMatchObject({ activeState: 'inactive' })
    await new Promise(resolve => setTimeout(resolve, 2_000))
    const told = changes.length
    await new Promise(resolve => setTimeout(resolve, 1_000))
    expect(changes.slice(told).map(({ unit }) => `${unit.name} ${unit.loadState}`)).toEqual([])
  })

  it('thirty services killed at once are thirty crashes, none lost', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `herd-${index}.service`)
    for (const name of names)
      await host().writeFile(`/etc/systemd/system/${name}`, sleeper('Restart=always\nRestartSec=100ms'))
    await host().exec(['systemctl', 'daemon-reload'])
    await host().exec(['systemctl', 'start', ...names])
    const { changes, until, life } = await watch(host(), { ...sudo, sources: ['dbus-socket'] })
    await host().exec(['systemctl', 'kill', '-s', 'KILL', ...names])
    await until(() => names.every(name => life(name).at(-1) === 'active/running'), 'all running again', 60_000)
    const crashed = new Set(changes.filter(({ unit }) => unit.result === 'signal').map(({ unit }) => unit.name))
    expect(names.filter(name => !crashed.has(name))).toEqual([])
    await host().exec(`systemctl stop ${names.join(' ')}; rm /etc/systemd/system/herd-*`)
  })

  it.each(['dbus-socket', 'systemctl'] as const)('%s: timers have their last and next run', async source => {
    await host().installUnit('tick.service', '[Service]\nType=oneshot\nExecStart=/bin/true\n', { start: false })
    await host().installUnit(
      'tick.timer',
      '[Timer]\nOnActiveSec=0\nOnUnitActiveSec=1h\nAccuracySec=1us\n[Install]\nWantedBy=timers.target\n',
    )
    await host().installUnit('daily.timer', '[Timer]\nOnCalendar=*-*-* 03:30:00 UTC\nUnit=tick.service\n')
    const { manager } = await watch(host(), { ...sudo, sources: [source] })
    await expect.poll(() => host().property('tick.timer', 'LastTriggerUSec'), { timeout: 10_000 }).not.toBe('')
    const timers = new Map((await manager.timers()).map(timer => [timer.name, timer]))
    const now = Date.now()
    const tick = timers.get('tick.timer')
    expect(tick?.activates).toBe('tick.service')
    expect(tick?.lastAt).toBeGreaterThan(now - 600_000)
    expect(tick?.lastAt).toBeLessThanOrEqual(now + 1_000)
    expect((tick?.nextAt ?? 0) - (tick?.lastAt ?? 0)).toBeGreaterThan(3_590_000)
    expect((tick?.nextAt ?? 0) - (tick?.lastAt ?? 0)).toBeLessThan(3_610_000)
    const next = new Date(timers.get('daily.timer')?.nextAt ?? 0)
    expect(next.toISOString().slice(11, 19)).toBe('03:30:00')
  })

  it('facts say what the host is', async () => {
    const { link } = await watch(host(), sudo)
    const facts = await collectFacts(link, hostRecord(host(), sudo), () => readHostReport(link))
    expect(facts).toEqual({
      os: expect.stringMatching(/^Debian GNU\/Linux 1[123] /),
      kernel: await host().output(['uname', '-r']),
      hostname: await host().output(['uname', '-n']),
      machineId: await host().output(['cat', '/etc/machine-id']),
      bootId: (await host().output(['cat', '/proc/sys/kernel/random/boot_id'])).replaceAll('-', ''),
      uid: 1001,
      cpus: Number(await host().output(['getconf', '_NPROCESSORS_ONLN'])),
      systemdVersion: versions[suite],
      unitSource: 'dbus-socket',
      journal: { readable: true, missingGroups: [] },
      rights: 'sudo',
    })
  })
})
