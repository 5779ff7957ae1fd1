// Decides when two accounts of a unit's life tell of the same event; knows nothing of where they came from.
import type { UnitTransition } from '../../shared/model/unit.ts'

/** Two records of one event may differ by the clocks' resolution and by what each could know. */
const resolutionMs = 1_500

export function sameTransition(a: UnitTransition, b: UnitTransition): boolean {
  return (
    a.scope === b.scope &&
    a.name === b.name &&
    a.toState === b.toState &&
    (Math.abs(a.at - b.at) <= resolutionMs ||
      (a.invocationId !== null && a.invocationId === b.invocationId && a.toState === 'active'))
  )
}
