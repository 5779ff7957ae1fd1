// Plays what goes wrong with hosts and with the engine, in a real window: each trouble is told in words, hurts nothing, and is got over.

import { expect } from '@playwright/test'
import { bootHost, type TestHost } from '../hosts/lib/index.ts'
import type { RunningApp } from './lib/app.ts'
import { addHost, expectConnected, fillHost, firstRun, openPlace, patience, serviceRow, trustKey } from './lib/flow.ts'
import { test } from './lib/real-hosts.ts'

test.describe.configure({ timeout: 240_000 })

const service = 'keepalive-bot'

/** A fresh app with one host that is connected by key. */
async function connected(app: RunningApp, host: TestHost): Promise<void> {
  await firstRun(app.page)
  const draft = { name: host.name, address: host.address, user: 'deploy', key: host.keyFiles.ed25519 }
  await addHost(app.page, draft, await host.hostKeys())
}

test('an engine that is killed is told within 2 s and comes back with everything', async ({ launch }) => {
  await using host = await bootHost()
  await host.installBot(service)
  // Under the keyring: a passphrase would be asked for anew, as at each start of the engine.
  const app = await launch({ keyring: 'open' })
  const { page } = app
  await connected(app, host)
  const row = await serviceRow(page, service)
  await row.getByRole('button', { name: /^Restart/ }).click()
  await expect(page.getByText(`Restart ${service}.service: verified`)).toBeVisible(patience)

  const seen = page.waitForFunction(() => document.body.innerText.includes('Monitoring engine stopped') && Date.now())
  const killedAt = Date.now()
  process.kill(app.enginePid(), 'SIGKILL')
  expect(Number(await (await seen).jsonValue()) - killedAt).toBeLessThan(2000)
  await expect(page.getByText('Monitoring engine stopped')).toBeHidden(patience)

  // By itself: the host is there and connected, its service is seen, what was done is remembered.
  await expectConnected(page, host.name)
  await expect(row).toContainText('Running', patience)
  await expect(row.getByText(String(await host.pid(`${service}.service`)), { exact: true })).toBeVisible(patience)
  await openPlace(page, 'Activity')
  await expect(page.getByRole('row').filter({ hasText: `${service}.service` })).toContainText('Verified', patience)
  expect(app.desktop.notifications?.shown.filter(({ summary }) => summary.includes('failed'))).toEqual([])
})

test('S5 a changed host key is shown in red, nothing is sent, and forgetting the old one wants the name', async ({
  launch,
}) => {
  await using host = await bootHost()
  const app = await launch()
  const { page } = app
  await connected(app, host)
  const cursor = await host.journalCursor()
  const keys = await host.swapHostKeys()
  await host.restartSshd({ dropSessions: true })

  await expect(page.getByText('The host key has changed. Nothing was sent to this host.')).toBeVisible(patience)
  expect(keys.map(key => key.fingerprint)).toContain(await page.getByText(/^SHA256:/).textContent())
  await expect(page.getByText('Host key changed', { exact: true }).first()).toBeVisible()
  const log = await host.authLog(cursor)
  expect(log.connections).toBeGreaterThan(0)
  expect(log.attempts).toEqual([])

  await page.getByRole('button', { name: /I know why it changed/ }).click()
  const dialog = page.getByRole('alertdialog')
  await dialog.getByRole('textbox').fill('something else')
  await dialog.getByRole('button', { name: 'Forget the old key' }).click()
  await expect(dialog.getByText('That is not the same name.')).toBeVisible()
  await dialog.getByRole('textbox').fill(host.name)
  await dialog.getByRole('button', { name: 'Forget the old key' }).click()
  await trustKey(page, keys)
  await expectConnected(page, host.name)
})

test('S5 a wrong password is tried once, and again only when the person changed it', async ({ launch }) => {
  await using host = await bootHost()
  const { page } = await launch()
  await firstRun(page)
  const cursor = await host.journalCursor()
  await fillHost(page, {
    name: host.name,
    address: host.address,
    user: 'sam',
    password: 'not the password',
    sudo: 'Do not use',
  })
  await page.getByRole('button', { name: 'Add host' }).click()
  await trustKey(page, await host.hostKeys())
  await expect(page.getByText('The host refused the login')).toBeVisible(patience)
  await expect(page.getByText(/not tried again by itself/)).toBeVisible()
  // Nothing can be waited for that must not happen; the first automatic attempt of any other failure comes within seconds.
  await page.waitForTimeout(6000)
  expect((await host.authLog(cursor)).attempts).toMatchObject([{ outcome: 'failed', method: 'password', user: 'sam' }])

  await page.getByRole('link', { name: 'Change how to log in' }).click()
  await page.getByRole('textbox', { name: 'Password', exact: true }).fill(host.passwords.sam)
  await page.getByRole('button', { name: 'Save' }).click()
  await expectConnected(page, host.name)
  expect((await host.authLog(cursor)).failed).toBe(1)
})

test('a link that is cut is said in words; no service counts as failed, and everything comes back', async ({
  launch,
}) => {
  await using host = await bootHost()
  await host.installBot(service)
  const app = await launch()
  const { page } = app
  await connected(app, host)
  const row = await serviceRow(page, service)
  await expect(row).toContainText('Running', patience)
  await host.cutLink()
  // Semantics 8: noticed within 16 s.
  await expect(row).toContainText('Was running', { timeout: 30_000 })
  await expect(page.getByText(/^Not connected\./)).toBeVisible(patience)
  await expect(page.getByText(/^As last seen (just now|.*ago)/)).toBeVisible()
  await expect(page.getByRole('button', { name: '0 failed' })).toBeVisible()
  await openPlace(page, 'Fleet')
  await expect(page.getByRole('row').filter({ hasText: host.name })).toContainText(
    /Connection lost|Retry|Connecting|Looking up/,
    patience,
  )
  await host.restoreLink()
  await page.getByRole('link', { name: host.name }).first().click()
  await expectConnected(page, host.name)
  await expect(await serviceRow(page, service)).toContainText('Running', patience)
  expect(app.desktop.notifications?.shown.filter(({ summary }) => /failed/.test(summary))).toEqual([])
})

test('a host without systemd is said to be one, and its metrics work', async ({ launch }) => {
  await using host = await bootHost()
  await host.hideSystemd()
  const app = await launch()
  const { page } = app
  await connected(app, host)
  await expect(page.getByText('This is not a systemd host')).toBeVisible(patience)
  await page.getByRole('link', { name: 'Show metrics' }).click()
  await expect(page.getByText('This is not a systemd host')).toBeHidden()
  await expect(page.getByText(/\d+(\.\d+)? ?%/).first()).toBeVisible(patience)
})
