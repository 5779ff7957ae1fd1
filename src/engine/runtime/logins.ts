// Logins: kept in step with the check that each owns, looked at, and offered new cookies, which stay in memory until they are written. Knows no screen.
import { createHash, randomUUID } from 'node:crypto'
import type { CapturedCookie } from '../../shared/contract/native.ts'
import { AppError } from '../../shared/errors.ts'
import type { Check } from '../../shared/model/check.ts'
import type {
  CookieFormat,
  Login,
  LoginCandidate,
  LoginDraft,
  LoginFile,
  LoginProof,
  LoginView,
  SiteProfile,
} from '../../shared/model/login.ts'
import {
  type Cookie,
  inspectFile,
  type Jar,
  type LoginLook,
  loginFileOf,
  type RemoteFileFacts,
  readJar,
  textOfFile,
  writeJar,
} from '../cookies/index.ts'
import { newHostId } from '../domain/host-id.ts'
import { diffJars } from '../domain/jar-diff.ts'
import { planJar } from '../domain/jar-edit.ts'
import { soonestEnd } from '../domain/login-verdict.ts'
import { siteProfileOf, siteProfiles } from '../domain/site-profiles.ts'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, DisposableBag, Emitter } from '../lib/disposable.ts'
import type { Native } from '../ports.ts'
import { pushedJarId, type StoredLogin } from '../store/logins.ts'
import type { Store } from '../store/store.ts'
import type { Checks } from './checks.ts'
import type { HostSession } from './host-session.ts'
import { wholeTextOf } from './login-text.ts'
import type { Prober } from './prober.ts'
import type { Publish } from './publish.ts'
import type { Vault } from './vault.ts'

/** New cookies are held in memory for so long. */
const candidateMs = 600_000
const mostCandidates = 32

/** New cookies as the engine holds them. */
export interface HeldCandidate {
  readonly view: LoginCandidate
  readonly cookies: readonly Cookie[]
  /** All of the file, where it is written just as it was given. */
  readonly text: string | null
  readonly timer: Disposable
}

/** What a look at a login found last. */
interface Seen {
  file: LoginFile | null
  fileAt: number | null
  proofs: readonly LoginProof[]
}

export interface LoginsOptions {
  store: Store
  vault: Pick<Vault, 'get' | 'put' | 'forget'>
  checks: Pick<Checks, 'putOwned' | 'removeOwned'>
  prober: Pick<Prober, 'probeNow' | 'looked'>
  native: Pick<Native, 'openLogin' | 'closeLogin' | 'forgetLogin'>
  session: (hostId: string) => HostSession
  clock: Clock
  publish: Publish
}

export class Logins implements Disposable {
  /** A login was looked at: what its file holds and what the site said. */
  readonly looked = new Emitter<{ login: Login; look: LoginLook }>()
  readonly #options: LoginsOptions
  readonly #seen = new Map<string, Seen>()
  readonly #candidates = new Map<string, HeldCandidate>()
  readonly #bag = new DisposableBag()

  constructor(options: LoginsOptions) {
    this.#options = options
    this.#bag.add(options.prober.looked.on(({ check, look }) => this.#onLook(check, look as LoginLook)))
  }

  list(): LoginView[] {
    return this.#options.store.logins.list().map(stored => this.#view(stored))
  }

  /** Throws NOT_FOUND. */
  view(id: string): LoginView {
    return this.#view(this.stored(id))
  }

  /** Throws NOT_FOUND. */
  stored(id: string): StoredLogin {
    const stored = this.#options.store.logins.get(id)
    if (!stored) throw new AppError('NOT_FOUND', 'This login is not there any more')
    return stored
  }

  add(draft: LoginDraft): Login {
    const { store, checks, clock } = this.#options
    this.#judge(draft, null)
    const taken = store.logins.list().map(({ login }) => login.id)
    const id = newHostId(draft.name, taken)
    const login = store.transaction(() => {
      const check = checks.putOwned(null, checkOf(draft))
      const made: Login = { ...draft, id, checkId: check.id, createdAt: clock.now() }
      store.logins.insert(made)
      return made
    })
    this.announce(id)
    return login
  }

  edit(id: string, draft: LoginDraft): Login {
    const { store, checks } = this.#options
    const { login } = this.stored(id)
    this.#judge(draft, login)
    store.transaction(() => {
      checks.putOwned(login.checkId, checkOf(draft))
      store.logins.update(id, draft)
      // what was written to one file says nothing of another
      if (draft.path !== login.path) store.logins.setPushed(id, null, this.#options.clock.now())
    })
    if (draft.path !== login.path) this.#seen.delete(id)
    this.announce(id)
    return this.stored(id).login
  }

  /** The file on the host stays as it is. */
  remove(id: string): Login {
    const { store, checks, publish, native } = this.#options
    const { login } = this.stored(id)
    checks.removeOwned(login.checkId)
    store.logins.remove(id)
    this.#forget(id)
    publish('login.removed', id)
    // where there is no desktop there is no session to forget
    native.forgetLogin(id).catch(() => {})
    return login
  }

  /** The host is about to go, and its logins and their checks with it. */
  hostRemoved(hostId: string): void {
    for (const { login } of this.#options.store.logins.list()) {
      if (login.hostId !== hostId) continue
      this.#options.store.logins.remove(login.id)
      this.#forget(login.id)
      this.#options.publish('login.removed', login.id)
    }
  }

  /** The sites that a person need not describe. */
  sites(): SiteProfile[] {
    return [...siteProfiles]
  }

  /** Looks at a file before a login is made of it; nothing is kept. */
  async inspect(hostId: string, path: string): Promise<LoginFile> {
    const session = this.#options.session(hostId)
    const facts = await inspectFile(session.link, path, { sudo: usesSudo(session) })
    return loginFileOf(facts, readOf(facts, null, null)).file
  }

  /** Looks at the file and asks the site now. */
  prove(id: string): void {
    this.#options.prober.probeNow(this.stored(id).login.checkId)
  }

  /** What somebody pasted or dropped. Throws INVALID_INPUT where it is nothing that can be read. */
  async paste(id: string, text: string): Promise<LoginCandidate> {
    const { login } = this.stored(id)
    const whole = await this.#offerWhole(login, 'pasted', text)
    if (whole) return whole
    const names = login.required.length > 0 ? login.required : null
    const reading = login.kind === 'token' ? readToken(text, login) : readJar(text, null, names)
    if (!reading.ok)
      throw new AppError('INVALID_INPUT', reading.problem, { hint: 'Export the cookies again, or paste all of it.' })
    return await this.#offer(login, 'pasted', reading.jar.cookies, reading.jar.format)
  }

  /** Null where the window was closed before the login was there. */
  async capture(id: string, signal: AbortSignal): Promise<LoginCandidate | null> {
    const { login } = this.stored(id)
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
  async offer(id: string, source: 'file-on-host' | 'last-push'): Promise<LoginCandidate> {
    const { login } = this.stored(id)
    const text =
      source === 'last-push'
        ? this.#options.vault.get(pushedJarId(id))
        : await this.#readFile(login).then(({ facts }) => textOf(facts))
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
    const changes = candidate.changes.some(({ change }) => change !== 'same' && change !== 'removed')
    if (changes && candidate.problems.length === 0) return candidate
    this.discard(candidate.id)
    return null
  }

  /** Throws NOT_FOUND once it is written, dropped, or too old. */
  candidate(id: string): HeldCandidate {
    const held = this.#candidates.get(id)
    if (!held)
      throw new AppError('NOT_FOUND', 'These cookies are no longer held', { hint: 'Paste or capture them again.' })
    return held
  }

  discard(id: string): void {
    this.#candidates.get(id)?.timer.dispose()
    this.#candidates.delete(id)
  }

  /** The file as it is counts from now on as what the app wrote (R29). */
  async adopt(id: string): Promise<void> {
    const { store, vault, clock } = this.#options
    const { login } = this.stored(id)
    const { facts } = await this.#readFile(login)
    const text = textOf(facts)
    if (text === null || facts.sha256 === null) throw new AppError('NOT_FOUND', 'There is nothing in the file')
    store.transaction(() => {
      vault.put(pushedJarId(id), text)
      store.logins.setPushed(id, facts.sha256, clock.now())
    })
    this.announce(id)
  }

  async forgetSession(id: string): Promise<void> {
    await this.#options.native.forgetLogin(this.stored(id).login.id)
  }

  announce(id: string): void {
    const stored = this.#options.store.logins.get(id)
    if (stored) this.#options.publish('login.changed', this.#view(stored))
  }

  dispose(): void {
    for (const id of [...this.#candidates.keys()]) this.discard(id)
    this.#bag.dispose()
    this.looked.dispose()
  }

  async #readFile(login: Login): Promise<{ facts: RemoteFileFacts; jar: Jar | null }> {
    const session = this.#options.session(login.hostId)
    const facts = await inspectFile(session.link, login.path, { sudo: usesSudo(session) })
    return { facts, jar: readOf(facts, login.format, namesOf(login)) }
  }

  async #offer(
    login: Login,
    source: LoginCandidate['source'],
    incoming: readonly Cookie[],
    from: CookieFormat,
  ): Promise<LoginCandidate> {
    const { clock } = this.#options
    const { facts, jar } = await this.#readFile(login)
    const to = login.format ?? jar?.format ?? from
    const plan = planJar({
      base: jar,
      incoming,
      to,
      domains: login.domains,
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
  async #offerWhole(login: Login, source: LoginCandidate['source'], given: string): Promise<LoginCandidate | null> {
    if (login.kind === 'cookies') return null
    const { facts } = await this.#readFile(login)
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
    if (this.#candidates.size >= mostCandidates) this.discard([...this.#candidates.keys()][0] ?? '')
    const timer = this.#options.clock.after(candidateMs, () => this.discard(view.id))
    this.#candidates.set(view.id, { view, cookies, text, timer })
    return view
  }

  #onLook(check: Check, look: LoginLook): void {
    const stored = this.#options.store.logins.list().find(({ login }) => login.checkId === check.id)
    if (!stored) return
    const { login } = stored
    const before = this.#seen.get(login.id)
    // one side may not have been asked this time
    const proofs = [...look.proofs, ...(before?.proofs ?? [])].filter(
      (proof, index, all) => all.findIndex(other => other.from === proof.from) === index,
    )
    const at = this.#options.clock.now()
    this.#seen.set(login.id, {
      file: look.file ?? before?.file ?? null,
      fileAt: look.file ? at : (before?.fileAt ?? null),
      proofs,
    })
    this.announce(login.id)
    this.looked.emit({ login, look })
  }

  #view({ login, pushedAt, pushedSha256, deactivated }: StoredLogin): LoginView {
    const seen = this.#seen.get(login.id)
    const sha256 = seen?.file?.sha256 ?? null
    return {
      login,
      file: seen?.file ?? null,
      fileAt: seen?.fileAt ?? null,
      proofs: [...(seen?.proofs ?? [])],
      expiresAt: seen?.file ? soonestEnd(seen.file.cookies, login.required) : null,
      pushedAt: pushedSha256 === null ? null : pushedAt,
      drifted: pushedSha256 === null || sha256 === null ? null : sha256 !== pushedSha256,
      deactivated: deactivated !== null && deactivated.length > 0,
    }
  }

  #forget(id: string): void {
    this.#seen.delete(id)
    for (const [candidateId, { view }] of this.#candidates) if (view.loginId === id) this.discard(candidateId)
  }

  #judge(draft: LoginDraft, before: Login | null): void {
    const { store } = this.#options
    const wrong = (field: string, message: string): AppError =>
      new AppError('INVALID_INPUT', message, { detail: { field } })
    if (!store.hosts.get(draft.hostId)) throw wrong('hostId', 'This host is not configured')
    if (before && before.hostId !== draft.hostId) throw wrong('hostId', 'A login stays on its host')
    if (draft.site !== 'custom' && siteProfileOf(draft.site).id !== draft.site)
      throw wrong('site', 'This version of Quarterdeck does not know that site')
    if (draft.keepAliveHours !== null && (!draft.keepSession || draft.loginUrl === null))
      throw wrong('keepAliveHours', 'Only a kept session can be kept alive')
    if (draft.criticalDays > draft.warnDays) throw wrong('criticalDays', 'It cannot be critical before it is a warning')
    const same = store.logins
      .list()
      .find(({ login }) => login.hostId === draft.hostId && login.path === draft.path && login.id !== before?.id)
    if (same) throw wrong('path', `${same.login.name} is in that file already`)
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

/** By sudo wherever this user may: so the owner and mode of other people's files are kept. */
export function usesSudo(session: HostSession): boolean {
  return session.facts?.rights === 'sudo'
}

/** The text of the file that holds the candidate's cookies, on the file as it is now. */
export function contentOf(
  cookies: readonly Cookie[],
  login: Login,
  facts: RemoteFileFacts,
  to: CookieFormat,
): Uint8Array {
  const base = readOf(facts, login.format, namesOf(login))
  return new TextEncoder().encode(writeJar(cookies, to, base))
}

export const sha256Of = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')

export function textOf(facts: RemoteFileFacts): string | null {
  return facts.content === null ? null : textOfFile(facts.content)
}

const namesOf = (login: Pick<Login, 'required'>): readonly string[] | null =>
  login.required.length > 0 ? login.required : null

function readOf(facts: RemoteFileFacts, format: CookieFormat | null, names: readonly string[] | null): Jar | null {
  const text = textOf(facts)
  if (text === null) return null
  const reading = readJar(text, format, names)
  return reading.ok ? reading.jar : null
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

/** The check that a login owns: alerts, history and silences are the same as for everything else. */
function checkOf(draft: LoginDraft) {
  const { path, kind, format, required, probe, warnDays, criticalDays } = draft
  return {
    hostId: draft.hostId,
    type: 'login',
    name: draft.name,
    spec: { path, kind, format, required, probe, warnDays, criticalDays },
    unit: draft.consumers[0] ?? null,
    vantage: 'host' as const,
  }
}
