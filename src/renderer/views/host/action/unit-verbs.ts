// The words and icons of what can be done to a unit, and what makes sense in its present state; runs nothing.
import { Ban, Eraser, type LucideIcon, Play, PowerOff, RefreshCw, RotateCw, ShieldOff, Square, Zap } from 'lucide-react'
import type { Unit, UnitVerb } from '../../../../shared/model/unit.ts'

export const verbWords: Record<UnitVerb, { readonly label: string; readonly icon: LucideIcon }> = {
  start: { label: 'Start', icon: Play },
  stop: { label: 'Stop', icon: Square },
  restart: { label: 'Restart', icon: RotateCw },
  reload: { label: 'Reload', icon: RefreshCw },
  enable: { label: 'Enable at boot', icon: Zap },
  disable: { label: 'Disable at boot', icon: PowerOff },
  mask: { label: 'Mask', icon: Ban },
  unmask: { label: 'Unmask', icon: ShieldOff },
  'reset-failed': { label: 'Forget failure', icon: Eraser },
}

type State = Pick<Unit, 'activeState' | 'subState' | 'loadState' | 'unitFileState'>

/** The one thing a person most likely wants of a unit in this state; null where nothing can be started. */
export function mainVerb(unit: State): UnitVerb | null {
  if (unit.loadState === 'masked' || unit.loadState === 'not-found') return null
  return unit.activeState === 'inactive' ? 'start' : 'restart'
}

/** All that makes sense for the unit now, most wanted first. */
export function possibleVerbs(unit: State): UnitVerb[] {
  if (unit.loadState === 'not-found') return []
  if (unit.loadState === 'masked' || unit.unitFileState?.startsWith('masked')) return ['unmask']
  const verbs: UnitVerb[] = []
  const running = unit.activeState !== 'inactive' && unit.activeState !== 'failed'
  if (running) verbs.push('restart', 'stop', 'reload')
  else if (unit.activeState === 'failed') verbs.push('restart', 'reset-failed')
  else verbs.push('start')
  if (unit.unitFileState === 'enabled' || unit.unitFileState === 'enabled-runtime') verbs.push('disable')
  else if (unit.unitFileState === 'disabled' || unit.unitFileState === null) verbs.push('enable')
  verbs.push('mask')
  return verbs
}
