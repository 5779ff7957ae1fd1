// Boots hosts and pairs of hosts; must not know what tests do with them.

import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { appendFile, chown, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  passwords as defaultPasswords,
  type Passwords,
  shadowHashes,
  userIds,
  userNames,
  writeKeys,
} from './credentials.ts'
import { Guest } from './guest.ts'
import { TestHost } from './host.ts'
import type { Suite } from './recipe.ts'
import { ensureRootfs } from './rootfs.ts'
import { run } from './run.ts'
import { claimSlot, releaseSlot, type Slot } from './slot.ts'

export interface BootOptions {
  /** Debian 11, 12 or 13. */
  readonly suite?: Suite
  /** Its hostname. */
  readonly name?: string
  /** Instead of the process's own random ones. */
  readonly passwords?: Partial<Passwords>
  /** `fresh` (the default): keys that no other host has. `image`: those all hosts of the image share, 30 ms sooner. */
  readonly hostKeys?: 'fresh' | 'image'
  /** Only this host gets a link to the new one; nothing else can reach it. */
  readonly behind?: TestHost
  readonly timeoutMs?: number
}

/** Boots a real systemd host and resolves once it is fully up and sshd answers. Give it to `await using`, or call `dispose()`. */
export async function bootHost(options: BootOptions = {}): Promise<TestHost> {
  const suite = options.suite ?? 'bookworm'
  const timeoutMs = options.timeoutMs ?? 60_000
  const rootfs = await ensureRootfs(suite)
  const slot = await claimSlot()
  try {
    const name = options.name ?? `${suite}-${slot.number}`
    const passwords = { ...defaultPasswords, ...options.passwords }
    const [{ keyFiles, authorizedKeys }, hashes] = await Promise.all([
      writeKeys(path.join(slot.folder, 'keys')),
      shadowHashes(passwords),
      run(['sh', script('raise-host.sh'), String(slot.number), rootfs, options.behind?.slot.netns ?? '']),
    ])
    const root = path.join(slot.folder, 'root')
    await personalise(root, name, authorizedKeys, hashes, options.hostKeys ?? 'fresh')
    const nspawn = startNspawn(slot, name)
    const guest = new Guest(await waitUntilUp(slot, nspawn, timeoutMs))
    return new TestHost({ suite, name, slot, guest, passwords, keyFiles, jump: options.behind })
  } catch (error) {
    await releaseSlot(slot)
    throw error
  }
}

export interface JumpPair extends AsyncDisposable {
  readonly jump: TestHost
  /** Reachable from `jump` only. */
  readonly target: TestHost
  dispose(): Promise<void>
}

/** Two hosts, of which the second can be reached only through the first. */
export async function bootJumpPair(options: { jump?: BootOptions; target?: BootOptions } = {}): Promise<JumpPair> {
  const jump = await bootHost({ name: 'jump', ...options.jump })
  try {
    const target = await bootHost({ name: 'target', ...options.target, behind: jump })
    const dispose = async () => {
      await target.dispose()
      await jump.dispose()
    }
    return { jump, target, dispose, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await jump.dispose()
    throw error
  }
}

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** What makes one host differ from another: written from outside, before it boots. */
async function personalise(
  root: string,
  name: string,
  authorizedKeys: string,
  hashes: ReadonlyMap<string, string>,
  hostKeys: 'fresh' | 'image',
): Promise<void> {
  const at = (file: string) => path.join(root, file)
  const shadow = await readFile(at('etc/shadow'), 'utf8')
  const withHash = shadow.replace(/^([^:]+):[^:]*:/gm, (line, user: string) => {
    const hash = hashes.get(user)
    return hash === undefined ? line : `${user}:${hash}:`
  })
  await writeFile(at('etc/shadow'), withHash)
  await writeFile(at('etc/machine-id'), `${randomBytes(16).toString('hex')}\n`)
  await writeFile(at('etc/hostname'), `${name}\n`)
  await writeFile(at('etc/hosts'), `127.0.0.1 localhost\n::1 localhost\n127.0.1.1 ${name}\n`)
  for (const user of userNames) {
    const file = at(`home/${user}/.ssh/authorized_keys`)
    await writeFile(file, authorizedKeys, { mode: 0o600 })
    await chown(file, userIds[user], userIds[user])
  }
  if (hostKeys === 'image') return
  await Promise.all(
    (['ed25519', 'ecdsa'] as const).map(async type => {
      const file = at(`etc/ssh/ssh_host_${type}_key`)
      await Promise.all([rm(file, { force: true }), rm(`${file}.pub`, { force: true })])
      await run(['ssh-keygen', '-q', '-t', type, '-N', '', '-C', `root@${name}`, '-f', file])
    }),
  )
}

function startNspawn(slot: Slot, name: string): ChildProcess {
  const log = openSync(path.join(slot.folder, 'console.log'), 'a')
  try {
    // A session of its own: Ctrl-C must reach this process, which then cleans up in order, not the guests.
    const child = spawn('sh', [script('nspawn.sh'), String(slot.number), name], {
      detached: true,
      stdio: ['ignore', log, log],
    })
    child.on('error', error => void appendFile(path.join(slot.folder, 'console.log'), String(error)).catch(() => {}))
    child.unref()
    return child
  } finally {
    closeSync(log)
  }
}

const whenUp = `
until [ -S /run/systemd/private ]; do sleep 0.02; done
until state=$(systemctl is-system-running 2>/dev/null) || [ "$state" = degraded ]; do sleep 0.03; done
until systemctl -q is-active ssh.service; do sleep 0.03; done
`

/** The PID of the guest's init, once the guest has finished booting. */
async function waitUntilUp(slot: Slot, nspawn: ChildProcess, timeoutMs: number): Promise<number> {
  const deadline = performance.now() + timeoutMs
  const give = async (what: string): Promise<never> => {
    const log = await readFile(path.join(slot.folder, 'console.log'), 'utf8').catch(() => '')
    throw new Error(`host ${slot.number} ${what}; the end of its console:\n${log.slice(-3000)}`)
  }
  for (;;) {
    if (nspawn.exitCode !== null || nspawn.signalCode !== null) return give('did not start')
    const leader = await guestInit(nspawn.pid)
    if (leader !== undefined) {
      const left = Math.max(1, Math.round(deadline - performance.now()))
      const up = await new Guest(leader).exec(whenUp, { check: false, timeoutMs: left })
      if (up.code === 0) return leader
      if (nspawn.exitCode !== null) return give('ended while booting')
    }
    if (performance.now() > deadline) return give(`is not up after ${timeoutMs} ms`)
    await sleep(10)
  }
}

/** The only child of nspawn that has become an init in a PID namespace of its own. */
async function guestInit(nspawn: number | undefined): Promise<number | undefined> {
  const children = await readFile(`/proc/${nspawn}/task/${nspawn}/children`, 'utf8').catch(() => '')
  for (const pid of children.split(' ').filter(Boolean)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
    const inner = /^NSpid:.*\t(\d+)$/m.exec(status)?.[1]
    if (inner === '1' && /^Name:\tsystemd$/m.test(status)) return Number(pid)
  }
  return undefined
}
