// Decides which cookies go with a request, as RFC 6265 says (5.1.3, 5.1.4, 5.4); knows no network and sends nothing.
import { bareDomain, type Cookie } from '../../shared/cookie.ts'

/** The value of the Cookie header for a request to `url`; empty where none fits. Cookies that are past their end by this clock are left out. */
export function cookieHeaderFor(cookies: readonly Cookie[], url: string, now: number): string {
  return cookiesFor(cookies, url, now)
    .map(({ name, value }) => (name === '' ? value : `${name}=${value}`))
    .join('; ')
}

/** Longest path first, else in the order of the file. One that names no domain goes with any request: the file is this login's. */
function cookiesFor(cookies: readonly Cookie[], url: string, now: number): Cookie[] {
  if (!URL.canParse(url)) return []
  const { protocol, hostname, pathname } = new URL(url)
  const host = canonicalHost(hostname)
  const secure = protocol === 'https:' || isOwnMachine(host)
  return cookies
    .filter(
      cookie =>
        (cookie.domain === '' || goesToHost(cookie, host)) &&
        pathMatches(pathname, cookie.path) &&
        (secure || !cookie.secure) &&
        (cookie.expiresAt === null || cookie.expiresAt > now) &&
        isSendable(cookie),
    )
    .map((cookie, index) => ({ cookie, index }))
    .sort((one, other) => other.cookie.path.length - one.cookie.path.length || one.index - other.index)
    .map(({ cookie }) => cookie)
}

/** RFC 6265 5.1.3: the same, or a subdomain where the host is a name and not an address. */
export function domainMatches(host: string, domain: string): boolean {
  const name = canonicalHost(host)
  const wanted = canonicalHost(bareDomain(domain))
  if (name === wanted) return true
  return wanted !== '' && name.endsWith(`.${wanted}`) && !isAddress(name) && !isAddress(wanted)
}

/** RFC 6265 5.1.4. */
export function pathMatches(requestPath: string, cookiePath: string): boolean {
  const path = cookiePath.startsWith('/') ? cookiePath : '/'
  if (requestPath === path) return true
  return requestPath.startsWith(path) && (path.endsWith('/') || requestPath[path.length] === '/')
}

function goesToHost({ domain, hostOnly }: Cookie, host: string): boolean {
  return hostOnly ? canonicalHost(bareDomain(domain)) === host : domainMatches(host, domain)
}

/** As a URL spells it: punycode, IPv4 in four numbers, IPv6 in its short form; without the dot of the root. */
function canonicalHost(host: string): string {
  const lower = host.toLowerCase().replace(/\.$/, '')
  const url = `http://${lower}/`
  return URL.canParse(url) ? new URL(url).hostname : lower
}

const isAddress = (host: string): boolean => host.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(host)

/** Browsers send Secure cookies to the machine itself without TLS, too. */
const isOwnMachine = (host: string): boolean =>
  host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host) || /^(?:.+\.)?localhost$/.test(host)

/** Nothing that would end the header or begin another cookie. A tab may stand within one (RFC 6265bis 5.6). */
const isSendable = ({ name, value }: Cookie): boolean =>
  !/[;\p{Cc}]/u.test((name + value).replaceAll('\t', '')) && !name.includes('=')
