// Runs all benchmark items, or those named on the command line, prints the table and writes bench-results.json. Measures nothing itself.
import { readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchContext, Item } from './item.ts'
import { type Line, table } from './table.ts'

const folder = dirname(fileURLToPath(import.meta.url))
const root = dirname(dirname(folder))
const own = ['index.ts', 'item.ts', 'table.ts']

/** The items of every file in this folder that exports `items`. */
async function loadItems(): Promise<Item[]> {
  const files = readdirSync(folder).filter(name => name.endsWith('.ts') && !own.includes(name))
  const modules = await Promise.all(files.sort().map(name => import(join(folder, name)) as Promise<{ items?: Item[] }>))
  return modules.flatMap(({ items = [] }) => items)
}

async function measure(item: Item, context: BenchContext): Promise<Line[]> {
  context.log(`── ${item.name}`)
  const started = performance.now()
  try {
    return [...(await item.run(context))]
  } catch (error) {
    context.log(error instanceof Error ? (error.stack ?? error.message) : String(error))
    return [{ name: item.name, error: error instanceof Error ? error.message : String(error), met: false }]
  } finally {
    context.log(`   ${((performance.now() - started) / 1000).toFixed(1)} s`)
  }
}

async function main(names: readonly string[]): Promise<number> {
  const log = (line: string) => void process.stderr.write(`${line}\n`)
  const items = await loadItems()
  const unknown = names.filter(name => !items.some(item => item.name === name))
  if (unknown.length > 0 || items.length === 0) {
    log(
      `No such item: ${unknown.join(', ') || '(there are none)'}. There are: ${items.map(({ name }) => name).join(', ')}`,
    )
    return 1
  }
  const end = new AbortController()
  process.once('SIGINT', () => end.abort())
  process.once('SIGTERM', () => end.abort())
  const context: BenchContext = {
    log,
    signal: end.signal,
    root,
    node: process.execPath,
    electron: process.env.ELECTRON_EXEC_PATH ?? '',
  }
  const lines: Line[] = []
  // One at a time: two at once would measure each other.
  for (const item of items) {
    if (end.signal.aborted) break
    if (names.length === 0 || names.includes(item.name)) lines.push(...(await measure(item, context)))
  }
  writeFileSync(join(root, 'bench-results.json'), `${JSON.stringify(lines, null, 2)}\n`)
  process.stdout.write(`${table(lines)}\n`)
  return end.signal.aborted || lines.some(line => 'error' in line) ? 1 : 0
}

process.exit(await main(process.argv.slice(2)))
