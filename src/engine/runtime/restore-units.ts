// Stops and starts the service around a restore, by the same verified actions as a person's click; knows no snapshot.
import { AppError } from '../../shared/errors.ts'
import type { CheckUnit } from '../../shared/model/check.ts'
import type { ActionRun } from '../../shared/model/unit.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import type { UnitState } from '../ports.ts'
import type { Actions } from './actions.ts'
import type { HostSession } from './host-session.ts'
import { isUp as isUnitUp, notThere } from './renewal-consumers.ts'

const lookMs = 100
/** So long is waited for what somebody else has under way on the unit: most often its start, which is still being verified. */
const patienceMs = 120_000

export interface RestoreUnitsOptions {
  readonly actions: Pick<Actions, 'run' | 'get' | 'under'>
  readonly clock: Clock
}

/** Does it run, or try to? */
export async function isUp(session: HostSession, unit: CheckUnit): Promise<boolean> {
  return isUnitUp(await stateOf(session, unit))
}

async function stateOf({ host, units }: HostSession, { scope, name }: CheckUnit): Promise<UnitState | null> {
  const manager = units.manager(scope)
  if (!manager) throw new AppError('NOT_CONNECTED', `The services of ${host.name} cannot be asked just now`)
  return await manager.get(name).catch(notThere)
}

/** The same once nothing is under way on it and it is not on its way down. Rejects with CONFLICT where that takes over two minutes. */
export async function isUpAtRest(
  { actions, clock }: RestoreUnitsOptions,
  session: () => HostSession,
  hostId: string,
  unit: CheckUnit,
  signal: AbortSignal,
): Promise<boolean> {
  for (const until = clock.monotonic() + patienceMs; ; ) {
    const under = actions.under({ hostId, ...unit })
    const state = await stateOf(session(), unit)
    if (under === null && state?.activeState !== 'deactivating') return isUnitUp(state)
    if (clock.monotonic() >= until)
      throw new AppError('CONFLICT', `The ${under ?? 'stop'} of ${unit.name} is still under way`, {
        hint: 'Try again once it is over.',
      })
    await sleep(clock, lookMs, signal)
  }
}

/**
 * Resolves with how it was verified, once what was under way on the unit is over; rejects with LINK_LOST, CONFLICT where that takes over two minutes, or
 * COMMAND_FAILED where it did not come to be. With `waits` false that is a CONFLICT at once: for whoever has looked at the unit before.
 */
export async function turnUnit(
  options: RestoreUnitsOptions,
  hostId: string,
  unit: CheckUnit,
  verb: 'start' | 'stop',
  actor: string,
  signal: AbortSignal,
  waits = true,
): Promise<string> {
  const { actions, clock } = options
  const begun = await begin(options, () => actions.run({ hostId, ...unit }, verb, actor), waits, signal)
  let run: ActionRun = begun
  while (run.outcome === 'running') {
    await sleep(clock, lookMs, signal)
    run = actions.get(begun.id)
  }
  const said = run.evidence.map(({ text }) => text).join('; ')
  if (run.outcome === 'verified' || run.outcome === 'degraded') return said || `${unit.name}: ${verb} was verified`
  if (run.outcome === 'lost') throw new AppError('LINK_LOST', `The connection was lost at the ${verb} of ${unit.name}`)
  throw new AppError('COMMAND_FAILED', `${unit.name} did not ${verb}`, { hint: run.error?.message ?? said })
}

async function begin(
  { clock }: RestoreUnitsOptions,
  run: () => Promise<ActionRun>,
  waits: boolean,
  signal: AbortSignal,
): Promise<ActionRun> {
  for (const until = clock.monotonic() + (waits ? patienceMs : 0); ; ) {
    try {
      return await run()
    } catch (caught) {
      if (AppError.from(caught).code !== 'CONFLICT' || clock.monotonic() >= until) throw caught
      await sleep(clock, lookMs, signal)
    }
  }
}
