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
/** How far back the journal is asked for the end of a unit. */
const journalMs = 120_000

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
  /** What the journal says of how it went down at `since`: by a job of systemd's, or by itself. */
  ended?: { readonly since: number | null; readonly byJob: boolean }
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
    await this.#askHowItEnded(session, ref, asked, signal)
    const now = this.#options.steady.now()
    if (asked.restart && now - asked.restartAt < settingsFreshMs) return
    asked.restart = await readRestart(session, ref, signal)
    asked.restartAt = now
  }

  /** A stop may be over before its steps are seen apart; systemd's own journal tells it from a crash. Asked once for each end. */
  async #askHowItEnded(session: HostSession, ref: UnitRef, asked: Asked, signal: AbortSignal): Promise<void> {
    const unit = session.units.get(ref.scope, ref.name)
    if (!unit || (unit.activeState !== 'inactive' && unit.activeState !== 'failed')) return
    if (asked.ended && asked.ended.since === unit.since) return
    const around = unit.since ?? this.#options.steady.now()
    try {
      const all = await session.journal.transitions(ref.scope, around - journalMs, around + journalMs / 10, signal)
      const [before, last] = all.filter(({ name }) => name === ref.name).slice(-2)
      const over = last?.toState === 'inactive' || last?.toState === 'failed'
      asked.ended = { since: unit.since, byJob: over && before?.toState === 'deactivating' }
    } catch {
      // a journal that may not be read leaves it to what was seen
      asked.ended = { since: unit.since, byJob: false }
    }
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
      stoppedByPerson: unit !== null && (this.#wasStopped(hostId, unit) || isEndByJob(unit, asked)),
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

  /**
   * Stopped by a job of systemd's: it went down through `deactivating`. One that did not end well then is `failed`, but was asked to end while
   * all was well. Several steps may bear the same time, in any order.
   */
  #wasStopped(hostId: string, unit: UnitState): boolean {
    const { activeState } = unit
    if (activeState !== 'inactive' && activeState !== 'failed') return false
    const recent = this.#options.store.units.transitions({ hostId, scope: unit.scope, name: unit.name }, 4)
    const end = recent.find(each => each.toState === activeState)
    if (!end || recent.some(({ at, toState }) => at > end.at && toState !== activeState)) return false
    if (end.asked === true) return true
    const stopping = recent.find(each => each.toState === 'deactivating' && each.at <= end.at)
    if (activeState === 'failed') return end.fromState === 'deactivating' && stopping?.result === 'success'
    return end.fromState === 'deactivating' || wasStopped(this.#options.store, hostId, unit) === true
  }
}

function isEndByJob({ activeState, since }: UnitState, { ended }: Asked): boolean {
  return (activeState === 'inactive' || activeState === 'failed') && ended?.since === since && ended.byJob
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
