// This computer as a host to talk to (R6): the same port as an SSH link, always ready; knows nothing of what runs over it.
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { AppError } from '../../shared/errors.ts'
import { type ConnectionStatus, localHostId } from '../../shared/model/host.ts'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, disposable, Emitter } from '../lib/disposable.ts'
import type { ExecOptions, ExecResult, Link, RemoteProcess, SpawnOptions } from '../ports.ts'
import { runLocal, spawnLocal } from './local-process.ts'

const connectTimeoutMs = 10_000

/** A link to this computer. sudo is used only where it asks for nothing (`sudo -n`). */
export function createLocalLink(options: { clock: Clock; hostId?: string }): Link {
  return new LocalLink(options.hostId ?? localHostId, options.clock)
}

class LocalLink implements Link {
  readonly hostId: string
  readonly status: ConnectionStatus
  readonly #clock: Clock
  readonly #listeners = new Emitter<ConnectionStatus>()
  readonly #open = new Set<Disposable>()

  constructor(hostId: string, clock: Clock) {
    this.hostId = hostId
    this.#clock = clock
    this.status = {
      state: 'ready',
      since: clock.now(),
      generation: 1,
      error: null,
      nextAttemptAt: null,
      offeredKey: null,
    }
  }

  onStatus(listener: (status: ConnectionStatus) => void): Disposable {
    return this.#listeners.on(listener)
  }

  /** There is nothing to connect: this computer is always there. */
  start(): void {}

  stop(): void {
    for (const item of [...this.#open]) item.dispose()
  }

  probe(): void {}

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    if (!options.sudo || isRoot()) return await runLocal(argv, this.#clock, options)
    const result = await runLocal(['sudo', '-n', '--', ...argv], this.#clock, options)
    if (result.exit === 127 && /sudo/.test(text(result.stderr)) && result.stdout.length === 0) throw noSudo()
    if (result.exit === 1 && /^sudo: /m.test(text(result.stderr))) throw noSudo()
    return result
  }

  async spawn(argv: readonly string[], options: SpawnOptions = {}): Promise<RemoteProcess> {
    const full = options.sudo && !isRoot() ? ['sudo', '-n', '--', ...argv] : argv
    const child = spawnLocal(full, this.#clock, options.signal)
    const release = disposable(() => child.dispose())
    this.#open.add(release)
    void child.ended.then(() => this.#open.delete(release))
    return child
  }

  async openUnixSocket(path: string): Promise<Duplex> {
    return await this.#connect(connect({ path }), path)
  }

  async openTcp(address: string, port: number): Promise<Duplex> {
    return await this.#connect(connect({ host: address, port, noDelay: true }), `${address}:${port}`)
  }

  async dispose(): Promise<void> {
    this.stop()
    this.#listeners.dispose()
  }

  #connect(socket: Socket, what: string): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(connectTimeoutMs, () => fail(new AppError('TIMEOUT', `${what} did not answer`)))
      const fail = (error: AppError): void => {
        timer.dispose()
        socket.destroy()
        reject(error)
      }
      socket.once('error', error => fail(connectError(error, what)))
      socket.once('connect', () => {
        timer.dispose()
        socket.removeAllListeners('error')
        // whoever holds the stream listens too; this one keeps a late error from ending the engine
        socket.on('error', () => {})
        const release = disposable(() => socket.destroy())
        this.#open.add(release)
        socket.once('close', () => this.#open.delete(release))
        resolve(socket)
      })
    })
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}

function noSudo(): AppError {
  return new AppError('SUDO_MISSING', 'sudo asks for a password on this computer', {
    hint: 'Quarterdeck uses sudo on this computer only where it needs no password.',
  })
}

function connectError(error: NodeJS.ErrnoException, what: string): AppError {
  if (error.code === 'ENOENT') return new AppError('NOT_FOUND', `${what} does not exist`)
  if (error.code === 'EACCES' || error.code === 'EPERM') return new AppError('ACCESS_DENIED', `${what}: no access`)
  if (error.code === 'ECONNREFUSED') return new AppError('PORT_CLOSED', `${what} refused the connection`)
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN')
    return new AppError('RESOLVE_FAILED', `${what} is not known`)
  return new AppError('UNREACHABLE', `${what}: ${error.message}`)
}
