// Proves on a whole engine and a real host how soon and in which words trouble of a bot is told: crash, hang, 500s, memory, and no word of a stop.
import { expect, it } from 'vitest'
import type { Check, CheckDraft } from '../../../src/shared/model/check.ts'
import type { Host } from '../../../src/shared/model/host.ts'
import type { Incident } from '../../../src/shared/model/incident.ts'
import type { Bot } from '../lib/bots.ts'
import { sharedHost } from '../lib/vitest.ts'
import { RunningEngine, until } from './running-engine.ts'

const host = sharedHost({ suite: 'bookworm' })
const url = 'http://127.0.0.1:8001/health'

function draft(hostId: string, change: Partial<CheckDraft>): CheckDraft {
  return {
    hostId,
    type: 'http',
    name: 'Health',
    spec: { url, expectedStatus: '200' },
    unit: { scope: 'system', name: 'keepalive-bot.service' },
    enabled: true,
    vantage: 'host',
    intervalSeconds: 1,
    timeoutSeconds: 1,
    failureThreshold: 3,
    recoveryThreshold: 2,
    forSeconds: 0,
    severity: 'critical',
    dependsOn: [],
    tags: [],
    ...change,
  }
}

const add = (app: RunningEngine, hostId: string, change: Partial<CheckDraft> = {}): Promise<Check> =>
  app.client.call('check.add', { draft: draft(hostId, change), secrets: {} })

function incidents(app: RunningEngine): Promise<Incident[]> {
  const any = { hostId: null, checkId: null, severity: null, unit: null, text: null, before: null, since: null }
  return app.client.call('incident.list', { ...any, state: 'all', limit: 100 })
}

async function started(work: (app: RunningEngine, record: Host, bot: Bot) => Promise<void>): Promise<void> {
  const bot = await host().installBot('keepalive-bot', { restart: 'no' })
  await using app = await RunningEngine.start()
  const record = await app.add(host())
  await app.ready(record.id)
  await until(async () => {
    const units = await app.client.call('unit.list', record.id)
    return units.find(unit => unit.name === bot.unit && unit.activeState === 'active')
  })
  await work(app, record, bot)
}

const status = (app: RunningEngine, check: Check) => async () =>
  (await app.client.call('check.get', check.id)).last?.status

it('a crash that nobody configured anything for is on the desktop within 2 s', () =>
  started(async (app, { id }, bot) => {
    await host().killUnit(bot.unit)
    const at = Date.now()
    const told = await until(() => app.notifications.find(one => one.title.includes('keepalive-bot')))
    expect(Date.now() - at).toBeLessThan(2_000)
    expect(`${told.title} ${told.body}`).toMatch(/killed by signal 9/)
    expect(told.urgency).toBe('critical')
    await host().exec(['systemctl', 'start', bot.unit])
    const [incident] = await until(async () => {
      const all = await incidents(app)
      return all[0]?.state === 'resolved' ? all : null
    })
    expect(incident).toMatchObject({ hostId: id, checkType: 'unit-failures', cause: 'unit', unit: { name: bot.unit } })
    // it ran for 10 s before it was called well
    expect((incident?.resolvedAt ?? 0) - (incident?.openedAt ?? 0)).toBeGreaterThan(9_000)
    await until(() => app.notifications.length === 2)
  }))

it('a hang is told by its silent endpoint, and 500s by their condition', () =>
  started(async (app, { id }, bot) => {
    const check = await add(app, id)
    await until(async () => (await status(app, check)()) === 'healthy')
    await bot.answer(500)
    const [failing] = await until(async () => {
      const all = await incidents(app)
      return all.length > 0 ? all : null
    })
    expect(failing).toMatchObject({ cause: 'health', checkId: check.id, state: 'open' })
    expect(failing?.firstMessage).toContain('500')
    await bot.answer(200)
    await until(async () => (await incidents(app))[0]?.state === 'resolved')
    await bot.hang()
    const view = await until(async () => {
      const found = await app.client.call('check.get', check.id)
      return found.phase === 'firing' ? found : null
    })
    expect(view.last).toMatchObject({ status: 'unhealthy', cause: 'health' })
    expect(view.recent.length).toBeGreaterThan(5)
    // systemd still calls it active: nobody but the endpoint knows
    expect(await host().property(bot.unit, 'ActiveState')).toBe('active')
    const uptime = await app.client.call('check.uptime', check.id)
    expect(uptime[0]).toMatchObject({ window: '24h', percent: expect.any(Number) })
    expect(uptime[0]?.percent).toBeLessThan(100)
  }))

it('a leak is told by its limit, and a stop by a person not at all', () =>
  started(async (app, { id }, bot) => {
    await app.client.call('host.watch', id)
    const about = { scope: 'system', name: bot.unit } as const
    const memory = await add(app, id, {
      type: 'unit-resources',
      name: 'Memory',
      spec: { memoryMegabytes: 150 },
      severity: 'warning',
      failureThreshold: 2,
    })
    const health = await add(app, id)
    const runs = await add(app, id, {
      type: 'systemd-unit',
      name: 'Runs',
      spec: { expected: 'running' },
      unit: about,
      failureThreshold: 1,
    })
    for (const check of [memory, health, runs]) await until(async () => (await status(app, check)()) === 'healthy')
    await bot.leakMemory({ mb: 200 })
    const told = await until(async () => (await incidents(app)).find(one => one.checkId === memory.id))
    expect(told).toMatchObject({ severity: 'warning', cause: 'resource' })
    expect(told.firstMessage).toMatch(/^\[MEMORY\] \(\d+ MB\) <= 150 MB/)
    const before = app.notifications.length
    await host().exec(['systemctl', 'stop', bot.unit])
    await until(async () => (await status(app, health)()) === 'unknown' && (await status(app, runs)()) === 'unknown')
    await new Promise(resolve => setTimeout(resolve, 6_000))
    const all = await incidents(app)
    expect(all.filter(one => one.checkId !== memory.id)).toEqual([])
    expect(app.notifications.slice(before).filter(one => !one.title.includes('Memory'))).toEqual([])
  }))

it('a stop or restart that was asked for is no failure, however the process ends; a crash of the same service is', () =>
  started(async (app, { id }) => {
    // it answers to SIGTERM with an error, and has something to do after its end, so that a crash passes through "deactivating", too
    const loop = `trap 'exit 3' TERM; while :; do sleep 60 & wait; done`
    await host().installUnit('rude.service', `[Service]\nExecStart=/bin/sh -c "${loop}"\nExecStopPost=/bin/true\n`)
    const seen = (activeState: string) => () =>
      until(async () => {
        const all = await app.client.call('unit.list', id)
        return all.find(unit => unit.name === 'rude.service' && unit.activeState === activeState)
      })
    const [runs, down] = [seen('active'), seen('failed')]
    const start = async (): Promise<void> => {
      await host().exec(['systemctl', 'start', 'rude.service'])
      await runs()
    }
    await start()
    await host().exec(['systemctl', 'stop', 'rude.service'])
    await down()
    await start()
    await app.act(id, 'rude.service', 'stop')
    await down()
    await start()
    const { invocationId } = await runs()
    await host().exec(['systemctl', 'restart', 'rude.service'])
    await until(async () => (await runs()).invocationId !== invocationId)
    const ends = app.transitions.filter(one => one.name === 'rude.service' && one.toState === 'failed')
    expect(ends.length).toBeGreaterThanOrEqual(3)
    for (const end of ends) expect(end).toMatchObject({ asked: true })
    expect(await incidents(app)).toEqual([])
    await host().killUnit('rude.service')
    const told = await until(() => app.notifications.find(one => one.title.includes('rude')))
    expect(`${told.title} ${told.body}`).toMatch(/killed by signal 9/)
    expect(await incidents(app)).toMatchObject([{ unit: { name: 'rude.service' }, state: 'open' }])
    expect(app.notifications).toHaveLength(1)
    // the host is the next test's, too
    await host().exec(['systemctl', 'reset-failed', 'rude.service'])
  }))

it('a process that ends without an error is no stop: it is told where it should run', () =>
  started(async (app, { id }) => {
    await host().installUnit('ends.service', '[Service]\nExecStart=/bin/sleep 4\n')
    const about = { scope: 'system', name: 'ends.service' } as const
    await host().exec(['systemctl', 'start', 'ends.service'])
    const check = await add(app, id, { type: 'systemd-unit', name: 'Ends', spec: {}, unit: about, failureThreshold: 1 })
    const incident = await until(async () => (await incidents(app)).find(one => one.checkId === check.id))
    expect(incident).toMatchObject({ cause: 'unit', firstMessage: expect.stringContaining('ended by itself') })
  }))

it('offers what was found, and what is taken is offered no more', () =>
  started(async (app, { id }, bot) => {
    const stats = await host().installBot('stats-bot')
    await until(async () =>
      (await app.client.call('unit.list', id)).find(unit => unit.name === stats.unit && unit.activeState === 'active'),
    )
    const offered = await app.client.call('check.proposals', id)
    const keys = offered.map(one => one.key)
    expect(keys).toEqual(
      expect.arrayContaining([
        'host-resources',
        'disk-space',
        `running:system/${bot.unit}`,
        `memory:system/${bot.unit}`,
        'endpoint:8001/health',
        'endpoint:8030/health',
        `sqlite:${stats.folder}/stats.db`,
      ]),
    )
    const endpoint = offered.find(one => one.key === 'endpoint:8001/health')
    expect(endpoint?.draft).toMatchObject({ unit: { name: bot.unit }, forSeconds: 120 })
    for (const { draft: taken } of offered) await app.client.call('check.add', { draft: taken, secrets: {} })
    expect((await app.client.call('check.proposals', id)).map(one => one.key)).toEqual([])
    await until(
      async () => {
        const views = await app.client.call('check.list', { hostId: id })
        // this machine's CPU is the host's, too, and busy
        // this machine's CPU is the guest's, too, and busy
        const open = views.filter(view => view.last?.status !== 'healthy' && view.check.type !== 'host-resources')
        return open.length === 0
      },
      60_000,
      async () =>
        JSON.stringify(
          (await app.client.call('check.list', { hostId: id })).map(view => [
            view.check.name,
            view.last?.status,
            view.last?.message,
          ]),
        ),
    )
  }))

it('names the field that is wrong, tries without saving, and audits', () =>
  started(async (app, { id }) => {
    await expect(add(app, id, { spec: { url: 'nonsense' } })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      detail: { field: 'spec.url' },
    })
    await expect(add(app, id, { type: 'nothing' })).rejects.toMatchObject({ detail: { field: 'type' } })
    const tried = await app.client.call('check.try', { id: null, draft: draft(id, {}), secrets: {} })
    expect(tried).toMatchObject({ status: 'healthy', latencyMs: expect.any(Number) })
    const before = await app.client.call('check.list', { hostId: id })
    expect(before.map(view => view.check.type).sort()).toEqual(['host-reachable', 'unit-failures'])
    const a = await add(app, id, { name: 'A' })
    const b = await add(app, id, { name: 'B', dependsOn: [a.id] })
    const { id: _, builtIn: __, createdAt: ___, stored: ____, ...known } = a
    await expect(
      app.client.call('check.edit', { id: a.id, draft: { ...known, dependsOn: [b.id] }, secrets: {} }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('A → B → A') })
    await app.client.call('check.remove', a.id)
    expect((await app.client.call('check.get', b.id)).check.dependsOn).toEqual([])
    const builtIn = before[0]?.check.id ?? ''
    await expect(app.client.call('check.remove', builtIn)).rejects.toMatchObject({ code: 'CONFLICT' })
    const entries = await app.client.call('audit.list', { hostId: id })
    expect(entries.map(entry => entry.verb)).toEqual(expect.arrayContaining(['check.add', 'check.remove']))
    await app.client.call('host.remove', { id })
    expect(await app.client.call('check.list', { hostId: null })).toEqual([])
  }))
