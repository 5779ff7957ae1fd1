// Asks a contract's questions over a port, as typed functions; knows no particular contract and not what is behind the port.
import type { z } from 'zod'
import type {
  CallInput,
  CallName,
  CallOutput,
  Contract,
  EventName,
  EventPayload,
  StreamItem,
  StreamName,
} from '../contract/define.ts'
import { AppError } from '../errors.ts'
import type { Port } from './port.ts'
import type { RpcLog } from './server.ts'
import { maxCredit, protocolError, type Reply, type Request, readReply } from './wire.ts'

export interface StreamOptions {
  readonly signal?: AbortSignal
  /** How many items may be on their way or waiting here; 16 unless told. */
  readonly credit?: number
}

type InputArguments<I> = undefined extends I ? [input?: I, signal?: AbortSignal] : [input: I, signal?: AbortSignal]

export interface Client<C extends Contract> {
  /** Rejects with an AppError: the handler's own, CANCELLED, ENGINE_GONE when the peer went, PROTOCOL when it answers nonsense. */
  call<N extends CallName<C>>(name: N, ...rest: InputArguments<CallInput<C[N]>>): Promise<CallOutput<C[N]>>
  on<N extends EventName<C>>(name: N, listener: (payload: EventPayload<C[N]>) => void): () => void
  /** Opens when iterated; leaving the loop or aborting cancels it at the producer. */
  stream<N extends StreamName<C>>(
    name: N,
    input: CallInput<C[N]>,
    options?: StreamOptions,
  ): AsyncIterable<StreamItem<C[N]>>
  /** Resolves when the port is closed, by either end. */
  readonly closed: Promise<void>
  dispose(): void
}

export interface ConnectOptions {
  readonly log?: RpcLog
  /** Questions open at a time; one more is refused here. */
  readonly maxPending?: number
}

interface Waiting {
  value(value: unknown): void
  item(item: unknown): void
  end(): void
  fail(error: AppError): void
}

const gone = (): AppError =>
  new AppError('ENGINE_GONE', 'The part of the app that answers this has stopped', {
    hint: 'It is started again by itself.',
  })

/** Connects to the peer that serves `contract` behind `port`. */
export function connect<C extends Contract>(contract: C, port: Port, options: ConnectOptions = {}): Client<C> {
  const { log, maxPending = 4096 } = options
  const waiting = new Map<number, Waiting>()
  const listeners = new Map<string, Set<(payload: unknown) => void>>()
  let nextId = 0
  let ended = false
  let resolveClosed = (): void => {}
  const closed = new Promise<void>(resolve => {
    resolveClosed = resolve
  })

  const end = (): void => {
    if (ended) return
    ended = true
    stop()
    const left = [...waiting.values()]
    waiting.clear()
    for (const entry of left) entry.fail(gone())
    resolveClosed()
  }

  const send = (request: Request): void => {
    if (!ended) port.post(request)
  }

  /** Registers who waits for an answer and sends the request; what cannot be sent fails at once. */
  const open = (make: (id: number) => Request, entry: Waiting): number => {
    const id = nextId++
    if (ended) entry.fail(gone())
    else if (waiting.size >= maxPending) entry.fail(protocolError('Too many requests at a time'))
    else {
      waiting.set(id, entry)
      try {
        port.post(make(id))
      } catch {
        waiting.delete(id)
        entry.fail(new AppError('INVALID_INPUT', 'The input cannot be sent'))
      }
    }
    return id
  }

  const cancel = (id: number): void => {
    if (waiting.delete(id)) send({ t: 'cancel', id })
  }

  const onMessage = (message: unknown): void => {
    const reply = readReply(message)
    if (!reply) log?.warn('unknown reply ignored')
    else if (reply.t === 'event') dispatch(reply.name, reply.payload)
    else if (reply.t === 'refused') log?.warn('message was refused', { reason: reply.error.message })
    else settle(reply)
  }

  const settle = (reply: Exclude<Reply, { t: 'event' | 'refused' }>): void => {
    const entry = waiting.get(reply.id)
    if (!entry) return // Answered after a cancel.
    if (reply.t === 'item') {
      entry.item(reply.item)
      return
    }
    waiting.delete(reply.id)
    if (reply.t === 'ok') entry.value(reply.value)
    else if (reply.t === 'end') entry.end()
    else entry.fail(AppError.fromShape(reply.error))
  }

  const dispatch = (name: string, payload: unknown): void => {
    const set = listeners.get(name)
    const definition = Object.hasOwn(contract, name) ? contract[name] : undefined
    if (!set || set.size === 0 || definition?.kind !== 'event') return
    const parsed = parse(definition.payload, payload)
    if (parsed instanceof AppError) {
      log?.warn('event does not fit the contract', { name })
      return
    }
    for (const listener of [...set]) {
      try {
        listener(parsed.value)
      } catch (error) {
        // One bad listener must not keep the event from the others.
        log?.warn('event listener failed', { name, error: String(error) })
      }
    }
  }

  const call = (name: string, input: unknown, signal?: AbortSignal): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const definition = contract[name]
      if (definition?.kind !== 'query' && definition?.kind !== 'command') return reject(protocolError('No such call'))
      if (signal?.aborted) return reject(cancelled())
      const onAbort = (): void => {
        cancel(id)
        reject(cancelled())
      }
      const forget = (): void => signal?.removeEventListener('abort', onAbort)
      signal?.addEventListener('abort', onAbort, { once: true })
      const fail = (error: AppError): void => {
        forget()
        reject(error)
      }
      const id = open(callId => ({ t: 'call', id: callId, name, input }), {
        value(value) {
          forget()
          const parsed = parse(definition.output, value)
          if (parsed instanceof AppError) reject(parsed)
          else resolve(parsed.value)
        },
        item: () => fail(protocolError('A call was answered by a stream')),
        end: () => fail(protocolError('A call was answered by a stream')),
        fail,
      })
    })

  function stream(name: string, input: unknown, streamOptions: StreamOptions = {}): AsyncIterable<unknown> {
    return {
      [Symbol.asyncIterator]: () => new StreamReader(contract, name, input, streamOptions, { open, cancel, send }),
    }
  }

  const stop = port.listen(onMessage, end)

  return {
    call: call as Client<C>['call'],
    stream: stream as Client<C>['stream'],
    on(name, listener) {
      let set = listeners.get(name)
      if (!set) {
        set = new Set()
        listeners.set(name, set)
      }
      const own = set
      const entry = listener as (payload: unknown) => void
      own.add(entry)
      return () => own.delete(entry)
    },
    closed,
    dispose() {
      end()
      port.close()
    },
  }
}

interface Wire {
  open(make: (id: number) => Request, entry: Waiting): number
  cancel(id: number): void
  send(request: Request): void
}

/** The reading end of one stream: holds at most `credit` items and asks for more when half of them were taken. */
class StreamReader implements AsyncIterator<unknown> {
  readonly #wire: Wire
  readonly #id: number
  readonly #credit: number
  readonly #item: z.ZodType | null
  readonly #signal: AbortSignal | undefined
  readonly #queue: unknown[] = []
  readonly #takers: { resolve: (result: IteratorResult<unknown>) => void; reject: (error: AppError) => void }[] = []
  #outstanding: number
  #taken = 0
  #ended = false
  #error: AppError | null = null

  constructor(contract: Contract, name: string, input: unknown, options: StreamOptions, wire: Wire) {
    const definition = contract[name]
    this.#wire = wire
    this.#item = definition?.kind === 'stream' ? definition.item : null
    this.#credit = Math.min(maxCredit, Math.max(1, Math.floor(options.credit ?? 16)))
    this.#outstanding = this.#credit
    this.#signal = options.signal
    if (!this.#item || this.#signal?.aborted) {
      this.#id = -1
      this.#finish(this.#item ? cancelled() : protocolError('No such stream'))
      return
    }
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true })
    this.#id = wire.open(id => ({ t: 'open', id, name, input, credit: this.#credit }), {
      value: () => this.#finish(protocolError('A stream was answered by a value')),
      item: item => this.#onItem(item),
      end: () => this.#finish(null),
      fail: error => this.#finish(error),
    })
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.#queue.length > 0) {
      const value = this.#queue.shift()
      this.#refill()
      return Promise.resolve({ done: false, value })
    }
    if (this.#error) {
      const error = this.#error
      this.#error = null
      return Promise.reject(error)
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }))
  }

  return(): Promise<IteratorResult<unknown>> {
    this.#leave(null)
    return Promise.resolve({ done: true, value: undefined })
  }

  readonly #onAbort = (): void => this.#leave(cancelled())

  #onItem(item: unknown): void {
    if (this.#ended || !this.#item) return
    const parsed =
      --this.#outstanding < 0 ? protocolError('The stream sent more than was asked for') : parse(this.#item, item)
    if (parsed instanceof AppError) {
      this.#leave(parsed)
      return
    }
    const taker = this.#takers.shift()
    if (!taker) {
      this.#queue.push(parsed.value)
      return
    }
    taker.resolve({ done: false, value: parsed.value })
    this.#refill()
  }

  #refill(): void {
    this.#taken++
    if (this.#ended || this.#taken * 2 < this.#credit) return
    this.#wire.send({ t: 'credit', id: this.#id, credit: this.#taken })
    this.#outstanding += this.#taken
    this.#taken = 0
  }

  /** Ends from this side: what waits is dropped and the producer told. */
  #leave(error: AppError | null): void {
    if (this.#ended) {
      this.#queue.length = 0
      return
    }
    this.#queue.length = 0
    this.#wire.cancel(this.#id)
    this.#finish(error)
  }

  #finish(error: AppError | null): void {
    if (this.#ended) return
    this.#ended = true
    this.#signal?.removeEventListener('abort', this.#onAbort)
    const takers = this.#takers.splice(0)
    const first = takers.shift()
    if (first && error) first.reject(error)
    else if (first) first.resolve({ done: true, value: undefined })
    else this.#error = error
    for (const taker of takers) taker.resolve({ done: true, value: undefined })
  }
}

function parse(schema: z.ZodType, value: unknown): { value: unknown } | AppError {
  try {
    const parsed = schema.safeParse(value)
    if (parsed.success) return { value: parsed.data }
  } catch {
    // A parser that throws must not leave the caller without an answer.
  }
  return protocolError('The answer does not fit the contract')
}

function cancelled(): AppError {
  return new AppError('CANCELLED', 'Cancelled')
}
