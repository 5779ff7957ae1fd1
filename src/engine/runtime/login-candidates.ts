// New cookies for a login, from wherever they come: held in memory until they are written, dropped or too old; shown only as what may be shown of them.
import { randomUUID } from 'node:crypto'
import type { CapturedCookie } from '../../shared/contract/native.ts'
import { AppError } from '../../shared/errors.ts'
import type { CookieFormat, Login, LoginCandidate } from '../../shared/model/login.ts'
import { type Cookie, readJar } from '../cookies/index.ts'
import { diffJars } from '../domain/jar-diff.ts'
import { planJar } from '../domain/jar-edit.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Native } from '../ports.ts'
import { pushedJarId } from '../store/logins.ts'
import type { HostSession } from './host-session.ts'
import { namesOf, readLoginFile, textOf } from './login-file.ts'
import { wholeTextOf } from './login-text.ts'
import type { Vault } from './vault.ts'

const heldMs = 600_000
const mostHeld = 32

/** New cookies as the engine holds them. */
export interface HeldCandidate {
  readonly view: LoginCandidate
  readonly cookies: readonly Cookie[]
  /** All of the file, where it is written just as it was given. */
  readonly text: string | null
  readonly timer: Disposable
}

export interface LoginCandidatesOptions {
  /** Throws NOT_FOUND. */
  login: (id: string) => Login
  vault: Pick<Vault, 'get'>
  native: Pick<Native, 'openLogin'>
  session: (hostId: string) => HostSession
  clock: Clock
}

type Source = LoginCandidate['source']

export class LoginCandidates implements Disposable {
  readonly #options: LoginCandidatesOptions
  readonly #held = new Map<string, HeldCandidate>()

  constructor(options: LoginCandidatesOptions) {
    this.#options = options
  }

  /** What somebody pasted or dropped. Throws INVALID_INPUT where it is nothing that can be read. */
  async paste(loginId: string, text: string): Promise<LoginCandidate> {
    const login = this.#options.login(loginId)
    const whole = await this.#offerWhole(login, 'pasted', text)
    if (whole) return whole
    const reading = login.kind === 'token' ? readToken(text, login) : readJar(text, null, namesOf(login))
    if (!reading.ok)
      throw new AppError('INVALID_INPUT', reading.problem, { hint: 'Export the cookies again, or paste all of it.' })
    return await this.#offer(login, 'pasted', reading.jar.cookies, reading.jar.format)
  }

  /** Null where the window was closed before the login was there. */
  async capture(loginId: string, signal: AbortSignal): Promise<LoginCandidate | null> {
    const login = this.#options.login(loginId)
    if (login.loginUrl === null)
      throw new AppError('INVALID_INPUT', 'There is no address to log in at', {
        hint: 'Enter one, or paste an export.',
      })
    const { cookies, reason } = await this.#options.native.openLogin(windowRequest(login), signal)
    if (cookies === null) {
      if (reason !== null) throw new AppError('CANCELLED', reason)
      return null
    }
    return await this.#offer(login, 'window', cookies.map(cookieOf), 'json')
  }

  /** What the file holds now, or what the app last wrote (R29). */
  async offer(loginId: string, source: 'file-on-host' | 'last-push'): Promise<LoginCandidate> {
    const { login: loginOf, vault, session } = this.#options
    const login = loginOf(loginId)
    const text =
      source === 'last-push'
        ? vault.get(pushedJarId(loginId))
        : textOf((await readLoginFile(session(login.hostId), login)).facts)
    if (text === null)
      throw new AppError(
        'NOT_FOUND',
        source === 'last-push' ? 'Nothing was written from here yet' : 'The file is empty',
      )
    const whole = await this.#offerWhole(login, source, text)
    if (whole) return whole
    const reading = readJar(text, login.format, namesOf(login))
    if (!reading.ok) throw new AppError('INVALID_INPUT', reading.problem)
    return await this.#offer(login, source, reading.jar.cookies, reading.jar.format)
  }

  /** Cookies that a visit with the kept session brought. Null where they are what the file holds already. */
  async offerVisit(login: Login, cookies: readonly CapturedCookie[]): Promise<LoginCandidate | null> {
    const candidate = await this.#offer(login, 'window', cookies.map(cookieOf), 'json')
    if (candidate.changes.some(({ change }) => change !== 'same' && change !== 'removed')) return candidate
    this.discard(candidate.id)
    return null
  }

  /** Throws NOT_FOUND once it is written, dropped, or too old. */
  get(id: string): HeldCandidate {
    const held = this.#held.get(id)
    if (!held)
      throw new AppError('NOT_FOUND', 'These cookies are no longer held', { hint: 'Paste or capture them again.' })
    return held
  }

  discard(id: string): void {
    this.#held.get(id)?.timer.dispose()
    this.#held.delete(id)
  }

  /** The login went, or is another now: what was shown of its candidates is no longer so. */
  discardAll(loginId: string): void {
    for (const [id, { view }] of this.#held) if (view.loginId === loginId) this.discard(id)
  }

  dispose(): void {
    for (const id of [...this.#held.keys()]) this.discard(id)
  }

  async #offer(login: Login, source: Source, incoming: readonly Cookie[], from: CookieFormat): Promise<LoginCandidate> {
    const { clock, session } = this.#options
    const { facts, jar } = await readLoginFile(session(login.hostId), login)
    const to = login.format ?? jar?.format ?? from
    const plan = planJar({
      base: jar,
      incoming,
      from: source === 'window' ? 'window' : from,
      to,
      domains: source === 'window' ? windowDomains(login) : login.domains,
      required: login.required,
      now: clock.now(),
    })
    const view: LoginCandidate = {
      id: randomUUID(),
      loginId: login.id,
      source,
      from,
      to,
      changes: diffJars(jar, plan.cookies).slice(0, 4_000),
      problems: [...plan.problems, ...facts.problems.map(({ message, hint }) => `${message}. ${hint}`)],
      warnings: [...plan.warnings],
    }
    return this.#hold(view, plan.cookies, null)
  }

  /** Null where the file's parts are changed one by one. */
  async #offerWhole(login: Login, source: Source, given: string): Promise<LoginCandidate | null> {
    if (login.kind === 'cookies') return null
    const { facts } = await readLoginFile(this.#options.session(login.hostId), login)
    const whole = wholeTextOf(login, given, textOf(facts), this.#options.clock.now())
    if (!whole) return null
    const { before, after, text } = whole
    const change = before === null ? 'added' : after === null ? 'removed' : text === textOf(facts) ? 'same' : 'changed'
    const view: LoginCandidate = {
      ...{ id: randomUUID(), loginId: login.id, source, from: 'env', to: 'env' },
      changes: before === null && after === null ? [] : [{ change, before, after }],
      problems: [...whole.problems, ...facts.problems.map(({ message, hint }) => `${message}. ${hint}`)],
      warnings: [...whole.warnings],
    }
    // where there is nothing to write there is nothing to accept despite its problems
    if (text === '') throw new AppError('INVALID_INPUT', whole.problems[0] ?? 'There is nothing in it')
    return this.#hold(view, [], text)
  }

  #hold(view: LoginCandidate, cookies: readonly Cookie[], text: string | null): LoginCandidate {
    // it may have been removed while its file was read
    this.#options.login(view.loginId)
    if (this.#held.size >= mostHeld) this.discard([...this.#held.keys()][0] ?? '')
    const timer = this.#options.clock.after(heldMs, () => this.discard(view.id))
    this.#held.set(view.id, { view, cookies, text, timer })
    return view
  }
}

/** What a login window is asked for. */
export function windowRequest(login: Login) {
  return {
    loginId: login.id,
    title: login.name,
    url: login.loginUrl ?? '',
    domains: login.domains,
    required: login.required,
    keep: login.keepSession,
  }
}

/** Where none are named the window takes those of the log-in page alone, and so only those are replaced. */
function windowDomains({ domains, loginUrl }: Login): readonly string[] {
  if (domains.length > 0 || loginUrl === null) return domains
  return [new URL(loginUrl).hostname.replace(/^www\./, '')]
}

/** A token alone is the value of the one key that the file needs. */
function readToken(text: string, login: Login): ReturnType<typeof readJar> {
  const [key] = login.required
  const trimmed = text.trim()
  // a token may end in `=` itself
  const named =
    key === undefined || trimmed.split('\n').some(line => line.replace(/^export\s+/, '').startsWith(`${key}=`))
  const whole = named ? trimmed : `${key}=${trimmed}`
  return readJar(`${whole}\n`, 'env', namesOf(login))
}

function cookieOf(captured: CapturedCookie): Cookie {
  const { domain, ...rest } = captured
  return { ...rest, domain: domain.replace(/^\./, '').toLowerCase() }
}
