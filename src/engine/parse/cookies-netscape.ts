// Reads and writes Netscape cookies.txt: tabs, `#HttpOnly_`, comments and line ends stay as they are; knows no file.
import { bareDomain, type Cookie, latestTime } from '../../shared/cookie.ts'
import { type LayoutReading, refused } from './cookies-format.ts'

interface Line {
  /** With its end. */
  readonly text: string
  readonly end: string
  readonly cookie: Cookie | null
}

const prefix = '#HttpOnly_'
/** Python's reader wants it as the first line. */
const heading = '# Netscape HTTP Cookie File'

/** One cookie a line; a line that is neither cookie nor comment makes the file unreadable, as it does for the bots' own readers. */
export function readNetscape(text: string): LayoutReading {
  const lines: Line[] = []
  for (const [index, line] of (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).entries()) {
    const end = /\r?\n$/.exec(line)?.[0] ?? ''
    const body = line.slice(0, line.length - end.length)
    const bare = index === 0 ? body.replace(/^\ufeff/, '') : body
    if (bare.trim() === '' || (/^[ \t]*[#$]/.test(bare) && !bare.startsWith(prefix))) {
      lines.push({ text: line, end, cookie: null })
      continue
    }
    const cookie = cookieOf(bare)
    if (typeof cookie === 'string') return refused(`Line ${index + 1}: ${cookie}`)
    lines.push({ text: line, end, cookie })
  }
  const cookies = lines.flatMap(({ cookie }) => cookie ?? [])
  return { ok: true, layout: { cookies, write: (changes, added) => written(lines, changes, added) } }
}

/** Does any line look like one of these files, so that it is meant to be one? */
export function looksNetscape(text: string): boolean {
  if (/^\ufeff?# (?:Netscape )?HTTP Cookie File/i.test(text)) return true
  return /^(?:#HttpOnly_)?[^\t\r\n#]*\t(?:TRUE|FALSE)\t[^\t\r\n]*\t(?:TRUE|FALSE)\t/im.test(text)
}

export const emptyNetscape = `${heading}\n\n`

function cookieOf(body: string): Cookie | string {
  const httpOnly = body.startsWith(prefix)
  const [domain, subdomains, path, secure, expires, name, ...rest] = fieldsOf(body)
  if (domain === undefined || subdomains === undefined || path === undefined || name === undefined)
    return /^\S+ +(?:TRUE|FALSE) /i.test(body)
      ? 'the tabs between its 7 fields have become blanks'
      : 'this is no cookie: 7 fields with tabs between them are expected'
  if (!isFlag(subdomains) || !isFlag(secure)) return 'its second and fourth field have to be TRUE or FALSE'
  if (!/^(?:-?\d{1,20}(?:\.\d{1,20})?)?$/.test(expires ?? '')) return 'its fifth field has to be a time in seconds'
  const seconds = Number(expires)
  return {
    name,
    value: rest.join('\t'),
    domain: bareDomain(domain),
    hostOnly: subdomains.toUpperCase() === 'FALSE',
    path,
    secure: secure?.toUpperCase() === 'TRUE',
    httpOnly,
    sameSite: 'unspecified',
    expiresAt: seconds > 0 ? Math.min(Math.round(seconds * 1000), latestTime) : null,
  }
}

const fieldsOf = (body: string): string[] => (body.startsWith(prefix) ? body.slice(prefix.length) : body).split('\t')
const isFlag = (text: string | undefined): boolean => text !== undefined && /^(?:TRUE|FALSE)$/i.test(text)

function written(lines: readonly Line[], changes: readonly (Cookie | null)[], added: readonly Cookie[]): string {
  const usual = lines.find(({ end }) => end !== '')?.end ?? '\n'
  const result: string[] = []
  let index = 0
  let last = -1
  for (const { text, end, cookie } of lines) {
    if (cookie === null) result.push(text)
    else {
      const after = changes[index++] ?? null
      if (after !== null) result.push(after === cookie ? text : changed(text, end, cookie, after))
      last = result.length
    }
  }
  const fresh = added.map(cookie => lineOf(cookie) + usual)
  const at = last < 0 ? result.length : last
  const before = result[at - 1]
  // a last line without an end stays so, behind what is new
  if (fresh.length > 0 && before !== undefined && !before.endsWith('\n')) {
    result[at - 1] = before + usual
    fresh.push((fresh.pop() ?? '').slice(0, -usual.length))
  }
  result.splice(at, 0, ...fresh)
  return result.join('')
}

/** The line with the fields that differ, and no other. */
function changed(text: string, end: string, before: Cookie, after: Cookie): string {
  const body = text.slice(0, text.length - end.length)
  const mark = body.startsWith('\ufeff') ? '\ufeff' : ''
  const [domain = '', subdomains = '', path = '', secure = '', expires = '', name = ''] = fieldsOf(
    body.slice(mark.length),
  )
  const samePlace = bareDomain(after.domain) === before.domain && after.hostOnly === before.hostOnly
  return [
    mark + (after.httpOnly ? prefix : '') + (samePlace ? domain : shownDomain(after)),
    samePlace ? subdomains : flag(!after.hostOnly),
    after.path === before.path ? path : after.path,
    after.secure === before.secure ? secure : flag(after.secure),
    after.expiresAt === before.expiresAt ? expires : secondsOf(after),
    after.name === before.name ? name : after.name,
    after.value,
  ]
    .join('\t')
    .concat(end)
}

function lineOf(cookie: Cookie): string {
  const { hostOnly, path, secure, httpOnly, name, value } = cookie
  const domain = (httpOnly ? prefix : '') + shownDomain(cookie)
  return [domain, flag(!hostOnly), path, flag(secure), secondsOf(cookie), name, value].join('\t')
}

const flag = (is: boolean): string => (is ? 'TRUE' : 'FALSE')
const secondsOf = ({ expiresAt }: Cookie): string =>
  expiresAt === null ? '0' : String(Math.max(1, Math.floor(expiresAt / 1000)))

/** With its dot where subdomains get the cookie, too: Python's reader insists on it. */
function shownDomain({ domain, hostOnly }: Cookie): string {
  const bare = bareDomain(domain)
  return hostOnly || bare === '' ? bare : `.${bare}`
}
