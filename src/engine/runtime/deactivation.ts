// Stops the services of a login that is proven expired, and starts them again once it is proven valid (R24); remembers before it acts. Renews nothing.
import { AppError } from '../../shared/errors.ts'
import type { CheckUnit } from '../../shared/model/check.ts'
import type { Login, LoginVerdict } from '../../shared/model/login.ts'
import type { Settings } from '../../shared/model/settings.ts'
import type { Evidence } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, DisposableBag, disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { Deactivated } from '../store/logins.ts'
import type { Store } from '../store/store.ts'
import type { Actions } from './actions.ts'
import type { Alerting } from './alerting.ts'
import type { AuditLog } from './audit-log.ts'
import { runningUnits, startUnit, stopUnit } from './deactivation-units.ts'
import type { HostSession } from './host-session.ts'
import type { Logins } from './logins.ts'
import { proofOf } from './renewal-proof.ts'

const deactivationActor = 'rule: login'

export interface DeactivationOptions {
  store: Store
  logins: Pick<Logins, 'looked' | 'announce'>
  alerting: Pick<Alerting, 'changed' | 'phase' | 'addEvent'>
  /** Null while a host has no session. */
  session: (hostId: string) => HostSession | null
  actions?: Pick<Actions, 'take'>
  settings: () => Settings
  /** Is a renewal under way for this login? */
  renewing: (loginId: string) => boolean
  audit: AuditLog
  clock: Clock
  log: Logger
}

export class Deactivation implements Disposable {
  readonly #options: DeactivationOptions
  readonly #log: Logger
  readonly #bag = new DisposableBag()
  /** What each login's site said last, since the engine started. */
  readonly #verdicts = new Map<string, LoginVerdict>()
  /** One thing at a time for each login. */
  readonly #busy = new Map<string, Promise<unknown>>()
  /** Hosts on which nothing is stopped for now. */
  readonly #held = new Set<string>()

  constructor(options: DeactivationOptions) {
    this.#options = options
    this.#log = options.log.child('deactivation')
    this.#bag.add(
      options.logins.looked.on(({ login, look }) => this.#onLook(login, proofOf(look)?.verdict ?? 'unknown')),
    )
    this.#bag.add(
      options.alerting.changed.on(({ incident, what }) => {
        if (what !== 'opened' || incident.checkType !== 'login' || incident.cause !== 'login') return
        const stored = options.store.logins.list().find(({ login }) => login.checkId === incident.checkId)
        if (stored) this.#consider(stored.login)
      }),
    )
  }

  /** Starts again what was stopped: a person's renewal is proven, whatever the switch for automatic actions says. */
  async lift(loginId: string): Promise<readonly Evidence[]> {
    return await this.#once(loginId, () => this.#start(loginId, deactivationActor))
  }

  /**
   * Starts again what was stopped because a person no longer wants it so, though nothing is proven. Throws NOT_CONNECTED, CONFLICT (something
   * else is under way on them) or COMMAND_FAILED where one does not start: then nothing is forgotten.
   */
  async release(loginId: string, actor: string): Promise<readonly Evidence[]> {
    const { store, session } = this.#options
    const stored = store.logins.get(loginId)
    if (!stored?.deactivated?.length) return []
    const names = stored.deactivated.map(({ name }) => name).join(', ')
    if (session(stored.login.hostId)?.link.status.state !== 'ready')
      throw new AppError('NOT_CONNECTED', `${names} cannot be started again: the host is not connected`, {
        hint: 'Wait until it is connected again.',
      })
    const evidence = await this.#once(loginId, () => this.#start(loginId, actor))
    const bad = evidence.find(({ ok }) => !ok)
    if (bad) throw new AppError('COMMAND_FAILED', bad.text)
    if (store.logins.get(loginId)?.deactivated?.length)
      throw new AppError('CONFLICT', `Something else is under way on ${names}`, { hint: 'Try again in a moment.' })
    return evidence
  }

  /** From now until disposed no look at a login stops a service of this host. */
  hold(hostId: string): Disposable {
    this.#held.add(hostId)
    return disposable(() => this.#held.delete(hostId))
  }

  dispose(): void {
    this.#bag.dispose()
  }

  #onLook(login: Login, verdict: LoginVerdict): void {
    const { renewing, settings } = this.#options
    this.#verdicts.set(login.id, verdict)
    if (renewing(login.id) || !settings().automation) return
    if (verdict === 'expired') this.#consider(login)
    if (verdict === 'valid') void this.#quietly(login, () => this.#start(login.id, deactivationActor))
  }

  #consider(login: Login): void {
    if (this.#mayStop(login)) void this.#quietly(login, () => this.#stop(login))
  }

  #mayStop(login: Login): boolean {
    const { alerting, settings, renewing } = this.#options
    if (login.onExpiry === 'nothing' || login.consumers.length === 0 || this.#held.has(login.hostId)) return false
    if (!settings().automation || renewing(login.id) || this.#verdicts.get(login.id) !== 'expired') return false
    const { phase, mutedBy } = alerting.phase(login.checkId, null)
    return (phase === 'firing' || phase === 'recovering') && mutedBy !== 'silence' && mutedBy !== 'maintenance'
  }

  async #stop(login: Login): Promise<void> {
    const { store, audit, clock, logins, session: sessionOf } = this.#options
    const known = store.logins.get(login.id)?.deactivated ?? null
    const session = sessionOf(login.hostId)
    // one that waited for its turn may be told late that the host is held
    if (!session || this.#held.has(login.hostId) || known?.every(({ stoppedAt }) => stoppedAt !== null)) return
    const taken = this.#take(login, login.consumers)
    if (taken === null) return
    try {
      const plan = known ?? (await this.#plan(session, login))
      // while the host was asked a person may have taken it back
      if (plan === null || (known === null && !this.#mayStop(login))) return
      const disable = login.onExpiry === 'disable'
      const names = plan.map(({ name }) => name).join(', ')
      const finish = store.transaction(() => {
        store.logins.setDeactivated(login.id, plan)
        return plan.length === 0
          ? null
          : audit.resume(actOf(login, 'login.deactivate', `${disable ? 'disable, ' : ''}stop ${names}`, plan))
      })
      logins.announce(login.id)
      if (!finish) return
      const evidence: Evidence[] = []
      let units: readonly Deactivated[] = plan
      for (const unit of plan) {
        if (unit.stoppedAt !== null) continue
        const ended = await stopUnit(session, unit, disable)
        if (ended === null) continue
        evidence.push(ended)
        // what was not stopped here is not started again from here either
        units = units.flatMap(one =>
          one.name !== unit.name || one.scope !== unit.scope
            ? one
            : ended.touched
              ? { ...one, stoppedAt: clock.now() }
              : [],
        )
        store.logins.setDeactivated(login.id, units)
        logins.announce(login.id)
      }
      const lost = units.some(({ stoppedAt }) => stoppedAt === null)
      const ok = evidence.every(one => one.ok)
      finish(
        lost ? 'lost' : ok ? 'verified' : 'failed',
        textOf(evidence) ?? 'The connection was lost; looked at again later',
      )
      if (evidence.length > 0) this.#tell(plan, 'Stopped until the login is renewed', ok ? 'neutral' : 'bad', evidence)
      this.#log.info('deactivated', { login: login.id, units: names })
    } finally {
      for (const one of taken) one.dispose()
    }
  }

  async #plan(session: HostSession, login: Login): Promise<Deactivated[] | null> {
    const { clock, alerting } = this.#options
    const { incidentId } = alerting.phase(login.checkId, null)
    return await runningUnits(session, login.consumers, { askedAt: clock.now(), incidentId })
  }

  async #start(loginId: string, actor: string): Promise<readonly Evidence[]> {
    const { store, audit, logins, session: sessionOf } = this.#options
    const stored = store.logins.get(loginId)
    if (!stored || stored.deactivated === null) return []
    const { login, deactivated } = stored
    const session = sessionOf(login.hostId)
    if (deactivated.length === 0) {
      store.logins.setDeactivated(loginId, null)
      return []
    }
    const taken = session ? this.#take(login, deactivated) : null
    if (!session || taken === null) return []
    try {
      const names = deactivated.map(({ name }) => name).join(', ')
      const finish = audit.resume({ ...actOf(login, 'login.reactivate', `start ${names}`, deactivated), actor })
      const evidence: Evidence[] = []
      for (const unit of deactivated) {
        const ended = await startUnit(session, unit, store)
        if (ended === null) {
          finish('lost', 'The connection was lost; it is tried again at the next proof')
          return evidence
        }
        evidence.push(ended)
      }
      const ok = evidence.every(one => one.ok)
      const byRule = actor === deactivationActor
      store.transaction(() => {
        // a person who asked for it decides what becomes of one that does not start
        if (ok || byRule) store.logins.setDeactivated(loginId, null)
        finish(ok ? 'verified' : 'failed', textOf(evidence))
      })
      const title = byRule ? 'Started again: the login is proven' : 'Started again, though the login is not proven'
      this.#tell(deactivated, title, ok ? 'good' : 'bad', evidence, actor)
      logins.announce(loginId)
      this.#log.info('reactivated', { login: loginId, units: names })
      return evidence
    } finally {
      for (const one of taken) one.dispose()
    }
  }

  /** Null where something is under way on one of them. */
  #take(login: Login, units: readonly CheckUnit[]): Disposable[] | null {
    const { actions } = this.#options
    const taken: Disposable[] = []
    for (const { scope, name } of actions ? units : []) {
      const one = actions?.take({ hostId: login.hostId, scope, name }, 'stop')
      if (one) taken.push(one)
      else {
        for (const each of taken) each.dispose()
        return null
      }
    }
    return taken
  }

  #tell(
    units: readonly Deactivated[],
    title: string,
    tone: 'good' | 'bad' | 'neutral',
    evidence: readonly Evidence[],
    actor = deactivationActor,
  ): void {
    const { alerting, clock, store } = this.#options
    const incidentId = units[0]?.incidentId ?? null
    if (incidentId === null || !store.incidents.get(incidentId)) return
    const detail = textOf(evidence)
    alerting.addEvent(incidentId, { at: clock.now(), kind: 'recovery', tone, title, detail, actor })
  }

  async #once<T>(loginId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#busy.get(loginId) ?? Promise.resolve()
    const mine = before.then(work, work)
    this.#busy.set(loginId, mine)
    try {
      return await mine
    } finally {
      if (this.#busy.get(loginId) === mine) this.#busy.delete(loginId)
    }
  }

  /** Looks come again and again: what is under way for this login already is not asked for twice. */
  async #quietly(login: Login, work: () => Promise<unknown>): Promise<void> {
    if (this.#busy.has(login.id) || this.#bag.disposed) return
    try {
      await this.#once(login.id, work)
    } catch (error) {
      this.#log.error('it broke', { login: login.id, code: AppError.from(error).code })
    }
  }
}

/** Named by when it was decided: after a kill the entry of its beginning gets its end. */
function actOf(
  { id, hostId, name }: Login,
  verb: 'login.deactivate' | 'login.reactivate',
  command: string,
  units: readonly Deactivated[],
) {
  const actionRunId = `${verb}/${id}/${units[0]?.askedAt ?? 0}`
  return { actor: deactivationActor, verb, hostId, target: name, command, actionRunId }
}

const textOf = (evidence: readonly Evidence[]): string | null =>
  evidence
    .map(({ text }) => text)
    .join('; ')
    .slice(0, 2_000) || null
