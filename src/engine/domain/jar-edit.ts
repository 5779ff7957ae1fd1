// Decides which cookies a file is to hold when new ones come from elsewhere: what is kept, what is completed, what is left out; knows no format's text.
import { bareDomain, type Cookie, type Jar, pairCookies } from '../../shared/cookie.ts'
import type { CookieFormat } from '../../shared/model/login.ts'
import { domainMatches } from './cookie-select.ts'

export interface JarPlan {
  /** All that the file is to hold. */
  readonly cookies: readonly Cookie[]
  /** What speaks against writing it. */
  readonly problems: readonly string[]
  /** What a person should know. */
  readonly warnings: readonly string[]
}

export interface JarWish {
  /** What lies on the host now; null where nothing that can be read does. */
  readonly base: Jar | null
  readonly incoming: readonly Cookie[]
  /** How `incoming` came: what that cannot tell of a cookie is taken from the file's own. `window`: Electron tells no partition keys. */
  readonly from: CookieFormat | 'window'
  /** The format in which it will be written. */
  readonly to: CookieFormat
  /** Cookies of other domains are left out; empty takes all. */
  readonly domains: readonly string[]
  readonly required: readonly string[]
  readonly now: number
}

const dayMs = 86_400_000
/** For how long a cookie of unknown end is said to last, so that bots load it at all. */
const assumedMs = 30 * dayMs

/** New cookies take the places of old ones of their domains; an env file keeps all its other keys. */
export function planJar(wish: JarWish): JarPlan {
  const { base, incoming, to, domains, required, now } = wish
  const warnings: string[] = []
  const allowed = incoming.filter(cookie => isAllowed(cookie, domains))
  if (allowed.length < incoming.length)
    warnings.push(`${counted(incoming.length - allowed.length, 'cookie')} of other domains left out`)
  const wanted = to === 'env' ? allowed.filter(({ name }) => isKey(name, required, base)) : allowed
  const { cookies, assumed } = completed(wanted, wish)
  if (assumed > 0)
    warnings.push(`${counted(assumed, 'cookie')} came without an end: what is in the file is kept, 30 days at least`)
  const kept = to === 'env' ? keysBeside(base, cookies) : cookiesBeside(base, domains)
  const all = [...kept, ...cookies]
  return {
    cookies: all,
    problems: problemsOf(to === 'env' ? all : cookies, required),
    warnings: [...warnings, ...expiredOnes(cookies, now), ...lossesOf(cookies, to)],
  }
}

/** What the format has no room for, in sentences; empty where it holds all that the cookies are. */
function lossesOf(cookies: readonly Cookie[], to: CookieFormat): string[] {
  const losses: string[] = []
  const naked = to === 'header' || to === 'env'
  const lose = (what: string, loses: (cookie: Cookie) => boolean): void => {
    const count = cookies.filter(loses).length
    if (count > 0) losses.push(`${formatTitles[to]} cannot hold ${what} (${counted(count, 'cookie')})`)
  }
  if (naked) {
    lose('when cookies expire', ({ expiresAt }) => expiresAt !== null)
    lose('domains and paths', ({ domain, path }) => domain !== '' && (to === 'header' || path !== '/'))
  }
  if (naked || to === 'netscape') {
    lose('partition keys', ({ partitionKey }) => partitionKey !== undefined)
    lose('SameSite', ({ sameSite }) => sameSite === 'strict' || sameSite === 'lax')
  }
  const unheld = cookies.filter(cookie => !canHold(cookie, to))
  if (unheld.length > 0)
    losses.push(`Left out, since ${formatTitles[to]} cannot hold them: ${names(unheld.map(({ name }) => name))}`)
  return losses
}

const formatTitles: Record<CookieFormat, string> = {
  netscape: 'cookies.txt',
  json: 'JSON',
  'storage-state': 'a storageState',
  puppeteer: 'a Puppeteer array',
  header: 'a Cookie header',
  env: 'an .env file',
}

/** Is it of one of the domains, or of a subdomain of one? One that names none is taken: somebody chose it. */
export function isAllowed({ domain }: Pick<Cookie, 'domain'>, domains: readonly string[]): boolean {
  return domains.length === 0 || domain === '' || domains.some(one => domainMatches(bareDomain(domain), one))
}

/** Required names that are not there or empty. */
export function missingNames(
  cookies: readonly { name: string; length: number }[],
  required: readonly string[],
): string[] {
  const there = new Set(cookies.filter(({ length }) => length > 0).map(({ name }) => name))
  return required.filter(name => !there.has(name))
}

function isKey(name: string, required: readonly string[], base: Jar | null): boolean {
  return required.includes(name) || (required.length === 0 && base?.cookies.some(one => one.name === name) === true)
}

const keysBeside = (base: Jar | null, cookies: readonly Cookie[]): Cookie[] => {
  const taken = new Set(cookies.map(({ name }) => name))
  return base?.format === 'env' ? base.cookies.filter(({ name }) => !taken.has(name)) : []
}

/** One file may hold the cookies of many sites: those of others than this login's are none of its affair. */
const cookiesBeside = (base: Jar | null, domains: readonly string[]): Cookie[] =>
  domains.length === 0 ? [] : (base?.cookies.filter(cookie => !isAllowed(cookie, domains)) ?? [])

/** Cookies that came by name and value alone take the rest from the file's own, or from the login's first domain. */
function completed(cookies: readonly Cookie[], { base, from, to, domains, now }: JarWish) {
  if (to === 'header' || to === 'env') return { cookies: [...cookies], assumed: 0 }
  let assumed = 0
  const [first] = domains
  const whole = pairCookies(base?.cookies ?? [], cookies).flatMap(({ before, after }): Cookie[] => {
    if (!after) return []
    if (after.domain !== '') return [before && from !== to ? withUntold(after, before, from) : after]
    if (before && before.domain === '' && base?.format === to) return [after]
    const like = before && before.domain !== '' ? before : null
    if (!like && first === undefined) return [after]
    assumed++
    if (!like) {
      const domain = bareDomain(first ?? '')
      return [{ ...after, domain, hostOnly: false, secure: true, expiresAt: now + assumedMs }]
    }
    const expiresAt = like.expiresAt === null ? null : Math.max(like.expiresAt, now + assumedMs)
    return [{ ...like, value: after.value, expiresAt }]
  })
  return { cookies: whole, assumed }
}

/** A window and cookies.txt have no room for all that the file tells of the same cookie. */
function withUntold(after: Cookie, before: Cookie, from: JarWish['from']): Cookie {
  const { partitionKey } = before
  const sameSite = from === 'netscape' ? before.sameSite : after.sameSite
  const untold = (from === 'netscape' || from === 'window') && partitionKey !== undefined
  return { ...after, sameSite, ...(untold ? { partitionKey } : {}) }
}

function problemsOf(cookies: readonly Cookie[], required: readonly string[]): string[] {
  if (cookies.length === 0) return ['There are no cookies in it']
  const missing = missingNames(
    cookies.map(({ name, value }) => ({ name, length: value.length })),
    required,
  )
  return missing.length === 0 ? [] : [`Missing: ${names(missing)}`]
}

function expiredOnes(cookies: readonly Cookie[], now: number): string[] {
  const expired = cookies.filter(({ expiresAt }) => expiresAt !== null && expiresAt <= now)
  return expired.length === 0 ? [] : [`Already expired: ${names(expired.map(({ name }) => name))}`]
}

function canHold({ name, value, path }: Cookie, to: CookieFormat): boolean {
  if (to === 'header')
    return !/[;=]/.test(name) && !value.includes(';') && name.trim() === name && value.trim() === value
  if (to === 'env') return /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)
  return to !== 'netscape' || !/\t/.test(name + path)
}

export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** A few of many, as they fit a sentence. */
export function names(all: readonly string[]): string {
  const some = all.slice(0, 8).map(name => name.replace(/[^\x20-\x7e]/g, '?').slice(0, 60))
  return all.length > 8 ? `${some.join(', ')} and ${all.length - 8} more` : some.join(', ')
}
