// Tells a unit that somebody stopped from one that ended by itself, by how it went; acts on nothing.
import type { UnitRef, UnitTransition } from '../../shared/model/unit.ts'
import type { UnitState } from '../ports.ts'
import type { Store } from '../store/store.ts'

/**
 * Did somebody stop it? A job of systemd's that was seen says so, also of what ended badly then. Where none could be seen: a stop passes
 * through `deactivating` (as seen, or told by the journal), while a process that ends well by itself takes its unit from `active` to `inactive`
 * in one step. Null where nothing is known of how it went, and for what failed without having been asked.
 */
export function wasStopped(store: Pick<Store, 'units'>, hostId: string, unit: UnitState): boolean | null {
  const { activeState, scope, name } = unit
  if (activeState !== 'inactive' && activeState !== 'failed') return null
  const [last, before] = store.units.transitions({ hostId, scope, name }, 2)
  if (last?.toState !== activeState) return null
  if (last.asked === true) return true
  if (activeState === 'failed') return null
  // somebody cleared the failure of what was stopped
  if (last.fromState === 'failed' && before?.toState === 'failed') return before.asked === true
  if (last.fromState === 'deactivating' || before?.toState === 'deactivating') return true
  return last.fromState === null ? null : false
}

/** When a unit was started anew, within the last `ms`, wall ms ascending: one for each invocation that began in that time. */
export function startsOf(store: Pick<Store, 'units'>, ref: UnitRef, ms: number, now: number): number[] {
  const recent = store.units.transitions(ref, 500).filter(one => one.at >= now - ms && one.at <= now)
  const starts: number[] = []
  const seen = new Set<string>()
  for (const one of recent.reverse()) {
    if (!begins(one)) continue
    if (one.invocationId !== null && seen.has(one.invocationId)) continue
    if (one.invocationId !== null) seen.add(one.invocationId)
    starts.push(one.at)
  }
  return starts
}

/** A step into life; from one living state to another (a reload) nothing begins. */
function begins({ fromState, toState, subState, invocationId }: UnitTransition): boolean {
  if (subState.startsWith('auto-restart')) return false
  if (toState === 'active') return fromState !== 'reloading' && fromState !== 'refreshing' && fromState !== 'active'
  return toState === 'activating' && invocationId !== null
}
