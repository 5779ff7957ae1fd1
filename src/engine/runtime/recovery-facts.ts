// Gathers all that the decision to mend a unit depends on, from the host, the alerts and the store; decides nothing.
import type { ProbeCause } from '../../shared/model/check.ts'
import type { Incident } from '../../shared/model/incident.ts'
import type { RecoveryPolicy } from '../../shared/model/recovery.ts'
import type { Settings } from '../../shared/model/settings.ts'
import type { UnitRef, UnitVerb } from '../../shared/model/unit.ts'
import { windowMs } from '../domain/recovery-budget.ts'
import type { RecoveryAlert, RecoverySituation } from '../domain/recovery-situation.ts'
import { type RestartSettings, readRestartSettings, restartProperties } from '../domain/restart-settings.ts'
import type { SilenceSubject } from '../domain/silence.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { SteadyTime } from '../lib/steady-time.ts'
import type { UnitState } from '../ports.ts'
import { actionTypeOf } from '../recovery/index.ts'
import type { Store } from '../store/store.ts'
import type { Alerting } from './alerting.ts'
import type { HostSession } from './host-session.ts'
import { unitCommand } from './unit-command.ts'
import { wasStopped } from './unit-purpose.ts'

/** How systemd restarts a unit changes seldom, and asking costs the host a process. */
const settingsFreshMs = 60_000

export interface RecoveryFactsOptions {
  readonly store: Store
  /** Null while a host has no session. */
  readonly session: (hostId: string) => HostSession | null
  readonly alerting: Pick<Alerting, 'firingFor' | 'hostInTrouble' | 'phase'>
  readonly silences: { mutes(subject: SilenceSubject): 'maintenance' | 'silence' | null }
  readonly actions: { under(ref: UnitRef): UnitVerb | null; take(ref: UnitRef, verb: UnitVerb): Disposable | null }
  readonly settings: () => Settings
  readonly steady: SteadyTime
}

/** What was asked of the host for one unit. */
export interface Asked {
  restart: RestartSettings | null
  restartAt: number
  /** There is no such unit. */
  missing: boolean
}

export class RecoveryFacts {
  readonly #options: RecoveryFactsOptions

  constructor(options: RecoveryFactsOptions) {
    this.#options = options
  }

  /** Asks systemd afresh how the unit stands and how it restarts it (semantics 21). What cannot be asked stays unknown. */
  async ask(ref: UnitRef, asked: Asked, signal: AbortSignal): Promise<void> {
    const session = this.#options.session(ref.hostId)
    const manager = session?.units.manager(ref.scope)
    if (!session || !manager) {
      asked.restart = null
      return
    }
    try {
      await manager.get(ref.name)
      asked.missing = false
    } catch (error) {
      asked.missing = error instanceof Error && 'code' in error && error.code === 'NOT_FOUND'
      if (!asked.missing) asked.restart = null
      return
    }
    const now = this.#options.steady.now()
    if (asked.restart && now - asked.restartAt < settingsFreshMs) return
    asked.restart = await readRestart(session, ref, signal)
    asked.restartAt = now
  }

  situation(policy: RecoveryPolicy, asked: Asked, incidentId: string | null, hostBusy: boolean): RecoverySituation {
    const { store, session: sessionOf, alerting, silences, actions, settings, steady } = this.#options
    const { hostId, scope, name } = policy
    const session = sessionOf(hostId)
    const seen = session?.units.manager(scope) ?? null
    const unit = seen ? (session?.units.get(scope, name) ?? null) : null
    const alerts = this.alerts(policy)
    const now = steady.now()
    const mends = mendedBy(policy)
    return {
      automation: settings().automation,
      alerts,
      host: {
        ready: session?.link.status.state === 'ready' && seen !== null,
        inTrouble: alerting.hostInTrouble(hostId),
        uptimeSeconds: session?.latestSample?.uptimeSeconds ?? null,
      },
      unit: asked.missing && seen ? notThere : unit,
      restart: seen ? asked.restart : asked.missing ? nothingThere : null,
      stoppedByPerson: unit !== null && this.#wasStopped(hostId, unit),
      silenced: silences.mutes({ hostId, unit: { scope, name }, checkId: '', tags: [] }) !== null,
      personActs: actions.under(policy) !== null,
      hostBusy,
      mends,
      leavesStopped: alerts.some(({ cause }) => cause !== null && expectationOf(policy, cause) === 'stopped'),
      attempts: store.recovery.spent(policy, now - windowMs, [
        ...new Set([incidentId, ...alerts.map(alert => alert.incidentId)].filter(id => id !== null)),
      ]),
    }
  }

  /** The unit's alerts that are not over: what fires for certain, and what has still to be seen again. */
  alerts({ hostId, scope, name }: UnitRef): RecoveryAlert[] {
    const { store, alerting } = this.#options
    const firing = alerting.firingFor(hostId, { scope, name })
    const known = new Set(firing.map(({ incident }) => incident.id))
    const others = store.incidents
      .active()
      .filter(one => one.hostId === hostId && one.unit?.name === name && one.unit.scope === scope && !known.has(one.id))
    return [
      ...firing.map(({ incident, cause, status }) => ({
        incidentId: incident.id,
        phase: 'firing' as const,
        status: this.#cannotTell(incident) ? ('unknown' as const) : status,
        cause,
        mutedBy: this.#mutedBy(incident),
      })),
      ...others.map(incident => ({
        incidentId: incident.id,
        phase: 'recovering' as const,
        status: null,
        cause: incident.cause,
        mutedBy: this.#mutedBy(incident),
      })),
    ]
  }

  #mutedBy({ hostId, unit, checkId, tags, mutedBy }: Incident): string | null {
    return this.#options.silences.mutes({ hostId, unit, checkId, tags }) ?? mutedBy
  }

  /** Its newest probe said nothing, though the one before failed. */
  #cannotTell({ checkId, unit, id }: Incident): boolean {
    const { alerting } = this.#options
    const views = [alerting.phase(checkId, null), alerting.phase(checkId, unit)]
    return views.find(view => view.incidentId === id)?.lastProbe?.status === 'unknown'
  }

  /** Stopped by a job of systemd's; one that did not end well then is `failed`, but was asked to end while all was well. */
  #wasStopped(hostId: string, unit: UnitState): boolean {
    const { store } = this.#options
    if (unit.activeState === 'inactive') return wasStopped(store, hostId, unit) === true
    if (unit.activeState !== 'failed') return false
    const [last, before] = store.units.transitions({ hostId, scope: unit.scope, name: unit.name }, 2)
    if (last?.toState !== 'failed' || last.fromState !== 'deactivating') return false
    return before?.toState === 'deactivating' && before.result === 'success'
  }
}

/** The causes that a rule's steps can mend. */
export function mendedBy(policy: Pick<RecoveryPolicy, 'steps'>): Set<ProbeCause> {
  return new Set(policy.steps.flatMap(step => actionTypeOf(step.type)?.mends ?? []))
}

/** The steps of a rule that are for a cause. */
export function stepsFor(policy: Pick<RecoveryPolicy, 'steps'>, cause: ProbeCause): RecoveryPolicy['steps'] {
  return policy.steps.filter(step => actionTypeOf(step.type)?.mends.includes(cause))
}

const strictness = ['stopped', 'new-run', 'running', 'checks'] as const

/** What the steps for a cause have to lead to: the strictest of what each leads to. */
export function expectationOf(policy: Pick<RecoveryPolicy, 'steps'>, cause: ProbeCause): (typeof strictness)[number] {
  const all = stepsFor(policy, cause).map(step => actionTypeOf(step.type)?.expects)
  return strictness.find(each => all.includes(each)) ?? 'running'
}

/** Null where it cannot be told. */
export async function readRestart(
  session: HostSession,
  ref: UnitRef,
  signal?: AbortSignal,
): Promise<RestartSettings | null> {
  const argv = unitCommand(ref, session.facts?.uid ?? null, [
    'show',
    ...restartProperties.flatMap(name => ['-p', name]),
    '--',
    ref.name,
  ])
  try {
    const result = await session.link.exec(argv, {
      timeout: 15_000,
      maxBytes: 64 * 1024,
      ...(signal ? { signal } : {}),
    })
    return result.exit === 0 ? readRestartSettings(new TextDecoder().decode(result.stdout)) : null
  } catch {
    return null
  }
}

const notThere = {
  loadState: 'not-found',
  unitFileState: null,
  activeState: 'inactive',
  subState: 'dead',
  result: null,
}
const nothingThere = {
  restart: 'no',
  restartSeconds: null,
  startLimitBurst: null,
  startLimitIntervalSeconds: null,
  dropIns: [],
  needsReload: false,
}
