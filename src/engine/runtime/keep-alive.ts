// Visits sites with the kept sessions of logins before those age, and writes what cookies they rotated; opens no window and proves nothing itself.
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
import { type Logins, windowRequest } from './logins.ts'
import type { Renewals } from './renewal.ts'

export const keepAliveActor = 'rule: keep-alive'
const lookMs = 60_000
const hourMs = 3_600_000

export interface KeepAliveOptions {
  store: Pick<Store, 'logins'>
  logins: Pick<Logins, 'offerVisit' | 'discard' | 'view'>
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
  /** A visit that failed is tried again before its time. */
  readonly #retries = new Map<string, number>()

  constructor(options: KeepAliveOptions) {
    this.#options = options
    this.#log = options.log.child('keep-alive')
  }

  start(): void {
    this.#timer ??= this.#options.clock.every(lookMs, () => void this.look())
  }

  /** Visits all that are due, one after the other; resolves when that is done. */
  look(): Promise<void> {
    this.#running ??= this.#visitDue().finally(() => {
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
    const retry = this.#retries.get(login.id)
    if (now < last + login.keepAliveHours * hourMs && (retry === undefined || now < retry)) return false
    if (session(login.hostId)?.link.status.state !== 'ready' || renewals.isRunning(login.id)) return false
    return breakers.allows(featureOf(login))
  }

  async #visit(login: Login): Promise<void> {
    const { store, native, breakers, clock } = this.#options
    this.#retries.delete(login.id)
    // written first: an engine that dies of it does not visit again and again
    store.logins.setRefreshed(login.id, clock.now())
    try {
      const { cookies } = await native.refreshLogin(windowRequest(login), this.#ended.signal)
      if (cookies === null) {
        this.#log.warn('the kept session is no longer good', { login: login.id })
        breakers.ended(featureOf(login), null)
        return
      }
      await this.#push(login, cookies)
      breakers.ended(featureOf(login), null)
      this.#log.info('visited', { login: login.id })
    } catch (caught) {
      if (this.#ended.signal.aborted) return
      const { code } = AppError.from(caught)
      // without a desktop there are no kept sessions: that is no failure
      breakers.ended(featureOf(login), code === 'UNSUPPORTED' ? null : caught)
      if (code === 'UNSUPPORTED') return
      this.#retries.set(login.id, clock.now() + Math.min(login.keepAliveHours ?? 1, 1) * hourMs)
      this.#log.warn('a visit failed', { login: login.id, code })
    }
  }

  async #push(login: Login, cookies: Parameters<Logins['offerVisit']>[1]): Promise<void> {
    const { logins, renewals } = this.#options
    // what the bot itself rotated is newer than this session's: a person says which of them counts (R29)
    if (logins.view(login.id).drifted === true) {
      this.#log.warn('not written: the file is no longer what was written last', { login: login.id })
      return
    }
    const candidate = await logins.offerVisit(login, cookies)
    if (candidate === null) return
    try {
      renewals.renew(candidate.id, { despiteProblems: false, actor: keepAliveActor })
    } catch (error) {
      logins.discard(candidate.id)
      throw error
    }
  }
}

const featureOf = ({ id }: Login): string => `keep-alive/${id}`
