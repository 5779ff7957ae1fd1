// What benchmarks of one host need: our link to it and OpenSSH beside it, directly or through a wire; must not know what is measured.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../src/engine/lib/log.ts'
import type { Link } from '../../../src/engine/ports.ts'
import { createHandshakeGate } from '../../../src/engine/remote/handshake-gate.ts'
import { createSshLink } from '../../../src/engine/remote/ssh-connection.ts'
import type { Host, SudoMode } from '../../../src/shared/model/host.ts'
import type { TestHost } from '../../hosts/lib/index.ts'

export interface Address {
  readonly address: string
  readonly port: number
}

export function benchHost(host: TestHost, at: Address = host, sudo: SudoMode = 'none'): Host {
  return {
    id: 'bench',
    kind: 'ssh',
    name: host.name,
    address: at.address,
    port: at.port,
    user: 'deploy',
    auth: { kind: 'key', path: host.keyFiles.ed25519 },
    sudo,
    jump: null,
    userUnits: false,
    createdAt: 0,
    stored: { password: false, passphrase: false, sudoPassword: false },
  }
}

/** Our own connection to the host, ready. */
export async function openLink(host: TestHost, at: Address = host, sudo: SudoMode = 'none'): Promise<Link> {
  const link = createSshLink({
    host: benchHost(host, at, sudo),
    secrets: { hostSecret: async () => null },
    keys: { check: () => 'trusted', knownTypes: () => [] },
    clock: systemClock,
    log: silentLogger,
    gate: createHandshakeGate(),
  })
  await new Promise<void>((resolve, reject) => {
    link.onStatus(({ state, error }) => {
      if (state === 'ready') resolve()
      else if (error) reject(new Error(`${state}: ${error.message}`))
    })
    link.start()
  })
  return link
}

export interface Run {
  readonly milliseconds: number
  readonly bytes: number
}

/** OpenSSH, multiplexed (`ssh -S`) and fresh. */
export interface OpenSsh extends AsyncDisposable {
  multiplexed(command: string): Promise<Run>
  fresh(command: string): Promise<Run>
}

export async function openSsh(host: TestHost, at: Address = host): Promise<OpenSsh> {
  const folder = await mkdtemp(join(tmpdir(), 'quarterdeck-bench-'))
  const control = join(folder, 'control')
  const options = ['-F', 'none', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null']
  const login = [
    '-o',
    'LogLevel=ERROR',
    '-o',
    'IdentitiesOnly=yes',
    '-o',
    'IdentityAgent=none',
    '-i',
    host.keyFiles.ed25519,
  ]
  const target = ['-p', String(at.port), `deploy@${at.address}`]
  await timed(['-f', '-N', '-M', '-S', control, ...options, ...login, ...target])
  return {
    multiplexed: command => timed(['-S', control, '-o', 'ControlMaster=no', ...options, ...target, command]),
    fresh: command => timed(['-S', 'none', ...options, ...login, ...target, command]),
    async [Symbol.asyncDispose]() {
      await timed(['-S', control, '-O', 'exit', ...target]).catch(() => undefined)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Runs ssh to its end and throws its output away, counting. */
function timed(args: readonly string[]): Promise<Run> {
  const started = performance.now()
  return new Promise((resolve, reject) => {
    // a master in the background keeps its stderr: a pipe to it would never end
    const child = spawn('ssh', args, { stdio: ['ignore', args.includes('-f') ? 'ignore' : 'pipe', 'ignore'] })
    let bytes = 0
    child.stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    child.once('error', reject)
    child.once('close', code => {
      if (code === 0) resolve({ milliseconds: performance.now() - started, bytes })
      else reject(new Error(`ssh ended with ${code}`))
    })
  })
}
