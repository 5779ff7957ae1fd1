// Opens the app's screens on a made-up engine in a real window, under the app's own content security policy. Knows no screen.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join, resolve } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { build } from 'vite'
import { contentSecurityPolicy } from '../../../src/main/app-files.ts'
import type { WorldName } from '../../fakes/demo/world.ts'
import type { DemoControl } from '../../fakes/demo-engine.ts'
import { launchApp, type RunningApp } from './app.ts'

export interface DemoPlace {
  readonly world?: WorldName
  readonly path: string
  /** Calls that never answer, and calls that fail. */
  readonly hang?: readonly string[]
  readonly fail?: readonly string[]
  readonly theme?: 'light' | 'dark'
}

export interface Demo {
  readonly page: Page
  open(place: DemoPlace): Promise<void>
  /** Asks the page's made-up engine. */
  control<T>(ask: (demo: DemoControl) => T): Promise<T>
  screenshot(name: string): Promise<void>
  /** Errors of the page and refusals of its policy so far. */
  readonly complaints: readonly string[]
  close(): Promise<void>
}

const source = resolve(import.meta.dirname, '../../fakes/demo')
const origin = 'http://app.test'
const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.woff2': 'font/woff2',
}

/** Builds the demo page and opens an empty window for it. */
export async function startDemo(): Promise<Demo> {
  const folder = mkdtempSync(join(tmpdir(), 'quarterdeck-demo-'))
  await build({
    root: source,
    configFile: join(source, 'vite.config.ts'),
    logLevel: 'error',
    build: { outDir: folder },
  })
  const app: RunningApp = await launchApp({ appFolder: join(source, 'window'), notifications: false })
  const { page } = app
  // No server: on a busy machine with networks that come and go, even loopback requests get lost.
  await page.route(`${origin}/**`, route => {
    const { pathname } = new URL(route.request().url())
    const file = join(folder, pathname === '/' ? 'index.html' : pathname)
    if (!file.startsWith(folder) || !existsSync(file)) return route.fulfill({ status: 404 })
    const headers = {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': contentSecurityPolicy,
    }
    return route.fulfill({ headers, body: readFileSync(file) })
  })
  return {
    page,
    complaints: app.complaints,
    async open({ world = 'filled', path, hang = [], fail = [], theme = 'light' }) {
      const query = new URLSearchParams({ world, hang: hang.join(','), fail: fail.join(',') })
      await page.emulateMedia({ colorScheme: theme })
      // A change of the part after "#" alone would not load the page anew.
      await page.goto('about:blank')
      await page.goto(`${origin}/?${query.toString()}#${path}`)
      await expect(page.locator('html')).toHaveAttribute('data-theme', theme)
    },
    control: ask => page.evaluate(`(${ask.toString()})(window.demo)`),
    screenshot: name => app.screenshot(name),
    async close() {
      await app.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
