// Proves that hosts leave nothing behind however their owner ends, and that nobody cleans away a living owner's; needs root.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { bootHost, run } from '../lib/index.ts'

interface Owned {
  readonly pid: number
  readonly slot: number
}
const started: ChildProcess[] = []
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

const ownerFile = fileURLToPath(new URL('./owner.ts', import.meta.url))

/** Starts a process that owns a host. `unreaped`: its parent never waits for it, so that it becomes a zombie when it dies. */
async function owner(how: string, unreaped = false): Promise<Owned & { child: ChildProcess; ended: Promise<unknown> }> {
  const argv = [process.execPath, ownerFile, how]
  const [file = '', ...args] = unreaped ? ['sh', '-c', '"$@" & exec sleep 60', 'sh', ...argv] : argv
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  started.push(child)
  const ended = once(child, 'exit')
  const [line] = await once(child.stdout, 'data')
  return { ...(JSON.parse(String(line)) as Owned), child, ended }
}

/** Everything that a host with this number has on this machine. */
async function traces(slot: number): Promise<string[]> {
  const found: string[] = []
  const has = (what: string, is: boolean) => is && found.push(what)
  has('folder', existsSync(`/run/quarterdeck-test/${slot}`))
  has('mount', readFileSync('/proc/mounts', 'utf8').includes(`/run/quarterdeck-test/${slot}/`))
  has('namespace', existsSync(`/run/netns/qdt-${slot}`))
  has('link', existsSync(`/sys/class/net/qdt${slot}`))
  has('nspawn folder', existsSync(`/run/systemd/nspawn/propagate/qdt-${slot}`))
  for (const top of ['systemd/', 'cpuacct/', 'unified/', ''])
    has('cgroup', existsSync(`/sys/fs/cgroup/${top}quarterdeck-test/${slot}`))
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    let args = ''
    try {
      args = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    } catch {}
    has(`process ${pid}`, args.includes(`/run/quarterdeck-test/${slot}/`))
  }
  return found
}

/** Undefined for what another process removes while we look. */
function ownerOf(slot: string): string | undefined {
  try {
    return readFileSync(`/run/quarterdeck-test/${slot}/owner`, 'utf8')
  } catch {
    return undefined
  }
}

const gone = (slot: number) => expect.poll(() => traces(slot), { timeout: 30_000, interval: 100 }).toEqual([])

test('a disposed host leaves nothing, and disposing twice is no error', async () => {
  const host = await bootHost()
  expect((await traces(host.slot.number)).length).toBeGreaterThan(4)
  await host.dispose()
  expect(await traces(host.slot.number)).toEqual([])
  await host.dispose()
})

test('a host that cannot boot leaves nothing and says why', async () => {
  await expect(bootHost({ name: 'a b' })).rejects.toThrow(/did not start|ended while booting|is not up/)
  const ours = readdirSync('/run/quarterdeck-test').filter(name => ownerOf(name)?.startsWith(`${process.pid} `))
  expect(ours).toEqual([])
})

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s: all is gone when the process is', async signal => {
  const { child, ended, slot } = await owner('wait')
  child.kill(signal)
  expect(await ended).toEqual([null, signal])
  expect(await traces(slot)).toEqual([])
})

test.each([
  ['throw', 1],
  ['exit', 3],
] as const)('%s: all is gone when the process is', async (how, code) => {
  const { ended, slot } = await owner(how)
  expect(await ended).toEqual([code, null])
  expect(await traces(slot)).toEqual([])
})

test('kill -9: the guest dies with its owner, and a watcher cleans up', async () => {
  const { child, ended, slot } = await owner('wait')
  child.kill('SIGKILL')
  await ended
  await gone(slot)
})

test('kill -9 of owner and watcher, the owner a zombie: the next boot cleans, and leaves the living alone', async () => {
  await using living = await bootHost()
  const { pid, slot } = await owner('wait', true)
  const watcher = (await run(['pgrep', '-f', `^sh .*reap.sh watch ${pid} `])).stdout.trim()
  process.kill(Number(watcher), 'SIGKILL')
  process.kill(pid, 'SIGKILL')
  await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'utf8'), { timeout: 10_000 }).toContain(') Z ')
  expect((await traces(slot)).length).toBeGreaterThan(3)

  // Another process, because one process looks for leftovers once.
  const next = await owner('wait')
  expect(await traces(slot)).toEqual([])
  expect(await living.output('echo here')).toBe('here')
  next.child.kill('SIGTERM')
  await next.ended
})

test('processes that boot at the same time get different hosts', async () => {
  const owners = await Promise.all([owner('wait'), owner('wait'), owner('wait')])
  expect(new Set(owners.map(each => each.slot)).size).toBe(3)
  for (const each of owners) each.child.kill('SIGTERM')
  await Promise.all(owners.map(each => each.ended))
})
