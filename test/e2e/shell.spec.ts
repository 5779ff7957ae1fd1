// Proves what the shell around the page promises: one window under app://, locked down; an engine that comes back; an orderly end.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from '@playwright/test'
import { launchApp, launchCommand, type RunningApp, test } from './lib/app.ts'
import { startDesktop } from './lib/desktop.ts'
import { askEngine, openEnginePort } from './lib/engine-port.ts'
import { engineOf, leftoversOf, processesOf } from './lib/processes.ts'

test.describe('the window', () => {
  let app: RunningApp
  test.beforeAll(async () => {
    app = await launchApp()
  })
  test.afterAll(() => app?.close())

  test('opens the page under app:// with the engine behind it', async () => {
    expect(app.page.url()).toMatch(/^app:\/\/quarterdeck\//)
    await openEnginePort(app.page)
    expect(await askEngine(app.page, 'engine.health')).toMatchObject({ t: 'ok', value: { dataDirectory: app.home } })
  })

  test('gives the page no way around its ports', async () => {
    const seen = await app.page.evaluate(() => ({
      node: [typeof Reflect.get(window, 'require'), typeof Reflect.get(window, 'process')],
      api: Object.keys(window.quarterdeck),
      isolated: typeof Reflect.get(window, 'ipcRenderer'),
    }))
    expect(seen).toEqual({ node: ['undefined', 'undefined'], api: ['request'], isolated: 'undefined' })
  })

  test('sends a strict content security policy, and it holds', async () => {
    const policy = await app.page.evaluate(async () =>
      (await fetch('/index.html')).headers.get('content-security-policy'),
    )
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toContain('unsafe')
    const ran = await app.page.evaluate(async () => {
      const inline = document.createElement('script')
      inline.textContent = 'window.inlineRan = true'
      document.head.append(inline)
      const handler = document.createElement('img')
      handler.setAttribute('onerror', 'window.inlineRan = true')
      handler.src = 'data:,'
      document.body.append(handler)
      await new Promise(resolve => setTimeout(resolve, 200))
      handler.remove()
      inline.remove()
      return Reflect.get(window, 'inlineRan')
    })
    expect(ran).toBeUndefined()
    const fetched = await app.page.evaluate(() =>
      fetch('https://127.0.0.1:9/').then(
        () => 'allowed',
        () => 'refused',
      ),
    )
    expect(fetched).toBe('refused')
  })

  test('serves files of the page and nothing else', async () => {
    const statuses = await app.page.evaluate(async () => {
      const paths = [
        '/index.html',
        '/%2e%2e/main/index.cjs',
        '/..%2f..%2fpackage.json',
        '/.git/config',
        '/nothing.js',
        '/assets/',
      ]
      const result: Record<string, number> = {}
      for (const path of paths) result[path] = (await fetch(path)).status
      result.post = (await fetch('/index.html', { method: 'POST' })).status
      return result
    })
    expect(statuses).toEqual({
      '/index.html': 200,
      '/%2e%2e/main/index.cjs': 404,
      '/..%2f..%2fpackage.json': 403,
      '/.git/config': 403,
      '/nothing.js': 404,
      '/assets/': 403,
      post: 405,
    })
  })

  test('goes nowhere, opens nothing and is granted nothing', async () => {
    const before = app.page.url()
    await app.page.evaluate(() => {
      location.href = 'https://example.org/'
    })
    await sleep(300)
    expect(app.page.url()).toBe(before)
    expect(await app.page.evaluate(() => window.open('https://example.org/') === null)).toBe(true)
    expect(await app.page.evaluate(() => window.open('file:///etc/passwd') === null)).toBe(true)
    expect(await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1)
    const granted = await app.page.evaluate(async () => [
      await Notification.requestPermission(),
      (await navigator.permissions.query({ name: 'geolocation' })).state,
      await navigator.mediaDevices?.getUserMedia({ audio: true }).then(
        () => 'granted',
        () => 'denied',
      ),
    ])
    expect(granted).toEqual(['denied', 'denied', 'denied'])
  })

  test('opens an https link in the browser when it is clicked, and only then', async () => {
    await app.electron.evaluate(({ shell }) => {
      Reflect.set(globalThis, 'opened', [])
      Reflect.set(shell, 'openExternal', async (url: string) => Reflect.get(globalThis, 'opened').push(url))
    })
    await app.page.evaluate(() => window.open('https://example.org/script'))
    for (const href of ['https://example.org/clicked', 'http://example.org/plain', 'file:///etc/passwd']) {
      await app.page.evaluate(target => {
        const link = document.createElement('a')
        link.id = 'test-link'
        link.target = '_blank'
        link.rel = 'noopener'
        link.href = target
        link.textContent = 'link'
        link.style.position = 'fixed'
        link.style.inset = '0'
        link.style.zIndex = '9999'
        document.body.append(link)
      }, href)
      // By the mouse itself: Playwright's click would wait for the navigation that was denied before.
      await app.page.mouse.click(20, 20)
      await sleep(100)
      await app.page.evaluate(() => document.getElementById('test-link')?.remove())
    }
    await expect
      .poll(() => app.electron.evaluate(() => Reflect.get(globalThis, 'opened')))
      .toEqual(['https://example.org/clicked'])
  })

  test('is the only one: a second start brings it to the front and ends', async () => {
    await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide())
    const { executablePath, args, env } = launchCommand(app.desktop, { home: app.home })
    const second = spawn(executablePath, args, { env, stdio: 'ignore' })
    const code = await new Promise(resolve => second.once('exit', resolve))
    expect(code).toBe(0)
    await expect
      .poll(() =>
        app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map(window => window.isVisible())),
      )
      .toEqual([true])
  })
})

test.describe('the engine', () => {
  test('that is killed is noticed within 2 s and comes back by itself, with a new port for the page', async ({
    launch,
  }) => {
    const app = await launch()
    await openEnginePort(app.page)
    const before = await askEngine(app.page, 'engine.health')
    await app.page.evaluate(() => {
      window.addEventListener('message', event => {
        if (event.data?.quarterdeck === 'gone') Reflect.set(window, 'testGoneAt', Date.now())
        else if (event.data?.quarterdeck === 'port') Reflect.set(window, 'testBackAt', Date.now())
      })
    })
    const killedAt = Date.now()
    process.kill(app.enginePid(), 'SIGKILL')
    await app.page.waitForFunction(() => Reflect.get(window, 'testBackAt') !== undefined)
    const seen = await app.page.evaluate(() => [Reflect.get(window, 'testGoneAt'), Reflect.get(window, 'testBackAt')])
    expect(seen[0] - killedAt).toBeLessThan(2000)
    await openEnginePort(app.page)
    const after = await askEngine(app.page, 'engine.health')
    expect(after).toMatchObject({ t: 'ok' })
    expect(after.value).not.toEqual(before.value)
    expect(app.log('main')).toMatch(/engine died .*crashes=1/)
    await app.close()
  })

  test('whose Node is not there leaves a window that says so, and an app that can be ended', async ({ launch }) => {
    const app = await launch({ env: { QUARTERDECK_ENGINE_NODE: '/nonexistent/node' } })
    await expect.poll(() => app.log('main')).toMatch(/engine died .*could not be run.*crashes=2/)
    await app.close()
  })
})

test.describe('the end', () => {
  test('by SIGTERM is orderly and leaves no process', async ({ launch }) => {
    const app = await launch()
    await openEnginePort(app.page)
    await askEngine(app.page, 'engine.health')
    const pids = processesOf(app.home, app.mainPid).map(({ pid }) => pid)
    expect(pids.length).toBeGreaterThan(2)
    const started = Date.now()
    process.kill(app.mainPid, 'SIGTERM')
    expect(await app.ended).toEqual({ code: 0, signal: null })
    expect(Date.now() - started).toBeLessThan(6000)
    expect(app.log('main')).toMatch(/engine ended reason="exit 0"/)
    await app.close()
  })

  test('by two signals is at once, even with an engine that hangs', async ({ launch }) => {
    const app = await launch()
    const engine = app.enginePid()
    process.kill(engine, 'SIGSTOP')
    process.kill(app.mainPid, 'SIGINT')
    await sleep(300)
    expect(processesOf(app.home, app.mainPid).some(({ pid }) => pid === app.mainPid)).toBe(true)
    const second = Date.now()
    process.kill(app.mainPid, 'SIGINT')
    expect((await app.ended).code).toBe(1)
    expect(Date.now() - second).toBeLessThan(2000)
    await app.close()
  })

  test('that a person asks for waits 5 s for an engine that hangs, beside what it was asked, and no longer', async ({
    launch,
  }) => {
    const app = await launch()
    process.kill(app.enginePid(), 'SIGSTOP')
    const started = Date.now()
    await app.electron.evaluate(electron => electron.app.quit())
    expect((await app.ended).code).toBe(0)
    const took = Date.now() - started
    expect(took).toBeGreaterThan(4500)
    expect(took).toBeLessThan(10_000)
    await app.close()
  })

  test('of a killed shell takes the engine with it', async ({ launch }) => {
    const app = await launch()
    const engine = app.enginePid()
    process.kill(app.mainPid, 'SIGKILL')
    await app.ended
    expect(await leftoversOf(app.home, app.mainPid)).toEqual([])
    expect(engineOf(app.home)?.pid).not.toBe(engine)
    await app.close()
  })
})

test('the window says within 2 s that the engine died, and takes it back when it runs again', async ({ launch }) => {
  const { page, enginePid } = await launch()
  await openEnginePort(page)
  await askEngine(page, 'settings.set', { firstRunDone: true })
  await page.reload()
  await expect(page.getByRole('navigation').first()).toBeVisible()
  const seen = page.waitForFunction(() => document.body.innerText.includes('Monitoring engine stopped') && Date.now())
  const killedAt = Date.now()
  process.kill(enginePid(), 'SIGKILL')
  expect(Number(await (await seen).jsonValue()) - killedAt).toBeLessThan(2000)
  await expect(page.getByText('Monitoring engine stopped')).toBeHidden()
})

test('a vault under a passphrase is open again by itself after the engine died', async ({ launch }) => {
  const { page, enginePid, log } = await launch()
  await openEnginePort(page)
  const passphrase = 'canary correct horse battery'
  const unlocked = { state: 'unlocked', protection: 'passphrase' }
  expect(await askEngine(page, 'vault.create', { passphrase })).toMatchObject({ value: unlocked })
  expect(await askEngine(page, 'vault.reset')).toMatchObject({ t: 'fail', error: { code: 'CONFLICT' } })
  const before = enginePid()
  process.kill(before, 'SIGKILL')
  const newer = (): boolean => {
    try {
      return enginePid() !== before
    } catch {
      return false
    }
  }
  await expect.poll(newer, { timeout: 30_000 }).toBe(true)
  await openEnginePort(page)
  await expect
    .poll(async () => (await askEngine(page, 'vault.status')).value, { timeout: 30_000 })
    .toMatchObject(unlocked)
  expect(log('engine')).toContain('vault unlocked by the key that was kept')
  expect(`${log('engine')}${log('main')}`).not.toContain(passphrase)
})

test.describe('the keyring', () => {
  test('of the desktop holds the vault, also over a restart', async ({ launch }) => {
    const desktop = await startDesktop({ keyring: 'open' })
    const first = await launch({ desktop })
    await openEnginePort(first.page)
    expect(await askEngine(first.page, 'vault.create', { passphrase: null })).toMatchObject({
      value: { state: 'unlocked', protection: 'keyring', keyringAvailable: true },
    })
    await first.close()
    const second = await launch({ desktop })
    await openEnginePort(second.page)
    await expect
      .poll(async () => (await askEngine(second.page, 'vault.status')).value)
      .toMatchObject({ state: 'unlocked', protection: 'keyring' })
    await second.close()
    await desktop.dispose()
  })

  test('that is not there is said, and never replaced by a text file', async ({ launch }) => {
    const { page } = await launch()
    await openEnginePort(page)
    expect((await askEngine(page, 'vault.status')).value).toMatchObject({ keyringAvailable: false })
    expect(await askEngine(page, 'vault.create', { passphrase: null })).toMatchObject({
      t: 'fail',
      error: { code: 'VAULT_UNAVAILABLE' },
    })
  })

  test('that is locked keeps neither the start nor the shell waiting', async ({ launch }) => {
    const { page, electron } = await launch({ keyring: 'locked' })
    await openEnginePort(page)
    const started = Date.now()
    const { value } = await askEngine(page, 'vault.status')
    expect(value).toMatchObject({ keyringAvailable: false, reason: expect.stringContaining('locked') })
    // The shell itself answers meanwhile: safeStorage would have held it for a quarter of a minute.
    await electron.evaluate(() => 1)
    expect(Date.now() - started).toBeLessThan(8000)
  })
})

test('the tray says how things stand, opens the window and quits', async ({ launch }) => {
  const { desktop, electron, ended } = await launch({ tray: true })
  await expect.poll(() => desktop.tray?.tooltip().catch(() => '')).toMatch(/^Quarterdeck/)
  const menu = await desktop.tray?.menu()
  expect(menu?.slice(-2)).toEqual(['Open Quarterdeck', 'Quit'])
  await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide())
  await desktop.tray?.click('Open Quarterdeck')
  await expect
    .poll(() => electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible()))
    .toBe(true)
  await desktop.tray?.click('Quit')
  expect(await ended).toEqual({ code: 0, signal: null })
})

test('the window comes back where it was', async ({ launch }) => {
  const desktop = await startDesktop()
  const bounds = { x: 120, y: 90, width: 1010, height: 640 }
  const first = await launch({ desktop })
  await first.electron.evaluate(
    ({ BrowserWindow }, wanted) => BrowserWindow.getAllWindows()[0]?.setBounds(wanted),
    bounds,
  )
  const file = join(first.home, 'shell.json')
  await expect
    .poll(() => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).window : null))
    .toMatchObject(bounds)
  await first.close()
  const second = await launch({ desktop })
  const seen = await second.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getBounds())
  expect(seen).toMatchObject(bounds)
  await second.close()
  await desktop.dispose()
})

test('closing the window keeps the app in the tray and says so, the first time only', async ({ launch }) => {
  const app = await launch()
  const close = () => app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
  const visible = () => app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible())
  await close()
  expect(await visible()).toBe(false)
  const notice = await app.desktop.notifications?.waitFor(({ summary }) => /keeps running/.test(summary))
  app.desktop.notifications?.click(notice?.id ?? 0)
  await expect.poll(visible).toBe(true)
  await close()
  await sleep(500)
  expect(app.desktop.notifications?.shown.filter(({ summary }) => /keeps running/.test(summary))).toHaveLength(1)
  await app.close()
})

test('nothing is written outside the folder that was named', async ({ launch }) => {
  const app = await launch()
  await openEnginePort(app.page)
  await askEngine(app.page, 'engine.health')
  const outside = readdirSync(app.desktop.home).filter(name => !['quarterdeck', 'run'].includes(name))
  const written = outside.flatMap(name =>
    readdirSync(join(app.desktop.home, name), { recursive: true }).map(path => `${name}/${path}`),
  )
  expect(written.filter(path => /quarterdeck/i.test(path))).toEqual([])
  await app.close()
})
