// Item journal-ui: a million lines in the viewer, scrolled, followed and filtered, against the same list with a hundred lines.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Browser, type CDPSession, chromium, type Page } from '@playwright/test'
import { build } from 'vite'
import { realKinds } from '../fakes/demo/kinds-plugin.ts'
import type { BenchContext, Item, Result } from './item.ts'

const manyLines = 1_000_000
const fewLines = 100
const scrollMs = 10_000
const followMs = 10_000
const followRate = 5_000
const goalMs = 50
const goalMb = 150
/** Its heap statistics count the memory of typed arrays, which the Electron that the tests fall back to does not. */
const browserPath = '/usr/bin/chromium'
const origin = 'http://app.test'
const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }

interface Scope {
  readonly bench: { longTasks: number[]; rate(lines: number): void; drag(ms: number): Promise<void> }
}

interface Figures {
  readonly scroll: Longest
  readonly follow: Longest
  readonly filter: Longest
  readonly filterMs: number
  readonly heapMb: number
}

async function run(context: BenchContext): Promise<Result[]> {
  if (!existsSync(browserPath)) throw new Error(`journal-ui is measured in ${browserPath}, which is not there`)
  const folder = mkdtempSync(join(tmpdir(), 'quarterdeck-journal-ui-'))
  const { default: react } = await import('@vitejs/plugin-react')
  await build({
    root: join(context.root, 'test', 'bench', 'lib', 'journal-ui'),
    configFile: false,
    logLevel: 'error',
    plugins: [react()],
    worker: { format: 'es', plugins: () => [realKinds(join(context.root, 'test', 'fakes', 'demo'))] },
    build: { target: 'chrome114', outDir: folder, emptyOutDir: true, assetsInlineLimit: 0 },
  })
  const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] })
  try {
    const few = await measure(context, browser, folder, fewLines)
    const many = await measure(context, browser, folder, manyLines)
    const task = (name: string, { own: value }: Longest, { own: peerValue }: Longest, goal: string): Result => ({
      name: `journal-ui ${name}`,
      value,
      unit: 'ms of CPU, longest task',
      peer: `the same list with ${fewLines} lines`,
      peerValue,
      ratio: value / peerValue,
      goal,
      met: value <= goalMs,
    })
    const added = many.heapMb - few.heapMb
    return [
      task('scroll', many.scroll, few.scroll, `no task > ${goalMs} ms while scrolling ${scrollMs / 1000} s`),
      task('follow', many.follow, few.follow, `no task > ${goalMs} ms at ${followRate} lines/s`),
      task('filter', many.filter, few.filter, `no task > ${goalMs} ms while a filter is set`),
      {
        name: 'journal-ui heap',
        value: added,
        unit: 'MB more',
        peer: `the whole page with ${fewLines} lines`,
        peerValue: few.heapMb,
        ratio: added / few.heapMb,
        goal: `≤ +${goalMb} MB`,
        met: added <= goalMb,
      },
    ]
  } finally {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(context: BenchContext, browser: Browser, folder: string, lines: number): Promise<Figures> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  try {
    await serveFolder(page, folder)
    const started = performance.now()
    await page.goto(`${origin}/?lines=${lines}#/hosts/web-1/journal`)
    await hasLines(page, count => count >= lines)
    const loadedMs = performance.now() - started
    const loading = await page.evaluate(() => (window as unknown as Scope).bench.longTasks)
    const heapMb = await heapOf(page)
    const scroll = await longestTask(browser, page, () => scrollAbout(page))
    await page.keyboard.press('End')
    const before = await linesOf(page)
    const follow = await longestTask(browser, page, async () => {
      await page.evaluate(rate => (window as unknown as Scope).bench.rate(rate), followRate)
      await sleep(followMs)
      await page.evaluate(() => (window as unknown as Scope).bench.rate(0))
    })
    const followed = (await linesOf(page)) - before
    let filterMs = 0
    const filter = await longestTask(browser, page, async () => {
      const from = performance.now()
      await page.getByRole('textbox', { name: 'Filter lines' }).fill('доставлено')
      const expected = Math.floor((lines * 0.99) / 61)
      await hasLines(page, count => count >= expected && count < lines / 2)
      filterMs = performance.now() - from
    })
    context.log(
      `   ${lines} lines: ${Math.round(loadedMs)} ms to load (longest task ${Math.round(Math.max(0, ...loading))} ms), heap ${heapMb.toFixed(0)} MB, ` +
        `longest task: scroll ${shown(scroll)}, follow ${shown(follow)} (${followed} lines more), filter ${shown(filter)} (${Math.round(filterMs)} ms in all)`,
    )
    return { scroll, follow, filter, filterMs, heapMb }
  } finally {
    await page.close()
  }
}

const shown = ({ own, wall }: Longest): string => `${own.toFixed(1)} ms (${wall.toFixed(1)} by the clock)`

/** No server: on a busy machine with networks that come and go, even loopback requests get lost. */
async function serveFolder(page: Page, folder: string): Promise<void> {
  await page.context().route(`${origin}/**`, route => {
    const { pathname } = new URL(route.request().url())
    const file = join(folder, pathname === '/' ? 'index.html' : pathname)
    if (!file.startsWith(folder) || !existsSync(file)) return route.fulfill({ status: 404 })
    return route.fulfill({ contentType: types[extname(file)] ?? 'application/octet-stream', body: readFileSync(file) })
  })
}

const countText = /^([\d,]+) lines$/

async function linesOf(page: Page): Promise<number> {
  const text = await page.getByText(countText).first().innerText()
  return Number(countText.exec(text)?.[1]?.replaceAll(',', '') ?? Number.NaN)
}

async function hasLines(page: Page, enough: (count: number) => boolean): Promise<void> {
  const deadline = Date.now() + 180_000
  while (!enough((await page.getByText(countText).count()) === 0 ? Number.NaN : await linesOf(page))) {
    if (Date.now() > deadline) throw new Error(`The lines did not arrive; the page has ${await linesOf(page)}`)
    await sleep(50)
  }
}

/** Half of the time by the wheel, up and down; half by dragging the scroll bar to places all over the list. */
async function scrollAbout(page: Page): Promise<void> {
  const box = await page.getByRole('listbox', { name: 'Lines' }).boundingBox()
  if (!box) throw new Error('The list of lines is not shown')
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  const end = performance.now() + scrollMs / 2
  for (let step = 0; performance.now() < end; step++) {
    await page.mouse.wheel(0, step % 200 < 130 ? -360 : 360)
    await sleep(12)
  }
  await page.evaluate(ms => (window as unknown as Scope).bench.drag(ms), scrollMs / 2)
}

/** What the page holds after a collection: objects, strings and the memory of typed arrays. */
async function heapOf(page: Page): Promise<number> {
  const session: CDPSession = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize, backingStorageSize } = (await session.send('Runtime.getHeapUsage')) as {
    usedSize: number
    backingStorageSize?: number
  }
  if (backingStorageSize === undefined) throw new Error('This browser does not count the memory of typed arrays')
  await session.detach()
  return (usedSize + backingStorageSize) / 1e6
}

interface TraceEvent {
  readonly name: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  /** Microseconds from start to end, and those of them that the thread had the processor. */
  readonly dur?: number
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

interface Longest {
  /** By the clock, as a person feels it; on a machine that is busy with other things, their turns are in it. */
  readonly wall: number
  /** The task's own time on the processor. */
  readonly own: number
}

/** The longest tasks on the page's main thread while `act` runs, in ms. */
async function longestTask(browser: Browser, page: Page, act: () => Promise<void>): Promise<Longest> {
  await browser.startTracing(page, { categories: ['toplevel', 'disabled-by-default-devtools.timeline'] })
  await act()
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] }
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid}/${tid}`),
  )
  const tasks = traceEvents.filter(
    ({ name, ph, pid, tid }) => ph === 'X' && name.endsWith('RunTask') && mains.has(`${pid}/${tid}`),
  )
  if (tasks.length < 100) throw new Error(`Only ${tasks.length} tasks were traced`)
  if (tasks.every(({ tdur }) => tdur === undefined)) throw new Error('This browser does not trace the processor time')
  return {
    wall: tasks.reduce((longest, { dur = 0 }) => Math.max(longest, dur), 0) / 1000,
    own: tasks.reduce((longest, { tdur = 0 }) => Math.max(longest, tdur), 0) / 1000,
  }
}

export const items: Item[] = [{ name: 'journal-ui', run }]
