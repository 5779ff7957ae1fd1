// Proves that compiled code is kept for the next start, that nothing old stays, and that a start without it is a start all the same.
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'quarterdeck-code-'))
  // Node keeps what is of some size
  const lines = Array.from({ length: 400 }, (_, n) => `export const value${n} = () => ${n} + Math.random()`)
  writeFileSync(join(root, 'program.mjs'), `${lines.join('\n')}\nconsole.log('ran', value7() >= 7)\n`)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const code = new URL('../../../../src/engine/lib/code-cache.ts', import.meta.url).href

/** Runs the program in a process of its own, with compiled code kept in `folder`; what it said. */
async function run(folder: string): Promise<string> {
  const script = `import(${JSON.stringify(code)}).then(({ keepCompiled }) => {
    keepCompiled(${JSON.stringify(folder)})
    return import(${JSON.stringify(pathToFileURL(join(root, 'program.mjs')).href)})
  })`
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { timeout: 60_000 })
  return stdout.trim()
}

it('keeps compiled code, and removes what another version of Node kept', async () => {
  const folder = join(root, 'cache')
  mkdirSync(join(folder, 'v1.2.3-x64-0'), { recursive: true })
  writeFileSync(join(folder, 'v1.2.3-x64-0', 'old'), 'old')
  expect(await run(folder)).toBe('ran true')
  const [own = '', ...others] = readdirSync(folder)
  expect(others).toEqual([])
  expect(own).toMatch(/^v\d+\./)
  expect(readdirSync(join(folder, own)).length).toBeGreaterThan(0)
  expect(await run(folder)).toBe('ran true')
})

it.each([
  ['a file in its place', () => writeFileSync(join(root, 'cache'), 'a file'), 'cache'],
  ['a file above it', () => writeFileSync(join(root, 'above'), 'a file'), 'above/cache'],
  ['a folder that can never be made', () => {}, '/proc/nothing'],
  [
    'a folder that may not be written',
    () => {
      mkdirSync(join(root, 'cache'))
      chmodSync(join(root, 'cache'), 0o500)
    },
    'cache',
  ],
])('goes on without it: %s', async (_what, make, folder) => {
  make()
  expect(await run(folder.startsWith('/') ? folder : join(root, folder))).toBe('ran true')
})
