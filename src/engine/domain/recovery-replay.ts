// Plays what happened to a unit through the recovery machine, to tell what a rule would have done (R23). Pure; what an attempt would have led to is taken from when its incident really ended.
import type { ProbeCause } from '../../shared/model/check.ts'
import type { Incident } from '../../shared/model/incident.ts'
import type { DryRunItem, RecoveryPolicy } from '../../shared/model/recovery.ts'
import type { UnitTransition } from '../../shared/model/unit.ts'
import type { RecoveryAlert, RecoverySituation } from './recovery-situation.ts'
import { initialRecovery, nextRecoveryStepAt, type RecoveryEvent, stepRecovery } from './recovery-state.ts'

export interface Replay {
  /** As it would be, whether or not it is switched on now. */
  readonly policy: RecoveryPolicy
  readonly incidents: readonly Pick<
    Incident,
    'id' | 'cause' | 'openedAt' | 'resolvedAt' | 'acknowledgedAt' | 'mutedBy'
  >[]
  /** Ascending. */
  readonly transitions: readonly UnitTransition[]
  readonly mends: ReadonlySet<ProbeCause>
  readonly leavesStopped: (cause: ProbeCause) => boolean
  readonly from: number
  readonly now: number
}

const mostItems = 500
const mostSteps = 100_000

interface Happening {
  readonly at: number
  readonly apply: (world: World) => RecoveryEvent
}

interface World {
  alerts: Map<string, RecoveryAlert>
  unit: NonNullable<RecoverySituation['unit']>
  stopped: boolean
  attempts: { incidentId: string; at: number }[]
}

const look: RecoveryEvent = { type: 'look' }

/** What the rule would have done and why not, ascending. */
export function replayRecovery(replay: Replay): DryRunItem[] {
  const { policy, incidents, from, now } = replay
  const enabled = { ...policy, enabled: true }
  const ends = new Map(incidents.map(each => [each.id, each.resolvedAt]))
  const happenings = happeningsOf(replay)
  const world: World = { alerts: new Map(), unit: running, stopped: false, attempts: [] }
  const items: DryRunItem[] = []
  let state = initialRecovery
  const pending: { end: { at: number; ok: boolean } | null } = { end: null }
  let told = ''
  const step = (event: RecoveryEvent, at: number): void => {
    const { state: next, effects } = stepRecovery(state, event, situationOf(world, replay), enabled, at, 0.5)
    state = next
    for (const effect of effects) {
      if (effect.kind === 'escalate')
        items.push({ at, incidentId: effect.incidentId, act: 'escalate', text: `${effect.text}: one critical message` })
      if (effect.kind !== 'act') continue
      world.attempts.push({ incidentId: effect.incidentId, at })
      const end = ends.get(effect.incidentId) ?? null
      const latest = at + policy.verifySeconds * 1_000
      // that it ended soon after may be owed to a person, yet more is not known
      const ok = end !== null && end <= latest
      pending.end = { at: ok ? Math.max(at, end) : latest, ok }
      const after = ok ? 'it was well soon after' : 'it was not well within the time for verification'
      const text = `Attempt ${effect.number} of ${policy.attemptsPerIncident}; ${after}`
      items.push({ at, incidentId: effect.incidentId, act: 'restart', text })
    }
    const { phase, incidentId, reason } = state
    const why = `${incidentId} ${reason}`
    if (incidentId === null || why === told || world.alerts.size === 0) return
    const held = phase === 'wait' && state.dueAt === null
    if (held || (phase === 'idle' && state.settleUntil === null)) {
      items.push({ at, incidentId, act: held ? 'wait' : 'refuse', text: reason })
      told = why
    }
  }
  let index = 0
  let clock = from
  for (let steps = 0; steps < mostSteps && items.length < mostItems; steps++) {
    const due = nextRecoveryStepAt(state)
    const happening = happenings[index]
    const { end } = pending
    const next = Math.min(happening?.at ?? Infinity, due ?? Infinity, end?.at ?? Infinity)
    if (!Number.isFinite(next) || next > now) break
    clock = Math.max(clock, next)
    if (end && end.at <= next) {
      pending.end = null
      step({ type: 'acted', outcome: 'done' }, clock)
      step({ type: 'verified', ok: end.ok }, clock)
    } else if (happening && happening.at <= next) {
      index++
      step(happening.apply(world), clock)
    } else step(look, clock)
  }
  return items.slice(0, mostItems)
}

function happeningsOf({ incidents, transitions, from }: Replay): Happening[] {
  const all: Happening[] = []
  for (const { id, cause, openedAt, resolvedAt, acknowledgedAt, mutedBy } of incidents) {
    // of what else muted it, only its last word is known
    const silenced = mutedBy === 'silence' || mutedBy === 'maintenance' ? mutedBy : null
    const alert: RecoveryAlert = { incidentId: id, phase: 'firing', status: 'unhealthy', cause, mutedBy: silenced }
    const put = (world: World): RecoveryEvent => {
      world.alerts.set(id, alert)
      return look
    }
    const end = (world: World): RecoveryEvent => {
      world.alerts.delete(id)
      return look
    }
    all.push({ at: openedAt, apply: put })
    if (acknowledgedAt !== null) all.push({ at: acknowledgedAt, apply: () => ({ type: 'acknowledge' }) })
    if (resolvedAt !== null) all.push({ at: resolvedAt, apply: end })
  }
  for (const transition of transitions) all.push({ at: transition.at, apply: world => moved(world, transition) })
  return all.filter(({ at }) => at >= from).sort((a, b) => a.at - b.at)
}

function moved(world: World, { toState, fromState, subState, result }: UnitTransition): RecoveryEvent {
  const wasStopping = world.unit.activeState === 'deactivating' || fromState === 'deactivating'
  if (toState === 'inactive') world.stopped = wasStopping
  else if (toState !== 'deactivating') world.stopped = false
  world.unit = { ...world.unit, activeState: toState, subState, result }
  return look
}

function situationOf(world: World, { mends, leavesStopped }: Replay): RecoverySituation {
  const alerts = [...world.alerts.values()]
  return {
    automation: true,
    alerts,
    host: { ready: true, inTrouble: false, uptimeSeconds: 1e6 },
    unit: world.unit,
    restart: known,
    stoppedByPerson: world.stopped,
    silenced: false,
    personActs: false,
    hostBusy: false,
    mends,
    leavesStopped: alerts.some(({ cause }) => cause !== null && leavesStopped(cause)),
    attempts: world.attempts,
  }
}

const running = {
  loadState: 'loaded',
  unitFileState: null,
  activeState: 'active',
  subState: 'running',
  result: 'success',
}
/** How it restarted it then is not known any more. */
const known = {
  restart: '',
  restartSeconds: null,
  startLimitBurst: null,
  startLimitIntervalSeconds: null,
  dropIns: [],
  needsReload: false,
}
