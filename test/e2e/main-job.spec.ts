// Plays the main job as a person would, in a real window on real hosts: add a host, see its services, one dies, be told, restart it, see it proven.
import { expect } from '@playwright/test'
import { bootHost, bootJumpPair, rsaPassphrase, suites, type TestHost } from '../hosts/lib/index.ts'
import type { RunningApp } from './lib/app.ts'
import {
  addHost,
  expectConnected,
  fillHost,
  firstRun,
  type NewHost,
  openPlace,
  patience,
  serviceRow,
  trustKey,
} from './lib/flow.ts'
import { test } from './lib/real-hosts.ts'

const service = 'keepalive-bot'
const unit = `${service}.service`

test.describe.configure({ timeout: 240_000 })

const byKey = (host: TestHost): NewHost => ({
  name: host.name,
  address: host.address,
  user: 'deploy',
  key: host.keyFiles.ed25519,
})

/** From the services of a connected host to the proof of the restart. `whenDead` is what the row says then. */
async function crashAndRestart(app: RunningApp, host: TestHost, whenDead: 'Failed' | 'Restarting'): Promise<void> {
  const { page, desktop } = app
  const before = await host.pid(unit)
  const row = await serviceRow(page, service)
  await expect(row).toContainText('Running', patience)
  await expect(row.getByText(String(before), { exact: true })).toBeVisible(patience)

  // Milliseconds in truth; the limits leave room for a machine that is busy with everything else.
  const killedAt = Date.now()
  await host.exec(['kill', '-9', String(before)])
  await expect(row).toContainText(whenDead, patience)
  const rowTook = Date.now() - killedAt
  const told = await desktop.notifications?.waitFor(({ summary }) => summary === `${service} failed on ${host.name}`)
  expect(told).toMatchObject({ urgency: 2, body: expect.stringContaining('killed by signal 9') })
  expect(rowTook, 'ms from the crash to the row').toBeLessThan(10_000)
  expect((told?.at ?? Number.NaN) - killedAt, 'ms from the crash to the notification').toBeLessThan(10_000)
  expect(await host.pid(unit)).toBeUndefined()

  await row.getByRole('button', { name: new RegExp(`^Restart ${unit}`) }).click()
  await expect(page.getByText(`Restart ${unit}: verified`)).toBeVisible(patience)
  await expect(row).toContainText('Running', patience)
  const after = await host.pid(unit)
  expect(after).toBeGreaterThan(0)
  expect(after).not.toBe(before)
  await expect(row.getByText(String(after), { exact: true })).toBeVisible(patience)

  await openPlace(page, 'Activity')
  const entry = page.getByRole('row').filter({ hasText: unit }).first()
  await expect(entry).toContainText('Verified', patience)
  await expect(entry).toContainText(host.name)
  expect(app.complaints).toEqual([])
}

for (const suite of suites) {
  test(`on ${suite}, by key, from the first run to the proven restart`, async ({ launch }) => {
    await using host = await bootHost({ suite })
    // One that stays down, one that systemd would restart after a while: both are a person's to restart now.
    const restarts = suite === 'trixie'
    await host.installBot(service, restarts ? { restart: 'on-failure', restartSec: 300 } : { restart: 'no' })
    const app = await launch()
    await firstRun(app.page)
    await addHost(app.page, byKey(host), await host.hostKeys())
    await crashAndRestart(app, host, restarts ? 'Restarting' : 'Failed')
  })
}

test('by password, with sudo that asks for it', async ({ launch }) => {
  await using host = await bootHost()
  await host.installBot(service, { restart: 'no' })
  const app = await launch()
  await firstRun(app.page)
  const secret = host.passwords.sam
  const way = { user: 'sam', password: secret, sudo: 'With password', sudoPassword: secret } as const
  // Added untested: then the host's page asks whether to trust the key.
  await fillHost(app.page, { name: host.name, address: host.address, ...way })
  await app.page.getByRole('button', { name: 'Add host' }).click()
  await trustKey(app.page, await host.hostKeys())
  await expectConnected(app.page, host.name)
  await crashAndRestart(app, host, 'Failed')
})

test('by a key with a passphrase, with fish as login shell', async ({ launch }) => {
  await using host = await bootHost()
  await host.installBot(service, { restart: 'no' })
  const app = await launch()
  await firstRun(app.page)
  const draft = { ...byKey(host), user: 'fishy', key: host.keyFiles.rsa, passphrase: rsaPassphrase }
  await addHost(app.page, draft, await host.hostKeys())
  await crashAndRestart(app, host, 'Failed')
})

test('through a jump host', async ({ launch }) => {
  await using pair = await bootJumpPair()
  const { jump, target } = pair
  await target.installBot(service, { restart: 'no' })
  const app = await launch()
  await firstRun(app.page)
  await addHost(app.page, byKey(jump), await jump.hostKeys())
  await app.page.getByRole('link', { name: 'Add host' }).click()
  await addHost(app.page, { ...byKey(target), jump: jump.name }, await target.hostKeys())
  await crashAndRestart(app, target, 'Failed')
})

test('as a user without rights: says what is missing and what to do, and changes nothing', async ({ launch }) => {
  await using host = await bootHost()
  await host.installBot(service)
  const pid = await host.pid(unit)
  const { page } = await launch()
  await firstRun(page)
  await addHost(page, { ...byKey(host), user: 'norights', sudo: 'Do not use' }, await host.hostKeys())
  await expect(page.getByText('The journal cannot be read in full')).toBeVisible(patience)
  await expect(page.getByText(/usermod -aG \S+ norights/).first()).toBeVisible()
  const row = await serviceRow(page, service)
  await expect(row).toContainText('Running', patience)
  await row.getByRole('button', { name: new RegExp(`^Restart ${unit}`) }).click()
  await expect(page.getByText(/^Restart keepalive-bot\.service: (failed|not done)$/)).toBeVisible(patience)
  await expect(page.getByText(/sudo|root|polkit/i).last()).toBeVisible()
  expect(await host.pid(unit)).toBe(pid)
})
