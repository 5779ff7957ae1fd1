// Reads and writes a JSON list of cookies wherever in a document it lies, keeping order, unknown fields and indentation; knows no format's file.
import type { Cookie } from '../../shared/cookie.ts'
import { type Layout, type LayoutReading, refused } from './cookies-format.ts'
import { changedObject, cookieOfObject, newObject, type ObjectFormat } from './cookies-object.ts'
import { type JsonNode, type JsonObject, type ListLayout, layoutOf, plainOf, rebuildList } from './json-spans.ts'

type JsonArray = Extract<JsonNode, { kind: 'array' }>

/** Every item of `list` has to be a cookie. */
export function readCookieList(text: string, list: JsonArray, format: ObjectFormat): LayoutReading {
  const cookies: Cookie[] = []
  const objects: JsonObject[] = []
  for (const [index, item] of list.items.entries()) {
    const cookie = item.kind === 'object' ? cookieOfObject(item) : null
    if (item.kind !== 'object' || cookie === null)
      return refused(`Entry ${index + 1} of the list is no cookie: it has no name and value`)
    cookies.push(cookie)
    objects.push(item)
  }
  const layout: Layout = {
    cookies,
    write(changes, added) {
      const kept = objects.map((object, index) => {
        const before = cookies[index]
        const after = changes[index] ?? null
        if (after === null || !before) return null
        return after === before
          ? text.slice(object.start, object.end)
          : changedObject(text, object, before, after, format)
      })
      const sibling = objects.at(-1) ?? null
      const { step, indent, listLayout } = styleOf(text, list)
      const lastId = Math.max(0, ...objects.map(object => Number(plainOf(object, 'id')) || 0))
      const fresh = added.map((cookie, index) =>
        newObject(cookie, format, {
          ...{ text, sibling, id: lastId + index + 1 },
          indent: step === null ? null : { outer: indent + step, inner: indent + step + step },
        }),
      )
      const inside = rebuildList(text, list, objects, kept, fresh, layoutOf(text, list, objects) ?? listLayout)
      return text.slice(0, list.start + 1) + inside + text.slice(list.end - 1)
    },
  }
  return { ok: true, layout }
}

/** How the document is indented; `step` is null where it is all in one line. */
function styleOf(text: string, list: JsonArray): { step: string | null; indent: string; listLayout: ListLayout } {
  if (!text.trim().includes('\n') && text.trim().length > 2)
    return { step: null, indent: '', listLayout: { lead: '', separator: ',', tail: '' } }
  const step = /\n([ \t]+)\S/.exec(text)?.[1] ?? '  '
  const before = text.slice(text.lastIndexOf('\n', list.start) + 1, list.start)
  const indent = /^[ \t]*/.exec(before)?.[0] ?? ''
  const lead = `\n${indent}${step}`
  return { step, indent, listLayout: { lead, separator: `,${lead}`, tail: `\n${indent}` } }
}

/** The list of cookies in a document: itself, or its member `cookies`; null where there is none. */
export function cookieListOf(root: JsonNode | null): JsonArray | null {
  if (root?.kind === 'array') return root
  if (root?.kind !== 'object') return null
  const value = root.members.findLast(({ key }) => key === 'cookies')?.value
  return value?.kind === 'array' ? value : null
}
