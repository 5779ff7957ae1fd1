// What must not be written is refused before anything changed, on real hosts, with a message that says what to do (semantics 26).
import { describe, expect, test } from 'vitest'
import { inspectFile, type WriteResult } from '../../../src/engine/cookies/remote-file.ts'
import { suites, type TestHost } from '../lib/index.ts'
import { sharedHost } from '../lib/vitest.ts'
import { ready } from '../remote/support.ts'
import { refusals } from './refusal-cases.ts'
import { names, put, shaOf, state, write } from './remote-file-support.ts'

/** Every name, inode, mode, owner and, of files, size and time of content: what has to stay as it is. */
const snapshot = (host: TestHost, folder: string): Promise<string> =>
  host.output([
    'find',
    folder,
    '-printf',
    '%p %i %y %m %U %G %n ',
    '(',
    '-type',
    'd',
    '-o',
    '-printf',
    '%s %T@',
    ')',
    '-printf',
    '\n',
  ])

const setFlags = (path: string, flags: number): string[] => [
  'python3',
  '-c',
  'import os,sys,fcntl,struct; fcntl.ioctl(os.open(sys.argv[1],os.O_RDONLY),0x40086602,struct.pack("l",int(sys.argv[2])))',
  path,
  String(flags),
]

describe.each(suites)('%s', suite => {
  const host = sharedHost({ suite })

  test('S26 what must not be written is refused, and nothing changes', { timeout: 180_000 }, async () => {
    const links = {
      owner: await ready(host(), { user: 'deploy' }),
      root: await ready(host(), { user: 'deploy', sudo: 'passwordless' }),
      norights: await ready(host(), { user: 'norights' }),
    }
    for (const [at, { name, script = ':', as = 'owner', code, message, hint }] of refusals.entries()) {
      const folder = `/srv/no-${at}/bot`
      const path = await put(host(), `${folder}/cookies.txt`, 'old')
      await host().exec(['sh', '-ec', `f=$1 d=$2; ${script}`, 'sh', path, folder])
      const before = await snapshot(host(), `/srv/no-${at}`)
      const result = await write(links[as], path, 'old', 'CANARY', as === 'root')
      expect(result, name).toMatchObject({
        ok: false,
        code,
        message: expect.stringMatching(message),
        present: code === 'missing' ? 'missing' : 'old',
      })
      expect(result, name).toMatchObject({ hint: expect.stringMatching(hint), backup: null })
      expect(JSON.stringify(result)).not.toContain('CANARY')
      const facts = await inspectFile(links[as], path, { sudo: as === 'root' })
      // what a look can know, it tells without a write
      if (code !== 'failed')
        expect(
          facts.problems.map(problem => problem.code),
          name,
        ).toContain(code)
      expect(await snapshot(host(), `/srv/no-${at}`), name).toBe(before)
    }
  })

  test('S27 a full disk, and one that is mounted read-only', async () => {
    const link = await ready(host(), { user: 'deploy', sudo: 'passwordless' })
    await host().mountSmallDisk('/srv/small', 64 * 1024)
    const path = await put(host(), '/srv/small/bot/cookies.txt', 'old')
    for (const sudo of [false, true]) {
      const big = 'x'.repeat(100_000)
      const result = await write(link, path, 'old', big, sudo)
      expect(result).toMatchObject({ ok: false, step: 'receive', code: 'disk-full', present: 'old' })
      expect(result).toMatchObject({ hint: expect.stringMatching(/Make room/) })
      expect(await state(host(), path)).toMatchObject({ content: 'old' })
      expect(await names(host(), '/srv/small/bot')).toEqual(['cookies.txt'])
    }
    // room for the new one, and none for the old one beside it
    await host().exec(['sh', '-c', 'head -c 40000 /dev/zero | tr "\\0" o >/srv/small/bot/cookies.txt'])
    const result = await write(link, path, 'o'.repeat(40_000), 'n'.repeat(8_000))
    expect(result).toMatchObject({ ok: false, step: 'back-up', code: 'disk-full', present: 'old' })
    expect(await names(host(), '/srv/small/bot')).toEqual(['cookies.txt'])
    await host().exec(['mount', '-o', 'remount,ro', '/srv/small'])
    for (const sudo of [false, true])
      expect(await write(link, path, 'o'.repeat(40_000), 'new', sudo)).toMatchObject({
        ok: false,
        code: 'read-only',
        message: expect.stringMatching(/mounted read-only/),
      })
    await host().exec(['umount', '/srv/small'])
  })

  test('S27 a file that is locked (chattr +i) stays, and so does its folder', async () => {
    const link = await ready(host(), { user: 'deploy', sudo: 'passwordless' })
    const path = await put(host(), '/srv/locked/cookies.txt', 'old', { owner: 'root:root' })
    const seen = (await host().exec('command -v lsattr', { check: false })).code === 0
    await host().exec(setFlags(path, 0x10))
    try {
      const result: WriteResult = await write(link, path, 'old', 'new', true)
      expect(result).toMatchObject({ ok: false, code: 'immutable', step: seen ? 'look' : 'rename', present: 'old' })
      expect(result).toMatchObject({ hint: expect.stringMatching(/chattr -i \/srv\/locked\/cookies.txt/) })
      expect(await names(host(), '/srv/locked')).toEqual(['cookies.txt'])
    } finally {
      await host().exec(setFlags(path, 0))
    }
    expect(await write(link, path, 'old', 'new', true)).toMatchObject({ ok: true })
  })

  test('S27 a file that only its owner may read, or nobody may write, is replaced and stays so', async () => {
    const link = await ready(host(), { user: 'deploy', sudo: 'passwordless' })
    for (const [mode, sudo] of [
      ['400', false],
      ['444', false],
      ['400', true],
    ] as const) {
      const path = await put(host(), `/srv/mode-${mode}-${sudo}/cookies.txt`, 'old', { mode })
      expect(await write(link, path, 'old', 'new', sudo)).toMatchObject({ ok: true })
      expect(await state(host(), path)).toEqual({ stat: `deploy:deploy ${mode} 1 regular file`, content: 'new' })
    }
  })

  test('S26 S35 names with spaces, quotes, newlines, dashes, globs, and the longest ones', {
    timeout: 60_000,
  }, async () => {
    const link = await ready(host(), { user: 'fishy', sudo: 'passwordless' })
    const odd = [
      'a b.txt',
      `it's "so" $HOME \`id\`.txt`,
      'line\nbreak\n',
      '-rf',
      '*',
      '\\back!',
      'é中.json',
      'x'.repeat(250),
    ]
    for (const [at, name] of odd.entries()) {
      const folder = `/srv/odd ${at}/${name}`
      const path = await put(host(), `${folder}/${name}`, 'old')
      await host().exec(['touch', '--', `${folder}/other.txt`])
      const result = await write(link, path, 'old', 'new', true)
      if (!result.ok) throw new Error(`${name}: ${result.message}`)
      expect(await state(host(), path)).toMatchObject({ content: 'new' })
      expect(await state(host(), result.backup)).toMatchObject({ content: 'old' })
      expect(await names(host(), folder)).toHaveLength(3)
    }
  })

  test('S34 a name that is not UTF-8 is refused as such, and does not disturb its neighbours', async () => {
    const link = await ready(host(), { user: 'deploy' })
    const path = await put(host(), '/srv/bytes/cookies.txt', 'old')
    await host().exec(['sh', '-c', 'cp /srv/bytes/cookies.txt "/srv/bytes/$(printf "c\\377.txt")"'])
    const result = await write(link, '/srv/bytes/c\ufffd.txt', 'old', 'new')
    expect(result).toMatchObject({ ok: false, code: 'path', message: expect.stringMatching(/not UTF-8/) })
    expect(await write(link, path, 'old', 'new')).toMatchObject({ ok: true })
  })

  test('S27 a file that changed since it was looked at is not overwritten', async () => {
    const link = await ready(host(), { user: 'deploy' })
    const path = await put(host(), '/srv/moved/cookies.txt', 'rotated')
    const result = await write(link, path, 'old', 'new')
    expect(result).toMatchObject({ ok: false, step: 'compare', code: 'changed', present: 'other' })
    expect(await state(host(), path)).toMatchObject({ content: 'rotated' })
    expect(await names(host(), '/srv/moved')).toEqual(['cookies.txt'])
  })

  test('S27 five old files are kept, the newest ones, and their names sort by age', { timeout: 60_000 }, async () => {
    const link = await ready(host(), { user: 'deploy' })
    const path = await put(host(), '/srv/many/cookies.txt', 'v0')
    for (let n = 0; n < 8; n++) expect(await write(link, path, `v${n}`, `v${n + 1}`)).toMatchObject({ ok: true })
    const { backups, sha256 } = await inspectFile(link, path, { sudo: false })
    expect(sha256).toBe(shaOf('v8'))
    expect(backups).toEqual([...backups].sort())
    const contents = await Promise.all(backups.map(backup => host().readFile(backup)))
    expect(contents).toEqual(['v3', 'v4', 'v5', 'v6', 'v7'])
  })
})
