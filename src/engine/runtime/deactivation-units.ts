// What is done to one service because its login is expired, or no longer is: stopped, and started again where nobody else had a hand in it. Remembers nothing.
import type { CheckUnit } from '../../shared/model/check.ts'
import type { Evidence, UnitVerb } from '../../shared/model/unit.ts'
import type { UnitState } from '../ports.ts'
import type { Deactivated } from '../store/logins.ts'
import type { Store } from '../store/store.ts'
import { isAnswer } from './action-verifier.ts'
import type { HostSession } from './host-session.ts'
import { isUp } from './renewal-consumers.ts'

/** Transitions of a unit that are looked through for a person's hand. */
const mostTransitions = 200
const unrecordedMs = 120_000

/** Those of them that run, with how they were; null while the host cannot be asked. */
export async function runningUnits(
  session: HostSession,
  units: readonly CheckUnit[],
  decided: Pick<Deactivated, 'askedAt' | 'incidentId'>,
): Promise<Deactivated[] | null> {
  const running: Deactivated[] = []
  for (const { scope, name } of units) {
    const state = await lookAt(session, { scope, name })
    if (state === 'unknown') return null
    if (state === 'missing' || !isUp(state)) continue
    const wasEnabled = state.unitFileState?.startsWith('enabled') ?? false
    running.push({ scope, name, wasEnabled, invocationId: state.invocationId, stoppedAt: null, ...decided })
  }
  return running
}

/** `touched`: something was done to it. Null where what became of it is not known: it is looked at again. */
export async function stopUnit(
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

/** Null where the host cannot be asked now. */
export async function startUnit(
  session: HostSession,
  unit: Deactivated,
  store: Pick<Store, 'units'>,
): Promise<Evidence | null> {
  const { name } = unit
  const state = await lookAt(session, unit)
  if (state === 'unknown') return null
  if (state === 'missing') return { ok: false, text: `${name} is no longer there` }
  const verbs: UnitVerb[] = []
  if (unit.wasEnabled && state.unitFileState === 'disabled') verbs.push('enable')
  if (!isUp(state) && isOurStop(session.host.id, unit, store)) verbs.push('start')
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
function isOurStop(
  hostId: string,
  { stoppedAt, askedAt, scope, name }: Deactivated,
  store: Pick<Store, 'units'>,
): boolean {
  const seen = store.units.transitions({ hostId, scope, name }, mostTransitions)
  // a kill may have come between the act and its record: then it shows by its time
  const end = stoppedAt ?? askedAt + unrecordedMs
  const stopped =
    stoppedAt !== null || seen.some(({ at, toState }) => toState === 'inactive' && at >= askedAt && at <= end)
  return stopped && !seen.some(({ at, toState }) => toState === 'active' && at > end)
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
