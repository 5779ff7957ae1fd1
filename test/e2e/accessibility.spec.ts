// Walks through every screen as it is with a real host behind it, dark and light, and finds no serious barrier on any. Leaves a picture of each.
import { expect, type Page } from '@playwright/test'
import { bootHost, type TestHost } from '../hosts/lib/index.ts'
import type { RunningApp } from './lib/app.ts'
import { expectAccessible } from './lib/axe.ts'
import { type Desktop, startDesktop } from './lib/desktop.ts'
import { expectConnected, fillHost, openPlace, patience, serviceRow, trustKey } from './lib/flow.ts'
import { test } from './lib/real-hosts.ts'

const service = 'keepalive-bot'
const passphrase = 'correct horse battery'

/** In the page: how many animations come to an end and have not. */
const underWay = () =>
  document
    .getAnimations()
    .filter(({ playState, effect }) => playState === 'running' && effect?.getComputedTiming().iterations === 1).length

async function inBothThemes(app: RunningApp, what: string): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await app.page.emulateMedia({ colorScheme: theme })
    await expect(app.page.locator('html')).toHaveAttribute('data-theme', theme)
    // Colours that are on their way are not yet the ones that people see. Asked again and again: what is out of view ends without a frame, and then
    // nothing tells of its end.
    await expect.poll(() => app.page.evaluate(underWay), patience).toBe(0)
    await app.screenshot(`real-${what}-${theme}`)
    await expectAccessible(app.page, `${what}, ${theme}`)
  }
}

const goTo = async (page: Page, tab: string) => {
  await page.getByRole('navigation', { name: 'Host' }).getByRole('link', { name: tab, exact: true }).click()
}

test('no screen has serious barriers, dark or light', async ({ launch }) => {
  test.setTimeout(300_000)
  let desktop: Desktop | undefined
  await using host: TestHost = await bootHost({ name: 'bots-1' })
  await host.installBot(service)
  await host.installBot('cookie-bot', { restart: 'no' })
  await host.killUnit('cookie-bot-poster.service')
  try {
    desktop = await startDesktop()
    const app = await launch({ desktop })
    const { page } = app

    await test.step('the first run', async () => {
      await expect(page.getByRole('heading', { name: 'Welcome to Quarterdeck' })).toBeVisible(patience)
      await inBothThemes(app, 'welcome')
      await page.getByLabel('Passphrase', { exact: true }).fill(passphrase)
      await page.getByRole('button', { name: 'Create the vault' }).click()
      await expect(page.getByText('The two are not the same.')).toBeVisible()
      await inBothThemes(app, 'welcome-mistake')
      await page.getByLabel('Repeat the passphrase').fill(passphrase)
      await page.getByRole('button', { name: 'Create the vault' }).click()
      await expect(page.getByRole('button', { name: /Add your first host/ })).toBeVisible(patience)
      await inBothThemes(app, 'welcome-choices')
      await page.getByRole('button', { name: /Add your first host/ }).click()
    })

    await test.step('adding a host', async () => {
      await page.getByRole('button', { name: 'Import from ~/.ssh/config' }).click()
      await expect(page.getByText('There is no host in ~/.ssh/config')).toBeVisible(patience)
      await inBothThemes(app, 'import')
      await page.keyboard.press('Escape')
      const draft = { name: host.name, address: host.address, user: 'deploy', key: host.keyFiles.ed25519 }
      await fillHost(page, draft)
      await page.getByRole('button', { name: 'Test connection' }).click()
      await expect(page.getByRole('button', { name: 'Trust this key' })).toBeVisible(patience)
      await inBothThemes(app, 'add-host-trust')
      await trustKey(page, await host.hostKeys())
      await expect(page.getByRole('status').filter({ hasText: /^\s*Works/ })).toBeVisible(patience)
      await inBothThemes(app, 'add-host-tested')
      await page.getByRole('button', { name: 'Add host' }).click()
      await expectConnected(page, host.name)
    })

    await test.step('a host', async () => {
      await expect(page.getByRole('row').filter({ hasText: 'cookie-bot-poster' })).toContainText('Failed', patience)
      await inBothThemes(app, 'services')
      await goTo(page, 'Metrics')
      await expect(page.locator('canvas').first()).toBeVisible(patience)
      await inBothThemes(app, 'metrics')
      await goTo(page, 'Journal')
      await expect(page.getByText(/Started|Starting/).first()).toBeVisible(patience)
      await inBothThemes(app, 'journal')
      await goTo(page, 'Timers')
      await expect(page.getByText('systemd-tmpfiles-clean').first()).toBeVisible(patience)
      await inBothThemes(app, 'timers')
      await goTo(page, 'Services')
    })

    await test.step('a service', async () => {
      const row = await serviceRow(page, service)
      await row.getByRole('link', { name: service, exact: true }).click()
      await expect(page.getByRole('heading', { name: `${service}.service` })).toBeVisible(patience)
      await page.getByRole('button', { name: 'Restart', exact: true }).click()
      await expect(page.getByText('Verified', { exact: true }).first()).toBeVisible(patience)
      await inBothThemes(app, 'service')
      await page.getByRole('button', { name: 'Stop', exact: true }).click()
      await expect(page.getByRole('alertdialog')).toBeVisible(patience)
      await inBothThemes(app, 'service-stop')
      await page.keyboard.press('Escape')
    })

    await test.step('recovery', async () => {
      await page.getByRole('link', { name: 'Set up' }).click()
      await expect(page.getByLabel('Mend this service without me')).toBeVisible(patience)
      await expect(page.getByText(/systemctl restart .*keepalive-bot\.service/).first()).toBeVisible(patience)
      await inBothThemes(app, 'recovery')
      await page.getByRole('button', { name: 'Review' }).click()
      const file = '/etc/systemd/system/keepalive-bot.service.d/50-quarterdeck.conf'
      await expect(page.getByText(file, { exact: true })).toBeVisible(patience)
      await inBothThemes(app, 'recovery-drop-in')
      await page.keyboard.press('Escape')
    })

    await test.step('checks', async () => {
      await goTo(page, 'Checks')
      await page.getByRole('link', { name: 'Suggestions' }).click()
      await expect(page.getByRole('heading', { name: 'Health endpoints' })).toBeVisible(patience)
      await inBothThemes(app, 'suggestions')
      await page
        .getByRole('listitem')
        .filter({ hasText: 'on port 8001' })
        .getByRole('button', { name: 'Watch this' })
        .click()
      await openPlace(page, 'Checks')
      const check = page.getByRole('row').filter({ hasText: 'on port 8001' })
      await expect(check).toContainText('Healthy', patience)
      await inBothThemes(app, 'checks')
      await check.getByRole('link').first().click()
      await expect(page.getByRole('slider', { name: /^Last probes of/ })).toBeVisible(patience)
      await inBothThemes(app, 'check')
      await page.getByRole('link', { name: 'Edit' }).click()
      await expect(page.getByRole('heading', { name: 'HTTP endpoint' })).toBeVisible(patience)
      await page.getByRole('button', { name: 'Try it now' }).click()
      await expect(page.getByRole('region', { name: 'Try' })).toContainText('Healthy', patience)
      await inBothThemes(app, 'check-edit')
      await openPlace(page, 'Checks')
      await page.getByRole('link', { name: 'Add check' }).click()
      await expect(page.getByText('What should be asked?')).toBeVisible(patience)
      await inBothThemes(app, 'check-kinds')
      await page.getByRole('button', { name: /^HTTP endpoint/ }).click()
      await page.getByRole('button', { name: 'Add check' }).click()
      await inBothThemes(app, 'check-mistake')
    })

    await test.step('channels', async () => {
      await openPlace(page, 'Settings')
      await page.getByRole('link', { name: 'Channels' }).click()
      await expect(page.getByText('Messages go to')).toBeVisible(patience)
      await inBothThemes(app, 'channels')
      await page.getByRole('link', { name: 'This desktop' }).click()
      await expect(page.getByRole('heading', { name: 'Quiet hours' })).toBeVisible(patience)
      await inBothThemes(app, 'channel')
      await page.goBack()
      await page.getByRole('link', { name: 'Add channel' }).click()
      await expect(page.getByText('Where should messages go?')).toBeVisible(patience)
      await inBothThemes(app, 'channel-kinds')
      await page.getByRole('button', { name: /^Telegram/ }).click()
      await inBothThemes(app, 'channel-new')
    })

    await test.step('the other places', async () => {
      await page.keyboard.press('Control+k')
      await page.keyboard.type('bot')
      await expect(page.getByRole('option').filter({ hasText: service }).first()).toBeVisible(patience)
      await inBothThemes(app, 'palette')
      await page.keyboard.press('Escape')
      await page.keyboard.press('?')
      await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
      await inBothThemes(app, 'shortcuts')
      await page.keyboard.press('Escape')
      await openPlace(page, 'Activity')
      const entry = page
        .getByRole('row')
        .filter({ hasText: `${service}.service` })
        .first()
      await expect(entry).toContainText('Verified', patience)
      await inBothThemes(app, 'activity')
      await entry.focus()
      await page.keyboard.press('Enter')
      await inBothThemes(app, 'activity-entry')
      await openPlace(page, 'Fleet')
      await expect(page.getByRole('row').filter({ hasText: host.name })).toContainText('failed', patience)
      await inBothThemes(app, 'fleet')
      await host.killUnit('cookie-bot-scraper.service')
      await openPlace(page, 'Incidents')
      const trouble = page.getByRole('row').filter({ hasText: 'cookie-bot-scraper.service' }).first()
      await expect(trouble).toContainText('Critical', patience)
      await inBothThemes(app, 'incidents')
      await trouble.focus()
      await page.keyboard.press('Enter')
      await expect(page.getByText('What happened')).toBeVisible(patience)
      await inBothThemes(app, 'incident')
      await page.getByRole('button', { name: 'Silence', exact: true }).click()
      await expect(page.getByRole('dialog', { name: 'Silence' })).toBeVisible()
      await inBothThemes(app, 'incident-silence')
      await page.keyboard.press('Escape')
      await openPlace(page, 'Incidents')
      await page.getByRole('link', { name: 'Silences and maintenance' }).click()
      await expect(page.getByRole('heading', { name: 'Silences and maintenance' })).toBeVisible(patience)
      await inBothThemes(app, 'silences')
      await openPlace(page, 'Settings')
      await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible(patience)
      await inBothThemes(app, 'settings')
      await openPlace(page, 'This computer')
      await expect(page.getByRole('heading', { name: 'This computer' })).toBeVisible(patience)
      await inBothThemes(app, 'this-computer')
      expect(app.complaints).toEqual([])
      await app.close()
    })

    await test.step('the vault at the next start', async () => {
      const again = await launch({ desktop: desktop as Desktop })
      await expect(again.page.getByRole('dialog', { name: 'Unlock the vault' })).toBeVisible(patience)
      await inBothThemes(again, 'unlock')
      await again.page.keyboard.press('Escape')
      await host.swapHostKeys()
      await host.restartSshd({ dropSessions: true })
      await again.page.getByRole('link', { name: host.name }).first().click()
      await expect(again.page.getByText('The host key has changed.').first()).toBeVisible(patience)
      await inBothThemes(again, 'host-key-changed')
      await again.close()
    })
  } finally {
    await desktop?.dispose()
  }
})
