// How maintenance tasks and their runs stand, in the app's one vocabulary of tone and word; decides nothing and draws nothing.
import type { MaintenanceRun, MaintenanceView } from '../../shared/model/maintenance.ts'
import { safeText } from './safe-text.ts'
import type { StatusWord } from './status.ts'

const runOutcomes: Record<MaintenanceRun['outcome'], StatusWord> = {
  running: { tone: 'busy', word: 'Under way' },
  waiting: { tone: 'unknown', word: 'Waits for the host' },
  done: { tone: 'healthy', word: 'Done' },
  failed: { tone: 'unhealthy', word: 'Failed' },
  lost: {
    tone: 'unknown',
    word: 'Lost',
    detail: 'The link broke in the middle, and what became of it could not be established. Nothing was sent again.',
  },
  cancelled: { tone: 'unknown', word: 'Cancelled' },
}

export function runStatus(run: Pick<MaintenanceRun, 'outcome'>): StatusWord {
  return runOutcomes[run.outcome]
}

/** What is under way comes first, then what is wrong, then how it went last; what never ran is not called good. */
export function taskStatus(view: MaintenanceView): StatusWord {
  const { task, running, lastRun, problem } = view
  if (running) return runOutcomes[running.outcome]
  if (lastRun?.outcome === 'failed') return { ...runOutcomes.failed, ...detailOf(problem ?? whyOf(lastRun)) }
  if (lastRun?.outcome === 'lost') return runOutcomes.lost
  if (problem !== null) return { tone: 'unhealthy', word: 'Needs attention', ...detailOf(problem) }
  if (!task.enabled) return { tone: 'off', word: 'Switched off' }
  if (!lastRun) return { tone: 'unknown', word: 'Not run yet' }
  return runOutcomes[lastRun.outcome]
}

/** The sentence that says why a run did not end well; null where there is none. */
export function whyOf(run: MaintenanceRun): string | null {
  const said = [...run.steps.flatMap(({ evidence }) => evidence), ...run.evidence]
  return said.findLast(({ ok }) => !ok)?.text ?? null
}

/** `2 of 3 steps done`, for a run that is under way. */
export function stepsText(run: MaintenanceRun): string {
  const done = run.steps.filter(({ outcome }) => outcome === 'done').length
  return `${done} of ${run.steps.length} ${run.steps.length === 1 ? 'step' : 'steps'} done`
}

function detailOf(text: string | null): { detail?: string } {
  return text === null ? {} : { detail: safeText(text) }
}
