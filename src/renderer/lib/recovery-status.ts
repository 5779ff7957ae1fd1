// How a unit's recovery stands, in the app's one vocabulary of tone and word; decides nothing and draws nothing.
import type { RecoveryAttempt, RecoveryView } from '../../shared/model/recovery.ts'
import type { StatusWord } from './status.ts'

export function recoveryStatus(view: RecoveryView): StatusWord {
  if (!view.policy.enabled) return { tone: 'off', word: 'Off' }
  switch (view.phase) {
    case 'idle':
      return view.incidentId === null ? { tone: 'healthy', word: 'Ready' } : { tone: 'waiting', word: 'Does not act' }
    case 'wait':
      return { tone: 'busy', word: 'Waits to act' }
    case 'act':
      return { tone: 'busy', word: 'Acts' }
    case 'verify':
      return { tone: 'busy', word: 'Verifies' }
    case 'escalated':
      return { tone: 'unhealthy', word: 'Needs you' }
  }
}

const outcomes: Record<RecoveryAttempt['outcome'], StatusWord> = {
  running: { tone: 'busy', word: 'Running' },
  verified: { tone: 'healthy', word: 'Verified' },
  failed: { tone: 'unhealthy', word: 'Failed' },
  lost: { tone: 'unknown', word: 'Lost' },
  cancelled: { tone: 'off', word: 'Cancelled' },
}

export function attemptStatus(attempt: RecoveryAttempt): StatusWord {
  return outcomes[attempt.outcome]
}
