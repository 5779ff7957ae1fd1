// Plays a night as a person lives it, in a real window on a real host: a check is made, something breaks, people are told, rules mend it, the story is there.
import { expect, type Page } from '@playwright/test'
import { bootHost, type TestHost } from '../hosts/lib/index.ts'
import type { RunningApp } from './lib/app.ts'
import { addHost, firstRun, openPlace, patience, serviceRow } from './lib/flow.ts'
import { hookServer } from './lib/hook-server.ts'
import { test } from './lib/real-hosts.ts'

test.describe.configure({ timeout: 300_000 })

const service = 'keepalive-bot'
const unit = `${service}.service`

async function connected(app: RunningApp, host: TestHost): Promise<void> {
  await firstRun(app.page)
  const draft = { name: host.name, address: host.address, user: 'deploy', key: host.keyFiles.ed25519 }
  await addHost(app.page, draft, await host.hostKeys())
}

/** A check of the bot's health endpoint, tried before it is saved; as tight as it can be. */
async function checkHealth(page: Page, host: TestHost): Promise<void> {
  await openPlace(page, 'Checks')
  await page.getByRole('link', { name: 'Add check' }).click()
  await page.getByRole('button', { name: /^HTTP/ }).click()
  await page.getByLabel('Name', { exact: true }).fill('Bot answers')
  await page.getByLabel('Host', { exact: true }).selectOption({ label: host.name })
  await page.getByLabel('Service', { exact: true }).selectOption({ label: unit })
  await page.getByLabel('Address', { exact: true }).fill('http://127.0.0.1:8001/health')
  await page.getByLabel('Every (s)').fill('1')
  await page.getByLabel('Failures in a row').fill('2')
  await page.getByRole('button', { name: 'Try it now' }).click()
  await expect(page.getByRole('region', { name: 'Try' }).getByText('Healthy', { exact: true })).toBeVisible(patience)
  await page.getByRole('button', { name: 'Add check' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Bot answers' })).toBeVisible(patience)
  await expect(page.getByText(/probes healthy/).first()).toBeVisible(patience)
}

test('a bot that answers 500 is noticed, told, acknowledged, silenced, and its whole story is kept', async ({
  launch,
}) => {
  await using host = await bootHost()
  const bot = await host.installBot(service, { restart: 'no' })
  const app = await launch()
  const { page, desktop } = app
  await connected(app, host)
  await checkHealth(page, host)

  await bot.answer(500)
  const told = await desktop.notifications?.waitFor(({ summary }) => summary.includes('Bot answers'))
  expect(told?.body).toContain('500')

  await openPlace(page, 'Incidents')
  await page
    .getByRole('link', { name: /Bot answers/ })
    .first()
    .click(patience)
  await expect(page.getByText('[STATUS] (500)', { exact: false }).first()).toBeVisible(patience)
  await page.getByRole('button', { name: 'Acknowledge' }).click()
  await expect(page.getByText(/Acknowledged by/)).toBeVisible(patience)
  await page.getByRole('button', { name: 'Note', exact: true }).click()
  await page.getByLabel('What you found or did').fill('The upstream answered 500 as well.')
  await page.getByRole('button', { name: 'Add note' }).click()
  await expect(page.getByText('The upstream answered 500 as well.')).toBeVisible(patience)

  await bot.heal()
  await expect(page.getByText('Resolved', { exact: true }).first()).toBeVisible(patience)
  const over = await desktop.notifications?.waitFor(
    ({ summary, at }) => summary.includes('Bot answers') && at > (told?.at ?? 0),
  )
  expect(over).toBeTruthy()
  expect(app.complaints).toEqual([])
})

test('suggestions are taken with a click, and what they watch is seen', async ({ launch }) => {
  await using host = await bootHost()
  await host.installBot(service)
  const app = await launch()
  const { page } = app
  await connected(app, host)
  await openPlace(page, 'Checks')
  await page.getByRole('link', { name: 'Suggestions' }).click()
  await expect(page.getByText(/8001/).first()).toBeVisible(patience)
  await page
    .getByRole('button', { name: /^Take all/ })
    .first()
    .click()
  const offers = page.getByRole('listitem').filter({ hasText: '8001' })
  await offers.first().getByRole('button', { name: 'Watch this' }).click()
  await openPlace(page, 'Checks')
  const row = page.getByRole('row').filter({ hasText: host.name }).filter({ hasText: 'HTTP' })
  await expect(row.first()).toContainText('Healthy', patience)
  expect(app.complaints).toEqual([])
})

test('a channel is tested before it is saved, and then carries the news; its secret is nowhere in the window', async ({
  launch,
}) => {
  await using host = await bootHost()
  await using hooks = await hookServer()
  await host.installBot(service, { restart: 'no' })
  const app = await launch()
  const { page } = app
  await connected(app, host)
  await openPlace(page, 'Settings')
  await page.getByRole('link', { name: 'Channels' }).click()
  await page.getByRole('link', { name: 'Add channel' }).click()
  await page.getByRole('button', { name: /^Webhook/ }).click()
  await page.getByLabel('Name', { exact: true }).fill('On-call hook')
  await page
    .getByLabel(/^Address|^URL/)
    .first()
    .fill(hooks.url)
  await page.getByRole('button', { name: 'Send a test' }).click()
  await expect(page.getByText('The test message was taken')).toBeVisible(patience)
  expect(hooks.received).toHaveLength(1)
  await page.getByRole('button', { name: 'Add channel' }).click()
  await expect(page.getByRole('listitem').filter({ hasText: 'On-call hook' })).toContainText('Ready', patience)

  const killedAt = Date.now()
  await host.exec(['kill', '-9', String(await host.pid(unit))])
  const news = await hooks.next(body => body.includes(unit) || body.includes(service))
  expect(news.at - killedAt, 'ms from the crash to the message').toBeLessThan(10_000)
  await page.getByRole('link', { name: 'On-call hook' }).click()
  await expect(page.getByText('Sent', { exact: true }).first()).toBeVisible(patience)
  expect(app.complaints).toEqual([])
})

test('a rule mends a crashed service and proves it; one switch stops all rules', async ({ launch }) => {
  await using host = await bootHost()
  await host.installBot(service, { restart: 'no' })
  const app = await launch()
  const { page } = app
  await connected(app, host)
  await (await serviceRow(page, service)).getByRole('link', { name: service, exact: true }).click()
  await page.getByRole('region', { name: 'Automatic recovery' }).getByRole('link', { name: 'Set up' }).click()
  await page.getByLabel('Mend this service without me').check()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByText('The rule is on')).toBeVisible(patience)
  await expect(page.getByText('Ready', { exact: true })).toBeVisible(patience)

  const before = await host.pid(unit)
  await host.exec(['kill', '-9', String(before)])
  const did = page.getByRole('region', { name: 'What it did' })
  await expect(did.getByText('Verified', { exact: true })).toBeVisible({ timeout: 90_000 })
  const after = await host.pid(unit)
  expect(after).toBeGreaterThan(0)
  expect(after).not.toBe(before)

  await openPlace(page, 'Settings')
  await page.getByLabel('Mend by rule').uncheck()
  await host.exec(['kill', '-9', String(after)])
  await openPlace(page, 'Incidents')
  await expect(page.getByText(new RegExp(service)).first()).toBeVisible(patience)
  await page.waitForTimeout(12_000)
  expect(await host.pid(unit), 'a rule acted though all rules are stopped').toBeUndefined()
  expect(app.complaints).toEqual([])
})

test('what systemd shall do by itself is reviewed, written, and taken back', async ({ launch }) => {
  await using host = await bootHost()
  await host.installBot(service, { restart: 'no' })
  const app = await launch()
  const { page } = app
  await connected(app, host)
  await (await serviceRow(page, service)).getByRole('link', { name: service, exact: true }).click()
  await page.getByRole('region', { name: 'Automatic recovery' }).getByRole('link', { name: 'Set up' }).click()
  await page.getByRole('button', { name: 'Review' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByText('+Restart=on-failure')).toBeVisible(patience)
  await dialog.getByRole('button', { name: 'Write it' }).click()
  await expect(page.getByText('Written to the host, and systemd has read it')).toBeVisible(patience)
  expect(await host.property(unit, 'Restart')).toBe('on-failure')
  await page.getByRole('button', { name: 'Undo the last change' }).click()
  await expect(page.getByText('What was there before is back')).toBeVisible(patience)
  expect(await host.property(unit, 'Restart')).toBe('no')
  expect(app.complaints).toEqual([])
})
