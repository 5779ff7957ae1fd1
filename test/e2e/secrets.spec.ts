// Gives the app canary secrets through its window, lets it use all of them on a real host, and looks for them everywhere they must not be.
import { randomBytes } from 'node:crypto'
import { chmodSync, copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import { bootHost, run, type TestHost } from '../hosts/lib/index.ts'
import type { RunningApp } from './lib/app.ts'
import { startDesktop } from './lib/desktop.ts'
import { expectConnected, fillHost, firstRun, openPlace, patience, serviceRow, trustKey } from './lib/flow.ts'
import { test } from './lib/real-hosts.ts'
import { findIn, findInFiles, findInProcesses, heapOf } from './lib/traces.ts'

const service = 'keepalive-bot'
const unit = `${service}.service`
const canary = (): string => randomBytes(18).toString('base64url')

test('S37 secrets stay where they belong: none in the heap, processes, logs, files, messages, or on the host', async ({
  launch,
}) => {
  test.setTimeout(300_000)
  const secrets = {
    'vault passphrase': canary(),
    password: canary(),
    'sudo password': canary(),
    'key passphrase': canary(),
    'wrong password': canary(),
    'wrong vault passphrase': canary(),
  }
  const desktop = await startDesktop()
  await using host = await bootHost({ passwords: { sam: secrets.password } })
  await host.installBot(service, { restart: 'no' })
  // sudo asks for another password than the login, so that each can be told from the other.
  await host.exec('cat > /etc/sudoers.d/zz-canary; chmod 440 /etc/sudoers.d/zz-canary', {
    input: 'Defaults:sam rootpw\n',
  })
  await host.exec('chpasswd', { input: `root:${secrets['sudo password']}\n` })
  const key = join(desktop.home, 'canary-key')
  copyFileSync(host.keyFiles.ed25519, key)
  chmodSync(key, 0o600)
  await run(['ssh-keygen', '-q', '-p', '-P', '', '-N', secrets['key passphrase'], '-f', key])

  const output: string[] = []
  const scans: string[] = []
  const app = await launch({ desktop })
  listen(app, output)
  const { page } = app
  const watch = await watchProcesses(host, Object.values(secrets))

  await test.step('first run, wrong password, right password, sudo', async () => {
    await firstRun(page, secrets['vault passphrase'])
    const draft = { name: 'canary-1', address: host.address, user: 'sam', password: secrets['wrong password'] }
    await fillHost(page, { ...draft, sudo: 'With password', sudoPassword: secrets['sudo password'] })
    await page.getByRole('button', { name: 'Test connection' }).click()
    await trustKey(page, await host.hostKeys())
    await expect(page.getByRole('status').filter({ hasText: 'Does not work' })).toBeVisible(patience)
    scans.push(...findIn('the failed test', Buffer.from(await page.content()), secrets))
    await page.getByRole('button', { name: 'Add host' }).click()
    await expect(page.getByText('The host refused the login')).toBeVisible(patience)
    scans.push(...findIn('the refused login', Buffer.from(await page.content()), secrets))
    await page.getByRole('link', { name: 'Change how to log in' }).click()
    await page.getByRole('textbox', { name: 'Password', exact: true }).fill(secrets.password)
    await page.getByRole('button', { name: 'Save' }).click()
    await expectConnected(page, 'canary-1')
    await crashAndRestart(app, host, 'canary-1')
  })

  await test.step('a key with a passphrase', async () => {
    await page.getByRole('link', { name: 'Add host' }).click()
    const draft = { name: 'canary-2', address: host.address, user: 'fishy', key, passphrase: secrets['key passphrase'] }
    await fillHost(page, draft)
    await page.getByRole('button', { name: 'Add host' }).click()
    await expectConnected(page, 'canary-2')
    await serviceRow(page, service)
  })

  await look(app, 'the first run', secrets, scans)
  await app.close()

  const again = await launch({ desktop })
  listen(again, output)
  await test.step('the vault is opened at the next start', async () => {
    const dialog = again.page.getByRole('dialog', { name: 'Unlock the vault' })
    await dialog.getByLabel('Passphrase').fill(secrets['wrong vault passphrase'], patience)
    await again.page.keyboard.press('Enter')
    await expect(dialog.getByText('That is not the passphrase. Try again.')).toBeVisible(patience)
    scans.push(...findIn('the refused passphrase', Buffer.from(await again.page.content()), secrets))
    await dialog.getByLabel('Passphrase').fill(secrets['vault passphrase'])
    await again.page.keyboard.press('Enter')
    await expect(dialog).toBeHidden(patience)
    await again.page.getByRole('link', { name: 'canary-1' }).first().click()
    await expectConnected(again.page, 'canary-1')
    await crashAndRestart(again, host, 'canary-1')
  })
  await look(again, 'the second run', secrets, scans)
  await again.close()

  const seen = await watch.end()
  expect(seen.rounds, 'looks at the processes of the host').toBeGreaterThan(10)
  expect(seen.hits, 'secrets in processes of the host').toBe(0)
  scans.push(...findInFiles(desktop.home, secrets).map(found => `after the end: ${found}`))
  scans.push(...findIn('the output of the app', Buffer.from(output.join('')), secrets))
  const told = JSON.stringify(desktop.notifications?.shown)
  expect(told).toContain('canary-1')
  scans.push(...findIn('notifications', Buffer.from(told), secrets))
  scans.push(
    ...findIn('the journal of the host', Buffer.from(await host.output('journalctl -q --no-pager -o export')), secrets),
  )
  await desktop.dispose()
  expect(scans).toEqual([])
})

async function crashAndRestart(app: RunningApp, host: TestHost, name: string): Promise<void> {
  const row = await serviceRow(app.page, service)
  await expect(row).toContainText('Running', patience)
  await host.killUnit(unit)
  await expect(row).toContainText('Failed', patience)
  await app.desktop.notifications?.waitFor(({ summary }) => summary === `${service} failed on ${name}`, 30_000)
  await row.getByRole('button', { name: new RegExp(`^Restart ${unit}`) }).click()
  await expect(app.page.getByText(`Restart ${unit}: verified`)).toBeVisible(patience)
}

/** Looks everywhere while the app runs. What is no secret proves that the look is a real one. */
async function look(app: RunningApp, when: string, secrets: Readonly<Record<string, string>>, scans: string[]) {
  const { page, home, desktop, mainPid } = app
  // The place that was typed into is left, as a person would.
  await openPlace(page, 'Activity')
  await expect(page.getByRole('row').filter({ hasText: unit }).first()).toBeVisible(patience)
  const known = { 'a known text': 'canary-1' }
  const heap = await heapOf(page)
  expect(findIn('heap', heap, known)).not.toEqual([])
  expect(findInFiles(home, known).join()).toMatch(/quarterdeck\.db/)
  expect(findInProcesses(home, mainPid, { 'a known text': home })).not.toEqual([])
  const found = [
    ...findIn('the heap of the page', heap, secrets),
    ...findIn('the page', Buffer.from(await page.content()), secrets),
    ...findInFiles(desktop.home, secrets),
    ...findInProcesses(home, mainPid, secrets),
  ]
  scans.push(...found.map(one => `${when}: ${one}`))
}

function listen(app: RunningApp, output: string[]): void {
  const { stdout, stderr } = app.electron.process()
  for (const stream of [stdout, stderr]) stream?.on('data', chunk => output.push(String(chunk)))
}

/** Looks at all processes of the host again and again, from the host itself, until told to end. */
async function watchProcesses(host: TestHost, texts: readonly string[]) {
  await host.writeFile('/run/canaries', `${texts.join('\n')}\n`, { mode: '600' })
  const script = `rounds=0; hits=0
    while [ ! -e /run/canaries-end ]; do
      n=$(cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -c -F -f /run/canaries)
      hits=$((hits + n)); rounds=$((rounds + 1)); sleep 0.02
    done
    echo "$rounds $hits"`
  const ended = host.output(script, { timeoutMs: 600_000 })
  // Awaited at the end; a failure until then is not an unhandled one.
  ended.catch(() => {})
  return {
    async end() {
      await host.exec('touch /run/canaries-end')
      const [rounds, hits] = (await ended).split(' ').map(Number)
      return { rounds: rounds ?? 0, hits: hits ?? Number.NaN }
    },
  }
}
