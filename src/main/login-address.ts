// What an address means to a login window: may it be visited, how is it shown, does it speak of a log-in. Knows nothing of Electron.
import { domainToUnicode } from 'node:url'
import { safeShort } from '../shared/safe-text.ts'

/** Where a whole page may lead; an empty page is how sites open a window that they send on in a moment. */
export function mayVisit(address: string): boolean {
  if (address === '' || address === 'about:blank' || address.startsWith('about:blank#')) return true
  const url = parse(address)
  return url !== null && /^https?:$/.test(url.protocol)
}

/** What a frame inside a page may hold: also what the page itself made. */
export function mayFrame(address: string): boolean {
  return mayVisit(address) || /^(about:srcdoc|blob:https?:|data:)/.test(address)
}

/** What may be fetched at all from within a login window's session. */
export function mayFetch(address: string): boolean {
  return /^(https?|wss?|data|blob|about):/.test(address)
}

/** An address for the log: paths and queries may hold what proves who somebody is. */
export function logAddress(address: string): string {
  const url = parse(address)
  return url === null ? 'not an address' : `${url.protocol}//${url.host}`.slice(0, 200)
}

// Scripts that have letters which look Latin, and the top-level domains under which they are at home.
const lookalikes: readonly (readonly [RegExp, RegExp])[] = [
  [/\p{Script=Cyrillic}/u, /^(рф|бг|бел|укр|срб|мкд|мон|қаз|дети|онлайн|сайт|орг|ru|su|ua|by|bg|rs|mk|kz|kg|mn)$/u],
  [/\p{Script=Greek}/u, /^(ελ|ευ|gr)$/u],
  [/\p{Script=Armenian}/u, /^(հայ|am)$/u],
  [/\p{Script=Georgian}/u, /^(გე|ge)$/u],
]
const plainLatin = /^[a-z0-9\u00df-\u00f6\u00f8-\u017f-]+$/u
const east = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}ーa-z0-9-]+$/u
// None of their letters can be taken for a Latin one.
const apart = ['Arabic', 'Hebrew', 'Devanagari', 'Bengali', 'Tamil', 'Thai'].map(
  script => new RegExp(`^[\\p{Script=${script}}\\p{M}0-9-]+$`, 'u'),
)

/** A host as it is shown: in its own letters where they can be taken for no others, else as the ASCII that it really is. */
export function shownHost(host: string): string {
  if (!/(^|\.)xn--/.test(host)) return host
  const labels = domainToUnicode(host).normalize('NFC').split('.')
  const top = labels.at(-1) ?? ''
  const readable = labels.every(label => {
    if (plainLatin.test(label) || apart.some(script => script.test(label))) return true
    if (east.test(label)) return true
    const own = lookalikes.find(([script]) => script.test(label))
    return own?.[1].test(top) === true && onlyScript(label, own[0])
  })
  // The real name stands beside it in any case.
  return readable && labels.join('') !== '' ? `${labels.join('.')} (${host})` : host
}

function onlyScript(label: string, script: RegExp): boolean {
  return [...label].every(char => script.test(char) || /[0-9-]/.test(char))
}

export interface ShownAddress {
  readonly state: 'encrypted' | 'plain' | 'refused' | 'none'
  /** The state in words. */
  readonly word: string
  /** The host as it may be trusted, with its port where that is not the usual one. */
  readonly host: string
}

/** The address bar's content: from the address alone, never from what a page says of itself. */
export function shownAddress(address: string, refused = false): ShownAddress {
  const url = parse(address)
  if (url === null || !/^https?:$/.test(url.protocol)) return { state: 'none', word: 'Empty page', host: '' }
  const host = safeShort(shownHost(url.hostname), 300) + (url.port === '' ? '' : `:${url.port}`)
  if (refused) return { state: 'refused', word: 'Certificate refused', host }
  return url.protocol === 'https:'
    ? { state: 'encrypted', word: 'Encrypted', host }
    : { state: 'plain', word: 'Not encrypted', host }
}

const loginPath =
  /(^|[/_.-])(log[-_]?in|log[-_]?on|sign[-_]?in|auth|oauth2?|sso|challenge|checkpoint|verify|captcha|account\/access|flow)([/_.-]|$)/i

/** Does the address look like a place where a site asks who one is? */
export function asksForLogin(address: string): boolean {
  const url = parse(address)
  return url !== null && loginPath.test(url.pathname)
}

/** A session that was there before is still good: the site led on from the log-in page to a place of its own that is none. */
export function ledPastLogin(start: string, now: string, domains: readonly string[]): boolean {
  const [from, to] = [parse(start), parse(now)]
  if (!from || !to || asksForLogin(now) || !isUnder(to.hostname, domains)) return false
  return asksForLogin(start) && (from.host !== to.host || from.pathname !== to.pathname)
}

/** Is this host, or a cookie's domain, one of the domains or under one? A name without a dot, or an address, stands for itself alone. */
export function isUnder(host: string, domains: readonly string[]): boolean {
  const name = host.replace(/^\./, '').toLowerCase()
  return domains.some(domain => {
    const allowed = domain.replace(/^\./, '').toLowerCase()
    if (allowed === '' || name === allowed) return allowed !== ''
    return allowed.includes('.') && !/^[\d.]+$|:/.test(allowed) && name.endsWith(`.${allowed}`)
  })
}

/** The browser's name without the app's and Electron's, and with as little detail as Chrome itself gives. */
export function plainUserAgent(userAgent: string): string {
  return userAgent
    .split(/\s+(?![^(]*\))/)
    .filter(part => !/^[^(]*\//.test(part) || /^(Mozilla|AppleWebKit|Chrome|Safari)\//.test(part))
    .join(' ')
    .replace(/\bChrome\/(\d+)[\d.]*/, 'Chrome/$1.0.0.0')
}

function parse(address: string): URL | null {
  try {
    return new URL(address)
  } catch {
    return null
  }
}
