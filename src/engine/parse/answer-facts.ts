// Makes of an answer what conditions are held against, and keeps between answers how the numbers that they watch went (R47); asks nobody.
import { parseCondition } from './condition.ts'
import type { Condition, Place } from './condition-kinds.ts'
import type { ConditionFacts } from './condition-result.ts'
import { numberOf } from './condition-value.ts'
import { type Counted, counted, growthWithin } from './growth.ts'
import { type JsonRead, jsonAt, parseJsonPath, readJson } from './json-path.ts'

export interface Answer {
  readonly status: number
  readonly responseMs: number
  readonly headers?: Readonly<Record<string, string>>
  readonly certificateMs?: number
  /** Decoded only where it is wanted. */
  readonly text: () => string
  readonly truncated: boolean
}

export interface Watching {
  /** Wall ms. */
  readonly now: number
  readonly monotonic: number
  /** Kept from probe to probe. */
  readonly memory: Map<string, unknown>
  /** Of one memory, each has its own. */
  readonly vantage: string
}

/** A condition of a spec that has been parsed already. */
export function readCondition(text: string): Condition {
  const parsed = parseCondition(text)
  if (!parsed.ok) throw new Error(`not a condition: ${text}`)
  return parsed.condition
}

/** Does it look into the body? */
export function needsBody({ left, comparison }: Condition): boolean {
  const places: Place[] = [left.kind === 'place' ? left : left.of]
  const right = comparison?.right
  for (const one of right?.kind === 'any' ? right.of : [right]) if (one?.kind === 'place') places.push(one)
  return places.some(({ name }) => name === 'BODY')
}

/** The facts of one answer, which is noted for the growth of what the conditions watch. */
export function answerFacts(answer: Answer, watching: Watching, conditions: readonly Condition[]): ConditionFacts {
  let text: string | null = null
  const bodyText = (): string => {
    text ??= answer.text()
    return text
  }
  let read: JsonRead | null = null
  const json = (): JsonRead => {
    read ??= answer.truncated ? { ok: false, message: 'too long' } : readJson(bodyText())
    return read
  }
  for (const { place, windowMs } of watched(conditions)) {
    const found = json()
    const value = found.ok ? numberOf(jsonAt(found.value, place.path)) : null
    if (value === null) continue
    const history = counted(historyOf(watching, place), { at: watching.monotonic, value }, windowMs)
    watching.memory.set(keyOf(watching, place), history)
  }
  const { status, responseMs, headers, certificateMs } = answer
  return {
    status,
    responseMs,
    ...(headers ? { headers } : {}),
    ...(certificateMs === undefined ? {} : { certificateMs }),
    get bodyText() {
      return bodyText()
    },
    json,
    now: watching.now,
    growth: (place, windowMs) => growthWithin(historyOf(watching, place), windowMs),
  }
}

/** The numbers at these paths; what is none is left out. */
export function numbersAt(
  wanted: readonly { readonly name: string; readonly path: string }[],
  facts: ConditionFacts,
): { name: string; value: number }[] {
  const read = wanted.length === 0 ? undefined : facts.json?.()
  if (!read?.ok) return []
  return wanted.flatMap(({ name, path }) => {
    const parsed = parseJsonPath(path)
    const value = parsed.ok ? numberOf(jsonAt(read.value, parsed.path)) : null
    return value === null ? [] : [{ name, value }]
  })
}

/** The places whose growth is asked for, each with the widest window. */
function watched(conditions: readonly Condition[]): Iterable<{ place: Place; windowMs: number }> {
  const widest = new Map<string, { place: Place; windowMs: number }>()
  for (const { left } of conditions) {
    if (left.kind !== 'growth' && left.kind !== 'rate' && left.kind !== 'share') continue
    for (const place of [left.of, ...left.total]) {
      const windowMs = Math.max(left.windowMs, widest.get(place.text)?.windowMs ?? 0)
      widest.set(place.text, { place, windowMs })
    }
  }
  return widest.values()
}

const keyOf = ({ vantage }: Watching, place: Place): string => `growth ${vantage} ${place.text}`

function historyOf(watching: Watching, place: Place): readonly Counted[] {
  return (watching.memory.get(keyOf(watching, place)) as readonly Counted[] | undefined) ?? []
}
