// Plays what goes wrong in a person's life with the app, in a real window: each trouble is told in words, hurts nothing, and is got over.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import Database from 'better-sqlite3'
import { bootHost, type TestHost } from '../hosts/lib/index.ts'
import { type RunningApp, test } from './lib/app.ts'
import { type Desktop, startDesktop } from './lib/desktop.ts'
import { addHost, expectConnected, fillHost, firstRun, openPlace, patience, serviceRow, trustKey } from './lib/flow.ts'

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

test('a malformed ~/.ssh/config is refused with the line that is wrong', async ({ launch }) => {
  const desktop = await startDesktop()
  try {
    const file = join(desktop.home, '.ssh', 'config')
    mkdirSync(join(desktop.home, '.ssh'), { mode: 0o700 })
    writeFileSync(file, 'Host good\n  HostName 192.0.2.1\n\nHost bad\n  Port "22\n')
    const app = await launch({ desktop })
    const { page } = app
    await firstRun(page)
    await page.getByRole('button', { name: 'Import from ~/.ssh/config' }).click()
    await expect(page.getByRole('dialog').getByText(/line 5/)).toBeVisible(patience)
    writeFileSync(
      file,
      'Host good\n  HostName 192.0.2.1\n\nHost mended\n  HostName 192.0.2.2\n  Port 2222\n  User bob\n',
    )
    await page.getByRole('dialog').getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('button', { name: /mended/ }).click()
    await expect(page.getByLabel('Address')).toHaveValue('192.0.2.2')
    await expect(page.getByLabel('Port')).toHaveValue('2222')
    await app.close()
  } finally {
    await desktop.dispose()
  }
})

test.describe('the database', () => {
  let desktop: Desktop
  test.beforeEach(async () => {
    desktop = await startDesktop()
  })
  test.afterEach(() => desktop.dispose())
  const file = () => join(desktop.home, 'quarterdeck', 'quarterdeck.db')
  const hashOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

  test('of a newer version is refused with a clear message and left as it is', async ({ launch }) => {
    const first = await launch({ desktop })
    await firstRun(first.page)
    await first.close()
    const db = new Database(file())
    db.pragma('user_version = 9999')
    db.pragma('wal_checkpoint(TRUNCATE)')
    db.close()
    const before = hashOf(file())
    const second = await launch({ desktop })
    await expect(second.page.getByText('Quarterdeck could not start')).toBeVisible(patience)
    await expect(
      second.page.getByText(/quarterdeck\.db was written by a newer version of Quarterdeck/).first(),
    ).toBeVisible()
    await expect(second.page.getByText(/Install the newest version/).first()).toBeVisible()
    await second.close()
    expect(hashOf(file())).toBe(before)
  })

  test('that is damaged is set aside, named and kept; the app starts', async ({ launch }) => {
    const first = await launch({ desktop })
    await firstRun(first.page)
    await first.close()
    const handle = openSync(file(), 'r+')
    const size = statSync(file()).size
    for (let at = 4096; at < size; at += 4096) writeSync(handle, Buffer.alloc(512, 0xa5), 0, 512, at)
    closeSync(handle)
    const before = hashOf(file())
    const second = await launch({ desktop })
    const banner = second.page.getByText(/The database was damaged and has been set aside, nothing was deleted/)
    await expect(banner).toBeVisible(patience)
    const named = /\/\S+\.damaged-\S+\.db/.exec((await banner.textContent()) ?? '')?.[0] ?? ''
    expect(hashOf(named)).toBe(before)
    await expect(second.page.getByRole('heading', { name: 'Welcome to Quarterdeck' })).toBeVisible(patience)
    await second.page.getByRole('button', { name: 'Dismiss' }).click()
    await expect(banner).toBeHidden()
    await second.close()
  })

  test('on a full disk is told, and goes on by itself when there is space again', async ({ launch }) => {
    const home = join(desktop.home, 'small')
    mkdirSync(home)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m,mode=700', 'quarterdeck-test', home])
    try {
      const app = await launch({ desktop, home })
      const { page } = app
      await firstRun(page)
      await openPlace(page, 'Settings')
      fill(join(home, 'filler'))
      // What was written before stays readable, what is written now cannot be.
      const box = page.getByRole('checkbox').first()
      const was = await box.isChecked()
      await box.click()
      await expect(page.getByText(/The disk is full or cannot be written\. Monitoring goes on/)).toBeVisible(patience)
      rmSync(join(home, 'filler'))
      await expect(page.getByText(/The disk is full/)).toHaveCount(0, patience)
      if ((await box.isChecked()) === was) await box.click()
      await expect(box).toBeChecked({ checked: !was, ...patience })
      await page.reload()
      await expect(page.getByRole('checkbox').first()).toBeChecked({ checked: !was, ...patience })
      await app.close()
    } finally {
      execFileSync('umount', ['-l', home])
    }
  })
})

/** Takes every byte that the disk still has. */
function fill(path: string): void {
  const handle = openSync(path, 'w')
  for (let size = 1 << 20; size >= 512; ) {
    try {
      writeSync(handle, Buffer.alloc(size))
    } catch {
      size /= 2
    }
  }
  closeSync(handle)
}
