// Decides the order in which units are shown: failed, then pinned, then A–Z (R8).
import type { Unit } from '../../shared/model/unit.ts'

type Orderable = Pick<Unit, 'activeState' | 'subState' | 'pinned' | 'name'>

/** For Array.sort. */
export function compareUnits(a: Orderable, b: Orderable): number {
  return rank(a) - rank(b) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
}

function rank(unit: Orderable): number {
  if (unit.activeState === 'failed') return 0
  if (unit.subState === 'auto-restart' || unit.subState === 'auto-restart-queued') return 1
  return unit.pinned ? 2 : 3
}
