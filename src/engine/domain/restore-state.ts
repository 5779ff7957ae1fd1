// Decides how a restore goes on: what follows upon each step, and what is to be done after a kill, so that all is old or all is new (semantics 32). Pure.
import type { RestoreRun } from '../../shared/model/restore.ts'

export type RestoreStep = RestoreRun['steps'][number]['step']
export type StagedState = 'nothing' | 'staged' | 'swapped'

/** Until this step has begun, nothing that is in place was touched. */
const untouched: ReadonlySet<RestoreStep> = new Set(['back-up', 'stage', 'check', 'stop'])

/** May a person still call it off? */
export const mayCancel = (step: RestoreStep | null): boolean => step === null || untouched.has(step)

export type AfterKill =
  /** Throw away what was staged; what is in place is the old one. */
  | 'throw-away'
  /** Swap what is not swapped yet, start, verify. */
  | 'go-on'
  /** Swap back what was swapped. */
  | 'roll-back'

/** `step` is the last one that had begun, as it was written down before it began; `parts` is what the host says of each part. */
export function afterKill(step: RestoreStep | null, parts: readonly StagedState[]): AfterKill {
  if (step === 'roll-back') return 'roll-back'
  const swapped = parts.filter(state => state === 'swapped').length
  if (step === null || untouched.has(step)) return swapped === 0 ? 'throw-away' : 'roll-back'
  if (parts.every(state => state !== 'nothing')) return 'go-on'
  // one of them is gone: what cannot be all new becomes all old
  return swapped === 0 ? 'throw-away' : 'roll-back'
}
