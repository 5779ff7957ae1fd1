// Decides what a run of maintenance came to that the engine ended in the middle of, whether one may still be begun, and how one ends that leaves services stopped. Pure.
import type { MaintenanceRun, MaintenanceStepRun } from '../../shared/model/maintenance.ts'

/** How a run came out. */
export interface RunEnd {
  readonly outcome: Exclude<MaintenanceRun['outcome'], 'running' | 'waiting'>
  readonly text: string
}

/** Nothing of it was sent, no stop of a service either: it can begin as if for the first time. */
export const isUntouched = ({ steps, stopped }: Pick<MaintenanceRun, 'steps' | 'stopped'>): boolean =>
  stopped.length === 0 && steps.every(({ outcome }) => outcome === 'pending')

const cutOff =
  'Quarterdeck ended in the middle of it. What ran on the host was ended there; how far it came is not known, and it is not sent again.'

/** What a run came to whose engine ended; what was not begun is left out, and nothing is sent again (semantics 7). */
export function takeUp(steps: readonly MaintenanceStepRun[]): { steps: MaintenanceStepRun[]; end: RunEnd } {
  const after = steps.map((step): MaintenanceStepRun => {
    if (step.outcome === 'pending') return { ...step, outcome: 'skipped' }
    if (step.outcome !== 'running') return step
    return { ...step, outcome: 'lost', evidence: [...step.evidence, { ok: false, text: cutOff }] }
  })
  const last = after.findLast(({ outcome }) => outcome !== 'done' && outcome !== 'skipped')
  if (last)
    return { steps: after, end: { outcome: endOf(last.outcome), text: last.evidence.findLast(isBad)?.text ?? cutOff } }
  const whole = after.every(({ outcome }) => outcome === 'done')
  return { steps: after, end: whole ? { outcome: 'done', text: doneText } : { outcome: 'lost', text: cutOff } }
}

export const doneText = 'All of it was done'

/** What was left out when a run ended is no longer to come; of what was under way, its end not being known, no more is known than that. */
export const settled = (steps: readonly MaintenanceStepRun[]): MaintenanceStepRun[] =>
  steps.map(step => {
    if (step.outcome === 'pending') return { ...step, outcome: 'skipped' }
    return step.outcome === 'running' ? { ...step, outcome: 'lost' } : step
  })

/** What was done is done, but a service that stays `down` is no good end, unless a person wanted to wait for it no longer. */
export function leftDown({ outcome, text }: RunEnd, down: readonly string[], calledOff: boolean): RunEnd {
  const first = outcome === 'done' ? 'Not all services run again.' : text.replace(/\.?$/, '.')
  const its = outcome === 'lost' ? 'lost' : 'failed'
  const wanted = calledOff && (outcome === 'done' || outcome === 'cancelled')
  return {
    outcome: wanted ? 'cancelled' : its,
    text: `${first} Start ${down.join(', ')} on the host yourself.`,
  }
}

const isBad = ({ ok }: { ok: boolean }): boolean => !ok
const endOf = (outcome: MaintenanceStepRun['outcome']): RunEnd['outcome'] =>
  outcome === 'cancelled' || outcome === 'failed' ? outcome : 'lost'
