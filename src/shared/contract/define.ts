// The vocabulary in which contracts are written; knows neither transport nor any particular call.
import type { z } from 'zod'

type Schema = z.ZodType

/** A question without effect. */
export interface Query<I extends Schema = Schema, O extends Schema = Schema> {
  readonly kind: 'query'
  readonly input: I
  readonly output: O
}
/** A request that may change something. */
export interface Command<I extends Schema = Schema, O extends Schema = Schema> {
  readonly kind: 'command'
  readonly input: I
  readonly output: O
}
/** Something that happened, told to every connected peer. */
export interface Event<P extends Schema = Schema> {
  readonly kind: 'event'
  readonly payload: P
}
/** A flow of items with credit-based flow control; ends by itself or by cancel. */
export interface Stream<I extends Schema = Schema, T extends Schema = Schema> {
  readonly kind: 'stream'
  readonly input: I
  readonly item: T
}

export type Contract = Readonly<Record<string, Query | Command | Event | Stream>>

export const query = <I extends Schema, O extends Schema>(input: I, output: O): Query<I, O> => ({
  kind: 'query',
  input,
  output,
})
export const command = <I extends Schema, O extends Schema>(input: I, output: O): Command<I, O> => ({
  kind: 'command',
  input,
  output,
})
export const event = <P extends Schema>(payload: P): Event<P> => ({ kind: 'event', payload })
export const stream = <I extends Schema, T extends Schema>(input: I, item: T): Stream<I, T> => ({
  kind: 'stream',
  input,
  item,
})

export type CallName<C extends Contract> = {
  [K in keyof C]: C[K] extends Query | Command ? K : never
}[keyof C] &
  string
export type EventName<C extends Contract> = { [K in keyof C]: C[K] extends Event ? K : never }[keyof C] & string
export type StreamName<C extends Contract> = { [K in keyof C]: C[K] extends Stream ? K : never }[keyof C] & string

/** What a caller passes. */
export type CallInput<D> = D extends { input: infer I extends Schema } ? z.input<I> : never
/** What a handler receives, after defaults were filled in. */
export type HandlerInput<D> = D extends { input: infer I extends Schema } ? z.output<I> : never
export type CallOutput<D> = D extends { output: infer O extends Schema } ? z.output<O> : never
export type EventPayload<D> = D extends Event<infer P> ? z.output<P> : never
export type StreamItem<D> = D extends Stream<Schema, infer T> ? z.output<T> : never
