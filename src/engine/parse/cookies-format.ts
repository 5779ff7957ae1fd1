// What every format of cookie files has to be able to do, and the bounds of all of them (semantics 26); knows no format.
import type { Cookie } from '../../shared/cookie.ts'

/** A file as one format reads it: its cookies, and how to write others in their place with every other byte kept. */
export interface Layout {
  readonly cookies: readonly Cookie[]
  /** The text with `changes`: one for each of `cookies`, the same for no change, null to take it away; then what is new. */
  write(changes: readonly (Cookie | null)[], added: readonly Cookie[]): string
}

export type Reading<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly problem: string }
export type LayoutReading = Reading<{ layout: Layout }>

export const refused = (problem: string): { readonly ok: false; readonly problem: string } => ({ ok: false, problem })

/** ≤ 1 MiB. */
export const mostBytes = 1_048_576
/** A whole browser profile has fewer. */
const mostCookies = 10_000

const lineOrNul = /[\r\n\0]/
/** What a domain may look like: names, addresses, IPv6 in brackets. */
const domainLike =
  /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?|\[[0-9a-f:.]+\])$/i

/** Why a cookie can be no cookie; null where it can. Says its name and place, never its value. */
export function cookieProblem({ name, value, domain, path }: Cookie): string | null {
  if (lineOrNul.test(name) || lineOrNul.test(path)) return 'A line break or NUL stands in the name or path of a cookie'
  if (lineOrNul.test(value)) return `A line break or NUL stands in the value of ${shownName(name)}`
  const bare = domain.replace(/^\./, '')
  if (bare.length > 253 || (bare !== '' && !isDomain(bare))) return `The domain of ${shownName(name)} is no domain`
  if (path.length > 4096 || name.length > 4096) return `The name or path of ${shownName(name)} is too long`
  return null
}

/** Names beyond ASCII are what browsers show; hosts see punycode, and both may stand in a file. */
function isDomain(text: string): boolean {
  return domainLike.test(text.replace(/\P{ASCII}/gu, 'x'))
}

const shownName = (name: string): string => `"${name.replace(/[^\x20-\x7e]/g, '?').slice(0, 60)}"`

/** The first problem of many; null where there is none. */
export function cookiesProblem(cookies: readonly Cookie[]): string | null {
  if (cookies.length > mostCookies) return `More than ${mostCookies} cookies`
  for (const cookie of cookies) {
    const problem = cookieProblem(cookie)
    if (problem !== null) return problem
  }
  return null
}
