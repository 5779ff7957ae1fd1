// Takes the tools away that a host may lack, one after the other, and proves each stand-in, and the refusal at the end (semantics 27, 28).
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { inspectFile } from '../../../src/engine/cookies/remote-file.ts'
import { run, type TestHost } from '../lib/index.ts'
import { sharedHost } from '../lib/vitest.ts'
import { ready } from '../remote/support.ts'
import { names, put, restoreBackup, shaOf, state, write } from './remote-file-support.ts'

const host = sharedHost({ suite: 'bookworm' })

/** Hides programs until the test ends. */
async function without(on: TestHost, ...tools: string[]): Promise<void> {
  const move = (from: string, to: string) =>
    on.exec([
      'sh',
      '-c',
      `for t; do for d in bin sbin; do [ ! -e /usr/$d/$t${from} ] || mv /usr/$d/$t${from} /usr/$d/$t${to}; done; done`,
      'sh',
      ...tools,
    ])
  await move('', '.away')
  onTestFinished(async () => {
    await move('.away', '')
  })
}

/** Puts a program of that name before the real one until the test ends. */
async function instead(on: TestHost, tool: string, script: string): Promise<void> {
  await on.writeFile(`/usr/local/bin/${tool}`, `#!/bin/sh\n${script}\n`, { mode: '755' })
  onTestFinished(async () => {
    await on.exec(['rm', '-f', `/usr/local/bin/${tool}`])
  })
}

/** Which of these were run: each notes its name and does its work. */
async function noting(on: TestHost, ...tools: string[]): Promise<() => Promise<string[]>> {
  await on.exec('rm -f /run/used; touch /run/used; chmod 666 /run/used')
  for (const tool of tools) await instead(on, tool, `echo ${tool} >>/run/used; exec /usr/bin/${tool} "$@"`)
  return async () => {
    const used = new Set((await on.readFile('/run/used')).split('\n').filter(Boolean))
    await on.exec(': >/run/used')
    return [...used].sort()
  }
}

/** ACL_USER norights may read, the mask lets it, others may not. */
const readersList =
  '02000000' + '01000600ffffffff' + '02000400eb030000' + '04000400ffffffff' + '10000400ffffffff' + '20000000ffffffff'
const setList = (path: string, list = readersList, name = 'access'): string[] => [
  '/usr/bin/python3',
  '-c',
  'import os,sys;os.setxattr(sys.argv[1],"system.posix_acl_"+sys.argv[3],bytes.fromhex(sys.argv[2]))',
  path,
  list,
  name,
]
const listOf = (on: TestHost, path: string): Promise<string> =>
  on.output([
    'python3',
    '-c',
    'import os,sys\ntry: print(os.getxattr(sys.argv[1],"system.posix_acl_access").hex())\nexcept OSError: print("none")',
    path,
  ])

/** getfacl and setfacl as this machine's own release has them: the images are built without. */
async function installAcl(on: TestHost): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'quarterdeck-acl-'))
  try {
    // older packages have them in /bin
    const script =
      'cd "$1"; apt-get -q download acl; dpkg-deb -x acl_*.deb .; cp bin/?etfacl usr/bin/?etfacl "$2" 2>&1 || ls "$2"/setfacl'
    await run(['sh', '-ec', script, 'sh', folder, join(on.slot.folder, 'root/usr/bin')], {})
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  onTestFinished(async () => {
    await on.exec(['rm', '-f', '/usr/bin/getfacl', '/usr/bin/setfacl'])
  })
}

test('S27 a hash by sha256sum, python3, perl or openssl; without any it is refused', async () => {
  const link = await ready(host(), { user: 'deploy' })
  const path = await put(host(), '/srv/hash/cookies.txt', 'v0')
  const tools = ['sha256sum', 'python3', 'perl', 'openssl']
  const used = await noting(host(), 'python3', 'perl', 'openssl')
  for (const [at, tool] of tools.entries()) {
    expect(await write(link, path, `v${at}`, `v${at + 1}`), tool).toMatchObject({ ok: true })
    expect(await used()).toEqual(at === 0 ? [] : [tool])
    await without(host(), tool)
    await host().exec(['rm', '-f', `/usr/local/bin/${tool}`])
  }
  const result = await write(link, path, 'v4', 'v5')
  expect(result).toMatchObject({
    ok: false,
    code: 'tools',
    present: 'old',
    message: expect.stringMatching(/sha256sum/),
  })
  expect(result).toMatchObject({ hint: expect.stringMatching(/Install/) })
  expect(await state(host(), path)).toMatchObject({ content: 'v4' })
  expect((await names(host(), '/srv/hash')).filter(name => name.includes('-tmp-'))).toEqual([])
})

test('S27 fsync by sync, python3 or perl; without any it is refused', async () => {
  const link = await ready(host(), { user: 'deploy' })
  const path = await put(host(), '/srv/flush/cookies.txt', 'v0')
  const used = await noting(host(), 'sync', 'python3', 'perl')
  for (const [at, tool] of ['sync', 'python3', 'perl'].entries()) {
    expect(await write(link, path, `v${at}`, `v${at + 1}`), tool).toMatchObject({ ok: true })
    expect(await used()).toEqual([tool])
    await without(host(), tool)
    await host().exec(['rm', '-f', `/usr/local/bin/${tool}`])
  }
  expect(await write(link, path, 'v3', 'v4')).toMatchObject({
    ok: false,
    code: 'tools',
    step: 'receive',
    present: 'old',
  })
  expect(await state(host(), path)).toMatchObject({ content: 'v3' })
})

test('S27 a failing fsync is a failure, not a reason for another way', async () => {
  const link = await ready(host(), { user: 'deploy' })
  const path = await put(host(), '/srv/eio/cookies.txt', 'old')
  await instead(host(), 'sync', 'echo "sync: error syncing \'$1\': Input/output error" >&2; exit 1')
  const result = await write(link, path, 'old', 'new')
  expect(result).toMatchObject({
    ok: false,
    step: 'receive',
    present: 'old',
    message: expect.stringMatching(/Input.output/),
  })
  expect(await names(host(), '/srv/eio')).toEqual(['cookies.txt'])
})

test('S26 root becomes the owner of a folder that is not root’s by setpriv or chroot; without either it is refused', async () => {
  const link = await ready(host(), { user: 'deploy', sudo: 'passwordless' })
  const path = await put(host(), '/srv/become/cookies.txt', 'v0', { owner: 'norights:adm', folderOwner: 'norights' })
  await instead(host(), 'sync', 'id -u >>/run/uids; exec /usr/bin/sync "$@"')
  await host().exec('touch /run/uids; chmod 666 /run/uids')
  expect(await write(link, path, 'v0', 'v1', true)).toMatchObject({ ok: true })
  await without(host(), 'setpriv')
  expect(await write(link, path, 'v1', 'v2', true)).toMatchObject({ ok: true })
  expect(await state(host(), path)).toEqual({ stat: 'norights:adm 640 1 regular file', content: 'v2' })
  expect(new Set((await host().readFile('/run/uids')).trim().split('\n'))).toEqual(new Set(['1003']))
  await without(host(), 'chroot')
  const result = await write(link, path, 'v2', 'v3', true)
  expect(result).toMatchObject({ ok: false, code: 'tools', present: 'old', hint: expect.stringMatching(/setpriv/) })
})

test('S27 a list (ACL) is kept by getfacl and setfacl, or by python3; without them it is refused before anything changed', async () => {
  const link = await ready(host(), { user: 'deploy', sudo: 'passwordless' })
  const path = await put(host(), '/srv/acl/cookies.txt', 'v0')
  await host().exec(setList(path))
  const used = await noting(host(), 'python3')
  const check = async (content: string): Promise<void> => {
    expect(await listOf(host(), path)).toBe(readersList)
    expect(await host().output(['cat', path], { user: 'norights' })).toBe(content)
    expect((await host().exec(['cat', path], { user: 'watcher', check: false })).code).not.toBe(0)
  }
  expect(await inspectFile(link, path, { sudo: false })).toMatchObject({ acl: true, problems: [] })
  const first = await write(link, path, 'v0', 'v1')
  if (!first.ok) throw new Error(first.message)
  expect(await used()).toEqual(['python3'])
  await check('v1')
  await used()
  expect(await restoreBackup(link, path, first.backup, { sudo: true, expectedSha256: shaOf('v1') })).toMatchObject({
    ok: true,
  })
  await check('v0')
  // the old file is for its owner alone, whatever the list said
  expect(await state(host(), first.backup)).toMatchObject({ stat: 'deploy:deploy 600 1 regular file' })
  await installAcl(host())
  await used()
  for (const [at, sudo] of [false, true].entries())
    expect(await write(link, path, `v${at}`, `v${at + 1}`, sudo)).toMatchObject({ ok: true })
  expect(await used()).toEqual([])
  await check('v2')
  await host().exec(['rm', '/usr/bin/setfacl'])
  await without(host(), 'python3')
  await host().exec(['rm', '/usr/local/bin/python3'])
  for (const sudo of [false, true]) {
    const result = await write(link, path, 'v2', 'v3', sudo)
    expect(result).toMatchObject({ ok: false, step: 'look', code: 'metadata', present: 'old' })
    expect(result).toMatchObject({ hint: expect.stringMatching(/package acl/) })
  }
  expect(await state(host(), path)).toMatchObject({ content: 'v2' })
})

test('S27 a list that the folder hands down does not come upon the new file', async () => {
  const link = await ready(host(), { user: 'deploy' })
  const path = await put(host(), '/srv/inherit/cookies.txt', 'old')
  await host().exec(setList('/srv/inherit', readersList, 'default'))
  const result = await write(link, path, 'old', 'new')
  if (!result.ok) throw new Error(result.message)
  expect(await listOf(host(), path)).toBe('none')
  expect(await state(host(), path)).toMatchObject({ stat: 'deploy:deploy 640 1 regular file' })
  expect((await host().exec(['cat', result.backup], { user: 'norights', check: false })).code).not.toBe(0)
})

test('S27 an ls that shows no lists: python3 tells; where nothing can, it is refused', async () => {
  const link = await ready(host(), { user: 'deploy' })
  const path = await put(host(), '/srv/ls/cookies.txt', 'v0')
  await instead(host(), 'ls', `[ "$1" != --version ] || exit 1; /usr/bin/ls "$@" | tr -d +`)
  expect(await write(link, path, 'v0', 'v1')).toMatchObject({ ok: true })
  await host().exec(setList(path))
  expect(await write(link, path, 'v1', 'v2')).toMatchObject({ ok: true })
  expect(await listOf(host(), path)).toBe(readersList)
  await without(host(), 'python3')
  expect(await write(link, path, 'v2', 'v3')).toMatchObject({ ok: false, code: 'tools', step: 'look', present: 'old' })
})

test('S27 an mv that knows no -T still renames', async () => {
  const link = await ready(host(), { user: 'deploy' })
  const path = await put(host(), '/srv/mv/cookies.txt', 'old')
  await instead(
    host(),
    'mv',
    `case $1 in *T*) echo "mv: unrecognized option: T" >&2; exit 1;; esac; exec /usr/bin/mv "$@"`,
  )
  expect(await write(link, path, 'old', 'new')).toMatchObject({ ok: true })
  expect(await state(host(), path)).toMatchObject({ content: 'new' })
})

test('S28 an SELinux label is copied, or nothing is changed', async () => {
  // no kernel of the test hosts has SELinux: stat and chcon are played
  const link = await ready(host(), { user: 'deploy' })
  const path = await put(host(), '/srv/label/cookies.txt', 'v0')
  await host().exec('mkdir -m 777 /run/label')
  const label = `case $4 in *quarterdeck-tmp*) [ -e /run/label/set ] || { echo user_tmp_t; exit 0; };; esac; echo httpd_t`
  await instead(host(), 'stat', `[ "$2" != %C ] || { ${label}; exit 0; }; exec /usr/bin/stat "$@"`)
  await instead(host(), 'chcon', 'exit 1')
  const result = await write(link, path, 'v0', 'v1')
  expect(result).toMatchObject({
    ok: false,
    step: 'metadata',
    code: 'metadata',
    message: expect.stringMatching(/SELinux/),
  })
  expect(await names(host(), '/srv/label')).toEqual(['cookies.txt'])
  await instead(host(), 'chcon', 'case $1 in --reference=./cookies.txt) touch /run/label/set;; esac')
  expect(await write(link, path, 'v0', 'v1')).toMatchObject({ ok: true })
})
