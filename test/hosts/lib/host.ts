// One booted host as tests see it: what it is, how to look inside and how to hurt it; must not know how it was booted.

import { type SshAgent, startAgent } from './agent.ts'
import { type AuthLog, afterCursor, readAuthLog } from './auth-log.ts'
import { type Bot, type BotName, type BotOptions, installBot } from './bots.ts'
import { cpuMs } from './cpu.ts'
import type { KeyFiles, KeyName, Passwords, UserName } from './credentials.ts'
import * as faults from './faults.ts'
import type { ExecOptions, Guest } from './guest.ts'
import type { Suite } from './recipe.ts'
import type { RunResult } from './run.ts'
import { releaseSlot, type Slot } from './slot.ts'
import { type SshOptions, ssh } from './ssh.ts'

export interface HostKey {
  readonly type: string
  /** Base64, as in known_hosts. */
  readonly key: string
  /** `SHA256:…`, as OpenSSH shows it. */
  readonly fingerprint: string
}

export interface HostParts {
  readonly suite: Suite
  readonly name: string
  readonly slot: Slot
  readonly guest: Guest
  readonly passwords: Passwords
  readonly keyFiles: KeyFiles
  readonly jump: TestHost | undefined
}

export class TestHost implements AsyncDisposable {
  readonly suite: Suite
  readonly name: string
  /** Where sshd listens. */
  readonly address: string
  readonly port = 22
  /** This process's own address as the host sees it: let fakes listen here. */
  readonly gateway: string
  readonly passwords: Passwords
  readonly keyFiles: KeyFiles
  /** The only way to this host, where it has one. */
  readonly jump: TestHost | undefined
  readonly slot: Slot
  readonly guest: Guest

  constructor(parts: HostParts) {
    this.suite = parts.suite
    this.name = parts.name
    this.address = parts.slot.address
    this.gateway = parts.slot.gateway
    this.passwords = parts.passwords
    this.keyFiles = parts.keyFiles
    this.jump = parts.jump
    this.slot = parts.slot
    this.guest = parts.guest
  }

  /** Ends the host and removes every trace of it. May be called twice. */
  dispose(): Promise<void> {
    return releaseSlot(this.slot)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }

  // ---- looking inside; none of these use the network, so they work while the link is cut

  /** Runs argv, or a script for /bin/sh, as root or `options.user`. Throws on a non-zero exit unless `check: false`. */
  exec(command: string | readonly string[], options?: ExecOptions): Promise<RunResult> {
    return this.guest.exec(command, options)
  }

  /** stdout of a command, trimmed at the end. */
  output(command: string | readonly string[], options?: ExecOptions): Promise<string> {
    return this.guest.output(command, options)
  }

  async readFile(path: string): Promise<string> {
    return (await this.exec(['cat', '--', path])).stdout
  }

  /** Writes a file with the folders above it. */
  async writeFile(
    path: string,
    content: string | Uint8Array,
    options: { mode?: string; owner?: string } = {},
  ): Promise<void> {
    const script = 'set -e; mkdir -p "$(dirname "$1")"; cat > "$1"; chmod "$2" "$1"; chown "$3" "$1"'
    const owner = options.owner ?? 'root:root'
    await this.exec(['sh', '-c', script, 'sh', path, options.mode ?? '644', owner], { input: content })
  }

  /** Messages of a unit, oldest first. */
  async journal(unit: string, options: { after?: string } = {}): Promise<string[]> {
    await this.exec(['journalctl', '--sync'])
    const text = await this.output([
      'journalctl',
      '-q',
      '-o',
      'cat',
      '--no-pager',
      '-u',
      unit,
      ...afterCursor(options.after),
    ])
    return text === '' ? [] : text.split('\n')
  }

  /** The journal's end, for `journal({after})` and `authLog(after)`. */
  async journalCursor(): Promise<string> {
    await this.exec(['journalctl', '--sync'])
    const text = await this.output(['journalctl', '-q', '-n', '1', '--show-cursor', '--no-pager'])
    return /cursor: (.*)$/m.exec(text)?.[1] ?? ''
  }

  /** MainPID of a unit in the host's own numbering; undefined when it does not run. */
  async pid(unit: string): Promise<number | undefined> {
    const pid = Number(await this.property(unit, 'MainPID'))
    return pid > 0 ? pid : undefined
  }

  /** One property as `systemctl show` says it. */
  property(unit: string, name: string): Promise<string> {
    return this.output(['systemctl', 'show', '--value', '-p', name, '--', unit])
  }

  /** What sshd logged about connections and credentials, all of it or since a `journalCursor()`. */
  authLog(after?: string): Promise<AuthLog> {
    return readAuthLog(this.guest, after)
  }

  /** The host's present public keys. */
  async hostKeys(): Promise<HostKey[]> {
    const text = await this.output(
      'for f in /etc/ssh/ssh_host_*_key.pub; do cat "$f"; ssh-keygen -l -E sha256 -f "$f"; done',
    )
    const lines = text.split('\n')
    const keys: HostKey[] = []
    for (let i = 0; i + 1 < lines.length; i += 2) {
      const [type = '', key = ''] = (lines[i] ?? '').split(' ')
      keys.push({ type, key, fingerprint: (lines[i + 1] ?? '').split(' ')[1] ?? '' })
    }
    return keys
  }

  /** `known_hosts` lines for this host. */
  async knownHosts(): Promise<string> {
    return (await this.hostKeys()).map(({ type, key }) => `${this.address} ${type} ${key}\n`).join('')
  }

  /** Runs a command through this machine's OpenSSH client. */
  ssh(command: string, options?: SshOptions): Promise<RunResult> {
    return ssh(this, command, options)
  }

  /** CPU time that the whole host has used so far, in milliseconds, sshd and all: for benches. `exec` and `output` are not in it. */
  cpuMs = (): Promise<number> => cpuMs(this.slot)

  /** An ssh-agent with the named keys; `socket` is for SSH_AUTH_SOCK. It ends with the host at the latest. */
  startAgent = (keys: readonly KeyName[] = ['ed25519', 'rsa', 'ecdsa']): Promise<SshAgent> => startAgent(this, keys)

  // ---- the link

  /** Unplugs the host's cable: packets go nowhere and no connection is told. */
  cutLink = () => faults.cutLink(this)
  restoreLink = () => faults.restoreLink(this)
  /** Half-open: the link stays up and every packet is dropped (`in`: only what comes to the host, `out`: only what it sends). */
  blackhole = (direction?: faults.Direction) => faults.blackhole(this, direction)
  unblackhole = () => faults.unblackhole(this)

  // ---- sshd

  /** SIGSTOP to sshd and all its sessions: the kernel still acknowledges, nobody answers. */
  freezeSshd = () => faults.freezeSshd(this)
  thawSshd = () => faults.thawSshd(this)
  /** Restarts sshd; `dropSessions` (true by default) also ends the connections that exist. */
  restartSshd = (options?: { dropSessions?: boolean }) => faults.restartSshd(this, options)
  /** New host keys, as after a reinstallation or under attack. Resolves to the new ones. */
  swapHostKeys = async (): Promise<HostKey[]> => {
    await faults.swapHostKeys(this)
    return this.hostKeys()
  }

  // ---- units

  /** Kills a unit's processes as the OOM killer or a bug would. Resolves to the main PID that was killed. */
  killUnit = (unit: string, signal?: NodeJS.Signals) => faults.killUnit(this, unit, signal)
  /** Adds trivial services until the host has `count` service units loaded, running ones, in one reload. */
  installUnits = (count: number) => faults.installUnits(this, count)
  /** Writes a unit file and, unless `start` is false, starts it. */
  installUnit = (name: string, text: string, options?: { start?: boolean }) =>
    faults.installUnit(this, name, text, options)
  /** The same in a user's own manager, which lingers from then on. */
  installUserUnit = (user: UserName, name: string, text: string, options?: { start?: boolean }) =>
    faults.installUserUnit(this, user, name, text, options)
  /** Keeps a user's manager running without a login. */
  enableLinger = (user: UserName) => faults.enableLinger(this, user)

  /** Makes the host look like one without systemd: no systemctl, no journalctl, no bus. `showSystemd` brings it back. */
  hideSystemd = () => faults.hideSystemd(this)
  showSystemd = () => faults.showSystemd(this)
  /** Installs one of the five sample systems and starts it; the handle has the switches that make it fail. */
  installBot = (name: BotName, options?: BotOptions): Promise<Bot> => installBot(this, name, options)

  // ---- resources

  /** Mounts an empty disk of `bytes` at `path`. */
  mountSmallDisk = (path: string, bytes: number) => faults.mountSmallDisk(this, path, bytes)
  /** Mounts a small disk at `path` where there is none and fills it to the last byte, or to `percent`. */
  fillDisk = (path: string, bytes: number, percent?: number) => faults.fillDisk(this, path, bytes, percent)
  emptyDisk = (path: string) => faults.emptyDisk(this, path)
  /** Sets the load that the host carries: so many busy processes and so much memory. Nothing by default. */
  shiftLoad = (load?: faults.Load) => faults.shiftLoad(this, load)
  /** Writes `total` lines to a unit's journal as fast as journald takes them, or `linesPerSecond` until `stopFlood`. */
  floodJournal = (unit: string, flood: faults.Flood) => faults.floodJournal(this, unit, flood)
  stopFlood = (unit: string) => faults.stopFlood(this, unit)
}
