// The packaged app, with its fuses as shipped: opens, starts its engine from beside the archive, and ends when asked. Playwright's own driver
// needs fuses that we turn off, so this one speaks to the page through the debugging port.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { expect, test } from '@playwright/test'
import { root } from '../../scripts/lib/environment.mjs'
import { findRuntimes, runtimeEnvironment } from '../../scripts/setup.mjs'

const output = ['dist/development-only', 'dist'].map(folder => join(root, folder))
const names = {
  darwin: `${process.arch === 'arm64' ? 'mac-arm64' : 'mac'}/Quarterdeck.app/Contents/MacOS/Quarterdeck`,
  win32: 'win-unpacked/Quarterdeck.exe',
  linux: 'linux-unpacked/quarterdeck',
}
const name = process.platform === 'darwin' || process.platform === 'win32' ? names[process.platform] : names.linux
const binaries = output.map(folder => join(folder, name))

let binary = ''
let home = ''
let app: ChildProcess | null = null

test.beforeAll(() => {
  test.setTimeout(180_000)
  // What an earlier run made must not pass for this one's.
  for (const file of binaries) rmSync(file, { force: true })
  const built = spawnSync(process.execPath, [join(root, 'scripts', 'dist.mjs'), '--dir'], { encoding: 'utf8' })
  expect(built.status, built.stdout + built.stderr).toBe(0)
  binary = binaries.find(existsSync) ?? ''
})

test.beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'packaged-'))
})

test.afterEach(() => {
  app?.kill('SIGKILL')
  rmSync(home, { recursive: true, force: true })
})

test('has the fuses that keep others from running code in its name', async () => {
  const fuses = await getCurrentFuseWire(binary)
  const state = (fuse: FuseV1Options) => fuses[fuse]
  expect(state(FuseV1Options.RunAsNode)).toBe(FuseState.DISABLE)
  expect(state(FuseV1Options.EnableNodeOptionsEnvironmentVariable)).toBe(FuseState.DISABLE)
  expect(state(FuseV1Options.EnableNodeCliInspectArguments)).toBe(FuseState.DISABLE)
  expect(state(FuseV1Options.EnableCookieEncryption)).toBe(FuseState.ENABLE)
  expect(state(FuseV1Options.EnableEmbeddedAsarIntegrityValidation)).toBe(FuseState.ENABLE)
  expect(state(FuseV1Options.OnlyLoadAppFromAsar)).toBe(FuseState.ENABLE)
})

test('opens with a living engine and ends cleanly on SIGTERM', async () => {
  const runtimes = findRuntimes()
  if (!runtimes) throw new Error('set-up has not run')
  const env = { ...runtimeEnvironment(runtimes), QUARTERDECK_HOME: home }
  const started = spawn(binary, ['--no-sandbox', '--remote-debugging-port=0'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  app = started
  let said = ''
  started.stderr.on('data', chunk => {
    said += chunk
  })
  const ended = new Promise<number | null>(resolve => started.once('exit', resolve))
  await expect(async () => {
    expect(said).toMatch(/DevTools listening on ws:\/\/127\.0\.0\.1:\d+/)
  }).toPass({ timeout: 60_000 })
  const port = /127\.0\.0\.1:(\d+)/.exec(said)?.[1]
  // The first screen comes from the engine's answer to a call, so its heading shows that page, port and engine work together.
  await expect(async () => {
    const text = await evaluate(Number(port), 'location.href + " " + document.querySelector("h1")?.textContent')
    expect(text).toMatch(/^app:\/\/quarterdeck\/.* Welcome to Quarterdeck$/)
  }).toPass({ timeout: 60_000 })
  expect(existsSync(join(home, 'quarterdeck.db'))).toBe(true)
  started.kill('SIGTERM')
  expect(await ended).toBe(0)
})

/** The value of an expression in the first page, asked once over the debugging port. */
async function evaluate(port: number, expression: string): Promise<unknown> {
  const pages = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as { webSocketDebuggerUrl: string }[]
  const socket = new WebSocket(pages[0]?.webSocketDebuggerUrl ?? '')
  try {
    return await new Promise((resolve, reject) => {
      socket.onerror = () => reject(new Error('the debugging port closed'))
      socket.onopen = () => socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } }))
      socket.onmessage = ({ data }) => resolve(JSON.parse(String(data)).result?.result?.value)
    })
  } finally {
    socket.close()
  }
}
