// Visits sites with the kept sessions of logins before those age, and writes what cookies they rotated; opens no window and proves nothing itself.
import type { CapturedCookie } from '../../shared/contract/native.ts'
import { AppError } from '../../shared/errors.ts'
import type { Login } from '../../shared/model/login.ts'
import type { Settings } from '../../shared/model/settings.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { Native } from '../ports.ts'
import type { Store } from '../store/store.ts'
import type { CircuitBreakers } from './circuit-breaker.ts'
import type { HostSession } from './host-session.ts'
import { type LoginCandidates, windowRequest } from './login-candidates.ts'
import type { Logins } from './logins.ts'
import type { Renewals } from './renewal.ts'

const keepAliveActor = 'rule: keep-alive'
const lookMs = 60_000
const hourMs = 3_600_000

export interface KeepAliveOptions {
  store: Pick<Store, 'logins'>
  logins: Pick<Logins, 'view' | 'visited'> & { candidates: Pick<LoginCandidates, 'offerVisit' | 'discard'> }
  renewals: Pick<Renewals, 'renew' | 'isRunning'>
  native: Pick<Native, 'refreshLogin'>
  /** Null while a host has no session. */
  session: (hostId: string) => HostSession | null
  settings: () => Settings
  breakers: Pick<CircuitBreakers, 'allows' | 'ended'>
  clock: Clock
  log: Logger
}

export class KeepAlive implements Disposable {
  readonly #options: KeepAliveOptions
  readonly #log: Logger
  readonly #ended = new AbortController()
  #timer: Disposable | null = null
  #running: Promise<void> | null = null
  constructor(options: KeepAliveOptions) {
    this.#options = options
    this.#log = options.log.child('keep-alive')
  }

  start(): void {
    this.#timer ??= this.#options.clock.every(lookMs, () => void this.look())
  }

  /** Visits all that are due, one after the other; resolves when that is done. */
  look(): Promise<void> {
    this.#running ??= this.#visitDue()
      .catch(caught => this.#log.error('it broke', { code: AppError.from(caught).code }))
      .finally(() => {
        this.#running = null
      })
    return this.#running
  }

  dispose(): void {
    this.#timer?.dispose()
    this.#ended.abort(new AppError('ENGINE_GONE', 'Quarterdeck ended'))
  }

  async #visitDue(): Promise<void> {
    for (const { login, refreshedAt } of this.#options.store.logins.list()) {
      if (this.#ended.signal.aborted || !this.#options.settings().automation) return
      if (this.#isDue(login, refreshedAt)) await this.#visit(login)
    }
  }

  #isDue(login: Login, refreshedAt: number | null): boolean {
    const { clock, session, renewals, breakers } = this.#options
    if (login.keepAliveHours === null || !login.keepSession || login.loginUrl === null) return false
    const now = clock.now()
    // a clock that was set back must not hold it up for ever
    const last = Math.min(refreshedAt ?? login.createdAt, now)
    if (now < last + login.keepAliveHours * hourMs) return false
    if (session(login.hostId)?.link.status.state !== 'ready' || renewals.isRunning(login.id)) return false
    return breakers.allows(featureOf(login))
  }

  async #visit(login: Login): Promise<void> {
    const { store, logins, native, breakers, clock } = this.#options
    try {
      // written first: an engine that dies of it does not visit again and again
      store.logins.setRefreshed(login.id, clock.now())
      const { cookies, reason } = await native.refreshLogin(windowRequest(login), this.#ended.signal)
      const problem =
        cookies === null
          ? `${(reason ?? 'The visit brought nothing').slice(0, 300)}. Renew it in a login window.`
          : await this.#push(login, cookies)
      breakers.ended(featureOf(login), null)
      this.#log.info('visited', { login: login.id, problem })
      logins.visited(login.id, problem)
    } catch (caught) {
      if (this.#ended.signal.aborted) return
      this.#failed(login, AppError.from(caught))
    }
  }

  /** It is tried again in an hour, also by the engine that is started next. */
  #failed(login: Login, error: AppError): void {
    const { store, logins, breakers, clock } = this.#options
    const { code, message } = error
    this.#log.warn('a visit failed', { login: login.id, code })
    // without a desktop there are no kept sessions: that is no failure of the visit's own
    breakers.ended(featureOf(login), code === 'UNSUPPORTED' ? null : error)
    if (code !== 'UNSUPPORTED')
      store.logins.setRefreshed(login.id, clock.now() - ((login.keepAliveHours ?? 1) - 1) * hourMs)
    // what broke inside may say anything
    logins.visited(login.id, code === 'INTERNAL' ? 'The visit did not come through' : message.slice(0, 300))
  }

  /** Why what the visit brought was not written; null where all is well. */
  async #push(login: Login, cookies: readonly CapturedCookie[]): Promise<string | null> {
    const { logins, renewals } = this.#options
    // what the bot itself rotated is newer than this session's: a person says which of them counts (R29)
    if (logins.view(login.id).drifted === true) return 'Not written: the bot has changed the file since it was written'
    const candidate = await logins.candidates.offerVisit(login, cookies)
    if (candidate === null) return null
    try {
      const [problem] = candidate.problems
      if (problem !== undefined) return `New cookies were not written: ${problem}`.slice(0, 400)
      renewals.renew(candidate.id, { despiteProblems: false, actor: keepAliveActor })
      return null
    } finally {
      logins.candidates.discard(candidate.id)
    }
  }
}

const featureOf = ({ id }: Login): string => `keep-alive/${id}`
