// Plays a backup as a person lives it: taken of a service in use, proven, and put back after its data were lost. Real host, real databases, real window.
import { expect, type Page } from '@playwright/test'
import { bootHost, type TestHost } from '../hosts/lib/index.ts'
import type { RunningApp } from './lib/app.ts'
import { addHost, firstRun, patience, serviceRow } from './lib/flow.ts'
import { test } from './lib/real-hosts.ts'

test.describe.configure({ timeout: 300_000 })
const work = { timeout: 90_000 }

async function connected(app: RunningApp, host: TestHost): Promise<void> {
  await firstRun(app.page)
  const draft = { name: host.name, address: host.address, user: 'deploy', key: host.keyFiles.ed25519 }
  await addHost(app.page, draft, await host.hostKeys())
}

/** From the service's own page: what it needs is proposed, the rest is as it comes. */
async function addBackup(page: Page, unit: string): Promise<void> {
  const row = await serviceRow(page, unit)
  await row.getByRole('link', { name: unit, exact: true }).click()
  await page.getByRole('link', { name: 'Back up', exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Add backup' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'What it holds' })).toContainText(/sqlite|postgres/i, patience)
}

async function save(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Add backup' }).click()
  await expect(page.getByRole('button', { name: 'Back up now' })).toBeVisible(patience)
}

const snapshots = (page: Page) => page.getByRole('region', { name: 'Snapshots' })

async function backUp(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Back up now' }).click()
  await expect(snapshots(page).getByRole('link', { name: 'Restore' }).first()).toBeVisible(work)
  await expect(snapshots(page).getByText('Verified', { exact: true }).first()).toBeVisible(work)
}

async function prove(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Prove a restore' }).click()
  await expect(snapshots(page).getByText('Proven', { exact: true }).first()).toBeVisible(work)
}

/** The way back over what is there, with what the app wants to be typed. */
async function restore(page: Page, meanwhile = async (): Promise<void> => {}): Promise<void> {
  await snapshots(page).getByRole('link', { name: 'Restore' }).first().click()
  const region = page.getByRole('region', { name: 'What will happen' })
  await expect(region).toContainText('Rows then', work)
  await page.getByRole('button', { name: 'Restore…' }).click()
  const dialog = page.getByRole('alertdialog')
  await dialog.getByRole('button', { name: 'Restore' }).click()
  await expect(dialog.getByText('That is not the same name.')).toBeVisible()
  const label =
    (await dialog.getByLabel(/^Type “/).evaluate(input => (input as HTMLInputElement).labels?.[0]?.textContent)) ?? ''
  await dialog.getByLabel(/^Type “/).fill(/“(.*)”/.exec(label)?.[1] ?? '')
  await dialog.getByRole('button', { name: 'Restore' }).click()
  await expect(page.getByRole('region', { name: 'How it goes' })).toBeVisible(work)
  await meanwhile()
  await expect(page.getByText('Restored', { exact: true })).toBeVisible(work)
}

/** Quits while something is half done, and answers what is asked then. Gives back the question. */
async function quitAndStay({ electron }: RunningApp): Promise<string> {
  return await electron.evaluate(
    ({ app, dialog }) =>
      new Promise<string>(resolve => {
        const stay = async (...given: unknown[]) => {
          const { message, cancelId } = given.at(-1) as Electron.MessageBoxOptions
          resolve(message)
          return { response: cancelId ?? 0, checkboxChecked: false }
        }
        dialog.showMessageBox = stay as typeof dialog.showMessageBox
        app.quit()
      }),
  )
}

test('the statistics of a bot are taken while it writes, proven, and put back after they were lost', async ({
  launch,
}) => {
  await using host = await bootHost()
  await host.installBot('stats-bot')
  const app = await launch()
  const { page } = app
  await connected(app, host)
  await addBackup(page, 'stats-bot')
  await save(page)
  await backUp(page)
  await prove(page)

  const count = async (): Promise<number> =>
    Number(await host.output(`sqlite3 -cmd '.timeout 5000' /opt/stats-bot/stats.db 'SELECT count(*) FROM sessions'`))
  await host.output(`sqlite3 -cmd '.timeout 5000' /opt/stats-bot/stats.db 'DELETE FROM sessions'`)
  expect(await count()).toBeLessThan(300)
  const pid = await host.pid('stats-bot.service')
  await restore(page, async () => expect(await quitAndStay(app)).toMatch(/^A restore of .* is under way$/))
  expect(await count()).toBeGreaterThanOrEqual(600)
  expect(await host.pid('stats-bot.service')).not.toBe(pid)
  expect(await host.output('systemctl is-active stats-bot.service')).toContain('active')
  expect(app.complaints).toEqual([])
})

test('the trades of a bot in Postgres are taken while it writes, proven, and put back after they were lost', async ({
  launch,
}) => {
  await using host = await bootHost()
  await host.installBot('trading-bot')
  const app = await launch()
  const { page } = app
  await connected(app, host)
  const trades = async (): Promise<number> =>
    Number(await host.output(`runuser -u postgres -- psql -qAtX trading -c 'SELECT count(*) FROM trades'`))
  await host.output(
    `runuser -u postgres -- psql -qAtX trading -c "INSERT INTO trades (symbol, price) SELECT 'QDK', n FROM generate_series(1, 5000) n"`,
  )
  await addBackup(page, 'trading-bot')
  await save(page)
  await backUp(page)
  await prove(page)

  await host.output(`runuser -u postgres -- psql -qAtX trading -c 'DELETE FROM trades'`)
  expect(await trades()).toBeLessThan(1000)
  await restore(page)
  expect(await trades()).toBeGreaterThanOrEqual(5000)
  expect(await host.output('systemctl is-active trading-bot.service')).toContain('active')
  expect(app.complaints).toEqual([])
})
