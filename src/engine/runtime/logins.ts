// Logins: kept in step with the check that each owns, and how each stands by what was seen of it last. Knows no screen, writes to no host.
import { randomBytes } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { Check } from '../../shared/model/check.ts'
import type { Login, LoginDraft, LoginFile, LoginProof, LoginView, SiteProfile } from '../../shared/model/login.ts'
import { inspectFile, type LoginLook, loginFileOf } from '../cookies/index.ts'
import { newHostId } from '../domain/host-id.ts'
import { soonestEnd } from '../domain/login-verdict.ts'
import { siteProfiles } from '../domain/site-profiles.ts'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, DisposableBag, Emitter } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { Native } from '../ports.ts'
import { pushedJarId, type StoredLogin } from '../store/logins.ts'
import type { Store } from '../store/store.ts'
import type { Checks } from './checks.ts'
import type { HostSession } from './host-session.ts'
import { LoginCandidates } from './login-candidates.ts'
import { checkOfLogin, judgeLoginDraft } from './login-draft.ts'
import { jarOf, readLoginFile, textOf, usesSudo } from './login-file.ts'
import type { Prober } from './prober.ts'
import type { Publish } from './publish.ts'
import type { Vault } from './vault.ts'

/** What was seen of a login last. */
interface Seen {
  file: LoginFile | null
  fileAt: number | null
  proofs: readonly LoginProof[]
}

export interface LoginsOptions {
  store: Store
  vault: Pick<Vault, 'get' | 'put'>
  checks: Pick<Checks, 'putOwned' | 'removeOwned'>
  prober: Pick<Prober, 'probeNow' | 'looked'>
  native: Pick<Native, 'openLogin' | 'forgetLogin'>
  session: (hostId: string) => HostSession
  clock: Clock
  log: Logger
  publish: Publish
}

export class Logins implements Disposable {
  /** A login was looked at: what its file holds and what the site said. */
  readonly looked = new Emitter<{ login: Login; look: LoginLook }>()
  readonly candidates: LoginCandidates
  readonly #options: LoginsOptions
  readonly #log: Logger
  readonly #seen = new Map<string, Seen>()
  readonly #bag = new DisposableBag()

  constructor(options: LoginsOptions) {
    this.#options = options
    this.#log = options.log.child('logins')
    this.candidates = this.#bag.add(new LoginCandidates({ ...options, login: id => this.stored(id).login }))
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
    judgeLoginDraft(store, draft, null)
    // never one that a login had before: its kept session and its renewals are not those of its namesake
    const id = `${newHostId(draft.name, [])}-${randomBytes(3).toString('hex')}`
    const login = store.transaction(() => {
      const check = checks.putOwned(null, checkOfLogin(draft))
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
    judgeLoginDraft(store, draft, login)
    store.transaction(() => {
      checks.putOwned(login.checkId, checkOfLogin(draft))
      store.logins.update(id, draft)
      // what was written to one file says nothing of another
      if (draft.path !== login.path) store.logins.setPushed(id, null, this.#options.clock.now())
    })
    if (draft.path !== login.path) this.#seen.delete(id)
    this.candidates.discardAll(id)
    this.announce(id)
    return this.stored(id).login
  }

  /** The file on the host stays as it is. */
  remove(id: string): Login {
    const { store, checks } = this.#options
    const { login } = this.stored(id)
    store.transaction(() => {
      checks.removeOwned(login.checkId)
      store.logins.remove(id)
    })
    this.#forget(id)
    return login
  }

  /** The host is about to go, and its logins and their checks with it. */
  hostRemoved(hostId: string): void {
    for (const { login } of this.#options.store.logins.list()) {
      if (login.hostId !== hostId) continue
      this.#options.store.logins.remove(login.id)
      this.#forget(login.id)
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
    return loginFileOf(facts, jarOf(facts, null, null)).file
  }

  /** Looks at the file and asks the site now. */
  prove(id: string): void {
    this.#options.prober.probeNow(this.stored(id).login.checkId)
  }

  /** The file as it is counts from now on as what the app wrote (R29). */
  async adopt(id: string): Promise<void> {
    const { store, vault, clock, session } = this.#options
    const { login } = this.stored(id)
    const { facts } = await readLoginFile(session(login.hostId), login)
    const text = textOf(facts)
    if (text === null || facts.sha256 === null) throw new AppError('NOT_FOUND', 'There is nothing in the file')
    // it may have been removed while its file was read
    this.stored(id)
    store.transaction(() => {
      vault.put(pushedJarId(id), text)
      store.logins.setPushed(id, facts.sha256, clock.now())
    })
    this.announce(id)
  }

  /** How the newest visit with the kept session went; `problem` is shown as it is. */
  visited(id: string, problem: string | null): void {
    const { store, clock } = this.#options
    try {
      store.logins.setVisit(id, { at: clock.now(), problem })
    } catch (error) {
      // the visit itself was made: a disk that takes nothing makes no failure of it
      this.#log.warn('how a visit went was not written', { login: id, error: String(error) })
    }
    this.announce(id)
  }

  announce(id: string): void {
    const stored = this.#options.store.logins.get(id)
    if (stored) this.#options.publish('login.changed', this.#view(stored))
  }

  dispose(): void {
    this.#bag.dispose()
    this.looked.dispose()
  }

  #onLook(check: Check, look: LoginLook): void {
    const stored = this.#options.store.logins.list().find(({ login }) => login.checkId === check.id)
    if (!stored) return
    const { login } = stored
    const before = this.#seen.get(login.id)
    this.#seen.set(login.id, {
      file: look.file ?? before?.file ?? null,
      fileAt: look.file ? this.#options.clock.now() : (before?.fileAt ?? null),
      // of this look alone: what the site said of an earlier file, or to an earlier question, proves nothing of this one
      proofs: look.proofs,
    })
    this.announce(login.id)
    this.looked.emit({ login, look })
  }

  #view({ login, pushedAt, pushedSha256, deactivated, refreshedAt, visit }: StoredLogin): LoginView {
    const seen = this.#seen.get(login.id)
    const sha256 = seen?.file?.sha256 ?? null
    return {
      login,
      file: seen?.file ?? null,
      fileAt: seen?.fileAt ?? null,
      proofs: [...(seen?.proofs ?? [])],
      expiresAt: seen?.file ? soonestEnd(seen.file.cookies, login.required) : null,
      pushedAt: pushedSha256 === null ? null : pushedAt,
      drifted: pushedSha256 === null || sha256 === null ? null : this.#hasDrifted(login.id, sha256, pushedSha256),
      deactivated: deactivated !== null && deactivated.length > 0,
      keepAlive: login.keepAliveHours === null ? null : (visit ?? { at: refreshedAt, problem: null }),
    }
  }

  /** What a renewal that is under way has just written is not the bot's doing. */
  #hasDrifted(id: string, sha256: string, pushedSha256: string): boolean {
    if (sha256 === pushedSha256) return false
    const [newest] = this.#options.store.logins.runs(id, 1)
    return newest?.finishedAt !== null || newest.newSha256 !== sha256
  }

  #forget(id: string): void {
    this.#seen.delete(id)
    this.candidates.discardAll(id)
    this.#options.publish('login.removed', id)
    this.#options.native.forgetLogin(id).catch((caught: unknown) => {
      const { code } = AppError.from(caught)
      // where there is no desktop there is no session to forget
      if (code !== 'UNSUPPORTED') this.#log.warn('the kept session could not be removed', { login: id, code })
    })
  }
}
