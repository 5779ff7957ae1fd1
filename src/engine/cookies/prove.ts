// Asks the site, with the login's own cookies, whether it is still logged in (R27); says no value in any message and takes no cookie to another origin.
import type { Duplex } from 'node:stream'
import type { Cookie } from '../../shared/cookie.ts'
import type { LoginKind, LoginProbe, LoginProof, LoginVerdict } from '../../shared/model/login.ts'
import { cookieHeaderFor } from '../domain/cookie-select.ts'
import type { Clock } from '../lib/clock.ts'
import { type HttpAnswer, type HttpTrouble, httpRequest } from '../lib/http-client.ts'
import { Redactor } from '../lib/log.ts'
import { matchesStatus } from '../parse/status-list.ts'

export interface ProofRequest {
  readonly from: 'host' | 'local'
  readonly probe: LoginProbe
  readonly kind: LoginKind
  readonly cookies: readonly Cookie[]
  /** What a certificate's file holds, PEM; its private key goes into the handshake and nowhere else. */
  readonly identity?: string | undefined
  /** The first of them holds the token, where the login is one. */
  readonly required: readonly string[]
  /** A TCP stream as seen from `from`. Rejects with an AppError. */
  readonly connect: (address: string, port: number) => Promise<Duplex>
  readonly clock: Clock
  readonly signal: AbortSignal
}

interface Word {
  readonly verdict: LoginVerdict
  readonly message: string
}

/** All that is needed to tell a login page from another; a body may be endless. */
const mostBody = 512 * 1024
const mostHops = 5
/** How protection against bots answers, whatever the site. */
const challengeHeader = 'cf-mitigated'

/** Never rejects: what cannot be known is a verdict, too. */
export async function proveLogin(request: ProofRequest): Promise<LoginProof> {
  const { from, clock, cookies } = request
  const redactor = new Redactor()
  // hosts are shown in lower case
  for (const { value } of cookies) for (const form of [value, value.toLowerCase()]) redactor.add(form)
  const { verdict, message } = await asked(request)
  return { at: clock.now(), verdict, from, message: redactor.redact(message).slice(0, 2000) }
}

async function asked(request: ProofRequest): Promise<Word> {
  const { probe, kind, identity, connect, clock, signal } = request
  if (kind === 'certificate' && !/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(identity ?? ''))
    return { verdict: 'unknown', message: 'The site cannot be asked: the private key is not in the file beside it' }
  let url = probe.url
  const origin = originOf(url)
  for (let hop = 0; hop <= mostHops; hop++) {
    const headers = headersFor(request, url)
    if (typeof headers === 'string') return { verdict: 'unknown', message: headers }
    const answer = await httpRequest(
      { connect, clock },
      { url, headers, signal, maxBodyBytes: mostBody, followRedirects: false, identity, ca: authorityIn(identity) },
    )
    if (!answer.ok) return { verdict: troubles[answer.trouble], message: answer.message }
    const word = wordOf(answer, request, url)
    if (word !== null) return word
    const next = URL.parse(answer.headers.location ?? '', url)
    if (next === null)
      return { verdict: 'unknown', message: `${placeOf(url)} redirects to something that is no address` }
    if (next.origin !== origin)
      return {
        verdict: 'unknown',
        message: `${placeOf(url)} redirects to another origin (${next.host}), where no cookie is sent`,
      }
    url = next.href
  }
  return { verdict: 'unknown', message: `${placeOf(url)} redirected more than ${mostHops} times` }
}

/** What an answer says; null where it only leads on. */
function wordOf(answer: HttpAnswer, { probe, kind }: ProofRequest, url: string): Word | null {
  const { status, headers } = answer
  const shown = `[STATUS] (${status}) of ${placeOf(url)}`
  if (status === 429) {
    const wait = headers['retry-after']?.trim() ?? ''
    // seconds or a date, and nothing that a site might slip in
    const known = /^(?:\d{1,9}|[A-Za-z]{3}, \d\d [A-Za-z]{3} \d{4} [\d:]{8} GMT)$/.test(wait)
    return { verdict: 'rate-limited', message: `${shown}${known ? `, to be asked again after ${wait}` : ''}` }
  }
  const { location } = headers
  const body = answer.body.toString('utf8')
  const challenge = probe.challengeTexts.find(text => includes(body, text) || includes(location ?? '', text))
  if (challenge !== undefined) return { verdict: 'challenged', message: `${shown}, with "${challenge}" in it` }
  if (headers[challengeHeader]?.includes('challenge'))
    return { verdict: 'challenged', message: `${shown}, as a challenge` }
  if (status === 401 || status === 403) return { verdict: 'expired', message: shown }
  // nginx lets the handshake through and answers so
  if (kind === 'certificate' && status === 400 && /\bSSL certificate\b/i.test(body))
    return { verdict: 'expired', message: `${shown}: it does not take the certificate` }
  if (isRedirect(status) && location !== undefined) {
    const target = URL.parse(location, url)?.href ?? location
    const path = probe.loginPaths.find(one => leadsTo(target, one))
    return path === undefined ? null : { verdict: 'expired', message: `${shown}, to log in (${path})` }
  }
  if (status >= 500) return { verdict: 'site-down', message: shown }
  if (!matchesStatus(probe.expectedStatus, status))
    return { verdict: 'unknown', message: `[STATUS] (${status}) == ${probe.expectedStatus} of ${placeOf(url)}` }
  if (probe.validText !== '' && !body.includes(probe.validText))
    return { verdict: 'unknown', message: `${shown}, without "${probe.validText}" in it` }
  return { verdict: 'valid', message: shown }
}

const troubles: Record<HttpTrouble, LoginVerdict> = {
  refused: 'site-down',
  unreachable: 'site-down',
  protocol: 'site-down',
  tls: 'site-down',
  aborted: 'site-down',
  certificate: 'unknown',
  identity: 'expired',
  redirect: 'unknown',
  link: 'unknown',
  dns: 'unknown',
  input: 'unknown',
}

/** The headers with what stands in braces replaced; a text where something is missing for them. */
function headersFor(request: ProofRequest, url: string): Record<string, string> | string {
  const { probe, kind, cookies, required } = request
  const headers: Record<string, string> = { accept: 'text/html,application/json;q=0.9,*/*;q=0.8' }
  // no cache between here and there may answer for the site
  headers['cache-control'] = 'no-cache'
  const values = new Map(cookies.map(({ name, value }) => [name, value]))
  let unknown: string | undefined
  for (const { name, value } of probe.headers) {
    const filled = value.replace(/\{([^{}\s]{1,256})\}/g, (whole, key: string) => {
      const found = values.get(key)
      // `{` may be the header's own, as in JSON; a name that is required is meant
      if (found === undefined && required.includes(key)) unknown = key
      return found ?? whole
    })
    headers[name.toLowerCase()] = asBytes(filled)
  }
  if (unknown !== undefined) return `The request needs ${shownName(unknown)}, which is not in the file`
  if (kind === 'certificate') return headers
  if (kind === 'token') {
    const token = values.get(required[0] ?? '') ?? cookies[0]?.value
    if (token === undefined || token === '') return 'There is no token in the file'
    headers.authorization ??= `Bearer ${asBytes(token)}`
    return headers
  }
  // what the file calls expired is sent, too: the site alone knows
  const cookie = cookieHeaderFor(cookies, url, Number.NEGATIVE_INFINITY)
  if (cookie === '' && headers.cookie === undefined) return `None of the cookies in the file is for ${placeOf(url)}`
  headers.cookie ??= asBytes(cookie)
  return headers
}

/** What stands above the certificate in its file has, with private services, made the server's own, too. */
function authorityIn(identity: string | undefined): string | undefined {
  const [, ...above] = identity?.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []
  return above.length === 0 ? undefined : above.join('\n')
}

/** Headers carry bytes: what is not ASCII goes as UTF-8, as browsers send it. */
const asBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

const isRedirect = (status: number): boolean => status >= 300 && status < 400 && status !== 304
const includes = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase())
const originOf = (url: string): string => URL.parse(url)?.origin ?? ''
const shownName = (name: string): string => name.replace(/[^\x20-\x7e]/g, '?').slice(0, 60)

/** A path is looked for where the address has its path, so that a log-in path in a query (`?next=/login`) is none. */
function leadsTo(target: string, path: string): boolean {
  const url = URL.parse(target)
  return includes(url === null ? target : url.host + url.pathname, path)
}

/** By name and port only: paths and queries may hold secrets. */
const placeOf = (url: string): string => URL.parse(url)?.host ?? 'the address'
