// Says what differs between a file's cookies and those that are to take their place, in facts alone; knows no values beyond comparing them.
import { type Cookie, type Jar, pairWithFile } from '../../shared/cookie.ts'
import type { CookieChange } from '../../shared/model/login.ts'
import { factOf } from './cookie.ts'

/** One change for each cookie: those that will be there in their order, then those that will be gone. What the file cannot hold is no change. */
export function diffJars(before: Jar | null, after: readonly Cookie[]): CookieChange[] {
  const pairs = before
    ? pairWithFile(before.cookies, after, before.format)
    : after.map(cookie => ({ before: null, after: cookie, same: false }))
  return pairs.map(pair => ({
    change: pair.same ? 'same' : pair.before === null ? 'added' : pair.after === null ? 'removed' : 'changed',
    before: pair.before && factOf(pair.before),
    after: pair.after && factOf(pair.after),
  }))
}
