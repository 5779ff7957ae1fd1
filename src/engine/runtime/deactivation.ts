// Stops the services of a login that is proven expired, and starts them again once it is proven valid (R24); remembers before it acts. Renews nothing.
import { AppError } from '../../shared/errors.ts'
import type { CheckUnit } from '../../shared/model/check.ts'
import type { Login, LoginVerdict } from '../../shared/model/login.ts'
import type { Settings } from '../../shared/model/settings.ts'
import type { Evidence, UnitRef, UnitVerb } from '../../shared/model/unit.ts'
import type { Clock } from '../lib/clock.ts'
import { type Disposable, DisposableBag } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { UnitState } from '../ports.ts'
import type { Deactivated } from '../store/logins.ts'
import type { Store } from '../store/store.ts'
import { isAnswer } from './action-verifier.ts'
import type { Actions } from './actions.ts'
import type { Alerting } from './alerting.ts'
import type { AuditLog } from './audit-log.ts'
import type { HostSession } from './host-session.ts'
import type { Logins } from './logins.ts'
import { isUp } from './renewal-consumers.ts'
import { proofOf } from './renewal-proof.ts'

export const deactivationActor = 'rule: login'
/** Transitions of a unit that are looked through for a person's hand. */
const mostTransitions = 200
const unrecordedMs = 120_000

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
    if (login.onExpiry === 'nothing' || login.consumers.length === 0) return false
    if (!settings().automation || renewing(login.id) || this.#verdicts.get(login.id) !== 'expired') return false
    const { phase, mutedBy } = alerting.phase(login.checkId, null)
    return (phase === 'firing' || phase === 'recovering') && mutedBy !== 'silence' && mutedBy !== 'maintenance'
  }

  async #stop(login: Login): Promise<void> {
    const { store, audit, clock, logins, session: sessionOf } = this.#options
    const known = store.logins.get(login.id)?.deactivated ?? null
    const session = sessionOf(login.hostId)
    if (!session || known?.every(({ stoppedAt }) => stoppedAt !== null)) return
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
        const ended = await this.#stopOne(session, unit, disable)
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

  /** Those that run, with how they were; null while the host cannot be asked. */
  async #plan(session: HostSession, login: Login): Promise<Deactivated[] | null> {
    const units: Deactivated[] = []
    const askedAt = this.#options.clock.now()
    const { incidentId } = this.#options.alerting.phase(login.checkId, null)
    for (const { scope, name } of login.consumers) {
      const state = await lookAt(session, { scope, name })
      if (state === 'unknown') return null
      if (state === 'missing' || !isUp(state)) continue
      const wasEnabled = state.unitFileState?.startsWith('enabled') ?? false
      units.push({ scope, name, wasEnabled, invocationId: state.invocationId, askedAt, stoppedAt: null, incidentId })
    }
    return units
  }

  /** Null where what became of it is not known: it is looked at again. */
  async #stopOne(
    session: HostSession,
    unit: Deactivated,
    disable: boolean,
  ): Promise<(Evidence & { touched: boolean }) | null> {
    const { name } = unit
    const state = await lookAt(session, unit)
    if (state === 'unknown') return null
    if (state === 'missing') return { ok: false, text: `${name} is no longer there`, touched: false }
    if (isUp(state) && state.invocationId !== unit.invocationId && state.subState === 'running')
      return { ok: true, text: `${name} was started by somebody else meanwhile, and was left so`, touched: false }
    const verbs: UnitVerb[] = [
      ...(disable && unit.wasEnabled ? ['disable' as const] : []),
      ...(isUp(state) ? ['stop' as const] : []),
    ]
    for (const [at, verb] of verbs.entries()) {
      const problem = await act(session, unit, verb)
      if (problem === 'lost') return null
      if (problem !== null) return { ok: false, text: `${verb} ${name}: ${problem}`, touched: at > 0 }
    }
    const what = `stopped${verbs.includes('disable') ? ' and disabled' : ''}`
    return { ok: true, text: `${name} was ${what}`, touched: true }
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
        const ended = await this.#startOne(session, unit)
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

  /** Null where the host cannot be asked now. */
  async #startOne(session: HostSession, unit: Deactivated): Promise<Evidence | null> {
    const { name } = unit
    const state = await lookAt(session, unit)
    if (state === 'unknown') return null
    if (state === 'missing') return { ok: false, text: `${name} is no longer there` }
    const verbs: UnitVerb[] = []
    if (unit.wasEnabled && state.unitFileState === 'disabled') verbs.push('enable')
    if (!isUp(state) && this.#isOurStop({ ...unit, hostId: session.host.id })) verbs.push('start')
    for (const verb of verbs) {
      const problem = await act(session, unit, verb)
      if (problem === 'lost') return null
      if (problem !== null) return { ok: false, text: `${verb} ${name}: ${problem}` }
    }
    if (verbs.includes('start')) return { ok: true, text: `${name} was started again` }
    return {
      ok: true,
      text: isUp(state) ? `${name} runs already` : `${name} was stopped by somebody else, and was left so`,
    }
  }

  /** Where it ran again after it was stopped here, it was somebody else who stopped it then. */
  #isOurStop({ stoppedAt, askedAt, hostId, scope, name }: Deactivated & UnitRef): boolean {
    const seen = this.#options.store.units.transitions({ hostId, scope, name }, mostTransitions)
    // a kill may have come between the act and its record: then it shows by its time
    const end = stoppedAt ?? askedAt + unrecordedMs
    const stopped =
      stoppedAt !== null || seen.some(({ at, toState }) => toState === 'inactive' && at >= askedAt && at <= end)
    return stopped && !seen.some(({ at, toState }) => toState === 'active' && at > end)
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

async function lookAt(session: HostSession, { scope, name }: CheckUnit): Promise<UnitState | 'missing' | 'unknown'> {
  try {
    return (await session.units.manager(scope)?.get(name)) ?? 'unknown'
  } catch (error) {
    return isAnswer(error) ? 'missing' : 'unknown'
  }
}

async function act(session: HostSession, { scope, name }: CheckUnit, verb: UnitVerb): Promise<string | 'lost' | null> {
  const result = await session.units.manager(scope)?.act(verb, name)
  if (!result || result.kind === 'lost') return 'lost'
  if (result.kind === 'refused') return result.error.code === 'NOT_CONNECTED' ? 'lost' : result.error.message
  return result.job === null || result.job === 'done' ? null : `systemd ended the job with "${result.job}"`
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
