// Lists a scope's timers with their last and next run; knows nothing of how the bus was reached.
import { AppError } from '../../shared/errors.ts'
import type { Timer, UnitScope } from '../../shared/model/unit.ts'
import type { DbusValue } from '../parse/dbus-reader.ts'
import { nextElapse } from '../parse/timer-elapse.ts'
import { description, unitName, wallMs, word } from '../parse/unit-fields.ts'
import type { CallResult } from './dbus-connection.ts'
import {
  type ListedUnit,
  type Properties,
  type SystemdCalls,
  timerInterface,
  timerProperties,
  unitInterface,
} from './dbus-systemd.ts'

const maxTimers = 1_000
const clockProperties = new Map([
  ['StateChangeTimestamp', 't'],
  ['StateChangeTimestampMonotonic', 't'],
])

/** Rejects with what became of the bus. */
export async function readTimers(
  calls: SystemdCalls,
  base: { hostId: string; scope: UnitScope },
): Promise<readonly Timer[]> {
  let listed: readonly ListedUnit[] = []
  expectReply(
    await calls.listByPatterns(['*.timer'], maxTimers, units => {
      listed = units.filter(unit => unit.name.endsWith('.timer') && unit.loadState === 'loaded')
    }),
  )
  const details = await Promise.all(
    listed.map(unit =>
      Promise.all([
        calls.getAll(unit.name, timerInterface, timerProperties),
        calls.getAll(unit.name, unitInterface, clockProperties),
      ]),
    ),
  )
  const none: Properties = new Map<string, DbusValue>()
  const rows = details.map(([timer, unit]) => ({
    timer: timer.kind === 'reply' ? timer.value : none,
    unit: unit.kind === 'reply' ? unit.value : none,
  }))
  const bootAt = bootTime(rows)
  return listed.map((unit, index) => {
    const timer = rows[index]?.timer ?? none
    return {
      hostId: base.hostId,
      scope: base.scope,
      name: unit.name,
      description: description(unit.description),
      activates: unitName(timer.get('Unit')),
      activeState: word(unit.activeState),
      nextAt: nextElapse(
        wallMs(timer.get('NextElapseUSecRealtime')),
        wallMs(timer.get('NextElapseUSecMonotonic')),
        bootAt,
      ),
      lastAt: wallMs(timer.get('LastTriggerUSec')),
    }
  })
}

/**
 * Where the host's monotonic clock began, in its wall time, from the latest moment that systemd stamped with both clocks. Null where it
 * stamped none.
 */
function bootTime(rows: readonly { timer: Properties; unit: Properties }[]): number | null {
  let latest = 0
  let bootAt: number | null = null
  const look = (properties: Properties, wallName: string, monotonicName: string): void => {
    const wall = wallMs(properties.get(wallName))
    const monotonic = wallMs(properties.get(monotonicName))
    if (wall === null || monotonic === null || monotonic <= latest) return
    latest = monotonic
    bootAt = wall - monotonic
  }
  for (const { timer, unit } of rows) {
    look(timer, 'LastTriggerUSec', 'LastTriggerUSecMonotonic')
    look(unit, 'StateChangeTimestamp', 'StateChangeTimestampMonotonic')
  }
  return bootAt
}

function expectReply(result: CallResult<unknown>): void {
  if (result.kind === 'closed') throw AppError.fromShape(result.error)
  if (result.kind === 'timeout') throw new AppError('TIMEOUT', 'systemd did not answer.')
  if (result.kind === 'error')
    throw new AppError('COMMAND_FAILED', `systemd did not list its timers: ${result.message}`)
}
