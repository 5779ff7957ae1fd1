// What a kind of channel is: a schema and a way to send; knows no kind, no outbox and no alert.
import type { z } from 'zod'
import type { Notification } from '../../shared/model/channel.ts'
import type { Clock } from '../lib/clock.ts'
import { permanent, type SendFailure } from '../lib/send-failure.ts'
import type { Native } from '../ports.ts'

/** How sending ended. `pauseMs`: it arrived, and the service takes nothing more for so long. */
export type SendResult = { readonly ok: true; readonly pauseMs?: number } | SendFailure

/** All that a channel may use. */
export interface SendContext {
  readonly clock: Clock
  /** Aborts when sending takes too long or the app ends. */
  readonly signal: AbortSignal
  readonly native: Native
  /** A secret field of the spec, from the vault; null where none is stored. Rejects with VAULT_LOCKED. */
  secret(field: string): Promise<string | null>
}

/** The way a kind of channel is written: one file, one line in the index. */
export interface ChannelType<S extends z.ZodObject = z.ZodObject> {
  readonly type: string
  readonly title: string
  readonly description: string
  /** Fields carry `.meta({ title, description })`; one with `.meta({ secret: true })` is kept in the vault and is absent from the spec. */
  readonly spec: S
  readonly addable: boolean
  /** Where stored secrets are sent to: if that changes, they have to be given anew. Absent where a secret is itself the address. */
  secretsGoTo?(spec: z.output<S>): string
  /** Throws only for bugs; what the network or the service does is a result. */
  send(context: SendContext, spec: z.output<S>, notification: Notification): Promise<SendResult>
}

/** Keeps the spec's type while a kind is declared. */
export const channelType = <S extends z.ZodObject>(type: ChannelType<S>): ChannelType<S> => type

/** A secret that sending is not possible without. Rejects with VAULT_LOCKED. */
export async function neededSecret(
  { secret }: Pick<SendContext, 'secret'>,
  field: string,
  title: string,
): Promise<{ value: string } | SendFailure> {
  const value = (await secret(field))?.trim()
  return value ? { value } : permanent(`${title} is missing: enter it in the channel's settings`)
}
