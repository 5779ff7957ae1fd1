// The one place where a file's text becomes a jar and cookies become a file again, in whatever format; knows no host and no login.
import { type Cookie, type Jar, pairWithFile } from '../../shared/cookie.ts'
import type { CookieFormat } from '../../shared/model/login.ts'
import { detectFormat } from './cookies-detect.ts'
import { emptyEnv, fitsEnv, readEnv } from './cookies-env.ts'
import {
  cookieProblem,
  cookiesProblem,
  type LayoutReading,
  mostBytes,
  type Reading,
  refused,
} from './cookies-format.ts'
import { emptyHeader, fitsHeader, readHeader } from './cookies-header.ts'
import { emptyJson, readJsonCookies } from './cookies-json.ts'
import { emptyNetscape, readNetscape } from './cookies-netscape.ts'
import { emptyPuppeteer, readPuppeteer } from './cookies-puppeteer.ts'
import { emptyStorageState, readStorageState } from './cookies-storage-state.ts'

type Names = readonly string[] | null

const readers: Record<CookieFormat, (text: string, names: Names) => LayoutReading> = {
  netscape: readNetscape,
  json: readJsonCookies,
  'storage-state': readStorageState,
  puppeteer: readPuppeteer,
  header: readHeader,
  env: readEnv,
}

const empty: Record<CookieFormat, string> = {
  netscape: emptyNetscape,
  json: emptyJson,
  'storage-state': emptyStorageState,
  puppeteer: emptyPuppeteer,
  header: emptyHeader,
  env: emptyEnv,
}

/**
 * The file's cookies. `format` null is found by content. Of an env file `names` are the keys that are cookies; without them every key is taken for
 * one, which is fit to show names and for nothing else. Never throws: what cannot be used is a problem, which holds no value.
 */
export function readJar(text: string, format: CookieFormat | null = null, names: Names = null): Reading<{ jar: Jar }> {
  const found = boundsProblem(text) ?? format ?? detectFormat(text) ?? unknownFormat
  if (found === unknownFormat) return refused(unknownFormat)
  if (!isFormat(found)) return refused(found)
  const reading = layoutFrom(text, found, names)
  return reading.ok ? { ok: true, jar: { format: found, cookies: reading.layout.cookies, text } } : reading
}

const unknownFormat =
  'It is none of the formats that are known: cookies.txt, JSON of an extension, Playwright, Puppeteer, a Cookie header, KEY=value'

const isFormat = (text: string): text is CookieFormat => Object.hasOwn(readers, text)

/**
 * The text of a file that holds `cookies`, which are all that it shall hold. On a base of the same format only what differs is touched, so that the
 * same cookies give the same bytes. Keys of an env file are never taken away. What the format cannot hold is left out: `unfit` names it.
 */
export function writeJar(cookies: readonly Cookie[], format: CookieFormat, base: Jar | null): string {
  const on = base?.format === format ? base : null
  const names = on && format === 'env' ? on.cookies.map(({ name }) => name) : null
  const given = on ? layoutFrom(on.text, format, names) : null
  const reading = given?.ok ? given : layoutFrom(empty[format], format, null)
  if (!reading.ok) throw new Error(`the empty ${format} file cannot be read`)
  const { layout } = reading
  const naked = isPairsJar(layout.cookies, format)
  const becomes = new Map<Cookie, Cookie>()
  const added: Cookie[] = []
  for (const { before, after, same } of pairWithFile(layout.cookies, cookies, naked ? 'env' : format)) {
    if (before && same) becomes.set(before, before)
    else if (after && unfit(after, format) === null) {
      if (before) becomes.set(before, after)
      else added.push(after)
    }
  }
  return layout.write(
    layout.cookies.map(cookie => becomes.get(cookie) ?? null),
    added,
  )
}

/** Why the format cannot hold the cookie at all; null where it can. */
export function unfit(cookie: Cookie, format: CookieFormat): string | null {
  const problem = cookieProblem(cookie)
  if (problem !== null) return problem
  if (format === 'header' && !fitsHeader(cookie)) return 'Its name or value cannot stand in a Cookie header'
  if (format === 'env' && !fitsEnv(cookie)) return 'Its name cannot be the key of a KEY=value line'
  if (format === 'netscape' && /\t/.test(cookie.name + cookie.path)) return 'A tab stands in its name or path'
  return null
}

/** A {"name": "value"} object is JSON that holds no places. */
const isPairsJar = (cookies: readonly Cookie[], format: CookieFormat): boolean =>
  format === 'json' && cookies.length > 0 && cookies.every(({ domain }) => domain === '')

function layoutFrom(text: string, format: CookieFormat, names: Names): LayoutReading {
  try {
    const reading = readers[format](text, names)
    if (!reading.ok) return reading
    const problem = cookiesProblem(reading.layout.cookies)
    return problem === null ? reading : refused(problem)
  } catch {
    // an engine's own limits (recursion, regular expressions) on a hostile text
    return refused('It cannot be read')
  }
}

function boundsProblem(text: string): string | null {
  if (text.length > mostBytes || new TextEncoder().encode(text).length > mostBytes) return 'It is larger than 1 MiB'
  if (text.includes('\0')) return 'A NUL stands in it'
  if (text.trim() === '') return 'It is empty'
  return null
}
