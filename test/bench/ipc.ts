// Item ipc: a call from the page to the engine and a journal stream into the page, against a bare ipcRenderer.invoke to main.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { launchApp } from '../e2e/lib/app.ts'
import { startDesktop } from '../e2e/lib/desktop.ts'
import { openEnginePort } from '../e2e/lib/engine-port.ts'
import { type BenchContext, type Item, percentile, type Result } from './item.ts'
import { writeHelloWorld } from './lib/windows.ts'

const rounds = 5
const callsPerRound = 600
const streamMs = 3000

interface Scope {
  benchIpc: {
    open(): void
    calls(count: number): Promise<number[]>
    peerCalls(count: number): Promise<number[]>
    stream(ms: number): Promise<number>
  }
}

/** The built app with the benchmark's engine in the place of the real one. */
function appWithBenchEngine(root: string, folder: string): string {
  mkdirSync(join(folder, 'out', 'engine'), { recursive: true })
  for (const part of ['package.json', 'resources', 'out/main', 'out/preload', 'out/renderer']) {
    cpSync(join(root, part), join(folder, part), { recursive: true })
  }
  const engine = JSON.stringify(join(root, 'test', 'bench', 'lib', 'ipc-engine.ts'))
  // Listening from the first moment on: what the shell sends before the import is done must not be lost.
  writeFileSync(
    join(folder, 'out', 'engine', 'index.cjs'),
    `const early = []\nconst keep = message => early.push(message)\nprocess.on('message', keep)\n` +
      `import(${engine}).then(() => { process.off('message', keep); for (const message of early) process.emit('message', message) })\n`,
  )
  return folder
}

async function pageScript(root: string): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      lib: { entry: join(root, 'test', 'bench', 'lib', 'ipc-page.ts'), formats: ['iife'], name: 'ignored' },
    },
  })
  const [output] = Array.isArray(result) ? result : [result]
  const chunk = output && 'output' in output ? output.output[0] : undefined
  if (!chunk) throw new Error('The page script could not be built')
  return chunk.code
}

async function run(context: BenchContext): Promise<Result[]> {
  const desktop = await startDesktop()
  try {
    const app = await launchApp({ desktop, appFolder: appWithBenchEngine(context.root, join(desktop.home, 'app')) })
    const peer = await launchApp({
      desktop,
      appFolder: writeHelloWorld(join(desktop.home, 'hello')),
      home: join(desktop.home, 'peer'),
    })
    const script = await pageScript(context.root)
    await openEnginePort(app.page)
    for (const { page } of [app, peer]) await page.evaluate(script)
    await app.page.evaluate(() => (window as unknown as Scope).benchIpc.open())
    const ours: number[] = []
    const theirs: number[] = []
    const rates: number[] = []
    // Alternating, so that both meet the same disturbances; the first round only warms up.
    for (let round = 0; round <= rounds && !context.signal.aborted; round++) {
      const own = await app.page.evaluate(n => (window as unknown as Scope).benchIpc.calls(n), callsPerRound)
      const other = await peer.page.evaluate(n => (window as unknown as Scope).benchIpc.peerCalls(n), callsPerRound)
      const rate = await app.page.evaluate(ms => (window as unknown as Scope).benchIpc.stream(ms), streamMs / rounds)
      if (round === 0) continue
      ours.push(...own)
      theirs.push(...other)
      rates.push(rate)
      context.log(
        `   p95 ${percentile(own, 0.95).toFixed(2)} / ${percentile(other, 0.95).toFixed(2)} ms, ${Math.round(rate)}/s`,
      )
    }
    await app.close()
    await peer.close()
    const value = percentile(ours, 0.95)
    const peerValue = percentile(theirs, 0.95)
    const rate = percentile(rates, 0.5)
    return [
      {
        name: 'ipc',
        value,
        unit: 'ms p95',
        peer: 'bare ipcRenderer.invoke to main',
        peerValue,
        ratio: value / peerValue,
        goal: '≤ 2 ×',
        met: value / peerValue <= 2,
      },
      {
        name: 'ipc stream',
        value: rate,
        unit: 'entries/s',
        peer: 'the goal itself',
        peerValue: 50_000,
        ratio: rate / 50_000,
        goal: '≥ 50,000 entries/s',
        met: rate >= 50_000,
      },
    ]
  } finally {
    await desktop.dispose()
  }
}

export const items: Item[] = [{ name: 'ipc', run }]
