// Starts a whole engine for tests, as the app would, with a window's client on it and a desktop that takes notes.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine, type Engine } from '../../../src/engine/engine.ts'
import { type Clock, systemClock } from '../../../src/engine/lib/clock.ts'
import { createLogger, Redactor } from '../../../src/engine/lib/log.ts'
import type { Native } from '../../../src/engine/ports.ts'
import { engineContract } from '../../../src/shared/contract/engine.ts'
import type { NativeNotification } from '../../../src/shared/contract/native.ts'
import type { Host, HostDraft, HostSecrets, HostView } from '../../../src/shared/model/host.ts'
import type { ActionRun, UnitTransition, UnitVerb } from '../../../src/shared/model/unit.ts'
import { type Client, connect } from '../../../src/shared/rpc/client.ts'
import { portPair } from '../../../src/shared/rpc/port.ts'
import { FakeLoginWindows } from '../../fakes/login-windows.ts'
import type { TestHost } from '../lib/index.ts'

export class RunningEngine implements AsyncDisposable {
  readonly client: Client<typeof engineContract>
  readonly engine: Engine
  readonly directory: string
  readonly notifications: readonly NativeNotification[]
  readonly logs: readonly string[]
  /** What login windows will bring, and which were asked for. */
  readonly loginWindows: FakeLoginWindows
  readonly transitions: UnitTransition[] = []
  readonly #keep: boolean

  private constructor(
    parts: Pick<RunningEngine, 'client' | 'engine' | 'directory' | 'notifications' | 'logs' | 'loginWindows'>,
    keep: boolean,
  ) {
    this.client = parts.client
    this.engine = parts.engine
    this.directory = parts.directory
    this.notifications = parts.notifications
    this.logs = parts.logs
    this.loginWindows = parts.loginWindows
    this.#keep = keep
    this.client.on('unit.transition', transition => this.transitions.push(transition))
  }

  static async start(options: { directory?: string; clock?: Clock } = {}): Promise<RunningEngine> {
    const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'quarterdeck-engine-'))
    const notifications: NativeNotification[] = []
    const logs: string[] = []
    const redactor = new Redactor()
    const loginWindows = new FakeLoginWindows()
    const native: Native = {
      notify: async notification => {
        notifications.push(notification)
        return { shown: true, reason: null }
      },
      onActed: () => ({ dispose: () => {} }),
      setTray: () => {},
      keyringStatus: async () => ({ available: true, reason: null }),
      // a keyring that turns every bit, so that nothing lies on disk in clear
      keyringWrap: async plain => plain.map(byte => byte ^ 0xff),
      keyringUnwrap: async wrapped => wrapped.map(byte => byte ^ 0xff),
      keepKey: async () => {},
      keptKey: async () => null,
      ...loginWindows,
    }
    const engine = await createEngine({
      dataDirectory: directory,
      version: 'test',
      native,
      clock: options.clock ?? systemClock,
      log: createLogger({ sink: line => logs.push(line), now: () => Date.now(), level: 'debug', redactor }),
      redactor,
      sshDirectory: join(directory, 'ssh'),
      local: false,
    })
    const [mine, its] = portPair()
    engine.attach(its)
    const client = connect(engineContract, mine)
    const running = new RunningEngine(
      { client, engine, directory, notifications, logs, loginWindows },
      options.directory !== undefined,
    )
    const status = await running.client.call('vault.status', undefined)
    if (status.state === 'uninitialised') await running.client.call('vault.create', { passphrase: null })
    return running
  }

  /** Adds a test host with its key trusted, as a person would after having compared the fingerprint. */
  async add(host: TestHost, changes: Partial<HostDraft> = {}, secrets: HostSecrets = {}): Promise<Host> {
    for (const key of await host.hostKeys())
      await this.client.call('host.trustKey', { address: host.address, port: host.port, key })
    return this.client.call('host.add', { draft: draftFor(host, changes), secrets })
  }

  /** Resolves with the host's view once `wanted` holds. */
  view(id: string, wanted: (view: HostView) => boolean, withinMs = 30_000): Promise<HostView> {
    return until(
      async () => {
        const view = await this.client.call('host.get', id)
        return wanted(view) ? view : null
      },
      withinMs,
      async () => JSON.stringify(await this.client.call('host.get', id)),
    )
  }

  ready(id: string): Promise<HostView> {
    return this.view(id, view => view.connection.state === 'ready' && view.units !== null)
  }

  /** Runs an action to its end. */
  async act(hostId: string, name: string, verb: UnitVerb, withinMs = 60_000): Promise<ActionRun> {
    const run = await this.client.call('action.run', { hostId, scope: 'system', name, verb })
    return this.ended(run.id, withinMs)
  }

  ended(id: string, withinMs = 60_000): Promise<ActionRun> {
    return until(
      async () => {
        const run = await this.client.call('action.get', id)
        return run.outcome === 'running' ? null : run
      },
      withinMs,
      async () => JSON.stringify(await this.client.call('action.get', id)),
    )
  }

  async dispose(): Promise<void> {
    this.client.dispose()
    await this.engine.dispose()
    if (!this.#keep) rmSync(this.directory, { recursive: true, force: true })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }
}

export function draftFor(host: TestHost, changes: Partial<HostDraft> = {}): HostDraft {
  return {
    name: host.name,
    address: host.address,
    port: host.port,
    user: 'deploy',
    auth: { kind: 'key', path: host.keyFiles.ed25519 },
    sudo: 'passwordless',
    jump: null,
    userUnits: false,
    ...changes,
  }
}

/** Asks until there is an answer. */
export async function until<T>(
  ask: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  withinMs = 30_000,
  explain: () => string | Promise<string> = () => 'it did not happen',
): Promise<T> {
  const end = Date.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== null && answer !== undefined && answer !== false) return answer
    if (Date.now() > end) throw new Error(`Not within ${withinMs} ms: ${await explain()}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
