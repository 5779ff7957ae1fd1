// The reading end of a stream, and what it shares with calls; knows no particular contract.
import type { z } from 'zod'
import type { Contract } from '../contract/define.ts'
import { AppError } from '../errors.ts'
import { maxCredit, protocolError, type Request } from './wire.ts'

export interface StreamOptions {
  readonly signal?: AbortSignal
  /** How many items may be on their way or waiting here; 16 unless told. */
  readonly credit?: number
}

/** Who waits for the answers to one request. */
export interface Waiting {
  value(value: unknown): void
  item(item: unknown): void
  end(): void
  fail(error: AppError): void
}

/** What a reader needs of the client it belongs to. */
export interface Wire {
  open(make: (id: number) => Request, entry: Waiting): number
  cancel(id: number): void
  send(request: Request): void
}

/** The reading end of one stream: holds at most `credit` items and asks for more when half of them were taken. */
export class StreamReader implements AsyncIterator<unknown> {
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
      --this.#outstanding < 0 ? protocolError('The stream sent more than was asked for') : parseAnswer(this.#item, item)
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

/** The value as the contract says it is, or why it is not. Never throws. */
export function parseAnswer(schema: z.ZodType, value: unknown): { value: unknown } | AppError {
  try {
    const parsed = schema.safeParse(value)
    if (parsed.success) return { value: parsed.data }
  } catch {
    // A parser that throws must not leave the caller without an answer.
  }
  return protocolError('The answer does not fit the contract')
}

export function cancelled(): AppError {
  return new AppError('CANCELLED', 'Cancelled')
}
