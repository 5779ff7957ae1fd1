// Knows which values make sense beside which places of a condition, before anything is measured; reads no text but single words.
import type { Call, Literal, Pattern, Place } from './condition-kinds.ts'
import { parseDuration } from './duration.ts'

/** A word as whatever it can be read as. */
export function literal(text: string): Literal {
  const number = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : null
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)
  const rate = /^(\d+(?:\.\d+)?)\/(s|m|min|h|d)$/.exec(text)
  const per = rate ? parseDuration(`1${rate[2]}`) : null
  return {
    kind: 'literal',
    text,
    value: text,
    quoted: false,
    number,
    duration: parseDuration(text),
    percent: percent ? Number(percent[1]) / 100 : null,
    rate: rate && per ? Number(rate[1]) / per : null,
  }
}

/** Why a value cannot be what the left is compared with; null where it can. */
export function literalProblem(left: Place | Call, age: boolean, equality: boolean, value: Literal): string | null {
  const needsTime = age || (left.kind === 'place' && left.name === 'CERTIFICATE_EXPIRATION')
  if (needsTime) return value.duration === null ? 'a length of time is wanted, such as 30s, 5m, 12h or 14d' : null
  if (left.kind === 'has')
    return /^(?:true|false)$/.test(value.value) && equality ? null : 'has() is == true or == false'
  if (left.kind === 'share') return value.percent === null ? 'a percentage is wanted, such as 5%' : null
  if (left.kind === 'rate') return value.rate === null ? 'a rate is wanted, such as 3/m or 100/h' : null
  if (left.kind === 'place' && left.name === 'RESPONSE_TIME')
    return value.number === null && value.duration === null ? 'milliseconds are wanted, or a time such as 2s' : null
  if (left.kind !== 'place' || left.name === 'STATUS') return value.number === null ? 'a number is wanted' : null
  if (equality || value.number !== null) return null
  return value.duration === null
    ? 'only numbers are compared with <, <=, > and >='
    : 'only numbers are compared; for how long ago a time was, write age before the comparison'
}

/** The same for patterns and places. */
export function otherProblem(left: Place | Call, age: boolean, value: Pattern | Place): string | null {
  const content = left.kind === 'place' && (left.name === 'BODY' || left.name === 'HEADERS') && !age
  if (value.kind === 'pat')
    return content || (left.kind === 'place' && left.name === 'STATUS')
      ? null
      : 'pat() goes with [STATUS], [HEADERS] and [BODY]'
  return content || left.kind === 'len' ? null : 'a value is wanted, not a place'
}
