// Says what differs between a file's cookies and those that are to take their place, in facts alone; knows no values beyond comparing them.
import { asHeldBy, type Cookie, type Jar, pairCookies, sameCookie } from '../../shared/cookie.ts'
import type { CookieChange } from '../../shared/model/login.ts'
import { factOf } from './cookie.ts'

/** One change for each cookie: those that will be there in their order, then those that will be gone. What the file cannot hold is no change. */
export function diffJars(before: Jar | null, after: readonly Cookie[]): CookieChange[] {
  const coming = before ? after.map(cookie => asHeldBy(before.format, cookie)) : after
  return pairCookies(before?.cookies ?? [], coming).map(pair => ({
    change: changeOf(pair.before, pair.after),
    before: pair.before && factOf(pair.before),
    after: pair.after && factOf(pair.after),
  }))
}

function changeOf(before: Cookie | null, after: Cookie | null): CookieChange['change'] {
  if (before === null) return 'added'
  if (after === null) return 'removed'
  return sameCookie(before, after) ? 'same' : 'changed'
}
