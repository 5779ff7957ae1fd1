// What travels over a port, and how a message from an untrusted peer is told from nonsense; knows no contract.
import { ErrorShape } from '../error-shape.ts'
import { AppError } from '../errors.ts'

/** From the one who asks. `id` is chosen by the asker and unused at that time. */
export type Request =
  | { readonly t: 'call'; readonly id: number; readonly name: string; readonly input: unknown }
  | { readonly t: 'open'; readonly id: number; readonly name: string; readonly input: unknown; readonly credit: number }
  | { readonly t: 'credit'; readonly id: number; readonly credit: number }
  | { readonly t: 'cancel'; readonly id: number }

/** From the one who answers. */
export type Reply =
  | { readonly t: 'ok'; readonly id: number; readonly value: unknown }
  | { readonly t: 'fail'; readonly id: number; readonly error: ErrorShape }
  | { readonly t: 'item'; readonly id: number; readonly item: unknown }
  | { readonly t: 'end'; readonly id: number }
  | { readonly t: 'event'; readonly name: string; readonly payload: unknown }
  /** A message that was not even a request. */
  | { readonly t: 'refused'; readonly error: ErrorShape }

export const maxCredit = 1_000_000
const maxNameLength = 100

/** The request in a message, or why it is none. Never throws. */
export function readRequest(message: unknown): Request | AppError {
  if (!isRecord(message)) return protocolError('A message must be an object')
  const { t, id, name, credit } = message
  if (!Number.isSafeInteger(id) || (id as number) < 0) return protocolError('A message needs an id')
  if (t === 'cancel') return message as Request
  if (t === 'credit') return isCredit(credit) ? (message as Request) : protocolError('Credit is out of range')
  if (t !== 'call' && t !== 'open') return protocolError('Unknown kind of message')
  if (typeof name !== 'string' || name.length > maxNameLength) return protocolError('A request needs a name')
  if (t === 'open' && !isCredit(credit)) return protocolError('Credit is out of range')
  return message as Request
}

/** The reply in a message, or null. Never throws. */
export function readReply(message: unknown): Reply | null {
  if (!isRecord(message)) return null
  const { t, id, name, error } = message
  if (t === 'event') return typeof name === 'string' ? (message as Reply) : null
  if (t === 'refused') return ErrorShape.safeParse(error).success ? (message as Reply) : null
  if (!Number.isSafeInteger(id)) return null
  if (t === 'fail') return ErrorShape.safeParse(error).success ? (message as Reply) : null
  return t === 'ok' || t === 'item' || t === 'end' ? (message as Reply) : null
}

/**
 * Is this value, as a parser would walk it, within `limit` (about bytes)? Stops as soon as it is not, so that neither sparse arrays of
 * four billion elements nor cycles nor objects shared a million times cost anything. Never throws.
 */
export function isWithin(value: unknown, limit: number, maxDepth = 64): boolean {
  let left = limit
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return false
    const next: unknown[] = []
    for (const item of level) {
      if (typeof item === 'string') left -= item.length
      else if (typeof item === 'bigint') left -= 64
      else if (typeof item === 'object' && item !== null) left -= childrenOf(item, left, next)
      if (left < 0) return false
    }
    level = next
  }
  return true
}

// What an object costs, 8 for each child, which are appended to `into` only where there is budget for that many: an object that
// holds the same large one many times would else be unfolded in memory before it is found too large.
function childrenOf(item: object, budget: number, into: unknown[]): number {
  if (ArrayBuffer.isView(item) || item instanceof ArrayBuffer) return item.byteLength
  if (Array.isArray(item)) {
    const cost = 8 + item.length * 8
    if (cost <= budget) for (const element of item) into.push(element)
    return cost
  }
  if (item instanceof Map || item instanceof Set) {
    const cost = 8 + item.size * 16
    if (cost <= budget) for (const [key, element] of item.entries()) into.push(key, element)
    return cost
  }
  const keys = Object.keys(item)
  let cost = 8
  for (const key of keys) cost += 8 + key.length
  if (cost <= budget) for (const key of keys) into.push((item as Record<string, unknown>)[key])
  return cost
}

export function protocolError(message: string): AppError {
  return new AppError('PROTOCOL', message)
}

function isCredit(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= maxCredit
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
