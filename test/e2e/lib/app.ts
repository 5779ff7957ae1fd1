// Starts the built app as a person would, on a private desktop, and ends it without leaving anything behind.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { _electron, test as base, type ElectronApplication, expect, type Page } from '@playwright/test'
import { findElectron } from '../../../scripts/lib/electron-runtime.mjs'
import { type Desktop, type DesktopOptions, startDesktop } from './desktop.ts'
import { engineOf, leftoversOf } from './processes.ts'

export interface LaunchOptions extends DesktopOptions {
  /** A desktop that outlives the app, e.g. to start the app on it again; else one is made and ended with the app. */
  readonly desktop?: Desktop
  /** Where the app keeps its files; a folder on the desktop's home unless told. */
  readonly home?: string
  readonly env?: Record<string, string>
  readonly args?: readonly string[]
  /** Another build of the app than this repository's own. */
  readonly appFolder?: string
}

export interface RunningApp {
  readonly electron: ElectronApplication
  readonly page: Page
  readonly desktop: Desktop
  /** QUARTERDECK_HOME. */
  readonly home: string
  readonly mainPid: number
  /** Errors of the page and what its content security policy refused, for a test to expect none. */
  readonly complaints: readonly string[]
  enginePid(): number
  log(name: 'main' | 'engine'): string
  /** Writes test-results/screens/NAME.png. */
  screenshot(name: string): Promise<void>
  /** Resolves with how the main process ended. */
  readonly ended: Promise<{ code: number | null; signal: string | null }>
  /** Ends the app in good order and expects that nothing is left of it. */
  close(): Promise<void>
}

const root = resolve(import.meta.dirname, '../../..')

/** What it takes to start the app here: program, arguments, environment. */
export function launchCommand(desktop: Desktop, options: LaunchOptions = {}) {
  const runtime = findElectron()
  if (!runtime) throw new Error('There is no Electron here: run `npm run setup` first')
  const home = options.home ?? join(desktop.home, 'quarterdeck')
  const env: Record<string, string> = {
    ...desktop.env,
    QUARTERDECK_HOME: home,
    // An Electron too old for the engine's database runs it under the Node that runs the tests.
    ...(runtime.engineNode ? { QUARTERDECK_ENGINE_NODE: process.execPath } : {}),
    ...options.env,
  }
  const args = [
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    // Virtual displays have no GPU; looking for one in vain takes time, and now and then a window with it.
    '--disable-gpu',
    options.appFolder ?? process.env.QUARTERDECK_E2E_APP ?? root,
    ...(options.args ?? []),
  ]
  return { executablePath: runtime.path, args, env, home }
}

const startsIn = (log: string): number => log.split('engine started').length

/** Starts the app and waits for its window. */
export async function launchApp(options: LaunchOptions = {}): Promise<RunningApp> {
  const desktop = options.desktop ?? (await startDesktop(options))
  const { executablePath, args, env, home } = launchCommand(desktop, options)
  const log = (name: 'main' | 'engine'): string => {
    const file = join(home, 'logs', `${name}.log`)
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }
  const launched = async (tries: number): Promise<ElectronApplication> => {
    const starts = startsIn(log('main'))
    try {
      return await _electron.launch({ executablePath, args, env, cwd: desktop.home, timeout: 30_000 })
    } catch (error) {
      // Given a program of one's own Playwright does not hold it until it listens: a page that comes while it attaches it awaits for
      // ever, though the app runs. An app that did not come so far is a failure.
      if (tries === 1 || startsIn(log('main')) === starts) throw error
      return launched(tries - 1)
    }
  }
  const electron = await launched(3)
  // Asked for once: after the end Playwright no longer tells.
  const child = electron.process()
  const mainPid = child.pid ?? 0
  const ended = new Promise<{ code: number | null; signal: string | null }>(settle =>
    child.once('exit', (code, signal) => settle({ code, signal })),
  )
  const complaints: string[] = []
  let page: Page
  try {
    page = await electron.firstWindow({ timeout: 60_000 })
  } catch (error) {
    const why = `${String(error)}\n--- main.log\n${log('main')}\n--- engine.log\n${log('engine')}`
    child.kill('SIGKILL')
    if (!options.desktop) await desktop.dispose()
    throw new Error(why)
  }
  // Without it a click on what never comes would wait for the end of the test, and the reason would be lost.
  page.setDefaultTimeout(60_000)
  page.on('console', message => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(error.stack ?? error.message))
  // The window comes first, the engine and the tray when its page runs: tests of the end would be there before both.
  if (options.appFolder === undefined) {
    const there = () =>
      /engine died/.test(log('main')) || (/engine started/.test(log('main')) && engineOf(home, mainPid) !== undefined)
    await expect.poll(there, { timeout: 20_000, message: 'the engine is started' }).toBe(true)
  }
  let closed = false
  return {
    electron,
    page,
    desktop,
    home,
    mainPid,
    complaints,
    ended,
    log,
    enginePid() {
      const engine = engineOf(home, mainPid)
      if (!engine) throw new Error(`The engine does not run; main.log:\n${log('main')}`)
      return engine.pid
    },
    async screenshot(name) {
      const folder = join(root, 'test-results', 'screens')
      mkdirSync(folder, { recursive: true })
      await page.screenshot({ path: join(folder, `${name}.png`) })
    },
    async close() {
      if (closed) return
      closed = true
      child.kill('SIGTERM')
      await ended
      const left = await leftoversOf(home, mainPid)
      for (const { pid } of left) process.kill(pid, 'SIGKILL')
      if (!options.desktop) await desktop.dispose()
      expect(left, 'processes left behind').toEqual([])
    },
  }
}

/** What a person needs to see why a test failed: the window as it was, and the logs. */
async function keepTraces(app: RunningApp, path: string): Promise<void> {
  mkdirSync(path, { recursive: true })
  await app.page.screenshot({ path: join(path, 'window.png'), timeout: 10_000 }).catch(() => {})
  for (const name of ['main', 'engine'] as const) writeFileSync(join(path, `${name}.log`), app.log(name))
}

/** A test whose apps are ended with it, also where it fails half-way. */
export const test = base.extend<{ launch: (options?: LaunchOptions) => Promise<RunningApp> }>({
  // Playwright wants a pattern here, and Biome none that is empty.
  launch: async ({ browserName: _ }, use, testInfo) => {
    const apps: RunningApp[] = []
    await use(async options => {
      const app = await launchApp(options)
      apps.push(app)
      return app
    })
    if (testInfo.status !== testInfo.expectedStatus) {
      for (const [index, app] of apps.entries()) await keepTraces(app, testInfo.outputPath(`app-${index + 1}`))
    }
    const ends = await Promise.allSettled(apps.map(app => app.close()))
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  },
})
