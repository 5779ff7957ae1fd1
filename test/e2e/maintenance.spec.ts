// Plays maintenance as a person lives it: a database is compacted and old logs go, looked at before, run by keys alone, seen on the host itself. Real host, real window.
import { expect, type Page } from '@playwright/test'
import { bootHost, type TestHost } from '../hosts/lib/index.ts'
import { addHost, firstRun, openPlace, patience } from './lib/flow.ts'
import { tabAndType, tabTo, watchPointer } from './lib/keyboard.ts'
import { test } from './lib/real-hosts.ts'

test.describe.configure({ timeout: 300_000 })
const work = { timeout: 90_000 }
const database = '/srv/tidy/bot.db'

/** A database that is mostly empty pages, and logs of which one is old. */
async function untidy(host: TestHost): Promise<void> {
  await host.output(`set -e
    install -d -o deploy /srv/tidy /srv/tidy/logs
    sqlite3 ${database} 'CREATE TABLE event (text TEXT);
      WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
      INSERT INTO event SELECT hex(zeroblob(100)) FROM n; DELETE FROM event WHERE rowid > 10'
    for name in old.log fresh.log; do echo line > /srv/tidy/logs/$name; done
    touch -d '40 days ago' /srv/tidy/logs/old.log
    chown -R deploy /srv/tidy`)
}

async function addStep(page: Page, title: string): Promise<void> {
  await page.getByLabel('Kind', { exact: true }).selectOption({ label: title })
  await page.getByRole('button', { name: 'Add step' }).click()
}

test('a database is compacted and old logs go: looked at before, run by keys alone, seen on the host', async ({
  launch,
}) => {
  await using host = await bootHost()
  await untidy(host)
  const app = await launch()
  const { page } = app
  await firstRun(page)
  const draft = { name: host.name, address: host.address, user: 'deploy', key: host.keyFiles.ed25519 }
  await addHost(page, draft, await host.hostKeys())
  const bytes = async (): Promise<number> => Number(await host.output(`stat -c %s ${database}`))
  const before = await bytes()

  await openPlace(page, 'Maintenance')
  await page.getByRole('link', { name: 'Add task' }).first().click()
  await page.getByLabel('Name', { exact: true }).fill('Tidy the bot')
  await page.getByLabel('Host', { exact: true }).selectOption({ label: host.name })
  // without a step there is nothing to be saved
  await page.getByRole('button', { name: 'Add task' }).click()
  await expect(page.getByText('Choose what is to be done')).toBeVisible()
  await addStep(page, 'Vacuum a SQLite file')
  await page.getByLabel('File', { exact: true }).fill(database)
  await addStep(page, 'Delete old logs')
  await page.getByLabel('Folders', { exact: true }).fill('/srv/tidy/logs')
  await expect(page.getByRole('group', { name: 'Next times' }).getByRole('listitem')).toHaveCount(3, patience)

  // what would go is shown before it is saved; a look changes nothing
  await page.getByRole('button', { name: 'Look', exact: true }).click()
  await expect(page.getByText(/logs: 1 file, .*old\.log$/)).toBeVisible(work)
  await expect(page.getByText(/of it empty pages/)).toBeVisible()
  await page.getByRole('button', { name: 'Add task' }).click()
  const asked = page.getByRole('alertdialog', { name: 'Let Tidy the bot run by itself?' })
  await expect(asked.getByText(/logs: 1 file, .*old\.log$/)).toBeVisible(work)
  await asked.getByRole('button', { name: 'Add task' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Tidy the bot' })).toBeVisible(patience)
  expect(await bytes()).toBe(before)
  expect(await host.output('ls /srv/tidy/logs')).toContain('old.log')

  // from here on by keys alone
  const noPointer = await watchPointer(page)
  await page.keyboard.press('g')
  await page.keyboard.press('m')
  await expect(page.getByRole('heading', { level: 1, name: 'Maintenance' })).toBeVisible()
  await page.locator('tbody tr').first().focus()
  await page.keyboard.press('Enter')
  await tabTo(page, /^Run now$/)
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('alertdialog', { name: 'Run Tidy the bot now?' })
  await expect(dialog.getByText(/logs: 1 file, .*old\.log$/)).toBeVisible(work)
  // what takes something away wants its name typed
  await page.keyboard.press('Enter')
  await expect(dialog.getByText('That is not the same name.')).toBeVisible()
  await tabAndType(page, /^Type “/, 'Tidy the bot')
  await page.keyboard.press('Enter')
  await expect(dialog).toHaveCount(0, patience)
  const last = page.getByRole('region', { name: 'Last run' })
  await expect(last.getByText('Done', { exact: true }).first()).toBeVisible(work)
  await noPointer()

  await expect(last.getByText(/ before, .* after$/)).toBeVisible()
  expect(await bytes()).toBeLessThan(before / 10)
  expect(await host.output(`sqlite3 ${database} 'PRAGMA integrity_check; SELECT count(*) FROM event'`)).toMatch(
    /ok\n10/,
  )
  const left = await host.output('ls /srv/tidy/logs')
  expect(left).toContain('fresh.log')
  expect(left).not.toContain('old.log')
  expect(app.complaints).toEqual([])
})
