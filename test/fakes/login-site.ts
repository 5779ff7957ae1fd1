// A real site to log in to, on loopback: a form, sessions in cookies, rotation, and every way such sites say no. Knows nothing of who visits.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostilePage } from './login-site-hostile.ts'

/** What the site answers to who is or is not logged in. */
export type SiteMood = 'normal' | 'challenge' | 'rate-limit' | 'down'

export interface SiteSession {
  /** Goes with the session token and has to come back in the header `x-csrf-token`, where one is sent. */
  readonly ct0: string
}

export interface SiteOptions {
  /** Speaks TLS with a certificate that nobody vouches for. */
  readonly badCertificate?: boolean
  /** How long a session's cookies last, seconds; null is until the browser ends. */
  readonly maxAge?: number | null
  /** `Domain` of the cookies; null binds them to the very host. */
  readonly cookieDomain?: string | null
  /** Every answered request brings a new token; the one before is good for this many more requests. */
  readonly rotate?: number | null
  /** A log-in also sets a cookie for this site under this site alone (CHIPS). */
  readonly partitioned?: boolean
  /** A log-in leads over this host, which sets a cookie of its own. */
  readonly tracker?: string | null
}

export class LoginSite implements AsyncDisposable {
  readonly user = 'sam'
  readonly password = `site-${randomBytes(9).toString('base64url')}`
  readonly port: number
  readonly options: SiteOptions
  mood: SiteMood = 'normal'
  /** Tokens that are good, by value. */
  readonly sessions = new Map<string, SiteSession>()
  /** Requests as they came: without values, so that a test's output never holds them. */
  readonly requests: { method: string; host: string; path: string; cookies: string[]; userAgent: string }[] = []
  /** What the hostile page's script told of its tricks. */
  readonly reports: Record<string, unknown>[] = []
  readonly #server: Server
  readonly #spare = new Map<string, number>()

  private constructor(server: Server, port: number, options: SiteOptions) {
    this.#server = server
    this.port = port
    this.options = options
    server.on('request', (request, response) => void this.#answer(request, response))
  }

  static async start(options: SiteOptions = {}): Promise<LoginSite> {
    // A hostile page's cookies are many, and all of them come along with what it reports.
    const maxHeaderSize = 4 * 1024 * 1024
    const server = options.badCertificate
      ? (createSecureServer({ ...selfSigned(), maxHeaderSize }) as unknown as Server)
      : createServer({ maxHeaderSize })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return new LoginSite(server, (server.address() as AddressInfo).port, options)
  }

  /** The site under a name; browsers lead all of `*.localhost` to loopback. */
  at(host: string, path = '/'): string {
    return `${this.options.badCertificate ? 'https' : 'http'}://${host}:${this.port}${path}`
  }

  /** Logs in as the form would; for tests that want cookies without a browser. */
  logIn(): { auth_token: string; ct0: string } {
    const auth_token = randomBytes(20).toString('hex')
    const ct0 = randomBytes(16).toString('hex')
    this.sessions.set(auth_token, { ct0 })
    return { auth_token, ct0 }
  }

  /** Ends all sessions, as a site does after a change of password. */
  expireAll(): void {
    this.sessions.clear()
    this.#spare.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const url = new URL(request.url ?? '/', 'http://site')
    const cookies = cookiesOf(request)
    const host = request.headers.host ?? ''
    const userAgent = request.headers['user-agent'] ?? ''
    this.requests.push({
      method: request.method ?? '',
      host,
      path: url.pathname,
      cookies: [...cookies.keys()],
      userAgent,
    })
    const body = request.method === 'POST' ? await bodyOf(request) : ''
    const send: Send = (status, text, headers = {}) => {
      response.writeHead(status, {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        ...headers,
      })
      response.end(text)
    }
    const token = cookies.get('auth_token') ?? ''
    const session = this.sessions.get(token)
    switch (url.pathname) {
      case '/login':
        if (request.method === 'POST') return this.#logInByForm(new URLSearchParams(body), host, send)
        return session ? send(302, '', { location: '/home' }) : send(200, form())
      case '/sso':
        return send(302, '', {
          location: url.searchParams.get('next') ?? '/',
          'set-cookie': 'tracker=seen; Path=/; HttpOnly',
        })
      case '/home':
        if (this.mood !== 'normal') return this.#moody(send)
        if (!session) return send(302, '', { location: '/login' })
        return send(200, page('Home', '<h1>Logged in</h1>'), this.#rotated(token, session))
      case '/api/me':
        return this.#api(request, token, session, send)
      case '/logout':
        this.sessions.delete(token)
        return send(302, '', { location: '/login', 'set-cookie': this.#cookies('', '', 0) })
      case '/oauth-start':
        return send(200, page('Sign in with', oauthStart), { 'cross-origin-opener-policy': 'same-origin-allow-popups' })
      case '/oauth':
        return send(200, page('Provider', oauthProvider))
      case '/oauth-done':
        return this.#logInByForm(new URLSearchParams({ user: this.user, password: this.password }), host, send)
      case '/hostile':
        return send(200, hostilePage)
      case '/report':
        this.reports.push(JSON.parse(body))
        return send(204, '')
      case '/worker.js':
        return send(200, 'self.addEventListener("fetch",()=>{});setInterval(()=>fetch("/worker-lives"),200)', {
          'content-type': 'text/javascript',
        })
      case '/download':
        return send(200, 'hostile download', {
          'content-type': 'application/octet-stream',
          'content-disposition': 'attachment; filename="hostile-download.bin"',
        })
      case '/to-file':
        return send(302, '', { location: 'file:///etc/passwd' })
      case '/to-protocol':
        return send(302, '', { location: 'quarterdeck-test:redirect' })
      default:
        return send(404, page('Nothing here', ''))
    }
  }

  #api(request: IncomingMessage, token: string, session: SiteSession | undefined, send: Send): unknown {
    if (this.mood !== 'normal') return this.#moody(send)
    if (!session) return send(401, '{"error":"not logged in"}', json)
    const csrf = request.headers['x-csrf-token']
    if (csrf !== undefined && csrf !== session.ct0) return send(403, '{"error":"csrf"}', json)
    return send(200, `{"user":"${this.user}"}`, { ...json, ...this.#rotated(token, session) })
  }

  #moody(send: Send): unknown {
    if (this.mood === 'rate-limit') return send(429, 'Too many requests', { 'retry-after': '60' })
    if (this.mood === 'down') return send(503, 'Service unavailable')
    else
      send(200, page('One more step', '<h1>Confirm that you are human</h1><p>Unusual activity. Solve the captcha.</p>'))
  }

  #logInByForm(fields: URLSearchParams, host: string, send: Send): unknown {
    if (fields.get('user') !== this.user || fields.get('password') !== this.password)
      return send(401, form('Wrong user or password'))
    const { auth_token, ct0 } = this.logIn()
    const home = `http://${host}/home`
    const { tracker } = this.options
    const location = tracker ? `${this.at(tracker, '/sso')}?next=${encodeURIComponent(home)}` : '/home'
    return send(303, '', { location, 'set-cookie': this.#cookies(auth_token, ct0, this.options.maxAge ?? 3600) })
  }

  /** A new token in the place of the old one, which is good for a while longer. */
  #rotated(token: string, session: SiteSession): Record<string, string[]> {
    const { rotate = null, maxAge = 3600 } = this.options
    if (rotate === null) return {}
    const left = this.#spare.get(token)
    if (left !== undefined) {
      if (left <= 1) this.sessions.delete(token)
      this.#spare.set(token, left - 1)
      return {}
    }
    const next = randomBytes(20).toString('hex')
    this.sessions.set(next, session)
    if (rotate > 0) this.#spare.set(token, rotate)
    else this.sessions.delete(token)
    return { 'set-cookie': this.#cookies(next, session.ct0, maxAge ?? 3600) }
  }

  #cookies(authToken: string, ct0: string, maxAge: number): string[] {
    const { cookieDomain = null } = this.options
    const age = this.options.maxAge === null && maxAge !== 0 ? '' : `; Max-Age=${maxAge}`
    const tail = `; Path=/${cookieDomain === null ? '' : `; Domain=${cookieDomain}`}${age}`
    const apart = this.options.partitioned ? [`apart=p1; Path=/; Secure; SameSite=None; Partitioned${age}`] : []
    return [
      ...[`auth_token=${authToken}${tail}; HttpOnly; SameSite=Lax`, `ct0=${ct0}${tail}`],
      ...[`guest=g1; Path=/${age}`, ...apart],
    ]
  }
}

type Send = (status: number, text: string, headers?: Record<string, string | string[]>) => unknown
const json = { 'content-type': 'application/json' }

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body>${body}</body></html>`
}

function form(problem = ''): string {
  return page(
    'https://bank.example - Log in',
    `<p id="problem">${problem}</p><form method="post" action="/login"><label>User <input name="user"></label>
<label>Password <input name="password" type="password"></label><button type="submit">Log in</button></form>`,
  )
}

const oauthStart = `<button id="provider" onclick="window.open('/oauth','oauth','width=400,height=500,frame=no,alwaysOnTop=yes')">Sign in with a provider</button>
<script>addEventListener('message',event=>{if(event.data==='granted')location.href='/oauth-done'})</script>`
const oauthProvider = `<button id="grant" onclick="opener.postMessage('granted','*');window.close()">Grant</button>`

function cookiesOf(request: IncomingMessage): Map<string, string> {
  const pairs = (request.headers.cookie ?? '').split(/;\s*/).filter(Boolean)
  return new Map(pairs.map(pair => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function selfSigned(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'quarterdeck-site-'))
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30']
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,DNS:*.localhost,IP:127.0.0.1']
    execFileSync('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
