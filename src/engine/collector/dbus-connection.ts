// One D-Bus connection over any pair of streams: login, calls, signals, all bounded; knows nothing of systemd or of how the streams came to be.
import type { ErrorShape } from '../../shared/errors.ts'
import type { Clock } from '../lib/clock.ts'
import type { AsyncDisposable, Disposable } from '../lib/disposable.ts'
import { Emitter } from '../lib/disposable.ts'
import { type DbusMessage, decodeBody, decodeMessage, encodeMessage, messageTypes } from '../parse/dbus-codec.ts'
import type { Reader } from '../parse/dbus-reader.ts'
import type { Writable } from '../parse/dbus-writer.ts'
import { DbusLogin } from './dbus-login.ts'
import { DbusStreamReader } from './dbus-stream-reader.ts'

/** What a connection runs over: a socket, or the two ends of a bridge's process. */
export interface DbusStream {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
  close(): void
}

export interface DbusCall<T> {
  readonly destination: string
  readonly path: string
  readonly interface: string
  readonly member: string
  readonly signature?: string
  readonly body?: readonly Writable[]
  /** The reply's signature and how it is read; run in the order of arrival, before any later signal is told. */
  readonly reply: { readonly signature: string; readonly read: Reader<T> }
  /** ms, 25 s unless told. */
  readonly timeout?: number
}

/** How a call ended. `closed` with `sent` leaves open whether it was carried out (semantics 7). */
export type CallResult<T> =
  | { readonly kind: 'reply'; readonly value: T }
  | { readonly kind: 'error'; readonly name: string; readonly message: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'closed'; readonly error: ErrorShape; readonly sent: boolean }

/** dbus-daemon refuses more replies pending on one connection. */
const maxInFlight = 64
const maxWaiting = 8_192
const defaultTimeoutMs = 25_000
const maxErrorText = 1_000

interface Waiting {
  readonly call: DbusCall<unknown>
  readonly settle: (result: CallResult<unknown>) => void
}

interface Pending extends Waiting {
  readonly timer: Disposable
}

/** The reply of a method that returns nothing. */
export const noReply = { signature: '', read: () => undefined } as const

export class DbusConnection implements AsyncDisposable {
  /** Resolves once, when the connection is of no more use, with why; null after `dispose`. */
  readonly closed: Promise<ErrorShape | null>
  readonly #stream: DbusStream
  readonly #clock: Clock
  readonly #reader: DbusStreamReader
  readonly #signals = new Emitter<DbusMessage>()
  readonly #pending = new Map<number, Pending>()
  readonly #waiting: Waiting[] = []
  #login: DbusLogin | null
  #serial = 0
  #outbox: Uint8Array[] = []
  #flushing = false
  #error: ErrorShape | null = null
  #isClosed = false
  #resolveClosed: (error: ErrorShape | null) => void = () => {}

  constructor(stream: DbusStream, options: { clock: Clock; uid: number; anonymous?: boolean }) {
    this.#stream = stream
    this.#clock = options.clock
    this.closed = new Promise(resolve => {
      this.#resolveClosed = resolve
    })
    this.#login = new DbusLogin(options)
    this.#reader = new DbusStreamReader({
      input: stream.input,
      clock: options.clock,
      onMessage: bytes => this.#onMessage(bytes),
      onProblem: problem => this.#protocolError(problem),
    })
    // All is sent at once, in one round trip: a bus that refuses the login takes nothing of what follows.
    this.#outbox.push(this.#login.request())
    stream.input.on('data', (chunk: Uint8Array) => this.#onData(chunk))
    stream.input.on('end', () => this.#lost())
    stream.input.on('close', () => this.#lost())
    stream.input.on('error', () => this.#lost())
    stream.output.on('error', () => this.#lost())
  }

  onSignal(listener: (signal: DbusMessage) => void): Disposable {
    return this.#signals.on(listener)
  }

  /** Calls a method. Never rejects; calls over the bound wait for their turn. */
  call<T>(call: DbusCall<T>): Promise<CallResult<T>> {
    return new Promise(resolve => {
      const waiting: Waiting = {
        call: call as DbusCall<unknown>,
        settle: resolve as (result: CallResult<unknown>) => void,
      }
      if (this.#isClosed) resolve({ kind: 'closed', error: this.#error ?? goneError, sent: false })
      else if (this.#pending.size < maxInFlight) this.#send(waiting)
      else if (this.#waiting.length < maxWaiting) this.#waiting.push(waiting)
      else resolve({ kind: 'error', name: 'org.freedesktop.DBus.Error.LimitsExceeded', message: 'too many calls wait' })
    })
  }

  async dispose(): Promise<void> {
    this.#close(null)
  }

  /** Ends the connection because its content broke a rule. */
  protocolError(problem: string): void {
    this.#protocolError(problem)
  }

  #send(waiting: Waiting): void {
    const { call } = waiting
    this.#serial = this.#serial >= 0xffff_ffff ? 1 : this.#serial + 1
    const serial = this.#serial
    this.#write(encodeMessage({ ...call, type: messageTypes.call, serial }))
    const timer = this.#clock.after(call.timeout ?? defaultTimeoutMs, () => {
      this.#settle(serial, { kind: 'timeout' })
    })
    this.#pending.set(serial, { ...waiting, timer })
  }

  /** What is written in one turn leaves in one piece: over SSH that is one packet instead of many. */
  #write(bytes: Uint8Array): void {
    this.#outbox.push(bytes)
    if (this.#flushing) return
    this.#flushing = true
    queueMicrotask(() => this.#flush())
  }

  #flush(): void {
    this.#flushing = false
    if (this.#isClosed || this.#outbox.length === 0) return
    const pieces = this.#outbox
    this.#outbox = []
    this.#stream.output.write(pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces))
  }

  #onData(chunk: Uint8Array): void {
    if (this.#isClosed) return
    if (!this.#login) {
      this.#reader.push(chunk)
      return
    }
    const step = this.#login.receive(chunk)
    if (step.kind === 'more') return
    if (step.kind === 'failed') {
      this.#close(step.error)
      return
    }
    this.#login = null
    if (step.rest.length > 0) this.#reader.push(step.rest)
  }

  #onMessage(bytes: Uint8Array): void {
    const decoded = decodeMessage(bytes)
    if (!decoded.ok) {
      this.#protocolError(decoded.problem)
      return
    }
    const message = decoded.value
    if (message.type === messageTypes.signal) this.#signals.emit(message)
    else if (message.type === messageTypes.reply) this.#onReply(message)
    else if (message.type === messageTypes.error) this.#onError(message)
  }

  #onReply(message: DbusMessage): void {
    const serial = message.replySerial ?? 0
    const pending = this.#pending.get(serial)
    // A reply that nobody waits for any more came after its timeout.
    if (!pending) return
    const { reply } = pending.call
    const body = decodeBody(message, reply.signature, reply.read)
    if (body.ok) this.#settle(serial, { kind: 'reply', value: body.value })
    else this.#protocolError(`${pending.call.member}: ${body.problem}`)
  }

  #onError(message: DbusMessage): void {
    let text = ''
    if (message.signature.startsWith('s')) {
      const first = decodeBody({ ...message, signature: 's' }, 's', cursor => {
        const value = cursor.string()
        cursor.at = cursor.end
        return value
      })
      if (first.ok) text = first.value.slice(0, maxErrorText)
    }
    this.#settle(message.replySerial ?? 0, { kind: 'error', name: message.errorName.slice(0, 255), message: text })
  }

  #settle(serial: number, result: CallResult<unknown>): void {
    const pending = this.#pending.get(serial)
    if (!pending) return
    this.#pending.delete(serial)
    pending.timer.dispose()
    pending.settle(result)
    while (this.#pending.size < maxInFlight && !this.#isClosed) {
      const next = this.#waiting.shift()
      if (!next) return
      this.#send(next)
    }
  }

  #lost(): void {
    const refused = this.#login?.refusal()
    this.#close(refused ?? goneError)
  }

  #protocolError(problem: string): void {
    this.#close({
      code: 'PROTOCOL',
      message: `The host's message bus sent something that is not D-Bus (${problem}).`,
    })
  }

  #close(error: ErrorShape | null): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#error = error
    this.#reader.dispose()
    this.#outbox = []
    const outcome = error ?? goneError
    for (const { timer, settle } of this.#pending.values()) {
      timer.dispose()
      settle({ kind: 'closed', error: outcome, sent: true })
    }
    this.#pending.clear()
    for (const { settle } of this.#waiting.splice(0)) settle({ kind: 'closed', error: outcome, sent: false })
    this.#signals.dispose()
    this.#stream.close()
    this.#resolveClosed(error)
  }
}

const goneError: ErrorShape = { code: 'LINK_LOST', message: 'The connection to the host’s message bus ended.' }
