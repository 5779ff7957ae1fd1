// Which cookies of a login window's session are handed over, and when there are enough of them; knows nothing of windows, and logs nothing.
import type { Cookie } from 'electron'
import type { CapturedCookie } from '../shared/contract/native.ts'
import { isUnder } from './login-address.ts'

/** As many as an answer may hold. */
export const maxCookies = 2000
const sameSites = ['unspecified', 'no_restriction', 'lax', 'strict'] as const

/** The session's cookies of the allowed domains, as they cross to the engine; where there are too many, the required ones come first. */
export function captured(
  cookies: readonly Cookie[],
  domains: readonly string[],
  required: readonly string[],
): CapturedCookie[] {
  const ours = cookies.filter(cookie => isUnder(cookie.domain ?? '', domains)).map(toCaptured)
  const rank = (cookie: CapturedCookie): number => (required.includes(cookie.name) ? 0 : 1)
  return (ours.length > maxCookies ? ours.sort((a, b) => rank(a) - rank(b)) : ours).slice(0, maxCookies)
}

function toCaptured(cookie: Cookie): CapturedCookie {
  const domain = cookie.domain ?? ''
  return {
    name: cookie.name,
    value: cookie.value,
    domain: domain.replace(/^\./, '').toLowerCase(),
    hostOnly: cookie.hostOnly ?? !domain.startsWith('.'),
    path: cookie.path ?? '/',
    secure: cookie.secure ?? false,
    httpOnly: cookie.httpOnly ?? false,
    sameSite: sameSites.find(known => known === cookie.sameSite) ?? 'unspecified',
    expiresAt: cookie.expirationDate === undefined ? null : Math.round(cookie.expirationDate * 1000),
  }
}

/** Are all the required ones there, with a value? Where none is named there is no telling. */
export function hasRequired(cookies: readonly CapturedCookie[], required: readonly string[]): boolean {
  const there = new Set(cookies.filter(({ value }) => value !== '').map(({ name }) => name))
  return required.length > 0 && required.every(name => there.has(name))
}

/** Did the site set one of the required ones since `before`? What was there already may be what the site no longer takes. */
export function hasNews(
  before: readonly CapturedCookie[],
  now: readonly CapturedCookie[],
  required: readonly string[],
): boolean {
  const key = ({ name, domain, path, value }: CapturedCookie): string => [name, domain, path, value].join('\0')
  const known = new Set(before.map(key))
  return now.some(cookie => cookie.value !== '' && required.includes(cookie.name) && !known.has(key(cookie)))
}
