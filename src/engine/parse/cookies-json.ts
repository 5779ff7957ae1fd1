// Reads and writes what cookie extensions export (Cookie-Editor, EditThisCookie and their like) and plain {"name": "value"} objects; knows no file.
import { asHeldBy, type Cookie, nakedCookie } from '../../shared/cookie.ts'
import { type LayoutReading, refused } from './cookies-format.ts'
import { cookieListOf, readCookieList } from './cookies-list.ts'
import { type JsonNode, type JsonObject, layoutOf, readJsonSpans, rebuildList } from './json-spans.ts'

/** A list of cookies, a document with such a list as `cookies`, or an object of names and values, as some bots' libraries keep them. */
export function readJsonCookies(text: string): LayoutReading {
  const root = readJsonSpans(text)
  if (root === null) return refused('It is not valid JSON')
  const list = cookieListOf(root)
  if (list) return readCookieList(text, list, 'json')
  return isPairs(root) ? readPairs(text, root) : refused('It is JSON, but holds no list of cookies')
}

export const emptyJson = '[]\n'

/** An object with nothing but texts in it, one at least. */
export function isPairs(root: JsonNode | null): root is JsonObject {
  return (
    root?.kind === 'object' &&
    root.members.length > 0 &&
    root.members.every(({ value }) => value.kind === 'plain' && typeof value.value === 'string')
  )
}

function readPairs(text: string, root: JsonObject): LayoutReading {
  const spans = root.members.map(({ start, value }) => ({ start, end: value.end }))
  const cookies = root.members.map(({ key, value }) =>
    nakedCookie(key, value.kind === 'plain' ? String(value.value) : ''),
  )
  const write = (changes: readonly (Cookie | null)[], added: readonly Cookie[]): string => {
    const kept = root.members.map((member, index) => {
      const after = changes[index] ?? null
      if (after === null) return null
      const same = after.value === cookies[index]?.value
      const value = same ? text.slice(member.value.start, member.value.end) : JSON.stringify(after.value)
      return text.slice(member.start, member.value.start) + value
    })
    const [first] = root.members
    const colon = first ? text.slice(first.keyEnd, first.value.start) : ': '
    const fresh = added.map(
      cookie => JSON.stringify(cookie.name) + colon + JSON.stringify(asHeldBy('env', cookie).value),
    )
    const layout = layoutOf(text, root, spans) ?? { lead: '', separator: ', ', tail: '' }
    const inside = rebuildList(text, root, spans, kept, fresh, layout)
    return text.slice(0, root.start + 1) + inside + text.slice(root.end - 1)
  }
  return { ok: true, layout: { cookies, write } }
}
