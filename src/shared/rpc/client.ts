// Asks a contract's questions over a port, as typed functions; knows no particular contract and not what is behind the port.
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
import { cancelled, parseAnswer, type StreamOptions, StreamReader, type Waiting } from './stream-reader.ts'
import { protocolError, type Reply, type Request, readReply } from './wire.ts'

export type { StreamOptions }

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
    const parsed = parseAnswer(definition.payload, payload)
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
          const parsed = parseAnswer(definition.output, value)
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
