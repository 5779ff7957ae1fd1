// Starts the app and a bare Electron beside it the same way, and looks at both from outside: by the debugging port and /proc.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Desktop } from '../../e2e/lib/desktop.ts'
import { processesOf } from '../../e2e/lib/processes.ts'
import type { BenchContext } from '../item.ts'

/** An app folder with one window that says hello: what Electron itself costs. `invoke` answers `ipcRenderer.invoke`. */
export function writeHelloWorld(folder: string): string {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'hello', version: '1.0.0', main: 'main.cjs' }))
  writeFileSync(
    join(folder, 'main.cjs'),
    `const { app, BrowserWindow, ipcMain } = require('electron')
app.setPath('userData', process.env.QUARTERDECK_HOME)
ipcMain.handle('ping', (event, input) => input)
app.whenReady().then(() => {
  const window = new BrowserWindow({ width: 1280, height: 800, show: false,
    webPreferences: { sandbox: true, preload: require('node:path').join(__dirname, 'preload.cjs') } })
  window.once('ready-to-show', () => window.show())
  window.loadFile('index.html')
})
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => app.exit(0))
`,
  )
  writeFileSync(
    join(folder, 'preload.cjs'),
    `const { contextBridge, ipcRenderer } = require('electron')
contextBridge.exposeInMainWorld('peer', { ping: input => ipcRenderer.invoke('ping', input) })
`,
  )
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Hello</title><h1>Hello world</h1></html>',
  )
  return folder
}

export interface StartTimes {
  /** ms from just before the process was started to the first painted content. */
  readonly painted: number
  /** The same to the moment at which the page holds this text. */
  readonly showing: number
}

/** Starts an app folder as a plain process (a driver's hooks would be measured too), waits for `text` in its page and ends it. */
export async function timeStart(
  context: BenchContext,
  desktop: Desktop,
  folder: string,
  home: string,
  text: string,
): Promise<StartTimes> {
  mkdirSync(home, { recursive: true })
  const args = [
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--disable-gpu',
    '--remote-debugging-port=0',
    folder,
  ]
  const engineNode = process.env.QUARTERDECK_ENGINE_NODE
  const env = { ...desktop.env, QUARTERDECK_HOME: home, ...(engineNode ? { QUARTERDECK_ENGINE_NODE: engineNode } : {}) }
  const startedAt = Date.now()
  const child = spawn(context.electron, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  try {
    const page = await attach(await debuggerPort(child))
    try {
      // In the page's own time, so that the way through the debugger is not measured.
      const [painted = 0, showing = 0] = (await page.evaluate(`new Promise(resolve => {
        const look = () => {
          const [paint] = performance.getEntriesByName('first-contentful-paint')
          if (paint && document.body?.innerText.includes(${JSON.stringify(text)}))
            resolve([performance.timeOrigin + paint.startTime, Date.now()])
          else requestAnimationFrame(look)
        }
        look()
      })`)) as number[]
      return { painted: painted - startedAt, showing: showing - startedAt }
    } finally {
      page.close()
    }
  } finally {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(timer)
  }
}

function debuggerPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const found = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(text)
      if (found) resolve(Number(found[1]))
    })
    child.once('exit', code => reject(new Error(`Electron ended at once (code ${code}):\n${text}`)))
    child.once('error', reject)
  })
}

/** The first page, by the debugging protocol itself: Playwright cannot attach to an Electron that it did not start. */
async function attach(port: number): Promise<{ evaluate(expression: string): Promise<unknown>; close(): void }> {
  const deadline = Date.now() + 30_000
  let address: string | undefined
  while (!address) {
    if (Date.now() > deadline) throw new Error('No window appeared')
    const answer = await fetch(`http://127.0.0.1:${port}/json/list`).catch(() => null)
    const targets = ((await answer?.json()) ?? []) as { type: string; url: string; webSocketDebuggerUrl: string }[]
    address = targets.find(({ type, url }) => type === 'page' && /^(app|file):/.test(url))?.webSocketDebuggerUrl
    if (!address) await sleep(50)
  }
  const socket = new WebSocket(address)
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = reject
  })
  return {
    evaluate: expression =>
      new Promise((resolve, reject) => {
        const params = { expression, awaitPromise: true, returnByValue: true }
        const ask = (): void => socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params }))
        socket.onmessage = ({ data }) => {
          const { id, result, error } = JSON.parse(String(data))
          if (id !== 1) return
          // The page was just being replaced by the one that is to come.
          if (error) setTimeout(ask, 20)
          else if (result.exceptionDetails) reject(new Error(JSON.stringify(result.exceptionDetails)))
          else resolve(result.result.value)
        }
        socket.onclose = () => reject(new Error('The window closed'))
        ask()
      }),
    close: () => socket.close(),
  }
}

/** Proportional set size of all of an app's processes, in MB: shared pages are counted once. */
export function pssOf(home: string, pid: number): { total: number; parts: { name: string; mb: number }[] } {
  const parts = processesOf(home, pid).map(({ pid: one, argv }) => {
    const rollup = readFileSync(`/proc/${one}/smaps_rollup`, 'utf8')
    const line = argv.join(' ')
    const name = /--type=([\w-]+)/.exec(line)?.[1] ?? (line.includes('out/engine') ? 'engine' : 'main')
    return { name, mb: Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) / 1024 }
  })
  return { total: parts.reduce((sum, { mb }) => sum + mb, 0), parts }
}
