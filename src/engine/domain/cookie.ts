// What is known of a cookie and may be said of it: facts never hold its value. Knows no format of files.
import { bareDomain, type Cookie } from '../../shared/cookie.ts'
import type { CookieFact } from '../../shared/model/login.ts'

export type { Cookie, CookiePair, Jar, SameSite } from '../../shared/cookie.ts'
export { asHeldBy, bareDomain, nakedCookie, pairCookies, sameCookie } from '../../shared/cookie.ts'

/** All that may be shown of a cookie. */
export function factOf(cookie: Cookie): CookieFact {
  const { name, path, expiresAt, secure, httpOnly, value } = cookie
  return {
    name: name.slice(0, 512),
    domain: bareDomain(cookie.domain).slice(0, 253),
    path: path.slice(0, 1024),
    expiresAt,
    secure,
    httpOnly,
    length: value.length,
  }
}
