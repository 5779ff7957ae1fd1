// Answers a contract's calls over a port; trusts nothing that comes in and survives all of it. Knows no particular contract.
import type { z } from 'zod'
import type {
  CallName,
  CallOutput,
  Contract,
  EventName,
  EventPayload,
  HandlerInput,
  StreamItem,
  StreamName,
} from '../contract/define.ts'
import { AppError } from '../errors.ts'
import type { Port } from './port.ts'
import { isWithin, maxCredit, protocolError, type Reply, type Request, readRequest } from './wire.ts'

export interface HandlerContext {
  /** Aborts when the caller no longer wants the answer, or is gone. */
  readonly signal: AbortSignal
}

export type CallHandler<D> = (input: HandlerInput<D>, context: HandlerContext) => CallOutput<D> | Promise<CallOutput<D>>
export type StreamHandler<D> = (input: HandlerInput<D>, context: HandlerContext) => AsyncIterable<StreamItem<D>>

/** One handler for each call and stream of a contract: a missing one does not compile. */
export type Handlers<C extends Contract> = { readonly [K in CallName<C>]: CallHandler<C[K]> } & {
  readonly [K in StreamName<C>]: StreamHandler<C[K]>
}

export interface RpcLog {
  warn(message: string, fields?: Record<string, string | number | boolean | null | undefined>): void
}

export interface ServeOptions {
  readonly log?: RpcLog
  /** Requests of one peer in work at a time. */
  readonly maxPending?: number
  /** About how many bytes one request may hold. */
  readonly maxRequestBytes?: number
}

export interface Server<C extends Contract> {
  /** Tells the peer; a payload that does not fit the contract is logged and dropped. */
  emit<N extends EventName<C>>(name: N, payload: EventPayload<C[N]>): void
  /** Cancels all work for this peer and closes the port. */
  dispose(): void
}

interface Work {
  readonly controller: AbortController
  credit: number
  /** Wakes a stream that waits for credit, or is to stop. */
  wake: () => void
}

type LooseHandler = (input: unknown, context: HandlerContext) => unknown

/** Serves `contract` to the peer behind `port` until either end closes. */
export function serve<C extends Contract>(
  contract: C,
  port: Port,
  handlers: Handlers<C>,
  options: ServeOptions = {},
): Server<C> {
  const { log, maxPending = 1024, maxRequestBytes = 4 * 1024 * 1024 } = options
  const pending = new Map<number, Work>()
  let ended = false

  const post = (reply: Reply): void => {
    if (!ended) port.post(reply)
  }

  const fail = (id: number, caught: unknown): void => {
    const error = AppError.from(caught).toShape()
    try {
      post({ t: 'fail', id, error })
    } catch {
      // A detail that cannot be cloned: a bug of ours, which must not leave the caller without an answer.
      post({ t: 'fail', id, error: { code: error.code, message: error.message } })
    }
  }

  const refuse = (error: AppError): void => {
    log?.warn('message refused', { reason: error.message })
    post({ t: 'refused', error: error.toShape() })
  }

  const onMessage = (message: unknown): void => {
    const request = readRequest(message)
    if (request instanceof AppError) refuse(request)
    else if (request.t === 'cancel') pending.get(request.id)?.controller.abort()
    else if (request.t === 'credit') addCredit(pending.get(request.id), request.credit)
    else if (pending.has(request.id)) refuse(protocolError('This id is in use'))
    else {
      const error = start(request)
      if (error) fail(request.id, error)
    }
  }

  /** Starts the work of a request, or says why not. */
  const start = (request: Extract<Request, { t: 'call' | 'open' }>): AppError | null => {
    if (pending.size >= maxPending) return protocolError('Too many requests at a time')
    const definition = Object.hasOwn(contract, request.name) ? contract[request.name] : undefined
    const handler = Object.hasOwn(handlers, request.name)
      ? (handlers as unknown as Record<string, LooseHandler>)[request.name]
      : undefined
    const wanted = request.t === 'open' ? 'stream' : 'call'
    if (
      !definition ||
      !handler ||
      definition.kind === 'event' ||
      (definition.kind === 'stream') !== (wanted === 'stream')
    ) {
      return protocolError(`There is no such ${wanted}`)
    }
    if (!isWithin(request.input, maxRequestBytes)) return protocolError('The request is too large')
    const input = parseInput(definition.input, request.input)
    if (input instanceof AppError) return input
    const work: Work = { controller: new AbortController(), credit: 0, wake: () => {} }
    work.controller.signal.addEventListener('abort', () => work.wake(), { once: true })
    pending.set(request.id, work)
    if (request.t === 'open' && definition.kind === 'stream') {
      work.credit = request.credit
      void pump(request.id, work, definition.item, () => handler(input.value, { signal: work.controller.signal }))
    } else if (definition.kind !== 'stream') {
      void answer(request.id, work, definition.output, () => handler(input.value, { signal: work.controller.signal }))
    }
    return null
  }

  const answer = async (id: number, work: Work, schema: z.ZodType, run: () => unknown): Promise<void> => {
    try {
      const value = parseOutput(schema, await run())
      if (work.controller.signal.aborted) throw cancelled()
      post({ t: 'ok', id, value })
    } catch (error) {
      fail(id, error)
    } finally {
      pending.delete(id)
    }
  }

  const pump = async (id: number, work: Work, schema: z.ZodType, run: () => unknown): Promise<void> => {
    let iterator: AsyncIterator<unknown> | undefined
    try {
      iterator = (run() as AsyncIterable<unknown>)[Symbol.asyncIterator]()
      for (;;) {
        // Nothing is pulled that the reader has not asked for: the producer's own backpressure does the rest.
        while (work.credit === 0 && !work.controller.signal.aborted) await woken(work)
        if (work.controller.signal.aborted) throw cancelled()
        const next = await nextOrAbort(iterator, work.controller.signal)
        if (next.done) break
        work.credit--
        post({ t: 'item', id, item: parseOutput(schema, next.value) })
      }
      iterator = undefined
      post({ t: 'end', id })
    } catch (error) {
      fail(id, error)
    } finally {
      // Counts as pending until the producer has really stopped, so that opening and cancelling in a loop is bounded too.
      try {
        await iterator?.return?.()
      } catch (error) {
        log?.warn('stream ended badly', { error: String(error) })
      }
      pending.delete(id)
    }
  }

  const end = (): void => {
    if (ended) return
    ended = true
    stop()
    for (const work of pending.values()) work.controller.abort()
  }
  const stop = port.listen(onMessage, end)

  return {
    emit(name, payload) {
      const definition = contract[name]
      if (ended || definition?.kind !== 'event') return
      const parsed = definition.payload.safeParse(payload)
      if (!parsed.success) {
        log?.warn('event dropped', { name, reason: explain(parsed.error) })
        return
      }
      try {
        post({ t: 'event', name, payload: parsed.data })
      } catch (error) {
        log?.warn('event dropped', { name, reason: String(error) })
      }
    },
    dispose() {
      end()
      port.close()
    },
  }
}

function parseInput(schema: z.ZodType, value: unknown): { value: unknown } | AppError {
  try {
    const parsed = schema.safeParse(value)
    if (parsed.success) return { value: parsed.data }
    const issues = parsed.error.issues.slice(0, 20)
    return new AppError('INVALID_INPUT', explain(parsed.error), {
      detail: { issues: issues.map(issue => ({ path: issue.path.map(String).join('.'), message: issue.message })) },
    })
  } catch (error) {
    return new AppError('INVALID_INPUT', 'The input could not be read', { cause: error })
  }
}

function parseOutput(schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new AppError('INTERNAL', `The answer does not fit the contract: ${explain(parsed.error)}`)
}

function explain(error: z.ZodError): string {
  const issue = error.issues[0]
  if (!issue) return 'Invalid'
  const path = issue.path.map(String).join('.')
  return path ? `${path}: ${issue.message}` : issue.message
}

function addCredit(work: Work | undefined, credit: number): void {
  if (!work) return
  work.credit = Math.min(maxCredit, work.credit + credit)
  work.wake()
}

function woken(work: Work): Promise<void> {
  return new Promise(resolve => {
    work.wake = resolve
  })
}

// A producer that never looks at its signal must not keep the reader waiting for the end.
function nextOrAbort(iterator: AsyncIterator<unknown>, signal: AbortSignal): Promise<IteratorResult<unknown>> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(cancelled())
    signal.addEventListener('abort', onAbort, { once: true })
    iterator
      .next()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort))
  })
}

function cancelled(): AppError {
  return new AppError('CANCELLED', 'Cancelled')
}
