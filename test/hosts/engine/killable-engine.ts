// Runs the built engine as a process of its own, with as small a shell as there can be, so that a test can kill it at any moment.
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'
import { engineContract } from '../../../src/shared/contract/engine.ts'
import { nativeContract } from '../../../src/shared/contract/native.ts'
import { type Client, connect } from '../../../src/shared/rpc/client.ts'
import { type FromEngine, nativePortId, type ToEngine } from '../../../src/shared/rpc/engine-link.ts'
import { SimplePort } from '../../../src/shared/rpc/port.ts'
import { serve } from '../../../src/shared/rpc/server.ts'
import { FakeLoginWindows } from '../../fakes/login-windows.ts'

export interface EngineLife {
  readonly client: Client<typeof engineContract>
  kill(): void
  /** Asks it to end in good order, as the app does when it is quit. */
  end(): void
  /** Resolves when the process has ended, however. */
  readonly gone: Promise<void>
}

export class KillableEngine {
  readonly directory: string
  /** What login windows will bring, over all lives. */
  readonly loginWindows = new FakeLoginWindows()
  readonly #built: string
  #output = ''
  #child: ChildProcess | null = null

  private constructor(directory: string, built: string) {
    this.directory = directory
    this.#built = built
  }

  /** All that it wrote to its log, over all lives. */
  get output(): string {
    return this.#output
  }

  /** Builds it as the app has it, which starts several times faster than its sources; inside the project, where its packages are found. */
  static async build(name: string): Promise<KillableEngine> {
    const root = join(import.meta.dirname, '../../..')
    const built = join(root, 'test-results', `engine-${name}-${process.pid}`)
    await build({
      configFile: join(root, 'vite.engine.config.ts'),
      root,
      build: { outDir: built, sourcemap: false },
      logLevel: 'error',
    })
    return new KillableEngine(mkdtempSync(join(tmpdir(), `quarterdeck-${name}-`)), built)
  }

  /** One life: from its start until it is killed. */
  async start(): Promise<EngineLife> {
    const { child, client, native, ready, gone } = this.#begin()
    await ready
    const vault = await client.call('vault.status', undefined)
    if (vault.state === 'uninitialised') await client.call('vault.create', { passphrase: null })
    const end = (): void => native.emit('engine.stop', { graceMs: 25_000 })
    return { client, kill: () => child.kill('SIGKILL'), end, gone }
  }

  /** One short life, that is over so soon after its beginning, whatever it had come to. */
  async startAndKill(afterMs: number): Promise<void> {
    const { child, client, ready, gone } = this.#begin()
    const ended = ready.catch(() => {})
    await new Promise(resolve => setTimeout(resolve, afterMs))
    child.kill('SIGKILL')
    await gone
    await ended
    client.dispose()
  }

  #begin() {
    const entry = join(this.#built, 'index.cjs')
    const child = fork(entry, [], { execArgv: [], serialization: 'advanced', stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    this.#child = child
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', chunk => {
        output = `${output}${chunk}`.slice(-4_000)
        this.#output += chunk
      })
    const send = (message: ToEngine): void => {
      if (child.connected) child.send(message, () => {})
    }
    const portFor = (id: number): SimplePort =>
      new SimplePort({ send: data => send({ type: 'data', id, data }), end: () => send({ type: 'close', id }) })
    const ports = [portFor(nativePortId), portFor(1)] as const
    const ready = new Promise<void>((resolve, reject) => {
      child.on('exit', code => reject(new Error(`the engine ended with ${code}: ${output}`)))
      child.on('message', received => {
        const message = received as unknown as FromEngine
        if (message.type === 'ready') resolve()
        else if (message.type === 'data') ports[message.id]?.deliver(message.data)
      })
    })
    const gone = new Promise<void>(resolve => child.on('exit', () => resolve()))
    void gone.then(() => ports.forEach(port => void port.gone()))
    const { loginWindows } = this
    const native = serve(nativeContract, ports[0], {
      'notification.show': () => ({ shown: true, reason: null }),
      'tray.set': () => {},
      'keyring.status': () => ({ available: true, reason: null }),
      'keyring.wrap': plain => plain.map(byte => byte ^ 0xff),
      'keyring.unwrap': wrapped => wrapped.map(byte => byte ^ 0xff),
      'vault.keepKey': () => {},
      'vault.keptKey': () => null,
      'login.open': request => loginWindows.openLogin(request),
      'login.close': loginId => loginWindows.closeLogin(loginId),
      'login.refresh': request => loginWindows.refreshLogin(request),
      'login.forget': loginId => loginWindows.forgetLogin(loginId),
    })
    send({ type: 'init', init: { dataDirectory: this.directory, version: 'test' } })
    send({ type: 'port', id: 1 })
    return { child, client: connect(engineContract, ports[1]), native, ready, gone }
  }

  dispose(): void {
    this.#child?.kill('SIGKILL')
    rmSync(this.#built, { recursive: true, force: true })
    rmSync(this.directory, { recursive: true, force: true })
  }
}
