// A link to one host over SSH that keeps itself connected: carries out what the connection machine decides. Knows nothing of what runs over it.
import type { Duplex } from 'node:stream'
import { AppError } from '../../shared/errors.ts'
import type { ConnectionStatus, Host } from '../../shared/model/host.ts'
import {
  type ConnectionEvent,
  type ConnectionMachine,
  connectionStatus,
  idleMachine,
  nextConnection,
} from '../domain/connection-state.ts'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, Emitter } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { ExecOptions, ExecResult, HostKeyBook, Link, RemoteProcess, SecretSource, SpawnOptions } from '../ports.ts'
import { ChannelStream } from './channel-stream.ts'
import { runCommand } from './command.ts'
import type { Become } from './command-channel.ts'
import { type Dialled, dial } from './dial.ts'
import { lostError, placeName } from './failures.ts'
import type { HandshakeGate } from './handshake-gate.ts'
import { type Jump, jumpFailure, openThroughJump } from './jump.ts'
import { spawnCommand } from './live-command.ts'
import { expectAnswer, watchPeer } from './peer-watch.ts'
import { Session } from './session.ts'

const farewell = 500

export interface SshLinkOptions {
  readonly host: Host
  /** The host to go through; null for a direct connection. */
  readonly jump?: Jump | null
  readonly secrets: SecretSource
  readonly keys: HostKeyBook
  readonly clock: Clock
  readonly log: Logger
  /** Shared by all links, so that one address never gets too many handshakes at once. */
  readonly gate: HandshakeGate
  /** The socket of ssh-agent; SSH_AUTH_SOCK unless told. */
  readonly agentSocket?: string | null
  readonly random?: () => number
}

/** Makes a link. It does nothing until `start`. */
export function createSshLink(options: SshLinkOptions): Link {
  return new SshLink(options)
}

class SshLink implements Link {
  readonly hostId: string
  readonly #options: SshLinkOptions
  readonly #clock: Clock
  readonly #log: Logger
  readonly #random: () => number
  readonly #statuses = new Emitter<ConnectionStatus>()
  #machine: ConnectionMachine
  #status: ConnectionStatus
  #attempt: AbortController | null = null
  #session: Session | null = null
  #timer: Disposable | null = null
  #watch: Disposable | null = null
  #jumpWatch: Disposable | null = null
  #disposed = false

  constructor(options: SshLinkOptions) {
    this.#options = options
    this.hostId = options.host.id
    this.#clock = options.clock
    this.#log = options.log.child(`ssh:${options.host.id}`)
    this.#random = options.random ?? Math.random
    this.#machine = idleMachine(this.#instant())
    this.#status = connectionStatus(this.#machine)
  }

  get status(): ConnectionStatus {
    return this.#status
  }

  get hostKey(): string | null {
    return this.#session?.dialled.hostKey.fingerprint ?? null
  }

  onStatus(listener: (status: ConnectionStatus) => void): Disposable {
    return this.#statuses.on(listener)
  }

  start(): void {
    if (!this.#disposed) this.#apply({ type: 'start' })
  }

  stop(): void {
    this.#apply({ type: 'stop' })
  }

  probe(): void {
    if (this.#machine.state === 'backoff') this.#apply({ type: 'retry' })
    else if (this.#session !== null) this.#probeSession(this.#session)
  }

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    return runCommand(this.#ready(), this.#clock, argv, options, this.#become(options.sudo))
  }

  async spawn(argv: readonly string[], options: SpawnOptions = {}): Promise<RemoteProcess> {
    return spawnCommand(this.#ready(), this.#clock, argv, options, this.#become(options.sudo))
  }

  async openUnixSocket(path: string): Promise<Duplex> {
    return this.#stream(session => session.unixSocket(path))
  }

  async openTcp(address: string, port: number): Promise<Duplex> {
    return this.#stream(session => session.tcp(address, port))
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    const session = this.#session
    this.#apply({ type: 'stop' })
    this.#statuses.dispose()
    if (session !== null) await session.dialled.closed
  }

  #instant(): { wall: number; mono: number } {
    return { wall: this.#clock.now(), mono: this.#clock.monotonic() }
  }

  #ready(): Session {
    if (this.#session !== null) return this.#session
    const { address, port } = this.#options.host
    const { state, error } = this.#status
    throw new AppError('NOT_CONNECTED', `Not connected to ${placeName({ address, port })}`, {
      hint: error?.hint,
      detail: { state, cause: error?.code ?? null },
    })
  }

  #become(sudo: boolean | undefined): Become | null {
    if (sudo !== true) return null
    const { host, secrets } = this.#options
    return { mode: host.sudo, user: host.user, password: () => secrets.hostSecret(host.id, 'sudoPassword') }
  }

  async #stream(open: (session: Session) => Promise<ConstructorParameters<typeof ChannelStream>[0]>): Promise<Duplex> {
    const session = this.#ready()
    const stream = new ChannelStream(await open(session))
    const onGone = (): void => {
      stream.destroy(AppError.from(session.gone.reason))
    }
    session.gone.addEventListener('abort', onGone, { once: true })
    stream.once('close', () => session.gone.removeEventListener('abort', onGone))
    if (session.gone.aborted) onGone()
    return stream
  }

  #apply(event: ConnectionEvent): void {
    const before = this.#machine
    const after = nextConnection(before, event, this.#instant(), this.#random())
    this.#machine = after
    if (after === before) return
    const moved = after.state !== before.state || after.since !== before.since || after.generation !== before.generation
    if (!moved) return
    this.#timer?.dispose()
    this.#timer = null
    this.#jumpWatch?.dispose()
    this.#jumpWatch = null
    this.#status = connectionStatus(after)
    this.#log.info('state', { state: after.state, code: after.error?.code, generation: after.generation })
    if (after.state === 'idle') this.#release()
    if (after.state === 'backoff') this.#rest(after.delay ?? 0)
    this.#statuses.emit(this.#status)
    // A listener may have moved the machine on: then that step has done the rest.
    if (this.#machine !== after) return
    if (after.state === 'resolve' && before.state !== 'resolve') void this.#connect()
    if (after.state === 'lost') this.#apply({ type: 'settled' })
  }

  #rest(delay: number): void {
    this.#timer = this.#clock.after(delay, () => this.#apply({ type: 'retry' }))
    // A jump host that comes back is a reason not to wait.
    const link = this.#options.jump?.peek()
    if (link === undefined || link === null || link.status.state === 'ready') return
    this.#jumpWatch = link.onStatus(status => {
      if (status.state === 'ready') this.#apply({ type: 'retry' })
    })
  }

  #release(): void {
    this.#attempt?.abort()
    this.#attempt = null
    this.#watch?.dispose()
    this.#watch = null
    const session = this.#session
    this.#session = null
    if (session === null) return
    session.dialled.client.end()
    // A peer that does not answer the farewell is left all the same.
    const leave = this.#clock.after(farewell, () => {
      session.dialled.drop(new AppError('CANCELLED', 'The connection was closed here'))
    })
    session.gone.addEventListener('abort', () => leave.dispose(), { once: true })
  }

  async #connect(): Promise<void> {
    const { host, jump, secrets, keys, gate, agentSocket = process.env.SSH_AUTH_SOCK ?? null } = this.#options
    this.#attempt?.abort()
    const attempt = new AbortController()
    this.#attempt = attempt
    const outcome = await dial({
      hostId: host.id,
      target: host,
      via: jump ? signal => openThroughJump(jump, host, signal) : null,
      secrets,
      keys,
      clock: this.#clock,
      gate,
      agentSocket,
      signal: attempt.signal,
      onStep: step => {
        if (this.#attempt === attempt) this.#apply({ type: 'step', step })
      },
    })
    if (this.#attempt !== attempt) {
      if (outcome.ok) outcome.connection.drop(new AppError('CANCELLED', 'The connection is no longer wanted'))
      return
    }
    this.#attempt = null
    if (!outcome.ok) {
      const error = jump ? jumpFailure(jump, outcome.error, outcome.step) : outcome.error
      this.#apply({ type: 'failed', error: error.toShape(), offeredKey: outcome.offeredKey })
      return
    }
    this.#open(outcome.connection)
  }

  #open(connection: Dialled): void {
    if (connection.warning !== null) this.#log.warn(connection.warning)
    const session = new Session(connection, this.#machine.generation + 1, this.#clock)
    this.#session = session
    this.#watch = watchPeer(session, this.#clock, () => this.#dropDead(session))
    void connection.closed.then(error => {
      if (this.#session !== session) return
      this.#session = null
      this.#watch?.dispose()
      this.#watch = null
      this.#apply({ type: 'failed', error: error.toShape() })
    })
    this.#apply({ type: 'ready' })
  }

  #probeSession(session: Session): void {
    expectAnswer(session, this.#clock, () => this.#dropDead(session))
  }

  #dropDead(session: Session): void {
    const { address, port } = this.#options.host
    session.dialled.drop(lostError({ address, port }, 'it no longer answers'))
  }
}
