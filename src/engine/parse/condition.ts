// Reads conditions such as `[STATUS] == 200`, and says where one is wrong; knows nothing of what it will be held against.
import { literal, literalProblem, otherProblem } from './condition-check.ts'
import type { Any, Call, Comparison, Condition, Literal, Pattern, Place, PlaceName } from './condition-kinds.ts'
import { parseDuration } from './duration.ts'
import { readJsonPath } from './json-path.ts'

export type ConditionParse =
  | { readonly ok: true; readonly condition: Condition }
  | { readonly ok: false; readonly message: string; readonly at: number }

export const longestCondition = 500
const longestWindow = 86_400_000
const mostAlternatives = 64
const placeNames: readonly string[] = ['STATUS', 'RESPONSE_TIME', 'CERTIFICATE_EXPIRATION', 'HEADERS', 'BODY']

export function parseCondition(text: string): ConditionParse {
  const reader = new Reader(text)
  try {
    if (text.length > longestCondition) reader.fail(`at most ${longestCondition} characters`, longestCondition)
    return { ok: true, condition: reader.condition() }
  } catch (caught) {
    if (caught instanceof Problem) return { ok: false, message: caught.message, at: caught.at }
    throw caught
  }
}

/** What is wrong with a condition, with the place in words; null where it is right. */
export function conditionProblem(text: string): string | null {
  const parsed = parseCondition(text)
  if (parsed.ok) return null
  const before = text.slice(0, parsed.at)
  const where =
    before.trim() === '' ? 'At the beginning' : `After "${before.length > 40 ? '…' : ''}${before.slice(-40)}"`
  return `${where} (character ${parsed.at + 1}): ${parsed.message}`
}

class Problem extends Error {
  readonly at: number
  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  fail(message: string, at = this.#at): never {
    throw new Problem(message, at)
  }

  condition(): Condition {
    this.#blanks()
    const left = this.#left()
    this.#blanks()
    const age = /^age\b/.test(this.#rest)
    if (age) {
      if (left.kind !== 'place' || (left.name !== 'BODY' && left.name !== 'HEADERS'))
        this.fail('age is of a time in [BODY] or [HEADERS]')
      this.#at += 3
      this.#blanks()
    }
    const text = this.#text.trim()
    if (left.kind === 'has' && this.#rest === '') return { text, left, age, comparison: null }
    const operator = /^(?:==|!=|<=|>=|<|>)/.exec(this.#rest)?.[0] as Comparison | undefined
    if (operator === undefined) {
      this.fail(
        /^=/.test(this.#rest)
          ? 'equality is written =='
          : 'a comparison is wanted: ==, !=, <, <=, > or >=, and a value',
      )
    }
    this.#at += operator.length
    this.#blanks()
    const start = this.#at
    const right = this.#right()
    this.#blanks()
    if (this.#rest !== '') this.fail('nothing may follow here; a text with blanks stands in "quotes"')
    this.#check(left, age, operator, right, start)
    return { text, left, age, comparison: { operator, right } }
  }

  get #rest(): string {
    return this.#text.slice(this.#at)
  }

  #blanks(): void {
    this.#at += /^\s*/.exec(this.#rest)?.[0].length ?? 0
  }

  #take(what: string, message: string): void {
    this.#blanks()
    if (!this.#rest.startsWith(what)) this.fail(message)
    this.#at += what.length
    this.#blanks()
  }

  #left(): Place | Call {
    const start = this.#at
    const name = /^(len|has|growth|rate|share)\(/.exec(this.#rest)?.[1] as Call['kind'] | undefined
    if (name === undefined) {
      if (!this.#rest.startsWith('['))
        this.fail(
          'a condition begins with [STATUS], [RESPONSE_TIME], [CERTIFICATE_EXPIRATION], [HEADERS].name, [BODY].path or a function',
        )
      return this.#place()
    }
    this.#at += name.length + 1
    this.#blanks()
    const inside = this.#at
    const of = this.#place()
    if (of.name !== 'BODY' && !(of.name === 'HEADERS' && (name === 'len' || name === 'has')))
      this.fail(`${name}() takes a place in [BODY]`, inside)
    const total: Place[] = []
    let windowMs = 0
    if (name === 'share') {
      this.#take(',', 'what it is a share of is wanted: share([BODY].errors, [BODY].updates, 10m)')
      do {
        total.push(this.#place())
        this.#blanks()
      } while (this.#skip('+') && total.length < 8)
    }
    if (name !== 'len' && name !== 'has') {
      this.#take(',', `a length of time is wanted: ${name}(…, 5m)`)
      const word = /^[^\s),]*/.exec(this.#rest)?.[0] ?? ''
      windowMs = parseDuration(word) ?? this.fail('a length of time such as 30s, 5m or 1h is wanted')
      if (windowMs < 1_000 || windowMs > longestWindow) this.fail('between a second and a day')
      this.#at += word.length
    }
    this.#take(')', '")" is wanted')
    return { kind: name, of, total, windowMs, text: this.#text.slice(start, this.#at).trim() }
  }

  #skip(what: string): boolean {
    if (!this.#rest.startsWith(what)) return false
    this.#at += what.length
    this.#blanks()
    return true
  }

  #place(): Place {
    const start = this.#at
    const name = /^\[([A-Za-z_]*)\]/.exec(this.#rest)
    if (!name) this.fail('a place such as [BODY].path is wanted')
    const word = (name[1] ?? '').toUpperCase()
    if (!placeNames.includes(word)) this.fail(`[${name[1]}] is not known; there are [${placeNames.join('], [')}]`)
    this.#at += name[0].length
    const read = readJsonPath(this.#text, this.#at)
    if (!read.ok) this.fail(read.message, read.at)
    if (word === 'HEADERS' && (read.path.length !== 1 || typeof read.path[0] !== 'string'))
      this.fail('one header is named: [HEADERS].content-type')
    if (word !== 'HEADERS' && word !== 'BODY' && read.path.length > 0) this.fail(`[${word}] has no parts`)
    this.#at = read.end
    return { kind: 'place', name: word as PlaceName, path: read.path, text: this.#text.slice(start, this.#at) }
  }

  #right(): Literal | Pattern | Any | Place {
    if (!/^any\(/.test(this.#rest)) return this.#operand()
    const start = this.#at
    this.#at += 4
    const of: (Literal | Pattern | Place)[] = []
    do {
      this.#blanks()
      of.push(this.#operand())
      this.#blanks()
      if (of.length > mostAlternatives) this.fail(`at most ${mostAlternatives} alternatives`)
    } while (this.#skip(','))
    this.#take(')', '"," or ")" is wanted')
    return { kind: 'any', of, text: this.#text.slice(start, this.#at).trim() }
  }

  #operand(): Literal | Pattern | Place {
    const rest = this.#rest
    if (rest.startsWith('[')) return this.#place()
    const pattern = /^pat\(((?:[^()\\]|\\.)*)\)/.exec(rest)
    if (pattern) {
      this.#at += pattern[0].length
      return { kind: 'pat', glob: (pattern[1] ?? '').replace(/\\(.)/g, '$1'), text: pattern[0] }
    }
    if (rest.startsWith('pat('))
      this.fail('the pattern must end with ")"; \\( and \\) stand for parentheses in it', this.#at + 4)
    if (rest.startsWith('any(')) this.fail('any() does not stand inside any()')
    const quoted = /^"((?:[^"\\]|\\.)*)"|^'([^']*)'/.exec(rest)
    if (quoted) {
      this.#at += quoted[0].length
      const value = quoted[2] ?? (quoted[1] ?? '').replace(/\\(.)/g, '$1')
      return {
        kind: 'literal',
        text: quoted[0],
        value,
        quoted: true,
        number: null,
        duration: null,
        percent: null,
        rate: null,
      }
    }
    if (/^["']/.test(rest)) this.fail('the closing quote is missing')
    const word = /^[^\s,()"]+/.exec(rest)?.[0]
    if (word === undefined) this.fail('a value is wanted')
    this.#at += word.length
    return literal(word)
  }

  /** What can be known to be wrong before anything is measured. */
  #check(
    left: Place | Call,
    age: boolean,
    operator: Comparison,
    right: Literal | Pattern | Any | Place,
    at: number,
  ): void {
    const equality = operator === '==' || operator === '!='
    if ((right.kind === 'pat' || right.kind === 'any') && !equality)
      this.fail(`${right.kind}() goes with == and !=`, at)
    for (const one of right.kind === 'any' ? right.of : [right]) {
      const problem = one.kind === 'literal' ? literalProblem(left, age, equality, one) : otherProblem(left, age, one)
      if (problem !== null) this.fail(problem, at)
    }
  }
}
