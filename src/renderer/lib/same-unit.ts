// Whether two references mean one unit; knows nothing else of units.
import type { UnitRef } from '../../shared/model/unit.ts'

export function isSameUnit(a: UnitRef | undefined, b: UnitRef): boolean {
  return a !== undefined && a.hostId === b.hostId && a.scope === b.scope && a.name === b.name
}
