// The commands a person types, run as they are: without a display, with a wrong part, on a build machine that lacks what a part needs.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { outcome, readPlaywright, readVitest } from '../../../scripts/lib/counts.mjs'
import { root } from '../../../scripts/lib/environment.mjs'
import { runProgram } from '../../../scripts/lib/process.mjs'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'commands-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

// Nothing but Node on PATH: no npm, no apt, no Xvfb, no systemd-nspawn, so nothing can be installed or opened by mistake.
const bare = { PATH: dirname(process.execPath), HOME: tmpdir(), ELECTRON_EXEC_PATH: process.execPath }

function script(name: string, args: string[], env: Record<string, string> = {}) {
  const end = spawnSync(process.execPath, [join(root, 'scripts', name), ...args], {
    env: { ...bare, ...env },
    encoding: 'utf8',
  })
  return { code: end.status, out: end.stdout, err: end.stderr, last: end.stdout.trimEnd().split('\n').at(-1) }
}

describe('npm start', () => {
  it.runIf(process.platform === 'linux')('says in one sentence that there is no display', () => {
    const { code, out, err } = script('start.mjs', [])
    expect(code).toBe(1)
    expect(out).toBe('')
    expect(err).toBe(
      'Quarterdeck cannot open a window here: neither DISPLAY nor WAYLAND_DISPLAY is set, so start it from a desktop session.\n',
    )
  })
})

describe('npm test', () => {
  it('refuses a part that does not exist', () => {
    const { code, err } = script('test.mjs', ['units'])
    expect(code).toBe(1)
    expect(err).toBe('There is no part units; there are ready, unit, hosts, e2e.\n')
  })

  it('skips a part that cannot run here, with the reason', () => {
    const { code, err, last } = script('test.mjs', ['e2e'])
    expect(err).toContain('skipped: there is no display and Xvfb is not installed')
    expect(last).toBe('0 passed, 0 failed, 1 skipped')
    expect(code).toBe(0)
  })

  it('fails a part that cannot run on a build machine', () => {
    const { code, err, last } = script('test.mjs', ['e2e', 'hosts'], { CI: '1' })
    expect(err).toContain('FAILED: there is no display')
    expect(last).toBe('0 passed, 2 failed, 0 skipped')
    expect(code).toBe(1)
  })
})

describe('the outcome of a part', () => {
  const report = (value: unknown) => {
    const file = join(folder, 'report.json')
    writeFileSync(file, JSON.stringify(value))
    return file
  }
  const vitestReport = (passed: number, failed: number, skipped = 0) =>
    report({
      numPassedTests: passed,
      numFailedTests: failed,
      numPendingTests: skipped,
      numTodoTests: 0,
      testResults: [],
    })

  it('is what the report counts', () => {
    const { counts, problem } = outcome({ code: 1, timedOut: false }, vitestReport(5, 2, 1), readVitest)
    expect(counts).toEqual({ passed: 5, failed: 2, skipped: 1 })
    expect(problem).toBeNull()
  })

  it('counts a test that passed on a retry as passed, and one that never did as failed', () => {
    const file = report({ stats: { expected: 3, unexpected: 1, flaky: 1, skipped: 2 }, suites: [] })
    const { counts } = outcome({ code: 1, timedOut: false }, file, readPlaywright)
    expect(counts).toEqual({ passed: 4, failed: 1, skipped: 2 })
  })

  it('names what failed with the beginning of why, in both reports', () => {
    const test = {
      fullName: 'a cat purrs',
      status: 'failed',
      failureMessages: ['\x1b[31mexpected 1\x1b[39m\n    at cat.ts:1'],
    }
    const vitest = report({
      numPassedTests: 1,
      numFailedTests: 1,
      numPendingTests: 0,
      numTodoTests: 0,
      testResults: [
        {
          name: join(root, 'test/cat.test.ts'),
          status: 'failed',
          message: '',
          assertionResults: [test, { status: 'passed' }],
        },
        { name: '/dog.test.ts', status: 'failed', message: 'does not load', assertionResults: [] },
      ],
    })
    expect(outcome({ code: 1, timedOut: false }, vitest, readVitest).failures).toEqual([
      { name: 'test/cat.test.ts › a cat purrs', why: ['expected 1'] },
      { name: '/dog.test.ts', why: ['does not load'] },
    ])
    const spec = (title: string, status: string, results: object[]) => ({
      file: 'a.spec.ts',
      title,
      tests: [{ status, results }],
    })
    const failed = { error: { message: 'no window' } }
    const specs = [
      spec('opens', 'unexpected', [failed]),
      spec('closes', 'flaky', [failed, {}]),
      spec('is', 'expected', [{}]),
    ]
    const playwright = report({
      stats: { expected: 1, unexpected: 1, flaky: 1, skipped: 0 },
      suites: [{ suites: [{ specs }] }],
      errors: [{ message: 'does not parse', location: { file: join(root, 'test/e2e/b.spec.ts') } }],
    })
    expect(outcome({ code: 1, timedOut: false }, playwright, readPlaywright).failures).toEqual([
      { name: 'test/e2e/b.spec.ts', why: ['does not parse'] },
      { name: 'a.spec.ts › opens', why: ['no window'] },
      { name: 'a.spec.ts › closes (passed at a further try)', why: ['no window'] },
    ])
  })

  it.each([
    ['no report', () => join(folder, 'none.json'), { code: 0, timedOut: false }, 0],
    ['a file that does not load', () => vitestReport(5, 0), { code: 1, timedOut: false }, 5],
    ['no test at all', () => vitestReport(0, 0), { code: 0, timedOut: false }, 0],
    ['a time-out after some tests', () => vitestReport(5, 0), { code: 0, timedOut: true }, 5],
  ])('is a failure after %s', (_what, file, end, passed) => {
    const { counts, problem } = outcome(end, file(), readVitest)
    expect(counts).toEqual({ passed, failed: 1, skipped: 0 })
    expect(problem).not.toBeNull()
  })
})

describe('a program that hangs', () => {
  it('is ended with its whole group when its time is over', async () => {
    const marker = join(folder, 'pid')
    // The child writes its pid and sleeps; the parent does nothing but wait for it.
    const child = `require('fs').writeFileSync(${JSON.stringify(marker)}, String(process.pid)); setInterval(() => {}, 1000)`
    const parent = `require('child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(child)}])`
    const end = await runProgram(process.execPath, ['-e', parent], { timeout: 3000 })
    expect(end.timedOut).toBe(true)
    const alive = () => {
      const { stdout } = spawnSync('ps', ['-e', '-o', 'stat=,args='], { encoding: 'utf8' })
      return stdout.split('\n').filter(line => line.includes(marker) && !line.startsWith('Z'))
    }
    await vi.waitFor(() => expect(alive()).toEqual([]), { timeout: 10_000 })
  })
})
