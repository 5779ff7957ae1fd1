// A cookie with its value and how two lists of them are compared; for the engine alone: no window may ever see what is in here.
import type { CookieFormat } from './model/login.ts'

export type SameSite = 'unspecified' | 'no_restriction' | 'lax' | 'strict'

export interface Cookie {
  readonly name: string
  readonly value: string
  /** Lower case, without a leading dot; `hostOnly` tells the two apart. Empty where the file does not say (header, env). */
  readonly domain: string
  readonly hostOnly: boolean
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: SameSite
  /** Wall ms; null for a session cookie. */
  readonly expiresAt: number | null
  /** The site under which alone it is sent (CHIPS), as in `https://shop.test`. */
  readonly partitionKey?: string | undefined
}

/** A file of cookies as it was read. */
export interface Jar {
  readonly format: CookieFormat
  readonly cookies: readonly Cookie[]
  /** Exactly as it was. */
  readonly text: string
}

/** What becomes of one cookie from one list to another. */
export interface CookiePair {
  readonly before: Cookie | null
  readonly after: Cookie | null
}

/** The last moment that a date can name; what a file puts beyond it means never. */
export const latestTime = 8.64e15

/** A domain as it is compared: files and browsers write a dot before it, or do not. */
export const bareDomain = (domain: string): string => domain.replace(/^\./, '').toLowerCase()

/** A cookie as reading the format would give it back: what the format has no room for is lost. */
export function asHeldBy(format: CookieFormat, cookie: Cookie): Cookie {
  const { name, value, hostOnly, path, secure, httpOnly, sameSite, expiresAt, partitionKey } = cookie
  const domain = bareDomain(cookie.domain)
  switch (format) {
    case 'header':
    case 'env':
      return nakedCookie(name, value)
    case 'netscape':
      return {
        ...{ name, value, domain, hostOnly, path, secure, httpOnly, sameSite: 'unspecified' },
        expiresAt: expiresAt === null ? null : inRange(Math.floor(expiresAt / 1000) * 1000),
      }
    default:
      return {
        ...{ name, value, domain, hostOnly: hostOnly || domain === '', path, secure, httpOnly },
        sameSite: format === 'storage-state' && sameSite === 'unspecified' ? 'lax' : sameSite,
        expiresAt: expiresAt === null ? null : inRange(expiresAt),
        ...(partitionKey === undefined ? {} : { partitionKey }),
      }
  }
}

/** A cookie of which only the name and the value are known. */
export function nakedCookie(name: string, value: string): Cookie {
  return {
    ...{ name, value, domain: '', hostOnly: true, path: '/', secure: false, httpOnly: false },
    ...{ sameSite: 'unspecified', expiresAt: null },
  }
}

/** Do they say the same in all that a cookie has? */
export function sameCookie(one: Cookie, other: Cookie): boolean {
  return (
    one.name === other.name &&
    one.value === other.value &&
    bareDomain(one.domain) === bareDomain(other.domain) &&
    one.hostOnly === other.hostOnly &&
    one.path === other.path &&
    one.secure === other.secure &&
    one.httpOnly === other.httpOnly &&
    one.sameSite === other.sameSite &&
    one.expiresAt === other.expiresAt &&
    one.partitionKey === other.partitionKey
  )
}

/**
 * Which of `before` became which of `after`: in the order of `after`, then those that are gone. The closest match wins: the very same place, then one
 * that differs in hostOnly or partition, then, where one side does not know places, the same name.
 */
export function pairCookies(before: readonly Cookie[], after: readonly Cookie[]): CookiePair[] {
  const partners: (Cookie | null)[] = after.map(() => null)
  let left: readonly Cookie[] = before
  for (const key of [exactKey, placeKey, nameKey]) {
    if (left.length === 0) break
    const waiting = new Map<string, Cookie[]>()
    for (const cookie of left) {
      const queue = waiting.get(key(cookie))
      if (queue) queue.push(cookie)
      else waiting.set(key(cookie), [cookie])
    }
    const heads = new Map<string, number>()
    const taken = new Set<Cookie>()
    after.forEach((cookie, index) => {
      if (partners[index]) return
      const at = heads.get(key(cookie)) ?? 0
      const partner = waiting.get(key(cookie))?.[at]
      if (!partner || (key === nameKey && partner.domain !== '' && cookie.domain !== '')) return
      heads.set(key(cookie), at + 1)
      partners[index] = partner
      taken.add(partner)
    })
    left = left.filter(cookie => !taken.has(cookie))
  }
  return [
    ...after.map((cookie, index) => ({ before: partners[index] ?? null, after: cookie })),
    ...left.map(cookie => ({ before: cookie, after: null })),
  ]
}

/**
 * Pairs what a file holds with what it is to hold, as it would hold that; `same` where there is nothing to write. `as` is how the file holds cookies.
 */
export function pairWithFile(
  before: readonly Cookie[],
  after: readonly Cookie[],
  as: CookieFormat,
): (CookiePair & { readonly same: boolean })[] {
  const held = after.map(cookie => asHeldBy(as, cookie))
  return pairCookies(before, held).map(pair => ({
    ...pair,
    same: pair.before !== null && pair.after !== null && sameCookie(asHeldBy(as, pair.before), pair.after),
  }))
}

const inRange = (time: number): number => Math.max(-latestTime, Math.min(latestTime, time))

const nameKey = ({ name }: Cookie): string => name
const placeKey = ({ name, domain, path }: Cookie): string => `${name}\n${bareDomain(domain)}\n${path}`
const exactKey = (cookie: Cookie): string => `${placeKey(cookie)}\n${cookie.hostOnly}\n${cookie.partitionKey ?? ''}`
