// Turns the states of hosts, units and actions into one vocabulary of tone and word; decides nothing and draws nothing.
import type { ConnectionState, HostView } from '../../shared/model/host.ts'
import type { ActionOutcome, Unit } from '../../shared/model/unit.ts'
import { formatDuration } from './format.ts'
import { safeText } from './safe-text.ts'

/**
 * `unknown` is grey and never green: it means that we do not know. `off` is known and at rest. `busy` is under way, `waiting` needs the person.
 */
export type Tone = 'healthy' | 'degraded' | 'unhealthy' | 'maintenance' | 'unknown' | 'off' | 'busy' | 'waiting'

export interface StatusWord {
  readonly tone: Tone
  /** One or two words, always shown beside the icon. */
  readonly word: string
  /** A sentence where there is more to say. */
  readonly detail?: string
}

const connectionWords: Record<ConnectionState, StatusWord> = {
  idle: { tone: 'unknown', word: 'Disconnected' },
  resolve: { tone: 'busy', word: 'Looking up address' },
  tcp: { tone: 'busy', word: 'Connecting' },
  'host-key': { tone: 'busy', word: 'Checking host key' },
  auth: { tone: 'busy', word: 'Logging in' },
  ready: { tone: 'healthy', word: 'Connected' },
  lost: { tone: 'unknown', word: 'Connection lost' },
  backoff: { tone: 'unknown', word: 'Waiting to retry' },
  'host-key-unknown': {
    tone: 'waiting',
    word: 'Confirm host key',
    detail: 'Waits for you: compare and trust the host key.',
  },
  'host-key-changed': {
    tone: 'unhealthy',
    word: 'Host key changed',
    detail: 'Waits for you: the host shows another key.',
  },
  'auth-failed': { tone: 'waiting', word: 'Login refused', detail: 'Waits for you: change how to log in.' },
  config: { tone: 'waiting', word: 'Needs set-up', detail: 'Waits for you: the host cannot be reached as configured.' },
}

/** Does this state stay until the person acts (semantics 5)? */
export function waitsForPerson(state: ConnectionState): boolean {
  return state === 'host-key-unknown' || state === 'host-key-changed' || state === 'auth-failed' || state === 'config'
}

export function isConnecting(state: ConnectionState): boolean {
  return connectionWords[state].tone === 'busy'
}

/** How the connection to a host stands, in words: `Retry in 12 s`. */
export function connectionStatus(view: HostView, now: number): StatusWord {
  const { state, nextAttemptAt, error } = view.connection
  if (view.host.kind === 'local' && state === 'ready') return { tone: 'healthy', word: 'Ready' }
  const words = connectionWords[state]
  if (state === 'backoff' && nextAttemptAt !== null) {
    const left = nextAttemptAt - now
    const word = left > 900 ? `Retry in ${formatDuration(Math.ceil(left / 1000) * 1000)}` : 'Retrying'
    return withDetail({ tone: 'unknown', word }, error ? safeText(error.message) : undefined)
  }
  return withDetail(words, words.detail ?? (error ? safeText(error.message) : undefined))
}

/** The state of a host as a whole: the worst of its connection, its services and what cannot be watched. */
export function hostStatus(view: HostView, now: number): StatusWord {
  const connection = connectionStatus(view, now)
  if (view.connection.state !== 'ready') return connection
  const failed = view.units?.failed ?? 0
  if (failed > 0) {
    return {
      tone: 'unhealthy',
      word: `${failed} failed`,
      detail: failed === 1 ? '1 service has failed.' : `${failed} services have failed.`,
    }
  }
  const problem = view.problems[0]
  if (problem) return { tone: 'degraded', word: 'Limited', detail: safeText(problem.error.message) }
  if (view.units === null && view.facts?.unitSource !== 'none') return { tone: 'busy', word: 'Reading services' }
  return { tone: 'healthy', word: 'Healthy' }
}

const toneOrder: readonly Tone[] = [
  'unhealthy',
  'waiting',
  'degraded',
  'unknown',
  'busy',
  'maintenance',
  'healthy',
  'off',
]

/** For sorting: trouble first. */
export function toneRank(tone: Tone): number {
  return toneOrder.indexOf(tone)
}

/** A service's state in a person's words, with systemd's own in the detail. */
export function unitStatus(
  unit: Pick<Unit, 'activeState' | 'subState' | 'loadState' | 'result' | 'unitFileState'>,
): StatusWord {
  const own = `${safeText(unit.activeState)} (${safeText(unit.subState)})`
  if (unit.loadState === 'masked') return { tone: 'off', word: 'Masked', detail: own }
  if (unit.loadState === 'not-found') return { tone: 'unknown', word: 'Not found', detail: own }
  const why = unit.result && unit.result !== 'success' ? `${own}: ${safeText(unit.result)}` : own
  if (unit.subState === 'auto-restart') return { tone: 'degraded', word: 'Restarting', detail: why }
  switch (unit.activeState) {
    case 'failed':
      return { tone: 'unhealthy', word: 'Failed', detail: why }
    case 'active':
      return unit.subState === 'exited'
        ? { tone: 'healthy', word: 'Done', detail: own }
        : { tone: 'healthy', word: 'Running', detail: own }
    case 'reloading':
    case 'refreshing':
      return { tone: 'busy', word: 'Reloading', detail: own }
    case 'activating':
      return { tone: 'busy', word: 'Starting', detail: why }
    case 'deactivating':
      return { tone: 'busy', word: 'Stopping', detail: why }
    case 'maintenance':
      return { tone: 'maintenance', word: 'Maintenance', detail: own }
    case 'inactive':
      return { tone: 'off', word: 'Stopped', detail: own }
    default:
      return { tone: 'unknown', word: 'Unknown', detail: own }
  }
}

const outcomes: Record<ActionOutcome, StatusWord> = {
  running: { tone: 'busy', word: 'Running' },
  verified: { tone: 'healthy', word: 'Verified', detail: 'Done, and proven on the host.' },
  degraded: { tone: 'degraded', word: 'Degraded', detail: 'Done, with something to look at.' },
  failed: { tone: 'unhealthy', word: 'Failed', detail: 'The host refused it, or the proof failed.' },
  lost: { tone: 'unknown', word: 'Lost', detail: 'The link broke, and what became of it could not be established.' },
  cancelled: { tone: 'unknown', word: 'Cancelled' },
}

export function outcomeStatus(outcome: ActionOutcome): StatusWord {
  return outcomes[outcome]
}

function withDetail(status: StatusWord, detail: string | undefined): StatusWord {
  return detail === undefined ? status : { ...status, detail }
}
