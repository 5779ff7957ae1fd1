// Plays what goes wrong with the app's own files, in a real window: each trouble is told in words, loses nothing, and is got over.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import Database from 'better-sqlite3'
import { test } from './lib/app.ts'
import { type Desktop, startDesktop } from './lib/desktop.ts'
import { firstRun, openPlace, patience } from './lib/flow.ts'
import { test as rootTest } from './lib/real-hosts.ts'

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

  rootTest('on a full disk is told, and goes on by itself when there is space again', async ({ launch }) => {
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
