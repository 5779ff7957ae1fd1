// Decides from a connection's state whether its host counts as reachable (semantics 9); pure, knows no link.
import type { ErrorCode } from '../../shared/errors.ts'
import type { ProbeCause, ProbeStatus } from '../../shared/model/check.ts'
import type { ConnectionStatus } from '../../shared/model/host.ts'

export interface Reach {
  readonly status: ProbeStatus
  readonly message: string
  readonly cause: ProbeCause | null
  /** Does the host's side answer at all, as far as that was tried? For judging this computer's own network. */
  readonly answers: boolean | null
}

/** What only this computer or its user can mend says nothing of the host. */
const ownTrouble: ReadonlySet<ErrorCode> = new Set([
  'VAULT_LOCKED',
  'VAULT_UNAVAILABLE',
  'KEY_LOCKED',
  'KEY_UNREADABLE',
  'KEY_PASSPHRASE_WRONG',
  'AGENT_UNAVAILABLE',
  'CANCELLED',
])

/** `trouble`: why the last attempt failed, kept while the next one runs; null after a success and before the first attempt. */
export function judgeReach({ state, error }: ConnectionStatus, trouble: ConnectionStatus['error']): Reach {
  const why = error ?? trouble
  const text = why === null ? '' : `: ${why.message}`
  switch (state) {
    case 'ready':
      return { status: 'healthy', message: 'Connected', cause: null, answers: true }
    case 'idle':
      return { status: 'unknown', message: 'Not connected, as was asked for', cause: null, answers: null }
    case 'host-key-unknown':
      return { status: 'unknown', message: 'Its host key waits for your confirmation', cause: 'host', answers: true }
    case 'host-key-changed':
      return { status: 'unhealthy', message: `Its host key changed${text}`, cause: 'host', answers: true }
    case 'auth-failed':
      return { status: 'unhealthy', message: `It refused the login${text}`, cause: 'auth', answers: true }
    default:
      break
  }
  if (why === null) return { status: 'unknown', message: 'Connecting for the first time', cause: null, answers: null }
  if (ownTrouble.has(why.code)) return { status: 'unknown', message: why.message, cause: 'other', answers: null }
  if (state === 'config')
    return { status: 'unhealthy', message: `It cannot be connected to${text}`, cause: 'host', answers: null }
  const cause = why.code === 'RESOLVE_FAILED' ? 'dns' : 'network'
  // a refused connection was answered by the host's own machine
  const answers = why.code === 'PORT_CLOSED' || why.code === 'NOT_SSH'
  return { status: 'unhealthy', message: `It cannot be reached${text}`, cause, answers }
}
