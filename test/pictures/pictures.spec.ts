// Sets up a small fleet as a person would have it and takes its pictures for docs/images.
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { test } from '../e2e/lib/app.ts'
import { addHost, firstRun, openPlace, patience, serviceRow } from '../e2e/lib/flow.ts'
import { type BotName, bootHost, type Suite, type TestHost } from '../hosts/lib/index.ts'

const folder = resolve(import.meta.dirname, '../../docs/images')
/** How long the charts and the rows of probes are given to have something to show. */
const courseMs = 90_000

const fleet: readonly { name: string; suite: Suite; bots: readonly BotName[] }[] = [
  { name: 'bots-1', suite: 'bookworm', bots: ['keepalive-bot', 'cookie-bot'] },
  { name: 'hooks-1', suite: 'trixie', bots: ['webhook-bot'] },
  { name: 'trading', suite: 'bookworm', bots: ['trading-bot'] },
  { name: 'stats', suite: 'bullseye', bots: ['stats-bot'] },
]

async function picture(page: Page, name: string, theme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme: theme })
  await expect(page.locator('html')).toHaveAttribute('data-theme', theme)
  // Away from whatever shows a tooltip or a tint under the pointer.
  await page.mouse.move(2, 500)
  await page.waitForTimeout(500)
  await page.screenshot({ path: join(folder, `${name}.png`) })
}

test('pictures for the README', async ({ launch }) => {
  mkdirSync(folder, { recursive: true })
  const hosts: TestHost[] = []
  try {
    const { page } = await launch()
    await firstRun(page)
    for (const [index, { name, suite, bots }] of fleet.entries()) {
      const host = await bootHost({ suite, name })
      hosts.push(host)
      for (const bot of bots) await host.installBot(bot, bot === 'cookie-bot' ? { restart: 'no' } : {})
      if (index > 0) await page.getByRole('link', { name: 'Add host' }).first().click()
      const draft = { name, address: host.address, user: 'deploy', key: host.keyFiles.ed25519 }
      await addHost(page, draft, await host.hostKeys())
    }
    await test.step('taking the suggested checks', async () => {
      await openPlace(page, 'Checks')
      await page.getByRole('link', { name: 'Suggestions' }).click()
      for (const name of ['bots-1', 'trading']) {
        await page.getByLabel('Host', { exact: true }).selectOption({ label: name })
        await expect(page.getByRole('heading', { name: 'Services', exact: true })).toBeVisible(patience)
        const all = page.getByRole('button', { name: /^Take all/ })
        // Each press takes one group away.
        while ((await all.count()) > 0) {
          const left = await all.count()
          await all.first().click()
          await expect.poll(() => all.count(), patience).toBeLessThan(left)
        }
      }
    })
    await hosts[0]?.killUnit('cookie-bot-poster.service')

    await page.getByRole('link', { name: 'bots-1' }).first().click()
    const row = await serviceRow(page, 'keepalive-bot')
    await row.getByRole('link', { name: 'keepalive-bot', exact: true }).click()
    await test.step(`waiting ${courseMs / 1000} s, so that there is something to see`, () =>
      page.waitForTimeout(courseMs))
    await page.getByRole('button', { name: 'Restart', exact: true }).click()
    await expect(page.getByText('Verified', { exact: true }).first()).toBeVisible(patience)
    await picture(page, 'service', 'dark')

    await page.getByRole('link', { name: 'Services', exact: true }).first().click()
    await expect(page.getByRole('row').filter({ hasText: 'cookie-bot-poster' })).toContainText('Failed', patience)
    await page
      .getByRole('button', { name: /active$/ })
      .first()
      .click()
    await picture(page, 'services', 'light')
    await openPlace(page, 'Fleet')
    await expect(page.getByRole('row').filter({ hasText: 'bots-1' })).toContainText('1 failed', patience)
    await picture(page, 'fleet', 'light')
    await openPlace(page, 'Checks')
    await expect(page.getByRole('row').nth(1)).toBeVisible(patience)
    await picture(page, 'checks', 'light')
    await openPlace(page, 'Incidents')
    await page.getByRole('row').filter({ hasText: 'cookie-bot-poster' }).first().click()
    await expect(page.getByText('What happened')).toBeVisible(patience)
    await picture(page, 'incident', 'dark')
  } finally {
    for (const host of hosts) await host.dispose()
  }
})
