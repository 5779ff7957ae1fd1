// Finds a value in parsed JSON by a path such as `.items[0].id`, and reads hostile JSON within bounds; knows nothing of where it came from.

export type JsonPath = readonly (string | number)[]
export type PathParse = { readonly ok: true; readonly path: JsonPath; readonly end: number } | PathProblem
/** What is wrong and where, as an index into the text. */
export interface PathProblem {
  readonly ok: false
  readonly message: string
  readonly at: number
}

const longest = 64

/**
 * Reads `.name`, `[0]` and `["odd name"]`, as many as stand at `from`, and says where it stopped. A name runs to the next `.`, `[`, blank,
 * comma, parenthesis or comparison.
 */
export function readJsonPath(text: string, from = 0): PathParse {
  const path: (string | number)[] = []
  let at = from
  while (at < text.length) {
    const rest = text.slice(at)
    const name = /^\.([^\s.[\](),<>=!"]+)/.exec(rest)
    const index = /^\[(\d{1,9})\]/.exec(rest)
    const quoted = /^\[("(?:[^"\\]|\\.)*")\]/.exec(rest)
    if (name) path.push(name[1] ?? '')
    else if (index) path.push(Number(index[1]))
    else if (quoted) {
      const word = wordOf(quoted[1] ?? '')
      if (word === null) return { ok: false, message: 'this is not a JSON text', at: at + 1 }
      path.push(word)
    } else if (rest.startsWith('.')) return { ok: false, message: 'a name must follow the dot', at: at + 1 }
    else if (rest.startsWith('['))
      return { ok: false, message: 'an index such as [0] or a name such as ["a name"] is wanted', at }
    else break
    if (path.length > longest) return { ok: false, message: `a path has at most ${longest} steps`, at }
    at += (name ?? index ?? quoted)?.[0].length ?? 1
  }
  return { ok: true, path, end: at }
}

/** A whole text as a path; the first dot may be left out. */
export function parseJsonPath(text: string): PathParse {
  const trimmed = text.trim()
  const full = /^[.[]/.test(trimmed) ? trimmed : `.${trimmed}`
  const read = readJsonPath(full)
  if (read.ok && read.end < full.length)
    return { ok: false, message: `"${full.slice(read.end, read.end + 20)}" is not part of a path`, at: read.end }
  return read
}

/** The value there, or undefined. Only what the JSON itself holds is found. */
export function jsonAt(value: unknown, path: JsonPath): unknown {
  let at = value
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined
    if (Array.isArray(at)) {
      if (typeof step !== 'number') return undefined
      at = at[step]
    } else {
      const name = String(step)
      at = Object.hasOwn(at, name) ? (at as Record<string, unknown>)[name] : undefined
    }
  }
  return at
}

export type JsonRead = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string }

const mostDepth = 256
const mostValues = 200_000

/** JSON from anyone: refused before it is parsed where it is nested too deep or would become more values than are worth their memory. */
export function readJson(text: string): JsonRead {
  let depth = 0
  let values = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) {
      at = endOfString(text, at)
      values++
    } else if (code === 0x5b || code === 0x7b) {
      values++
      if (++depth > mostDepth) return { ok: false, message: `JSON nested deeper than ${mostDepth}` }
    } else if (code === 0x5d || code === 0x7d) depth--
    else if (code === 0x2c) values++
  }
  if (values > mostValues) return { ok: false, message: 'JSON of too many values' }
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return { ok: false, message: 'not JSON' }
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x5c) at++
    else if (code === 0x22) return at
  }
  return text.length
}

function wordOf(json: string): string | null {
  try {
    const word: unknown = JSON.parse(json)
    return typeof word === 'string' ? word : null
  } catch {
    return null
  }
}
