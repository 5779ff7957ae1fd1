// Whether what a task does is to be confirmed with more than a click. Pure.
import type { MaintenanceKind, MaintenanceStep } from '../../../shared/model/maintenance.ts'

/** A kind that nobody knows here may do anything. */
export function isRisky(steps: readonly MaintenanceStep[], kinds: readonly MaintenanceKind[]): boolean {
  return steps.some(({ type }) => kinds.find(kind => kind.type === type)?.risk !== 'safe')
}
