// Plays the night call: a service dies on a real host, the desktop's own notification service shows it with buttons, and what a person presses is done.
import { expect } from '@playwright/test'
import { bootHost } from '../hosts/lib/index.ts'
import { test as base } from './lib/app.ts'
import { askEngine, openEnginePort } from './lib/engine-port.ts'
import { addHost, firstRun, patience } from './lib/flow.ts'
import { test } from './lib/real-hosts.ts'

test.describe.configure({ timeout: 240_000 })

interface Told {
  readonly state: string
  readonly title: string
}

test('Restart in the notification restarts the service on the host; Acknowledge and a click do theirs', async ({
  launch,
}) => {
  await using host = await bootHost()
  for (const bot of ['keepalive-bot', 'webhook-bot'] as const) await host.installBot(bot, { restart: 'no' })
  const app = await launch()
  const { page } = app
  const { notifications } = app.desktop
  if (!notifications) throw new Error('this desktop has a notification service')
  await firstRun(page)
  const draft = { name: host.name, address: host.address, user: 'deploy', key: host.keyFiles.ed25519 }
  await addHost(page, draft, await host.hostKeys())
  await openEnginePort(page)
  const active = async (): Promise<readonly Told[]> => {
    const { value } = await askEngine(page, 'incident.list', { state: 'active' })
    return value as readonly Told[]
  }
  const { id: hostId } = ((await askEngine(page, 'host.list')).value as { host: { id: string; name: string } }[])
    .map(view => view.host)
    .find(({ name }) => name === host.name) ?? { id: '' }
  const seenPid = async (name: string): Promise<number | null> => {
    const { value } = await askEngine(page, 'unit.list', hostId)
    return (value as { name: string; mainPid: number | null }[]).find(each => each.name === name)?.mainPid ?? null
  }
  const crash = async (service: string) => {
    const pid = await host.pid(`${service}.service`)
    // Seen alive before it dies, as in life: what is down when it is first seen did not just crash.
    await expect.poll(() => seenPid(`${service}.service`), patience).toBe(pid)
    const at = Date.now()
    await host.exec(['kill', '-9', String(pid)])
    const told = await notifications.waitFor(({ summary }) => summary === `${service} failed on ${host.name}`, 30_000)
    return { ...told, pid, took: told.at - at }
  }

  const first = await crash('keepalive-bot')
  expect(first).toMatchObject({
    app: 'Quarterdeck',
    urgency: 2,
    actions: ['default', 'Open', 'restart', 'Restart', 'acknowledge', 'Acknowledge', 'open', 'Open'],
  })
  // Within 2 s where a machine has nothing else to do; this one has.
  expect(first.took, 'ms from the crash to the notification').toBeLessThan(10_000)
  expect(await host.pid('keepalive-bot.service')).toBeUndefined()
  notifications.click(first.id, 'restart')
  await expect.poll(() => host.pid('keepalive-bot.service'), patience).toBeGreaterThan(0)
  expect(await host.pid('keepalive-bot.service')).not.toBe(first.pid)
  const audit = async () => {
    const { value } = await askEngine(page, 'audit.list', { hostId: null, target: 'keepalive-bot.service', limit: 5 })
    return (value as { actor: string; verb: string; outcome: string }[])[0]
  }
  await expect.poll(audit, patience).toMatchObject({
    actor: 'person (notification)',
    verb: 'unit.restart',
    outcome: 'verified',
  })
  // News of the same incident takes the place of what was shown.
  const well = await notifications.waitFor(({ id, summary }) => id === first.id && /well|running/.test(summary), 60_000)
  expect(well).toMatchObject({ replaces: first.id, actions: ['default', 'Open'] })
  expect(await active()).toEqual([])

  const second = await crash('webhook-bot')
  expect(second.id).not.toBe(first.id)
  notifications.click(second.id, 'acknowledge')
  await expect.poll(active, patience).toMatchObject([{ state: 'acknowledged' }])
  notifications.click(second.id)
  await expect.poll(() => page.url(), patience).toMatch(/#\/incidents\/[^/]+$/)
  await expect(page.getByRole('heading', { level: 1 })).toContainText('webhook-bot', patience)
  expect(app.complaints).toEqual([])
  // Buttons that nobody would hear any more are taken away.
  await app.close()
  expect(notifications.closed).toEqual(expect.arrayContaining([first.id, second.id]))
})

base('where the desktop shows no notifications, the channel says why', async ({ launch }) => {
  const { page } = await launch({ notifications: false })
  await openEnginePort(page)
  const draft = { type: 'desktop', name: 'This desktop', spec: {}, filter: {} }
  const { value } = await askEngine(page, 'channel.test', { id: 'desktop', draft, secrets: {} })
  expect(value).toEqual({ problem: 'It was not shown: The desktop has no notification service' })
})
