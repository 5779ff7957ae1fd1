// Ends a write at each of its steps, on the host and here, and proves that old or new lies there, with a backup and nothing else (semantics 27).
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { inspectFile, replaceFile, settle, type WriteStep, writeFile } from '../../../src/engine/cookies/remote-file.ts'
import { sha256Of } from '../../../src/engine/cookies/remote-file-answer.ts'
import { placeOf } from '../../../src/engine/cookies/remote-file-names.ts'
import { writeArgv } from '../../../src/engine/cookies/remote-file-script.ts'
import { writeSteps } from '../../../src/engine/cookies/remote-file-types.ts'
import { createTcpProxy, suites, type TestHost } from '../lib/index.ts'
import { sharedHost } from '../lib/vitest.ts'
import { hostRecord, reached, ready, trusting } from '../remote/support.ts'
import { pause, type WriterOrder } from './killable-writer.ts'
import { isOld, names, put, shaOf, state, write } from './remote-file-support.ts'

const host = sharedHost({ suite: 'bookworm' })
/** The step after which the new file is in place. */
const renamed = (step: WriteStep): boolean => step === 'settle' || step === 'read-back'

/** What has to hold after any end: a whole file, its metadata, and whole old files only. */
async function sound(on: TestHost, folder: string, expected: string): Promise<void> {
  expect(await state(on, `${folder}/cookies.txt`)).toEqual({
    stat: 'deploy:deploy 640 1 regular file',
    content: expected,
  })
  const beside = (await names(on, folder)).filter(name => name !== 'cookies.txt' && !name.includes('quarterdeck-tmp'))
  expect(beside.every(isOld), beside.join(' ')).toBe(true)
  for (const name of beside)
    expect(await state(on, `${folder}/${name}`)).toEqual({ stat: 'deploy:deploy 600 1 regular file', content: 'old' })
  if (expected !== 'old') expect(beside).toHaveLength(1)
}

/** The script itself, as the engine sends it, run on the host without a link. */
async function runScript(on: TestHost, folder: string, at: (step: WriteStep) => string): Promise<void> {
  const named = placeOf(`${folder}/cookies.txt`)
  if (!named.ok) throw new Error(named.message)
  const stat = (format: string, path: string) => on.output(['stat', '-c', format, path])
  const argv = writeArgv(
    {
      ...named.place,
      id: 'feedc0de',
      fileStat: await stat('%u %g %a %h %d:%i %F', `${folder}/cookies.txt`),
      folderStat: await stat('%u %a %d:%i', folder),
      acl: false,
      backUp: true,
    },
    at,
  )
  const input = `${shaOf('old')} ${shaOf('new')} 3\nnew`
  await on.exec(argv, { user: 'deploy', input, check: false })
}

test.each(suites)(
  'S27 kill -9 of the shell at each step on %s: old or new, and the next write clears up',
  { timeout: 240_000 },
  async suite => {
    const { bootHost } = await import('../lib/index.ts')
    const on = suite === 'bookworm' ? host() : await bootHost({ suite })
    onTestFinished(async () => {
      if (on !== host()) await on.dispose()
    })
    const link = await ready(on, { user: 'deploy' })
    const left: string[] = []
    for (const step of writeSteps) {
      const folder = `/srv/shell-${step}`
      await put(on, `${folder}/cookies.txt`, 'old')
      await runScript(on, folder, at => (at === step ? 'kill -9 $$' : ''))
      await sound(on, folder, renamed(step) ? 'new' : 'old')
      if ((await names(on, folder)).some(name => name.includes('quarterdeck-tmp'))) left.push(step)
      const before = renamed(step) ? 'new' : 'old'
      expect(await write(link, `${folder}/cookies.txt`, before, 'next')).toMatchObject({ ok: true })
      const after = (await names(on, folder)).filter(name => name !== 'cookies.txt')
      expect(after.every(isOld), after.join(' ')).toBe(true)
      expect(after.length).toBeGreaterThan(0)
    }
    // or else nothing would have been there to clear up
    expect(left).toEqual(['metadata', 'back-up', 'compare', 'rename'])
  },
)

test.each([false, true])(
  'S27 the engine tells what lies there when the shell is killed (sudo %s)',
  { timeout: 240_000 },
  async sudo => {
    const link = await ready(host(), { user: 'deploy', sudo: 'passwordless' })
    for (const step of writeSteps) {
      const folder = `/srv/told-${sudo}-${step}`
      const path = await put(host(), `${folder}/cookies.txt`, 'old', sudo ? { folderOwner: 'root' } : {})
      const content = Buffer.from('new')
      const at = (here: WriteStep): string => (here === step ? 'kill -9 $$' : '')
      const result = await replaceFile(link, path, { expectedSha256: shaOf('old'), content, sudo, backUp: true, at })
      const present = renamed(step) ? 'new' : 'old'
      const last = step === 'read-back' ? 'settle' : step
      expect(result, step).toMatchObject({ ok: false, step: last, present, message: expect.stringMatching(/killed/) })
      await sound(host(), folder, present)
      // asking what lies there has cleared up
      expect((await names(host(), folder)).filter(name => name.includes('quarterdeck-tmp'))).toEqual([])
      if (present === 'new' && !result.ok) expect(await host().readFile(result.backup ?? '')).toBe('old')
    }
  },
)

test('S27 kill -9 of the client at each step: old or new, backup present, nothing left after the next write', {
  timeout: 300_000,
}, async () => {
  const on = host()
  const scratch = mkdtempSync(join(tmpdir(), 'quarterdeck-writer-'))
  onTestFinished(() => rmSync(scratch, { recursive: true, force: true }))
  await on.exec('mkdir -p -m 777 /run/kill')
  const keys = await on.hostKeys()
  // more than pipes hold, so that one who is killed while it sends has not sent it all
  const contentFor = (step: WriteStep): string => 'n'.repeat(['look', 'clean', 'receive'].includes(step) ? 900_000 : 3)
  const one = async (step: WriteStep, sudo: boolean): Promise<void> => {
    const name = `client-${step}-${sudo}`
    const path = await put(on, `/srv/${name}/cookies.txt`, 'old')
    const order: WriterOrder = {
      ...{ host: hostRecord(on, { user: 'deploy', sudo: 'passwordless' }), keys, path, sudo, step },
      ...{ expectedSha256: shaOf('old'), content: contentFor(step) },
    }
    const file = join(scratch, `${name}.json`)
    writeFileSync(file, JSON.stringify(order))
    await on.exec(['rm', '-f', `/run/kill/at-${step}`])
    const child = spawn(process.execPath, [join(import.meta.dirname, 'killable-writer.ts'), file], { stdio: 'ignore' })
    const gone = new Promise<unknown>(resolve => child.on('exit', (code, signal) => resolve(signal ?? code)))
    const waiting = [
      'sh',
      '-c',
      'i=0; while [ ! -e "$1" ] && [ $i -lt 1200 ]; do sleep 0.05; i=$((i+1)); done; [ -e "$1" ]',
      'sh',
    ]
    await on.exec([...waiting, `/run/kill/at-${step}`])
    child.kill('SIGKILL')
    expect(await gone).toBe('SIGKILL')
  }
  const ends: string[] = []
  for (const [at, step] of writeSteps.entries()) {
    const sudo = at % 2 === 1
    await one(step, sudo)
    const folder = `/srv/client-${step}-${sudo}`
    // the script goes on without anybody to hear it
    await on.exec(
      'touch /run/kill/go; while pgrep -f "[q]uarterdeck-tmp" >/dev/null; do sleep 0.05; done; rm /run/kill/go',
    )
    const content = await on.readFile(`${folder}/cookies.txt`)
    ends.push(content === contentFor(step) ? 'new' : content)
    await sound(on, folder, content === 'old' ? 'old' : contentFor(step))
    const link = await ready(on, { user: 'deploy', sudo: 'passwordless' })
    expect(await write(link, `${folder}/cookies.txt`, content, 'next', sudo)).toMatchObject({ ok: true })
    const after = (await names(on, folder)).filter(name => name !== 'cookies.txt')
    expect(after.length > 0 && after.every(isOld), after.join(' ')).toBe(true)
    await link.dispose()
  }
  // killed before the content was read whole nothing may come through; after the rename it has
  expect(new Set(ends)).toEqual(new Set(['old', 'new']))
  expect(ends.at(-1)).toBe('new')
})

test('S7 a link lost in the middle is `lost`; settling ends the writer on the host and tells the truth', {
  timeout: 120_000,
}, async () => {
  const on = host()
  await on.exec('rm -rf /run/kill; mkdir -p -m 777 /run/kill')
  for (const step of ['metadata', 'rename', 'settle'] as const) {
    const proxy = await createTcpProxy({ target: { address: on.address, port: 22 } })
    const at = { address: '127.0.0.1', port: proxy.port }
    const link = await ready(on, { user: 'deploy', ...at, keys: await trusting(on, at) })
    const path = await put(on, `/srv/lost-${step}/cookies.txt`, 'old')
    const options = { expectedSha256: shaOf('old'), content: Buffer.from('new'), sudo: false, backUp: true }
    const writing = replaceFile(link, path, { ...options, at: here => (here === step ? pause(step) : '') })
    await on.exec(`while [ ! -e /run/kill/at-${step} ]; do sleep 0.05; done`)
    proxy.cut()
    const result = await writing
    expect(result).toMatchObject({ ok: false, code: 'lost', step, present: 'unknown' })
    await proxy.dispose()
    const again = await ready(on, { user: 'deploy' })
    const facts = await settle(again, path, { sudo: false })
    const expected = step === 'settle' ? 'new' : 'old'
    expect(facts).toMatchObject({ kind: 'file', sha256: shaOf(expected), problems: [] })
    // the late writer goes on now, and may not change the answer
    await on.exec(
      'touch /run/kill/go; while pgrep -f "[q]uarterdeck-tmp" >/dev/null; do sleep 0.05; done; rm /run/kill/go',
    )
    expect(await inspectFile(again, path, { sudo: false })).toMatchObject({ sha256: shaOf(expected) })
    await sound(on, `/srv/lost-${step}`, expected)
    expect((await names(on, `/srv/lost-${step}`)).filter(name => name.includes('quarterdeck-tmp'))).toEqual([])
  }
})

test('S27 a link that is not there changes nothing, and says so', async () => {
  const link = await ready(host(), { user: 'deploy' })
  const path = await put(host(), '/srv/away/cookies.txt', 'old')
  link.stop()
  await reached(link, 'idle')
  const options = { expectedSha256: sha256Of(Buffer.from('old')), content: Buffer.from('new'), sudo: false }
  expect(await writeFile(link, path, options)).toMatchObject({ ok: false, step: 'look', code: 'lost', present: 'old' })
  expect(await state(host(), path)).toMatchObject({ content: 'old' })
})

test('S27 of two writers at most one comes through, and neither half', { timeout: 120_000 }, async () => {
  const links = await Promise.all([1, 2, 3, 4].map(() => ready(host(), { user: 'deploy' })))
  const path = await put(host(), '/srv/race/cookies.txt', 'v0')
  let now = 'v0'
  for (let round = 1; round <= 8; round++) {
    const results = await Promise.all(links.map((link, at) => write(link, path, now, `v${round}-${at}`)))
    const won = results.flatMap((result, at) => (result.ok ? [`v${round}-${at}`] : []))
    expect(won.length).toBeLessThanOrEqual(1)
    for (const result of results) if (!result.ok) expect(result.code).toMatch(/^(busy|changed|failed)$/)
    const content = await host().readFile(path)
    expect(content).toBe(won[0] ?? now)
    for (const result of results) if (result.ok) expect(await host().readFile(result.backup)).toBe(now)
    now = content
  }
  expect(now).not.toBe('v0')
})
