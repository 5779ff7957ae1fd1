// One HTTP/1.1 request over a stream that somebody else opens, so that it may go through SSH: bounded, with redirects that carry no secrets away. Knows no host and no check.
import type { Duplex } from 'node:stream'
import { AppError } from '../../shared/errors.ts'
import type { Clock } from './clock.ts'
import { exchange, type HttpTrouble, type OneAnswer, Trouble } from './http-exchange.ts'
import { followed, type Hop } from './http-redirect.ts'
import { type Certificate, refusedIdentity, secureStream } from './tls-stream.ts'

export interface HttpRequest {
  /** http: or https:, without user and password. */
  readonly url: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** 8 MiB unless told; what is longer is cut (semantics 36). */
  readonly maxBodyBytes?: number
  /** 5 unless told. Headers that the caller gave, and bodies, are never carried to another origin. */
  readonly maxRedirects?: number
  /** False: a redirect is an answer like any other, for whoever has to see where it leads. */
  readonly followRedirects?: boolean
  /** A certificate that is not to be trusted ends the request before anything is sent, unless this is false. */
  readonly verify?: boolean
  /** Trusted besides the usual roots; PEM. */
  readonly ca?: string | undefined
  /** Shown where the server asks for a certificate: it and its private key, PEM. */
  readonly identity?: string | undefined
  readonly signal: AbortSignal
}

/** What a request needs from outside. */
export interface HttpWays {
  /** A TCP stream. Rejects with an AppError. */
  connect(address: string, port: number): Promise<Duplex>
  readonly clock: Clock
}

export interface HttpAnswer {
  readonly ok: true
  readonly status: number
  /** Names in lower case; repeated ones are joined. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** The body was longer than allowed. */
  readonly truncated: boolean
  /** From the first step to the last byte, redirects included. */
  readonly latencyMs: number
  /** Of the last hop. */
  readonly certificate: Certificate | null
  /** The address that answered in the end, without its query. */
  readonly url: string
}

export interface HttpFailure {
  readonly ok: false
  readonly trouble: HttpTrouble
  /** Names places by address and port only: paths and queries may hold secrets. */
  readonly message: string
  /** What the way said, where it was the way. */
  readonly error: AppError | null
  readonly latencyMs: number
  readonly certificate: Certificate | null
}
export type { HttpTrouble }
export type HttpResult = HttpAnswer | HttpFailure

const usualBody = 8 * 1024 * 1024
const usualRedirects = 5

/** Never rejects for anything that a network, a server or a caller's spec can do. */
export async function httpRequest(ways: HttpWays, request: HttpRequest): Promise<HttpResult> {
  const started = ways.clock.monotonic()
  const state: { certificate: Certificate | null } = { certificate: null }
  try {
    let hop = firstHop(request)
    for (let left = request.maxRedirects ?? usualRedirects; ; left--) {
      state.certificate = null
      const answer = await once(ways, request, hop, state)
      const next = request.followRedirects === false ? null : followed(hop, answer.status, answer.headers.location)
      if (next === null) {
        const { origin, pathname } = hop.url
        const { certificate } = state
        return { ok: true, ...answer, latencyMs: ways.clock.monotonic() - started, certificate, url: origin + pathname }
      }
      if (left <= 0)
        throw new Trouble('redirect', `Redirected more than ${request.maxRedirects ?? usualRedirects} times`)
      if (typeof next === 'string') throw new Trouble('redirect', next)
      hop = next
    }
  } catch (caught) {
    const trouble = request.signal.aborted ? new Trouble('aborted', 'No answer in time') : troubleOf(caught)
    const { message, kind, error } = trouble
    const { certificate } = state
    return { ok: false, trouble: kind, message, error, latencyMs: ways.clock.monotonic() - started, certificate }
  }
}

function firstHop(request: HttpRequest): Hop {
  const url = URL.canParse(request.url) ? new URL(request.url) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new Trouble('input', 'The address must begin with http:// or https://')
  if (url.username !== '' || url.password !== '')
    throw new Trouble('input', 'The address must not hold a user name or password')
  const { body } = request
  return { url, method: request.method ?? 'GET', headers: request.headers ?? {}, body: body ?? null }
}

async function once(
  ways: HttpWays,
  request: HttpRequest,
  hop: Hop,
  state: { certificate: Certificate | null },
): Promise<OneAnswer> {
  const { url } = hop
  const secure = url.protocol === 'https:'
  const address = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)
  const raw = await opened(ways, address, port, request.signal)
  let refused: string | null = null
  try {
    let stream: Duplex = raw
    if (secure) {
      const { ca, identity, signal } = request
      const tls = { serverName: address, ca, identity, signal, alpn: ['http/1.1'] }
      const secured = await secureStream(raw, tls).catch(caught => {
        const error = AppError.from(caught)
        const kind = error.code === 'INVALID_INPUT' ? 'input' : error.detail?.refused ? 'identity' : 'tls'
        throw new Trouble(kind, `${url.host}: ${error.message}`)
      })
      // by TLS 1.3 a server says only after the handshake what it thinks of our certificate
      secured.socket.on('error', error => {
        refused ??= refusedIdentity(error)
      })
      state.certificate = secured.certificate
      stream = secured.socket
      if (secured.problem !== null && request.verify !== false)
        throw new Trouble('certificate', `${url.host}: ${secured.problem}`)
    }
    return await exchange(stream, hop, { most: request.maxBodyBytes ?? usualBody, signal: request.signal })
  } catch (caught) {
    if (refused !== null)
      throw new Trouble('identity', `${url.host}: The other side refuses who we say we are: ${refused}`)
    throw caught
  } finally {
    raw.destroy()
  }
}

/** A stream that comes after the end of the request is closed at once. */
function opened(ways: HttpWays, address: string, port: number, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    let over = false
    const onAbort = (): void => {
      over = true
      reject(new Trouble('aborted', 'No answer in time'))
    }
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) return onAbort()
    ways.connect(address, port).then(
      stream => {
        signal.removeEventListener('abort', onAbort)
        stream.on('error', () => {})
        if (over) stream.destroy()
        else resolve(stream)
      },
      error => {
        signal.removeEventListener('abort', onAbort)
        reject(error)
      },
    )
  })
}

const troubles: Partial<Record<AppError['code'], HttpTrouble>> = {
  RESOLVE_FAILED: 'dns',
  PORT_CLOSED: 'refused',
  UNREACHABLE: 'unreachable',
  TIMEOUT: 'unreachable',
}

function troubleOf(caught: unknown): Trouble {
  if (caught instanceof Trouble) return caught
  const error = AppError.from(caught)
  return new Trouble(troubles[error.code] ?? 'link', error.message, error)
}
