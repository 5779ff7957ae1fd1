// The app with a stand-in for its engine, through which a test opens login windows, and hands to type and click in them. Knows no site.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect } from '@playwright/test'
import type { CapturedCookie, LoginWindowRequest, LoginWindowResult } from '../../../src/shared/contract/native.ts'
import type { LaunchOptions, RunningApp } from './app.ts'
import { type Desktop, startDesktop } from './desktop.ts'

export interface LoginAnswer {
  readonly value?: LoginWindowResult | null
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string }
}

/** A window of the app as the system has it, with the pages in it. */
export interface OpenWindow {
  readonly title: string
  readonly visible: boolean
  readonly fullScreen: boolean
  readonly onTop: boolean
  readonly size: readonly number[]
}

export class LoginApp {
  readonly app: RunningApp
  readonly desktop: Desktop
  readonly #launched: string

  private constructor(app: RunningApp, desktop: Desktop, launched: string) {
    this.app = app
    this.desktop = desktop
    this.#launched = launched
  }

  /** Programs that the desktop would open a link with are replaced by one that takes notes. */
  static async start(launch: (options?: LaunchOptions) => Promise<RunningApp>, given?: Desktop): Promise<LoginApp> {
    const desktop = given ?? (await startDesktop({ notifications: false }))
    const tools = join(desktop.home, 'tools')
    const launched = join(desktop.home, 'launched.txt')
    mkdirSync(tools, { recursive: true })
    const script = (name: string, body: string): string => {
      const file = join(tools, name)
      writeFileSync(file, `#!/bin/sh\n${body}\n`)
      chmodSync(file, 0o755)
      return file
    }
    for (const name of ['xdg-open', 'gio', 'gvfs-open', 'kde-open', 'xdg-email'])
      script(name, `echo "${name} $*" >> '${launched}'`)
    const engine = resolve(import.meta.dirname, 'login-engine.ts')
    const node = script('engine-node', `exec '${process.execPath}' --no-warnings '${engine}' "$@"`)
    // Of a run before this one.
    rmSync(join(desktop.home, 'quarterdeck', 'native.sock'), { force: true })
    const env = { QUARTERDECK_ENGINE_NODE: node, PATH: `${tools}:${process.env.PATH}` }
    return new LoginApp(await launch({ desktop, env }), desktop, launched)
  }

  /** Asks the shell as the engine does. */
  async ask(name: string, input: unknown, signal?: AbortSignal): Promise<LoginAnswer> {
    const path = join(this.app.home, 'native.sock')
    await expect.poll(() => existsSync(path)).toBe(true)
    const socket = connect(path)
    signal?.addEventListener('abort', () => socket.destroy())
    socket.write(`${JSON.stringify({ name, input })}\n`)
    return JSON.parse(await text(socket))
  }

  open(request: LoginWindowRequest, signal?: AbortSignal): Promise<LoginAnswer> {
    return this.ask('login.open', request, signal)
  }

  /** Runs in the page at this address, once it is there. */
  async inPage<T>(address: string | RegExp, code: string): Promise<T> {
    await this.page(address)
    return this.#evaluate<T>(address, code)
  }

  /** Waits until a page with this address has loaded. */
  async page(address: string | RegExp): Promise<void> {
    const there = async () => (await this.pages()).some(page => !page.loading && matches(page.address, address))
    await expect.poll(there, { timeout: 30_000, message: `a page at ${address}` }).toBe(true)
  }

  pages(): Promise<{ address: string; loading: boolean }[]> {
    return this.app.electron.evaluate(({ webContents }) =>
      webContents.getAllWebContents().map(page => ({ address: page.getURL(), loading: page.isLoading() })),
    )
  }

  windows(): Promise<OpenWindow[]> {
    return this.app.electron.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map(window => ({
        title: window.getTitle(),
        visible: window.isVisible(),
        fullScreen: window.isFullScreen() || window.isKiosk(),
        onTop: window.isAlwaysOnTop(),
        size: window.getSize(),
      })),
    )
  }

  async loginWindows(): Promise<OpenWindow[]> {
    return (await this.windows()).filter(({ title }) => title.startsWith('Log in: '))
  }

  /** A press of the left button in the middle of an element, by way of the system's own input. */
  async press(address: string | RegExp, selector: string): Promise<void> {
    await this.page(address)
    const place = await this.#evaluate<{ x: number; y: number }>(
      address,
      `(() => { const box = document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect(); return { x: Math.round(box.x + box.width / 2), y: Math.round(box.y + box.height / 2) } })()`,
    )
    await this.app.electron.evaluate(
      ({ webContents }, [source, flags, at]) => {
        const pattern = new RegExp(source, flags)
        const page = webContents.getAllWebContents().find(each => pattern.test(each.getURL()))
        page?.focus()
        const event = { ...at, button: 'left' as const, clickCount: 1 }
        page?.sendInputEvent({ ...event, type: 'mouseDown' })
        page?.sendInputEvent({ ...event, type: 'mouseUp' })
      },
      [...pattern(address), place] as const,
    )
  }

  /** Fills the site's form and sends it. */
  async logIn(address: string | RegExp, user: string, password: string): Promise<void> {
    await this.inPage(
      address,
      `document.querySelector('[name=user]').value=${JSON.stringify(user)};document.querySelector('[name=password]').value=${JSON.stringify(password)};document.querySelector('form').submit()`,
    )
  }

  /** What the address bar shows. */
  bar(index = 0): Promise<{ word: string; host: string; note: string; use: boolean }> {
    return this.app.electron.evaluate(async ({ webContents }, at) => {
      const bars = webContents.getAllWebContents().filter(page => page.getURL().startsWith('data:text/html'))
      const ordered = bars.sort((a, b) => a.id - b.id)
      const code =
        "({word:document.getElementById('word').textContent,host:document.getElementById('host').textContent,note:document.getElementById('note').textContent,use:!document.getElementById('use').hidden})"
      return ordered[at]?.executeJavaScript(code)
    }, index)
  }

  /** Presses a button of the address bar. */
  async pressBar(id: string): Promise<void> {
    await this.app.electron.evaluate(async ({ webContents }, button) => {
      const bar = webContents.getAllWebContents().find(page => page.getURL().startsWith('data:text/html'))
      await bar?.executeJavaScript(`document.getElementById('${button}').click()`)
    }, id)
  }

  /** What was handed to the desktop to be opened. */
  launched(): string {
    return existsSync(this.#launched) ? readFileSync(this.#launched, 'utf8') : ''
  }

  #evaluate<T>(address: string | RegExp, code: string): Promise<T> {
    return this.app.electron.evaluate(
      ({ webContents }, [source, flags, run]) => {
        const pattern = new RegExp(source, flags)
        const page = webContents.getAllWebContents().find(each => pattern.test(each.getURL()))
        return page?.executeJavaScript(run, true)
      },
      [...pattern(address), code] as const,
    ) as Promise<T>
  }
}

/** Names of the cookies and where they belong, sorted; without values. */
export function named(cookies: readonly CapturedCookie[] | null | undefined): string[] {
  return (cookies ?? []).map(({ name, domain, hostOnly }) => `${hostOnly ? '' : '.'}${domain} ${name}`).sort()
}

const pattern = (address: string | RegExp): [string, string] =>
  typeof address === 'string'
    ? [`^${address.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`, '']
    : [address.source, address.flags]
const matches = (page: string, address: string | RegExp): boolean => new RegExp(...pattern(address)).test(page)
