// `npm test [-- part …]`: sets up, runs the parts one after the other whatever fails, and ends with one line that counts everything.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.mjs'
import { none, outcome, readPlaywright, readVitest, sum, summary } from './lib/counts.mjs'
import { startDisplay } from './lib/display.mjs'
import { hasCommand, hasDisplay, isCi, isRoot, root, SetupError } from './lib/environment.mjs'
import { interrupted, runPackage, runProgram } from './lib/process.mjs'
import { run, runtimeEnvironment, say, setup } from './setup.mjs'

const minutes = 60_000
const results = join(root, 'test-results')

// A hung part is a failure, not a hung machine. All of it takes about 55 minutes on two cores.
const parts = {
  ready: { title: 'format, lint, boundaries, types', limit: 4 * minutes, cannot: () => null, run: ready },
  unit: { title: 'unit tests', limit: 10 * minutes, cannot: () => null, run: vitest },
  hosts: {
    title: 'tests on real systemd hosts',
    limit: 48 * minutes,
    needs: { system: true, electron: true },
    cannot: cannotBootHosts,
    run: vitest,
  },
  e2e: {
    title: 'the app in a real window',
    limit: 34 * minutes,
    needs: { system: true, electron: true },
    cannot: cannotOpenWindows,
    run: playwright,
  },
}

function cannotBootHosts() {
  if (process.platform !== 'linux') return 'test hosts need Linux'
  if (!isRoot()) return 'test hosts need root'
  const missing = ['systemd-nspawn', 'debootstrap', 'ip'].filter(name => !hasCommand(name))
  return missing.length > 0 ? `not installed: ${missing.join(', ')}` : null
}

function cannotOpenWindows() {
  return hasDisplay() || hasCommand('Xvfb') ? null : 'there is no display and Xvfb is not installed'
}

async function ready({ node, env, limit }) {
  const deadline = Date.now() + limit
  const steps = [
    [
      'format and lint',
      [
        ['@biomejs/biome', 'bin/biome'],
        ['check', '--error-on-warnings'],
      ],
    ],
    ['boundaries', null],
    ['types', [['typescript', 'bin/tsc'], ['--noEmit']]],
  ]
  const counts = []
  for (const [title, program] of steps) {
    const timeout = Math.max(1000, deadline - Date.now())
    const { code, timedOut } = program
      ? await runPackage(node, ...program, { env, timeout })
      : await runProgram(node, [join(root, 'scripts', 'boundaries.mjs')], { env, timeout })
    const passed = code === 0 && !timedOut
    say(`${passed ? 'ok' : 'FAILED'}: ${title}${timedOut ? ' (ran over its time limit)' : ''}`)
    counts.push(passed ? { ...none, passed: 1 } : { ...none, failed: 1 })
  }
  return { counts: sum(counts), problem: null }
}

async function vitest({ node, env, name, limit }) {
  const report = join(results, `${name}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const end = await runPackage(node, ['vitest', 'vitest.mjs'], ['run', '--project', name, ...reporters], {
    env,
    timeout: limit,
  })
  return outcome(end, report, readVitest)
}

async function playwright({ node, env, runtimes, name, limit }) {
  const started = Date.now()
  await build(runtimes)
  const report = join(results, `${name}.json`)
  // A screen of its own even where there is one: windows must not pop up in front of whoever works here.
  const screen = hasCommand('Xvfb') ? await startDisplay() : null
  const display = screen ? { DISPLAY: screen.display, WAYLAND_DISPLAY: '' } : {}
  try {
    const end = await runPackage(node, ['@playwright/test', 'cli.js'], ['test'], {
      env: { ...env, ...display, PLAYWRIGHT_JSON_OUTPUT_NAME: report },
      timeout: limit - (Date.now() - started),
    })
    return outcome(end, report, readPlaywright)
  } finally {
    screen?.stop()
  }
}

function heading(text) {
  process.stdout.write(`\n── ${text} ${'─'.repeat(Math.max(3, 100 - text.length))}\n`)
}

/** Runs one part; whatever happens in it, the others still run. */
async function runPart(name, runtimes) {
  const part = parts[name]
  heading(`${name}: ${part.title}`)
  const reason = part.cannot()
  if (reason) {
    say(`${isCi() ? 'FAILED' : 'skipped'}: ${reason}`)
    return { name, seconds: 0, counts: isCi() ? { ...none, failed: 1 } : { ...none, skipped: 1 }, problem: reason }
  }
  const started = performance.now()
  let result
  try {
    rmSync(join(results, `${name}.json`), { force: true })
    result = await part.run({ ...runtimes, runtimes, env: runtimeEnvironment(runtimes), name, limit: part.limit })
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    result = { counts: { ...none, failed: 1 }, problem: error.message }
  }
  if (result.problem) say(`FAILED: ${name} ${result.problem}`)
  return { name, seconds: (performance.now() - started) / 1000, ...result }
}

async function runAll(names) {
  const needs = names.map(name => parts[name].needs ?? {})
  heading('set-up')
  const runtimes = await setup({
    system: needs.some(({ system }) => system),
    electron: needs.some(({ electron }) => electron),
  })
  mkdirSync(results, { recursive: true })
  const done = []
  for (const name of names) {
    if (interrupted) break
    done.push(await runPart(name, runtimes))
  }
  const failures = done.flatMap(part => part.failures ?? [])
  if (failures.length > 0) heading('what failed, or needed another try')
  for (const { name, why } of failures) process.stdout.write(`${[name, ...why].join('\n    ')}\n`)
  heading('result')
  for (const { name, seconds, counts, problem } of done) {
    const note = problem ? `  (${problem})` : ''
    process.stdout.write(`${name.padEnd(6)} ${seconds.toFixed(1).padStart(7)} s  ${summary(counts)}${note}\n`)
  }
  const counts = sum(done.map(part => part.counts))
  return interrupted && counts.failed === 0 ? sum([counts, { ...none, failed: 1 }]) : counts
}

await run(async args => {
  const unknown = args.filter(name => !Object.hasOwn(parts, name))
  if (unknown.length > 0)
    throw new SetupError(`There is no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}.`)
  let counts
  try {
    counts = await runAll(args.length > 0 ? args : Object.keys(parts))
  } catch (error) {
    say(error instanceof SetupError ? error.message : error.stack)
    counts = { ...none, failed: 1 }
  }
  process.stdout.write(`${summary(counts)}\n`)
  return counts.failed > 0 ? 1 : 0
})
