// Proves that one trouble is told once: a host that is gone, a network that is gone, and an sshd that restarts under watched services.
import { beforeEach, expect, it } from 'vitest'
import type { Check, CheckDraft } from '../../../src/shared/model/check.ts'
import { sharedHost } from '../lib/vitest.ts'
import { HookRecorder } from './hook-recorder.ts'
import { RunningEngine, until } from './running-engine.ts'

const host = sharedHost({ suite: 'bookworm' })
const services = 40
const names = Array.from({ length: services }, (_, index) => `watched-${index}.service`)
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

// what one test cut or stopped must not be so for the next
beforeEach(async () => {
  await host().restoreLink()
  await installServices()
})

async function installServices(): Promise<void> {
  const unit = '[Service]\\nExecStart=/bin/sleep infinity\\n'
  const files = names.map(name => `printf '${unit}' > /etc/systemd/system/${name}`)
  await host().exec(`${files.join('\n')}\nsystemctl daemon-reload && systemctl restart ${names.join(' ')}`)
}

function draft(hostId: string, change: Partial<CheckDraft>): CheckDraft {
  return {
    hostId,
    type: 'systemd-unit',
    name: 'Service',
    spec: {},
    unit: null,
    enabled: true,
    vantage: 'host',
    intervalSeconds: 2,
    timeoutSeconds: 5,
    failureThreshold: 1,
    recoveryThreshold: 2,
    forSeconds: 0,
    severity: 'critical',
    dependsOn: [],
    tags: [],
    ...change,
  }
}

/** One check per service, as impatient as can be. */
async function watchServices(app: RunningEngine, hostId: string): Promise<void> {
  for (const name of names)
    await app.client.call('check.add', {
      draft: draft(hostId, { name, unit: { scope: 'system', name } }),
      secrets: {},
    })
}

/** The built-in check of the host, made quick. */
async function hurryReachability(app: RunningEngine, hostId: string): Promise<Check> {
  const views = await app.client.call('check.list', { hostId })
  const check = views.map(view => view.check).find(({ type }) => type === 'host-reachable')
  if (!check) throw new Error('the host has no check of its reachability')
  const { id, builtIn, createdAt, stored, ...known } = check
  return app.client.call('check.edit', { id, draft: { ...known, intervalSeconds: 2 }, secrets: {} })
}

const phases = async (app: RunningEngine, hostId: string) =>
  (await app.client.call('check.list', { hostId })).map(view => `${view.check.name} ${view.phase} ${view.mutedBy}`)

const incidents = (app: RunningEngine) =>
  app.client.call('incident.list', {
    state: 'all',
    hostId: null,
    checkId: null,
    severity: null,
    unit: null,
    text: null,
    before: null,
    since: null,
    limit: 500,
  })

it(`S18 a host that is down with ${services} watched services is 1 firing and 1 resolved, whatever happened to them meanwhile`, async () => {
  await using hook = await HookRecorder.start()
  await using app = await RunningEngine.start()
  await app.client.call('channel.add', { draft: hook.draft(), secrets: {} })
  const { id } = await app.add(host())
  await app.ready(id)
  await hurryReachability(app, id)
  await watchServices(app, id)
  const ok = async () => {
    const views = await app.client.call('check.list', { hostId: id })
    const watched = views.filter(view => view.check.type === 'systemd-unit')
    return watched.length === services && watched.every(view => view.last?.status === 'healthy')
  }
  await until(ok, 30_000, async () => (await phases(app, id)).join('\n'))

  await host().cutLink()
  await until(
    () => hook.news.length > 0,
    120_000,
    async () => (await phases(app, id)).join('\n'),
  )
  // A host that went down takes its services with it, and has restarted them when it is back.
  await host().exec(`systemctl kill -s KILL ${names.slice(0, 20).join(' ')}; systemctl restart ${names.join(' ')}`)
  await pause(5_000)
  const [open, ...others] = await incidents(app)
  expect(others).toEqual([])
  expect(open).toMatchObject({ checkType: 'host-reachable', hostId: id, state: 'open' })
  expect(hook.news).toEqual([expect.stringMatching(/^firing /)])

  await host().restoreLink()
  await until(
    () => hook.news.length > 1,
    120_000,
    async () => (await phases(app, id)).join('\n'),
  )
  // Time enough for every service to be looked at several times, and for the end of a grouping.
  await until(ok, 30_000, async () => (await phases(app, id)).join('\n'))
  await pause(12_000)
  expect(hook.news).toEqual([expect.stringMatching(/^firing /), expect.stringMatching(/^resolved /)])
  expect(app.notifications).toHaveLength(2)
  expect(await incidents(app)).toEqual([expect.objectContaining({ checkType: 'host-reachable', state: 'resolved' })])
}, 480_000)

it('S18 services that did not come back with their host are told, after fresh failures', async () => {
  await using hook = await HookRecorder.start()
  await using app = await RunningEngine.start()
  await app.client.call('channel.add', { draft: hook.draft(), secrets: {} })
  const { id } = await app.add(host())
  await app.ready(id)
  await hurryReachability(app, id)
  const [name = ''] = names
  await app.client.call('check.add', { draft: draft(id, { name, unit: { scope: 'system', name } }), secrets: {} })
  await until(async () => {
    const views = await app.client.call('check.list', { hostId: id })
    return views.find(view => view.check.name === name)?.last?.status === 'healthy'
  })
  await host().cutLink()
  await until(() => hook.news.length > 0, 120_000)
  await host().killUnit(name)
  await host().restoreLink()
  await until(
    () => hook.news.length > 2,
    120_000,
    async () => [...hook.news, ...(await phases(app, id)), ...app.logs.slice(-60)].join('\n'),
  )
  expect(hook.news.map(line => line.split(' ')[0]).sort()).toEqual(['firing', 'firing', 'resolved'])
  const all = await incidents(app)
  expect(all.map(incident => [incident.checkType, incident.state]).sort()).toEqual([
    ['host-reachable', 'resolved'],
    ['systemd-unit', 'open'],
  ])
  await host().exec(`systemctl restart ${name}`)
  await until(
    () => hook.news.length > 3,
    120_000,
    () => hook.news.join('\n'),
  )
  expect(hook.news.at(-1)).toMatch(/^resolved /)
}, 480_000)

it('R18 the local network lost with 20 hosts is 1 local notice and no alert', async () => {
  await using hook = await HookRecorder.start()
  await using app = await RunningEngine.start()
  await app.client.call('channel.add', { draft: hook.draft(), secrets: {} })
  const ids: string[] = []
  for (let n = 0; n < 20; n++) ids.push((await app.add(host(), { name: `host-${n}` })).id)
  for (const id of ids) await app.view(id, view => view.connection.state === 'ready' && view.units !== null, 120_000)
  for (const id of ids) {
    const [name = ''] = names
    await app.client.call('check.add', { draft: draft(id, { name, unit: { scope: 'system', name } }), secrets: {} })
  }

  await host().cutLink()
  await until(() => app.notifications.length > 0, 90_000)
  // As long as it would take each of them to alert.
  await pause(35_000)
  expect(app.notifications.map(item => item.title)).toEqual(['This computer is offline'])
  expect(await incidents(app)).toEqual([])
  const views = await app.client.call('check.list', { hostId: null })
  expect(views.filter(view => view.check.type === 'systemd-unit').map(view => view.mutedBy)).toEqual(
    Array(20).fill('offline'),
  )

  await host().restoreLink()
  for (const id of ids) await app.view(id, view => view.connection.state === 'ready', 120_000)
  await pause(12_000)
  expect(await incidents(app)).toEqual([])
  expect(app.notifications).toHaveLength(1)
  expect(hook.news).toEqual([])
}, 600_000)

it('S10 a restart of sshd, sessions and all, alerts nobody', async () => {
  await using hook = await HookRecorder.start()
  await using app = await RunningEngine.start()
  await app.client.call('channel.add', { draft: hook.draft(), secrets: {} })
  const { id } = await app.add(host())
  await app.ready(id)
  await watchServices(app, id)
  for (let round = 0; round < 3; round++) {
    await host().restartSshd()
    await app.view(id, view => view.connection.state !== 'ready')
    await app.view(id, view => view.connection.state === 'ready', 120_000)
    await pause(3_000)
  }
  await pause(8_000)
  expect(await incidents(app)).toEqual([])
  expect(hook.news).toEqual([])
  expect(app.notifications).toEqual([])
}, 480_000)
