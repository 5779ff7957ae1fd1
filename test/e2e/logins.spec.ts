// Plays the renewal of a login as a person lives it: it ends at night, one is told, and one click later the bot is in again. Real host, real site, real window.
import { expect, type Page } from '@playwright/test'
import { LoginSite } from '../fakes/login-site.ts'
import { bootHost, type TestHost } from '../hosts/lib/index.ts'
import type { RunningApp } from './lib/app.ts'
import { addHost, firstRun, openPlace, patience } from './lib/flow.ts'
import { test } from './lib/real-hosts.ts'
import { findIn, findInFiles, findInProcesses, heapOf } from './lib/traces.ts'

test.describe.configure({ timeout: 300_000 })

async function connected(app: RunningApp, host: TestHost): Promise<void> {
  await firstRun(app.page)
  const draft = { name: host.name, address: host.address, user: 'deploy', key: host.keyFiles.ed25519 }
  await addHost(app.page, draft, await host.hostKeys())
}

interface NewLogin {
  readonly name: string
  readonly path: string
  readonly required: string
  readonly probe: string
  readonly from: 'The host' | 'This computer'
  readonly loginUrl?: string
  readonly domains?: string
  readonly consumer?: string
}

async function addLogin(page: Page, host: TestHost, login: NewLogin): Promise<void> {
  await openPlace(page, 'Logins')
  await page.getByRole('link', { name: 'Add login' }).first().click()
  await page.getByLabel('Name', { exact: true }).fill(login.name)
  await page.getByLabel('Host', { exact: true }).selectOption({ label: host.name })
  await page.getByLabel('File on the host').fill(login.path)
  await page.getByLabel('Cookies without which the bot is logged out').fill(login.required)
  if (login.loginUrl) await page.getByLabel('Address to log in at').fill(login.loginUrl)
  if (login.domains) await page.getByLabel('Domains whose cookies are taken').fill(login.domains)
  if (login.consumer) await page.getByLabel(login.consumer, { exact: true }).check()
  await page.getByLabel('Ask the site with it').check()
  await page.getByLabel('Address that only answers when logged in').fill(login.probe)
  await page.getByRole('region', { name: 'How it is proven' }).getByText(login.from, { exact: true }).click()
  await page.getByRole('button', { name: 'Add login' }).click()
  await expect(page.getByRole('heading', { level: 1, name: login.name })).toBeVisible(patience)
}

/** The state beside the login's name. */
const state = (page: Page, word: string) =>
  page.getByRole('banner').or(page.locator('header')).getByText(word, { exact: true }).first()

test('a login that the site no longer takes is told, renewed by a paste, proven, and over', async ({ launch }) => {
  await using host = await bootHost()
  const bot = await host.installBot('cookie-bot')
  const file = '/opt/cookie-bot/cookies/header.txt'
  const app = await launch()
  const { page, desktop } = app
  await connected(app, host)
  await addLogin(page, host, {
    name: 'Site of the web part',
    path: file,
    required: 'auth_token',
    probe: 'http://127.0.0.1:8090/account',
    from: 'The host',
    consumer: 'cookie-bot-web.service',
  })
  await expect(state(page, 'Valid')).toBeVisible(patience)
  const before = await host.exec(['stat', '-c', '%a %U %G', file])

  const token = await bot.renewCookie({ files: false })
  await page.getByRole('button', { name: 'Prove now' }).click()
  await expect(state(page, 'Expired')).toBeVisible(patience)
  const told = await desktop.notifications?.waitFor(({ summary }) => summary.includes('Site of the web part'))
  expect(told).toBeTruthy()

  const pid = await host.pid('cookie-bot-web.service')
  await page.getByRole('button', { name: 'Renew' }).click()
  await page.getByLabel(/^Paste or drop/).fill(`Cookie: auth_token=${token}; ct0=csrf-2`)
  await page.getByRole('button', { name: 'Look at it' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('row').filter({ hasText: 'auth_token' })).toContainText('changed', patience)
  expect(await page.content(), 'a value in the window').not.toContain(token)
  await dialog.getByRole('button', { name: 'Write it' }).click()
  await expect(dialog.getByText('Verified', { exact: true })).toBeVisible({ timeout: 90_000 })
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  await expect(state(page, 'Valid')).toBeVisible(patience)

  expect(await host.readFile(file)).toContain(`auth_token=${token}`)
  expect((await host.exec(['stat', '-c', '%a %U %G', file])).stdout).toBe(before.stdout)
  expect(await host.pid('cookie-bot-web.service')).not.toBe(pid)
  await openPlace(page, 'Activity')
  await expect(page.getByRole('row').filter({ hasText: 'Site of the web part' }).first()).toContainText(
    'Verified',
    patience,
  )
  await expectNowhere(app, host, { 'the new cookie': token })
  expect(app.complaints).toEqual([])
})

/** The panel is closed: the value is in the file on the host, and nowhere else in clear. */
async function expectNowhere(
  app: RunningApp,
  host: TestHost,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  const { page, home, desktop, mainPid } = app
  const heap = await heapOf(page)
  const known = { 'a known text': 'Site of the web part' }
  expect(findIn('heap', heap, known)).not.toEqual([])
  expect(findInFiles(home, known)).not.toEqual([])
  const journal = await host.output('journalctl -q --no-pager -o export')
  expect([
    ...findIn('the heap of the page', heap, secrets),
    ...findIn('the page', Buffer.from(await page.content()), secrets),
    ...findInFiles(desktop.home, secrets),
    ...findInProcesses(home, mainPid, secrets),
    ...findIn('notifications', Buffer.from(JSON.stringify(desktop.notifications?.shown)), secrets),
    ...findIn('the journal of the host', Buffer.from(journal), secrets),
  ]).toEqual([])
}

test('one click opens a window of its own, and what the person logs in to there is written and proven', async ({
  launch,
}) => {
  await using host = await bootHost()
  await using site = await LoginSite.start()
  const file = '/opt/poster/cookies.txt'
  await host.exec(['install', '-d', '-o', 'deploy', '-g', 'deploy', '-m', '700', '/opt/poster'])
  await host.writeFile(file, '# Netscape HTTP Cookie File\n', { owner: 'deploy:deploy', mode: '600' })
  const app = await launch()
  const { page } = app
  await connected(app, host)
  await addLogin(page, host, {
    name: 'Poster',
    path: file,
    required: 'auth_token\nct0',
    probe: site.at('127.0.0.1', '/home'),
    from: 'This computer',
    loginUrl: site.at('127.0.0.1', '/login'),
    domains: '127.0.0.1',
  })
  await page.getByRole('button', { name: 'Renew' }).click()
  await page.getByRole('button', { name: 'Open a login window' }).click()
  await expect
    .poll(
      () =>
        app.electron.evaluate(
          async ({ webContents }, [address, user, password]) => {
            const login = webContents.getAllWebContents().find(each => each.getURL().startsWith(address ?? ''))
            if (!login || login.isLoading()) return false
            await login.executeJavaScript(
              `document.querySelector('[name=user]').value=${JSON.stringify(user)};document.querySelector('[name=password]').value=${JSON.stringify(password)};document.querySelector('form').submit()`,
            )
            return true
          },
          [site.at('127.0.0.1', '/login'), site.user, site.password] as const,
        ),
      { timeout: 45_000 },
    )
    .toBe(true)
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('row').filter({ hasText: 'auth_token' })).toContainText('new', patience)
  await dialog.getByRole('button', { name: 'Write it' }).click()
  await expect(dialog.getByText('Verified', { exact: true })).toBeVisible({ timeout: 90_000 })
  const [token] = [...site.sessions.keys()]
  expect(await host.readFile(file)).toContain(token ?? 'no session')
  expect(await page.content(), 'a value in the window').not.toContain(token ?? 'no session')
  expect(app.complaints).toEqual([])
})
