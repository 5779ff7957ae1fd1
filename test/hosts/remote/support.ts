// Links to test hosts as the tests of this folder need them; must not know what each test proves.
import { onTestFinished } from 'vitest'
import { type Clock, systemClock } from '../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../src/engine/lib/log.ts'
import type { ExecResult, HostKeyBook, HostSecretKind, Link, SecretSource } from '../../../src/engine/ports.ts'
import { createHandshakeGate } from '../../../src/engine/remote/handshake-gate.ts'
import { createHostKeyBook, memoryKeyStore } from '../../../src/engine/remote/host-keys.ts'
import type { Jump } from '../../../src/engine/remote/jump.ts'
import { createSshLink } from '../../../src/engine/remote/ssh-connection.ts'
import type { ConnectionState, ConnectionStatus, Host, HostAuth, SudoMode } from '../../../src/shared/model/host.ts'
import type { TestHost, UserName } from '../lib/index.ts'

export const gate = createHandshakeGate()

export interface LinkOptions {
  readonly user?: UserName | 'root'
  readonly auth?: HostAuth
  readonly sudo?: SudoMode
  readonly secrets?: Partial<Record<HostSecretKind, string>>
  readonly keys?: HostKeyBook
  readonly jump?: Jump | null
  readonly address?: string
  readonly port?: number
  readonly clock?: Clock
  readonly agentSocket?: string | null
}

export function hostRecord(host: TestHost, options: LinkOptions = {}): Host {
  return {
    id: 'test-host',
    kind: 'ssh',
    name: host.name,
    address: options.address ?? host.address,
    port: options.port ?? host.port,
    user: options.user ?? 'deploy',
    auth: options.auth ?? { kind: 'key', path: host.keyFiles.ed25519 },
    sudo: options.sudo ?? 'none',
    jump: null,
    userUnits: false,
    createdAt: 0,
    stored: { password: false, passphrase: false, sudoPassword: false },
  }
}

export function secretsOf(secrets: LinkOptions['secrets'] = {}): SecretSource & { asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    hostSecret: async (_id, kind) => {
      asked.push(kind)
      return secrets[kind] ?? null
    },
  }
}

/** A book that trusts the host's present keys, at its own address or at `at`. */
export async function trusting(host: TestHost, at = { address: host.address, port: 22 }): Promise<HostKeyBook> {
  const trusted = memoryKeyStore()
  for (const key of await host.hostKeys()) trusted.trust(at.address, at.port, key)
  return createHostKeyBook({ trusted, log: silentLogger, files: [] })
}

/** A link that ends with the test, and all states that it went through. */
export async function link(host: TestHost, options: LinkOptions = {}): Promise<Link & { history: ConnectionStatus[] }> {
  const record = hostRecord(host, options)
  const keys = options.keys ?? (await trusting(host, record))
  const made = createSshLink({
    host: record,
    jump: options.jump ?? null,
    secrets: secretsOf(options.secrets),
    keys,
    clock: options.clock ?? systemClock,
    log: silentLogger,
    gate,
    agentSocket: options.agentSocket ?? null,
  })
  const history: ConnectionStatus[] = []
  made.onStatus(status => history.push(status))
  onTestFinished(() => made.dispose())
  return Object.assign(made, { history })
}

/** Resolves when the link is in one of these states; rejects with the whole story after `ms`. */
export function reached(
  of: Link,
  states: ConnectionState | readonly ConnectionState[],
  ms = 30_000,
): Promise<ConnectionStatus> {
  const wanted = typeof states === 'string' ? [states] : states
  if (wanted.includes(of.status.state)) return Promise.resolve(of.status)
  const story: string[] = [of.status.state]
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      watch.dispose()
      const error = of.status.error
      reject(new Error(`never ${wanted.join('|')}: ${story.join(' ')} ${error?.code ?? ''} ${error?.message ?? ''}`))
    }, ms)
    const watch = of.onStatus(status => {
      story.push(status.state)
      if (!wanted.includes(status.state)) return
      clearTimeout(timer)
      watch.dispose()
      resolve(status)
    })
  })
}

export async function ready(host: TestHost, options: LinkOptions = {}): Promise<Awaited<ReturnType<typeof link>>> {
  const made = await link(host, options)
  made.start()
  await reached(made, 'ready')
  return made
}

export const out = (result: ExecResult): string => Buffer.from(result.stdout).toString('utf8')
export const err = (result: ExecResult): string => Buffer.from(result.stderr).toString('utf8')

/** The code of the AppError that a promise rejects with; anything else is returned as it is. */
export async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    return { resolved: await work }
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}
