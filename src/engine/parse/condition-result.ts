// Holds conditions against what was found, and says it so that a failed one explains itself: `[STATUS] (500) == 200`; pure.

import type { Any, Call, Comparison, Condition, Literal, Pattern, Place } from './condition-kinds.ts'
import { matchesGlob, numberOf, shownValue, timeOf } from './condition-value.ts'
import { durationText, rounded } from './duration.ts'
import { type JsonRead, jsonAt } from './json-path.ts'

/** What an answer was. What is absent was not measured. */
export interface ConditionFacts {
  readonly status?: number
  readonly responseMs?: number
  /** ms until the certificate expires. */
  readonly certificateMs?: number
  /** By name in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly bodyText?: string
  /** Asked only where a condition needs it. */
  readonly json?: () => JsonRead
  readonly now: number
  /** How much a growing number grew within the last `windowMs`, and over how much of that it was watched. */
  readonly growth?: (place: Place, windowMs: number) => { readonly by: number; readonly overMs: number } | null
}

export interface ConditionResult {
  /** `undecided` where it was not watched for long enough yet. */
  readonly outcome: 'met' | 'failed' | 'undecided'
  /** The condition with what was found in it. */
  readonly text: string
  readonly about: 'status' | 'time' | 'certificate' | 'content'
}

type Found = { readonly value: unknown } | { readonly why: string }
type Verdict = { readonly met: boolean | null; readonly shown: string; readonly rightShown?: string }

/** A time that lies this far ahead is a wrong clock, not news. */
const mostAhead = 86_400_000
/** A window that was watched for less than this share of it decides nothing. */
const enoughOfWindow = 0.8

export function evaluateCondition(condition: Condition, facts: ConditionFacts): ConditionResult {
  const { left, age, comparison } = condition
  const { met, shown, rightShown } = verdictOf(condition, facts)
  const parts = [`${left.text}${age ? ' age' : ''} (${shown})`]
  if (comparison) parts.push(comparison.operator, comparison.right.text + (rightShown ? ` (${rightShown})` : ''))
  return {
    outcome: met === null ? 'undecided' : met ? 'met' : 'failed',
    text: parts.join(' '),
    about: aboutOf(left),
  }
}

function aboutOf(left: Place | Call): ConditionResult['about'] {
  if (left.kind !== 'place') return 'content'
  if (left.name === 'STATUS') return 'status'
  if (left.name === 'RESPONSE_TIME') return 'time'
  return left.name === 'CERTIFICATE_EXPIRATION' ? 'certificate' : 'content'
}

function verdictOf({ left, age, comparison }: Condition, facts: ConditionFacts): Verdict {
  if (left.kind === 'has') {
    const has = 'value' in find(left.of, facts)
    const wanted = comparison === null || (comparison.right as Literal).value === 'true'
    const right = comparison?.operator === '!=' ? has !== wanted : has === wanted
    return { met: right, shown: String(has) }
  }
  if (comparison === null) return { met: false, shown: 'nothing to compare' }
  const { operator, right } = comparison
  if (left.kind === 'growth' || left.kind === 'rate' || left.kind === 'share')
    return overTime(left, operator, right as Literal, facts)
  const found = left.kind === 'place' ? find(left, facts) : lengthOf(left.of, facts)
  if ('why' in found) return { met: false, shown: found.why }
  const { value } = found
  if (age) {
    const time = timeOf(value)
    if (time === null) return { met: false, shown: `${shownValue(value)} is not a time` }
    const ms = facts.now - time
    if (ms < -mostAhead) return { met: false, shown: `${durationText(-ms)} ahead of now` }
    return {
      met: compare(Math.max(0, ms), operator, (right as Literal).duration ?? 0),
      shown: durationText(Math.max(0, ms)),
    }
  }
  if (left.kind === 'place' && left.name === 'CERTIFICATE_EXPIRATION')
    return {
      met: compare(value as number, operator, (right as Literal).duration ?? 0),
      shown: durationText(value as number),
    }
  if (left.kind === 'place' && left.name === 'RESPONSE_TIME') {
    const options = right.kind === 'any' ? right.of : [right]
    const met = options.some(one => compare(value as number, operator === '!=' ? '==' : operator, timeLiteral(one)))
    return { met: met !== (operator === '!='), shown: durationText(value as number) }
  }
  return plain(value, operator, right, facts)
}

function timeLiteral(value: Literal | Pattern | Place | Any): number {
  return value.kind === 'literal' ? (value.duration ?? value.number ?? Number.NaN) : Number.NaN
}

function plain(
  value: unknown,
  operator: Comparison,
  right: Literal | Pattern | Any | Place,
  facts: ConditionFacts,
): Verdict {
  const shown = shownValue(value)
  if (operator === '==' || operator === '!=') {
    const options = right.kind === 'any' ? right.of : [right]
    const equal = options.some(one => equals(value, one, facts))
    const other = right.kind === 'place' ? find(right, facts) : null
    const rightShown = other ? ('why' in other ? other.why : shownValue(other.value)) : undefined
    // a place that is not there is neither equal nor different
    const met = other && 'why' in other ? false : equal === (operator === '==')
    return { met, shown, ...(rightShown === undefined ? {} : { rightShown }) }
  }
  const number = numberOf(value)
  if (number === null) return { met: false, shown: `${shown} is not a number` }
  if (right.kind !== 'place') return { met: compare(number, operator, (right as Literal).number ?? Number.NaN), shown }
  const other = find(right, facts)
  const limit = 'value' in other ? numberOf(other.value) : null
  const rightShown =
    'why' in other ? other.why : limit === null ? `${shownValue(other.value)} is not a number` : String(limit)
  return { met: limit !== null && compare(number, operator, limit), shown, rightShown }
}

function overTime(call: Call, operator: Comparison, right: Literal, facts: ConditionFacts): Verdict {
  const found = find(call.of, facts)
  if ('why' in found) return { met: false, shown: found.why }
  if (numberOf(found.value) === null) return { met: false, shown: `${shownValue(found.value)} is not a number` }
  const grown = facts.growth?.(call.of, call.windowMs) ?? null
  if (grown === null) return { met: null, shown: 'not known yet' }
  const whole = grown.overMs >= call.windowMs * enoughOfWindow
  if (call.kind === 'growth') {
    const met = compare(grown.by, operator, right.number ?? Number.NaN)
    // what has grown enough already needs no more watching
    const early = met && (operator === '>' || operator === '>=')
    return { met: whole || early ? met : null, shown: rounded(grown.by) }
  }
  if (!whole) return { met: null, shown: 'not known yet' }
  if (call.kind === 'rate') {
    const rate = grown.by / grown.overMs
    return { met: compare(rate, operator, right.rate ?? Number.NaN), shown: `${rounded(rate * 60_000)}/m` }
  }
  let total = 0
  for (const place of call.total) total += facts.growth?.(place, call.windowMs)?.by ?? 0
  if (total <= 0 && grown.by <= 0) return { met: null, shown: 'nothing happened' }
  const share = grown.by / Math.max(total, grown.by)
  return { met: compare(share, operator, right.percent ?? Number.NaN), shown: `${rounded(share * 100)} %` }
}

function compare(a: number, operator: Comparison, b: number): boolean {
  switch (operator) {
    case '==':
      return a === b
    case '!=':
      return a !== b
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '>':
      return a > b
    case '>=':
      return a >= b
  }
}

function equals(value: unknown, other: Literal | Pattern | Place, facts: ConditionFacts): boolean {
  if (other.kind === 'pat') return isScalar(value) && matchesGlob(other.glob, String(value))
  if (other.kind === 'place') {
    const found = find(other, facts)
    if ('why' in found || !isScalar(value) || !isScalar(found.value)) return false
    return sameScalar(value, found.value)
  }
  if (!isScalar(value)) return false
  if (other.quoted || other.number === null) return String(value) === other.value
  const number = numberOf(value)
  return number === null ? String(value) === other.value : number === other.number
}

function sameScalar(a: unknown, b: unknown): boolean {
  const [x, y] = [numberOf(a), numberOf(b)]
  return x !== null && y !== null ? x === y : String(a) === String(b)
}

function find(place: Place, facts: ConditionFacts): Found {
  switch (place.name) {
    case 'STATUS':
      return known(facts.status)
    case 'RESPONSE_TIME':
      return known(facts.responseMs)
    case 'CERTIFICATE_EXPIRATION':
      return facts.certificateMs === undefined ? { why: 'no certificate' } : { value: facts.certificateMs }
    case 'HEADERS': {
      const name = String(place.path[0]).toLowerCase()
      const { headers = {} } = facts
      return Object.hasOwn(headers, name) ? { value: headers[name] } : { why: 'missing' }
    }
    case 'BODY': {
      if (place.path.length === 0) return known(facts.bodyText)
      const json = facts.json?.() ?? { ok: false as const, message: 'no body' }
      if (!json.ok) return { why: json.message }
      const value = jsonAt(json.value, place.path)
      return value === undefined ? { why: 'missing' } : { value }
    }
  }
}

function known(value: unknown): Found {
  return value === undefined ? { why: 'not known' } : { value }
}

function lengthOf(place: Place, facts: ConditionFacts): Found {
  const json = place.name === 'BODY' && place.path.length === 0 ? facts.json?.() : undefined
  const found: Found = json?.ok ? { value: json.value } : find(place, facts)
  if ('why' in found) return found
  const { value } = found
  if (typeof value === 'string' || Array.isArray(value)) return { value: value.length }
  if (typeof value === 'object' && value !== null) return { value: Object.keys(value).length }
  return { why: `${shownValue(value)} has no length` }
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value !== 'object'
}
