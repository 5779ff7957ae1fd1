// Reads JSON together with where each value stands, so that one value can be changed and every other byte stays; knows nothing of what it means.

export interface JsonMember {
  readonly key: string
  /** Of the key's opening quote. */
  readonly start: number
  readonly keyEnd: number
  readonly value: JsonNode
}
/** `end` is the index after its last character. */
export type JsonNode =
  | { readonly kind: 'object'; readonly start: number; readonly end: number; readonly members: readonly JsonMember[] }
  | { readonly kind: 'array'; readonly start: number; readonly end: number; readonly items: readonly JsonNode[] }
  | {
      readonly kind: 'plain'
      readonly start: number
      readonly end: number
      readonly value: string | number | boolean | null
    }
export type JsonObject = Extract<JsonNode, { kind: 'object' }>

/** Deeper nesting is no file that anybody wrote. */
const deepest = 64
const blank = /[ \t\r\n]*/y
const word = /"[^"\\]*(?:\\.[^"\\]*)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

/** Null where the text is not JSON, is nested too deeply, or something follows it. */
export function readJsonSpans(text: string): JsonNode | null {
  try {
    const reader = new Reader(text)
    const node = reader.value(0)
    return reader.atEnd() ? node : null
  } catch (caught) {
    if (caught instanceof NotJson) return null
    throw caught
  }
}

class NotJson extends Error {}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
    if (text.startsWith('\ufeff')) this.#at = 1
  }

  atEnd(): boolean {
    this.#skip()
    return this.#at === this.#text.length
  }

  value(depth: number): JsonNode {
    if (depth > deepest) throw new NotJson()
    this.#skip()
    const start = this.#at
    const first = this.#text[start]
    if (first === '{') {
      const members = this.#list('}', () => this.#member(depth + 1))
      return { kind: 'object', start, end: this.#at, members }
    }
    if (first === '[') {
      const items = this.#list(']', () => this.value(depth + 1))
      return { kind: 'array', start, end: this.#at, items }
    }
    return { kind: 'plain', start, value: this.#plain(), end: this.#at }
  }

  #member(depth: number): JsonMember {
    this.#skip()
    const start = this.#at
    const key = this.#plain()
    if (typeof key !== 'string') throw new NotJson()
    const keyEnd = this.#at
    this.#skip()
    this.#take(':')
    return { key, start, keyEnd, value: this.value(depth) }
  }

  #list<T>(close: string, one: () => T): T[] {
    const found: T[] = []
    this.#at++
    this.#skip()
    while (this.#text[this.#at] !== close) {
      if (found.length > 0) this.#take(',')
      found.push(one())
      this.#skip()
    }
    this.#at++
    return found
  }

  #plain(): string | number | boolean | null {
    word.lastIndex = this.#at
    const [found] = word.exec(this.#text) ?? []
    if (found === undefined) throw new NotJson()
    this.#at += found.length
    try {
      return JSON.parse(found) as string | number | boolean | null
    } catch {
      throw new NotJson()
    }
  }

  #take(char: string): void {
    if (this.#text[this.#at] !== char) throw new NotJson()
    this.#at++
  }

  #skip(): void {
    blank.lastIndex = this.#at
    blank.exec(this.#text)
    this.#at = blank.lastIndex
  }
}

/** The value that counts where a key stands twice: the last one, as every reader has it. */
export function memberOf(object: JsonObject, key: string): JsonMember | undefined {
  return object.members.findLast(member => member.key === key)
}

/** The plain value of a member; undefined where there is none or it is not plain. */
export function plainOf(object: JsonObject, key: string): string | number | boolean | null | undefined {
  const value = memberOf(object, key)?.value
  return value?.kind === 'plain' ? value.value : undefined
}

/** How a list is laid out: what stands before its first item, between two, and after the last. */
export interface ListLayout {
  readonly lead: string
  readonly separator: string
  readonly tail: string
}

interface Span {
  readonly start: number
  readonly end: number
}

/** The layout of what stands between the brackets of `list`; null where it has too few items to tell. */
export function layoutOf(text: string, list: Span, items: readonly Span[]): ListLayout | null {
  const [first, second] = items
  const last = items.at(-1)
  if (!first || !last) return null
  const lead = text.slice(list.start + 1, first.start)
  const separator = second ? text.slice(first.end, second.start) : `,${lead === '' ? ' ' : lead}`
  return { lead, separator, tail: text.slice(last.end, list.end - 1) }
}

/** The inside of a list anew: an item's `null` takes it away; its neighbours keep what stood between them. */
export function rebuildList(
  text: string,
  list: Span,
  items: readonly Span[],
  kept: readonly (string | null)[],
  added: readonly string[],
  layout: ListLayout,
): string {
  let inside = ''
  let before: number | null = null
  for (const [index, item] of kept.entries()) {
    if (item === null) continue
    const span = items[index]
    const previous = items[index - 1]
    if (before !== null && span && previous) inside += text.slice(previous.end, span.start)
    inside += item
    before = index
  }
  for (const item of added) {
    if (before !== null) inside += layout.separator
    inside += item
    before ??= 0
  }
  const unchanged = items.length === 0 && added.length === 0
  if (before === null) return unchanged ? text.slice(list.start + 1, list.end - 1) : ''
  return layout.lead + inside + layout.tail
}
