// Logs in on a real site in the app's login window, and lets a hostile site try to get out of it; the engine is a stand-in that only asks.
import { readdirSync } from 'node:fs'
import { expect } from '@playwright/test'
import { LoginSite } from '../fakes/login-site.ts'
import { test } from './lib/app.ts'
import { startDesktop } from './lib/desktop.ts'
import { LoginApp, named } from './lib/login-app.ts'
import { findInFiles } from './lib/traces.ts'

test.describe.configure({ timeout: 180_000 })

const host = 'accounts.site.localhost'
const request = (site: LoginSite, change: object = {}) => ({
  ...{ loginId: 'x-bot', title: 'X of the stats bot', url: site.at(host, '/login') },
  ...{ domains: ['site.localhost'], required: ['auth_token', 'ct0'], keep: false, ...change },
})
const soon = { timeout: 30_000 }

test('logging in hands over the allowed domains’ cookies and nothing else, and the window closes by itself', async ({
  launch,
}) => {
  await using site = await LoginSite.start({ cookieDomain: 'site.localhost', tracker: 'tracker.localhost' })
  const login = await LoginApp.start(launch)
  const answer = login.open(request(site))
  await login.page(site.at(host, '/login'))

  // The title and the bar say where one is, whatever the page calls itself.
  expect(await login.loginWindows()).toMatchObject([{ title: 'Log in: X of the stats bot', visible: true }])
  await expect
    .poll(() => login.bar(), soon)
    .toMatchObject({
      ...{ word: 'Not encrypted', host: `${host}:${site.port}`, use: false },
      note: 'Only cookies of site.localhost are taken',
    })
  // A second one for the same login brings the first to the front.
  expect((await login.open(request(site))).error).toMatchObject({ code: 'CONFLICT' })

  await login.logIn(site.at(host, '/login'), site.user, 'wrong')
  await expect
    .poll(() => login.inPage<string>(site.at(host, '/login'), "document.getElementById('problem').textContent"), soon)
    .toBe('Wrong user or password')
  expect(await login.loginWindows()).toHaveLength(1)

  await login.logIn(site.at(host, '/login'), site.user, site.password)
  const { value } = await answer
  expect(value?.reason).toBeNull()
  expect(named(value?.cookies)).toEqual(['.site.localhost auth_token', '.site.localhost ct0', `${host} guest`])
  const token = value?.cookies?.find(({ name }) => name === 'auth_token')
  expect(site.sessions.has(token?.value ?? '')).toBe(true)
  expect(token).toMatchObject({ path: '/', httpOnly: true, secure: false, sameSite: 'lax', hostOnly: false })
  expect(Math.abs((token?.expiresAt ?? 0) - (Date.now() + 3_600_000))).toBeLessThan(120_000)
  expect(await login.loginWindows()).toEqual([])
  // The tracker did set one.
  expect(site.requests.some(({ path, host: at }) => path === '/sso' && at.startsWith('tracker.localhost'))).toBe(true)
  for (const { userAgent } of site.requests) expect(userAgent).not.toMatch(/electron|quarterdeck/i)
  expect(site.requests[0]?.userAgent).toMatch(
    /^Mozilla\/5\.0 \(.*\) AppleWebKit\/[\d.]+ \(KHTML, like Gecko\) Chrome\/\d+\.0\.0\.0 Safari\/[\d.]+$/,
  )
  const secrets = Object.fromEntries(
    (value?.cookies ?? []).filter(({ name }) => name !== 'guest').map(cookie => [cookie.name, cookie.value]),
  )
  expect(Object.keys(secrets)).toHaveLength(2)
  expect(await findInFiles(login.desktop.home, secrets), 'cookies on disk or in a log').toEqual([])
  expect(login.app.complaints).toEqual([])
})

test('a partitioned cookie is taken like the others; its partition is nothing that Electron tells', async ({
  launch,
}) => {
  await using site = await LoginSite.start({ partitioned: true })
  const login = await LoginApp.start(launch)
  const answer = login.open(request(site))
  await login.page(site.at(host, '/login'))
  await login.logIn(site.at(host, '/login'), site.user, site.password)
  const { value } = await answer
  expect(named(value?.cookies)).toEqual([`${host} apart`, `${host} auth_token`, `${host} ct0`, `${host} guest`])
  const apart = value?.cookies?.find(({ name }) => name === 'apart')
  expect(apart).toMatchObject({ secure: true, sameSite: 'no_restriction' })
  expect(Object.keys(apart ?? {})).not.toContain('partitionKey')
})

test('a session that is not kept is gone at the next opening; a kept one is there, and can be visited, until it is forgotten', async ({
  launch,
}) => {
  await using site = await LoginSite.start({ rotate: 3 })
  const login = await LoginApp.start(launch)
  const run = async (keep: boolean, act: () => Promise<void>) => {
    const answer = login.open(request(site, { keep }))
    await act()
    return (await answer).value
  }
  const byForm = () => login.logIn(site.at(host, '/login'), site.user, site.password)
  expect((await run(false, byForm))?.cookies).toHaveLength(3)

  // The form again: nothing was left of the first.
  const again = login.open(request(site))
  await login.page(site.at(host, '/login'))
  await login.ask('login.close', 'x-bot')
  expect((await again).value).toEqual({ cookies: null, reason: 'The window was closed' })

  const kept = await run(true, byForm)
  expect(named(kept?.cookies)).toContain(`${host} auth_token`)
  // Still logged in: the site leads past its form by itself, and the cookies are taken without anybody doing anything.
  const second = await run(true, async () => {})
  expect(named(second?.cookies)).toContain(`${host} auth_token`)

  const windows = await login.windows()
  const visited = await login.ask('login.refresh', request(site, { keep: true, url: site.at(host, '/home') }))
  expect(named(visited.value?.cookies)).toContain(`${host} auth_token`)
  expect(await login.windows()).toEqual(windows)
  const values = [kept, second, visited.value].map(
    each => each?.cookies?.find(({ name }) => name === 'auth_token')?.value,
  )
  expect(new Set(values).size, 'the site rotates its token').toBe(3)

  site.mood = 'down'
  expect((await login.ask('login.refresh', request(site, { url: site.at(host, '/home') }))).value).toEqual({
    ...{ cookies: null, reason: 'The site answered 503' },
  })
  site.mood = 'normal'

  // Ended by the site while the browser still holds the old cookies: they are not taken for good ones.
  site.expireAll()
  const stale = login.open(request(site, { keep: true }))
  await login.page(site.at(host, '/login'))
  await expect.poll(async () => (await login.bar()).use, soon).toBe(true)
  await new Promise(resolve => setTimeout(resolve, 3000))
  expect(await login.loginWindows()).toHaveLength(1)
  expect((await login.ask('login.refresh', request(site))).error).toMatchObject({ code: 'CONFLICT' })
  await byForm()
  const renewed = (await stale).value?.cookies?.find(({ name }) => name === 'auth_token')
  expect(site.sessions.has(renewed?.value ?? '')).toBe(true)

  await login.ask('login.forget', 'x-bot')
  expect((await login.ask('login.refresh', request(site, { url: site.at(host, '/home') }))).value).toEqual({
    ...{ cookies: null, reason: 'The site asked to log in again' },
  })
})

test('a kept session outlives the app, and the person may say that it is the right one', async ({ launch }) => {
  await using site = await LoginSite.start()
  const desktop = await startDesktop({ notifications: false })
  try {
    const first = await LoginApp.start(launch, desktop)
    const answer = first.open(request(site, { keep: true }))
    await first.logIn(site.at(host, '/login'), site.user, site.password)
    expect((await answer).value?.cookies).toHaveLength(3)
    await first.app.close()

    const second = await LoginApp.start(launch, desktop)
    // An address that is no log-in page: whether one is logged in there only the person can tell.
    const next = second.open(request(site, { keep: true, url: site.at(host, '/home') }))
    await second.page(site.at(host, '/home'))
    await expect.poll(async () => (await second.bar()).use, soon).toBe(true)
    await second.pressBar('use')
    expect((await next).value?.cookies).toHaveLength(3)
    await second.app.close()
  } finally {
    await desktop.dispose()
  }
})

test('a log-in by way of another window works, and ends with its window', async ({ launch }) => {
  await using site = await LoginSite.start()
  const login = await LoginApp.start(launch)
  const answer = login.open(request(site, { url: site.at(host, '/oauth-start') }))
  await login.press(site.at(host, '/oauth-start'), '#provider')
  await login.page(site.at(host, '/oauth'))
  await expect.poll(async () => (await login.loginWindows()).length, soon).toBe(2)
  const windows = await login.loginWindows()
  expect(windows.every(({ onTop, fullScreen }) => !onTop && !fullScreen)).toBe(true)
  await expect.poll(() => login.bar(1), soon).toMatchObject({ word: 'Not encrypted', host: `${host}:${site.port}` })
  await login.press(/\/oauth$/, '#grant')
  expect(named((await answer).value?.cookies)).toContain(`${host} auth_token`)
  expect(await login.loginWindows()).toEqual([])
})

test('a bad certificate is fatal', async ({ launch }) => {
  await using site = await LoginSite.start({ badCertificate: true })
  const login = await LoginApp.start(launch)
  const answer = login.open(request(site))
  await expect
    .poll(() => login.bar(), soon)
    .toMatchObject({ word: 'Certificate refused', host: `${host}:${site.port}` })
  await login.pressBar('reload')
  await expect.poll(() => login.bar(), soon).toMatchObject({ word: 'Certificate refused' })
  expect(site.requests).toEqual([])
  await login.pressBar('close')
  expect((await answer).value).toEqual({ cookies: null, reason: 'The window was closed' })
  expect((await login.ask('login.refresh', request(site))).value).toEqual({
    ...{ cookies: null, reason: 'The site could not be opened: ERR_CERT_AUTHORITY_INVALID' },
  })
  expect(site.requests).toEqual([])
})

test('S36 nothing of a hostile page gets out of its window', async ({ launch }) => {
  await using site = await LoginSite.start()
  const login = await LoginApp.start(launch)
  const before = await login.windows()
  const answer = login.open(request(site, { url: site.at(host, '/hostile') })).catch(() => null)
  const told = (trick: string) => site.reports.find(report => report.trick === trick)?.result
  await expect.poll(() => told('auto'), { timeout: 90_000 }).toBe('done')
  const windows = async () => (await login.windows()).length - before.length
  expect(await windows(), 'windows without a press').toBe(1)
  const presses = () => site.reports.filter(({ trick }) => trick === 'pressed').length
  for (let pressed = 1; pressed <= 5; pressed++)
    // A loaded machine may lose one.
    await expect(async () => {
      if (presses() < pressed) await login.press(site.at(host, '/hostile'), '#press')
      await expect.poll(presses, { timeout: 8000 }).toBeGreaterThanOrEqual(pressed)
    }).toPass({ timeout: 60_000 })
  const said = Object.fromEntries(site.reports.map(({ trick, result }) => [trick, result]))
  expect(said).toMatchObject({
    node: 'undefined,undefined,undefined,undefined',
    'popups without a press': '0',
    'fetch file': 'error TypeError',
    'fetch app': 'error TypeError',
    webview: 'undefined',
    notification: 'denied',
    geolocation: 'error 1',
    dialogs: 'through',
    print: 'through',
    window: 'true',
    top: '/hostile',
    'press 1': '1000000',
    'press 2': '1000000',
    'press 3': '1000000',
    'press 4': '0000000',
    'press 5': '0000000',
  })
  expect(said['frame file']).toMatch(/^(apart|0|error .*)$/)
  expect(said.agent).not.toMatch(/electron|quarterdeck/i)
  for (const trick of ['camera', 'screen', 'clipboard', 'midi', 'worker'])
    expect(said[trick], trick).toMatch(/^(error|no answer)/)
  for (let pressed = 1; pressed <= 5; pressed++) {
    expect(said[`fullscreen ${pressed}`]).toMatch(/^(error|no answer)/)
    expect(said[`pointer ${pressed}`]).toMatch(/^(error|no answer|free)/)
  }
  expect(await windows(), 'its own and three more').toBe(4)
  for (const { title, fullScreen, onTop, size } of await login.loginWindows()) {
    expect({ title, fullScreen, onTop }).toEqual({
      title: 'Log in: X of the stats bot',
      fullScreen: false,
      onTop: false,
    })
    expect(size[0]).toBeGreaterThan(400)
  }
  for (const { address } of await login.pages())
    expect(address).toMatch(/^(app:\/\/quarterdeck\/|http:|data:text\/html;charset=utf-8,%3C!doctype|about:blank|$)/)
  expect(await login.bar()).toMatchObject({ host: `${host}:${site.port}` })
  expect(site.requests.some(({ path }) => path === '/worker-lives' || path === '/worker.js')).toBe(false)
  expect(login.launched()).toBe('')

  // It may end itself and takes its windows along; its beforeunload trap holds nobody, and neither does it when the engine is gone.
  await login.inPage(site.at(host, '/hostile'), 'close()').catch(() => {})
  expect((await answer)?.value).toEqual({ cookies: null, reason: 'The page closed itself' })
  await expect.poll(() => windows(), soon).toBe(0)
  const caller = new AbortController()
  const second = login.open(request(site, { url: site.at(host, '/hostile') }), caller.signal).catch(() => null)
  await expect(async () => {
    await login.press(site.at(host, '/hostile'), '#press')
    await expect.poll(windows, { timeout: 8000 }).toBeGreaterThanOrEqual(2)
  }).toPass({ timeout: 60_000 })
  caller.abort()
  await second
  await expect.poll(() => windows(), soon).toBe(0)
  expect(filesUnder(login.desktop.home).filter(file => /hostile/.test(file))).toEqual([])
  // The app is alive, and no page of the site is left.
  const foreign = async () => (await login.pages()).filter(({ address }) => !address.startsWith('app://quarterdeck/'))
  await expect.poll(async () => (await foreign()).length, soon).toBe(0)
  expect(login.app.log('main')).toMatch(/permission denied/)
  expect(login.app.log('main')).not.toMatch(/uncaught|unhandled/)
  const next = login.open(request(site))
  await login.logIn(site.at(host, '/login'), site.user, site.password)
  expect((await next).value?.cookies).toHaveLength(3)
})

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map(String)
}
