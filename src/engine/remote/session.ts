// One authenticated connection as a source of channels: opening with limits, retries and time-outs; knows nothing of states or sudo.
import type { Readable } from 'node:stream'
import type { Channel, Client, ClientChannel } from 'ssh2'
import { AppError } from '../../shared/errors.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Dialled } from './dial.ts'
import { SessionSlots, type Slot } from './slots.ts'
import { widen, wideWindow } from './wide-window.ts'

const openTimeout = 15_000
/** A server that ignores its windows would fill memory behind a reader that pauses; ssh2's own window is 2 MiB. */
const mostUnread = 8 * 1024 * 1024
const mostForwards = 64
const refusalPause = 250
const mostRefusals = 40
/** Refused with no other session open: the last one may not be gone on the host's side yet. */
const mostRefusalsAlone = 4

/** How the command on a channel ended; both null until (and unless) the host said so. */
export interface Ending {
  exit: number | null
  signal: string | null
}

export interface OpenSession {
  readonly channel: ClientChannel
  readonly ending: Readonly<Ending>
  /** Frees the slot; the channel must be closed or closing. */
  readonly slot: Disposable
}

export class Session {
  readonly generation: number
  readonly dialled: Dialled
  readonly slots: SessionSlots
  readonly #client: Client
  readonly #clock: Clock
  readonly #channels = new Map<Channel, { readonly streams: readonly Readable[]; most: number }>()
  readonly #gone = new AbortController()
  #forwards = 0

  constructor(dialled: Dialled, generation: number, clock: Clock) {
    this.dialled = dialled
    this.generation = generation
    this.#client = dialled.client
    this.#clock = clock
    this.slots = new SessionSlots(clock)
    dialled.socket.on('data', this.#watchMemory)
    void dialled.closed.then(reason => {
      dialled.socket.off('data', this.#watchMemory)
      this.#gone.abort(reason)
    })
  }

  /** Aborts, with the reason, when the connection is gone. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** Opens channels in use, of all kinds. */
  get open(): number {
    return this.#channels.size
  }

  /** Starts `command` on a channel of its own. */
  async exec(command: string, long: boolean, signal: AbortSignal | undefined): Promise<OpenSession> {
    const ends = signal === undefined ? this.gone : AbortSignal.any([this.gone, signal])
    for (let refusals = 0; ; refusals++) {
      const slot = await this.#slot(long, ends, signal)
      try {
        const ending: Ending = { exit: null, signal: null }
        const channel = await this.#open<ClientChannel>(ends, done =>
          this.#client.exec(command, (error, opened) => {
            // The exit status may be in the same packet as the answer: it is listened for before anything is awaited.
            opened?.on('exit', (code: number | null, name?: string) => {
              ending.exit = code
              ending.signal = code === null ? (name ?? 'unknown') : null
            })
            done(error, opened)
          }),
        )
        slot.established()
        return { channel, slot, ending }
      } catch (caught) {
        const more = isRefusal(caught) && refusals < (this.slots.refused() ? mostRefusals : mostRefusalsAlone)
        slot.dispose()
        if (signal?.aborted) throw new AppError('CANCELLED', 'Cancelled')
        if (!more) throw isRefusal(caught) ? sessionsRefused(caught) : caught
        await sleep(this.#clock, refusalPause, ends)
      }
    }
  }

  /** Much will flow on this channel, and somebody reads it. */
  widen(channel: ClientChannel): void {
    const known = this.#channels.get(channel)
    if (known === undefined) return
    known.most = wideWindow + mostUnread
    widen(channel)
  }

  async #slot(long: boolean, ends: AbortSignal, signal: AbortSignal | undefined): Promise<Slot> {
    try {
      return await this.slots.take(long, ends)
    } catch (caught) {
      if (signal?.aborted) throw new AppError('CANCELLED', 'Cancelled')
      throw caught
    }
  }

  unixSocket(path: string): Promise<Channel> {
    return this.#forward(done => this.#client.openssh_forwardOutStreamLocal(path, done), path)
  }

  tcp(address: string, port: number): Promise<Channel> {
    return this.#forward(done => this.#client.forwardOut('127.0.0.1', 0, address, port, done), `${address}:${port}`)
  }

  /** Resolves when the other end answers anything at all. */
  ping(): Promise<void> {
    return new Promise(resolve => {
      try {
        // Cancelling a forward that does not exist changes nothing and must be answered by every server.
        this.#client.unforwardIn('localhost', 1, () => resolve())
      } catch {
        // Not connected any more: `gone` tells.
      }
    })
  }

  async #forward(start: (done: (error: Error | undefined, channel: Channel) => void) => void, to: string) {
    if (this.#forwards >= mostForwards) throw new AppError('CONFLICT', 'Too many streams are open to this host')
    this.#forwards += 1
    try {
      const channel = await this.#open<Channel>(this.gone, start)
      channel.once('close', () => {
        this.#forwards -= 1
      })
      return channel
    } catch (caught) {
      this.#forwards -= 1
      throw caught instanceof AppError ? caught : forwardRefused(caught, to)
    }
  }

  #open<T extends Channel>(
    ends: AbortSignal,
    start: (done: (error: Error | undefined, channel: T) => void) => void,
  ): Promise<T> {
    if (ends.aborted) return Promise.reject(ends.reason)
    return new Promise((resolve, reject) => {
      let over = false
      const settle = (act: () => void): void => {
        if (over) return
        over = true
        timer.dispose()
        ends.removeEventListener('abort', onEnd)
        act()
      }
      const onEnd = (): void => settle(() => reject(ends.reason))
      const timer = this.#clock.after(openTimeout, () =>
        settle(() => reject(new AppError('TIMEOUT', 'The host did not open a channel in time'))),
      )
      ends.addEventListener('abort', onEnd, { once: true })
      try {
        start((error, channel) => {
          if (error !== undefined && error !== null) {
            settle(() => reject(this.gone.aborted ? this.gone.reason : openFailure(error)))
          } else if (over) {
            // Nobody waits for it any more.
            channel.on('error', () => {})
            channel.close()
            channel.resume()
          } else {
            const streams = isCommand(channel) ? [channel, channel.stderr] : [channel]
            this.#channels.set(channel, { streams, most: mostUnread })
            channel.once('close', () => this.#channels.delete(channel))
            settle(() => resolve(channel))
          }
        })
      } catch {
        settle(() => reject(new AppError('LINK_LOST', 'The connection is closing')))
      }
    })
  }

  readonly #watchMemory = (): void => {
    for (const { streams, most } of this.#channels.values()) {
      if (streams.some(stream => stream.readableLength > most)) {
        this.dialled.drop(
          new AppError('PROTOCOL', 'The host sends more than it was allowed to; the connection was cut'),
        )
        return
      }
    }
  }
}

/** A refusal of the host stays as it is, for the caller to judge; anything else means that the connection is going. */
function openFailure(error: Error): Error {
  if (isRefusal(error)) return error
  if (/^Unable to exec/.test(error.message)) return sessionsRefused(error)
  return new AppError('LINK_LOST', 'The connection was lost while a channel was opened')
}

function isCommand(channel: Channel): channel is ClientChannel {
  return channel.stderr !== undefined && 'readableLength' in channel.stderr
}

function isRefusal(caught: unknown): caught is Error & { reason: number } {
  return caught instanceof Error && 'reason' in caught && typeof caught.reason === 'number'
}

function sessionsRefused(error: Error): AppError {
  return new AppError('COMMAND_FAILED', `The host opens no session (${error.message.slice(0, 200)})`, {
    hint: 'sshd on the host may forbid commands (MaxSessions 0, ForceCommand, a restricted account).',
  })
}

function forwardRefused(caught: unknown, to: string): AppError {
  const reason = isRefusal(caught) ? caught.reason : null
  if (reason === 1) {
    return new AppError('ACCESS_DENIED', `The host does not forward connections to ${to}`, {
      hint: 'sshd on the host forbids it (AllowTcpForwarding, AllowStreamLocalForwarding, or the key is restricted).',
    })
  }
  if (reason === 2) {
    // sshd says why in the words of its C library; a server that says nothing leaves it open
    const why = caught instanceof Error ? caught.message : ''
    if (/refused/i.test(why)) {
      return new AppError('PORT_CLOSED', `${to} cannot be reached from the host: nothing listens there`)
    }
    if (/name|hostname|address associated|resolution/i.test(why)) {
      return new AppError('RESOLVE_FAILED', `The host cannot look up the name of ${to}`)
    }
    return new AppError('UNREACHABLE', `${to} cannot be reached from the host`, {
      hint: 'Nothing listens there, or this user may not use it.',
    })
  }
  return new AppError('UNSUPPORTED', `The host does not forward connections to ${to}`, {
    detail: { cause: caught instanceof Error ? caught.message.slice(0, 200) : String(caught) },
  })
}
