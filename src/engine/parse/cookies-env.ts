// Reads and writes KEY=value lines that hold single cookies or tokens: quotes, export, comments and all other keys stay; knows no file.
import { type Cookie, nakedCookie } from '../../shared/cookie.ts'
import { type LayoutReading, refused } from './cookies-format.ts'

type Quote = '' | "'" | '"' | '`'

interface Entry {
  readonly cookie: Cookie
  /** Where its value stands, quotes included. */
  readonly start: number
  readonly end: number
  readonly quote: Quote
  readonly exported: boolean
}

const assignment = /[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*/y
const lineOrNul = /[\r\n\0]/

/**
 * With `names` only these keys are cookies, without them every key is one. A value of several lines is none, nor is a line that assigns nothing.
 * Writing changes and adds; it never takes a key away, since the others are the bot's own settings.
 */
export function readEnv(text: string, names: readonly string[] | null): LayoutReading {
  const entries: Entry[] = []
  let assignments = 0
  for (let at = text.startsWith('\ufeff') ? 1 : 0; at < text.length; at = lineEnd(text, at) + 1) {
    assignment.lastIndex = at
    const found = assignment.exec(text)
    if (!found) continue
    assignments++
    const name = found[1] ?? ''
    const start = assignment.lastIndex
    const value = valueAt(text, start)
    at = Math.max(at, value.end)
    const wanted = names === null || names.includes(name)
    if (!lineOrNul.test(value.text)) {
      if (wanted)
        entries.push({
          cookie: nakedCookie(name, value.text),
          start,
          ...value,
          exported: /^\s*export\s/.test(found[0]),
        })
    } else if (wanted && names !== null) return refused(`A line break or NUL stands in the value of ${name}`)
  }
  if (assignments === 0 && text.trim() !== '' && !onlyComments(text)) return refused('There is no KEY=value line')
  const cookies = entries.map(({ cookie }) => cookie)
  return { ok: true, layout: { cookies, write: (changes, added) => written(text, entries, changes, added) } }
}

export const emptyEnv = ''

/** Is every line a comment, blank or an assignment (quoted ones may run over several lines)? */
export function looksEnv(text: string): boolean {
  let assignments = 0
  for (let at = text.startsWith('\ufeff') ? 1 : 0; at < text.length; at = lineEnd(text, at) + 1) {
    const line = text.slice(at, lineEnd(text, at))
    if (/^\s*(?:#|$)/.test(line)) continue
    assignment.lastIndex = at
    const found = assignment.exec(text)
    if (!found) return false
    const value = valueAt(text, assignment.lastIndex)
    // `a=1; b=2` is a header, whatever else it might be
    if (value.quote === '' && /;\s*[^\s;=]+=/.test(value.text)) return false
    at = Math.max(at, value.end)
    assignments++
  }
  return assignments > 0
}

export function fitsEnv({ name, value }: Pick<Cookie, 'name' | 'value'>): boolean {
  return /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name) && !lineOrNul.test(value) && quoted(value, '') !== null
}

const onlyComments = (text: string): boolean =>
  text.split('\n').every(line => /^(?:#|$)/.test(line.replace(/^\ufeff/, '').trim()))

/** Of the line break at or behind `at`, or of the end. */
function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end
}

function valueAt(text: string, start: number): { text: string; end: number; quote: Quote } {
  const first = text[start]
  if (first === '"' || first === "'" || first === '`') {
    const end = closing(text, start, first)
    if (end > 0) {
      const inside = text.slice(start + 1, end)
      return { text: first === '"' ? unescaped(inside) : inside, end: end + 1, quote: first }
    }
  }
  const line = text.slice(start, lineEnd(text, start))
  const bare = line.replace(/(?:^|[ \t])#.*$/, '').trimEnd()
  return { text: bare, end: start + bare.length, quote: '' }
}

/** The quote that ends what the one at `start` began, with nothing but a comment behind it; -1 where there is none. */
function closing(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\' && quote === '"') at++
    else if (text[at] === quote) return /^[ \t]*(?:#.*)?\r?$/.test(text.slice(at + 1, lineEnd(text, at))) ? at : -1
  }
  return -1
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }
const unescaped = (text: string): string => text.replace(/\\([nrt"\\$`])/g, (_, char: string) => escapes[char] ?? char)

/** The value in the quotes that stood there, or in none, or in others where these cannot hold it; null where no quotes can. */
function quoted(value: string, wish: Quote): string | null {
  if (wish === '' && /^[A-Za-z0-9_.:/@%+=,~^*?!|{}[\]-]*$/.test(value)) return value
  for (const quote of wish === '' ? (["'", '"'] as const) : ([wish, "'", '"'] as const)) {
    if (quote === '"') {
      // a backslash and what shells would replace mean different things to different readers
      if (!/["\\$`]/.test(value)) return `"${value}"`
    } else if (!value.includes(quote) && !(quote === "'" && value.includes('\\'))) return quote + value + quote
  }
  return value.includes("'") ? `"${value.replace(/["\\$`]/g, '\\$&')}"` : `'${value}'`
}

function written(
  text: string,
  entries: readonly Entry[],
  changes: readonly (Cookie | null)[],
  added: readonly Cookie[],
): string {
  let result = ''
  let at = 0
  for (const [index, { cookie, start, end, quote }] of entries.entries()) {
    const after = changes[index] ?? null
    if (after === null || after.value === cookie.value) continue
    result += text.slice(at, start) + (quoted(after.value, quote) ?? '')
    at = end
  }
  result += text.slice(at)
  if (added.length === 0) return result
  const eol = /\r?\n/.exec(result)?.[0] ?? '\n'
  const open = result !== '' && result !== '\ufeff' && !result.endsWith('\n')
  const keyword = entries.length > 0 && entries.every(({ exported }) => exported)
  const lines = added.map(({ name, value }) => `${keyword ? 'export ' : ''}${name}=${quoted(value, '') ?? ''}`)
  return result + (open ? eol : '') + lines.join(eol) + eol
}
