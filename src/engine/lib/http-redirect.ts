// Decides where a redirect leads and what may go along: secrets stay with the origin that they were given for. Sends nothing.

/** One request on its way. */
export interface Hop {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | null
}

const redirects = new Set([301, 302, 303, 307, 308])
/** Anyone may see these. Every other header that the caller gave may be a secret. */
const harmless = new Set(['accept', 'accept-language', 'user-agent'])

/** The next hop; null where the answer is the end; a text where it must not be followed, with why. */
export function followed(hop: Hop, status: number, location: string | undefined): Hop | string | null {
  if (!redirects.has(status) || location === undefined) return null
  if (!URL.canParse(location, hop.url.href)) return 'Redirected to something that is no address'
  const url = new URL(location, hop.url.href)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return `Redirected to another scheme (${url.protocol.slice(0, 20)})`
  url.username = ''
  url.password = ''
  const toGet = (status === 303 && hop.method !== 'HEAD') || (status < 303 && hop.method === 'POST')
  const method = toGet ? 'GET' : hop.method
  const body = toGet ? null : hop.body
  const same = url.origin === hop.url.origin
  if (!same && isInside(url.hostname) && !isInside(hop.url.hostname))
    return `Redirected from outside to an inner address (${url.host})`
  if (!same && method !== 'GET' && method !== 'HEAD')
    return `Redirected to another origin (${url.host}), where a ${method.slice(0, 10)} is not repeated`
  const headers = Object.entries(hop.headers).filter(([name]) => {
    const lower = name.toLowerCase()
    if (toGet && (lower === 'content-type' || lower === 'content-encoding')) return false
    return same ? true : harmless.has(lower)
  })
  return { url, method, headers: Object.fromEntries(headers), body }
}

/** Is the name, as a URL spells it, one of the machine itself? */
export function isLoopback(hostname: string): boolean {
  return (
    /^(?:.+\.)?localhost\.?$/.test(hostname) ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname) ||
    /^\[?(?:::1|::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}|::ffff:127\.\d+\.\d+\.\d+)\]?$/.test(hostname)
  )
}

/** The machine itself, or what cloud machines ask for their own secrets. */
function isInside(hostname: string): boolean {
  return (
    isLoopback(hostname) || /^(?:0\.|169\.254\.)/.test(hostname) || /^\[(?:::|fe[89ab][0-9a-f]:.*)\]$/.test(hostname)
  )
}
