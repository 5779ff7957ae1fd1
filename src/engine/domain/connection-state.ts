// Decides what a connection does next (semantics 4, 5, 6, 8); knows nothing of sockets, SSH or timers.
import type { ErrorCode, ErrorShape } from '../../shared/errors.ts'
import type { ConnectionState, ConnectionStatus, HostKey } from '../../shared/model/host.ts'

/** Limits of the steps on the way to READY, ms. */
export const stepLimits = { resolve: 5_000, tcp: 10_000, 'host-key': 15_000, auth: 20_000 } as const
export type ConnectingStep = keyof typeof stepLimits

/** A lost peer is declared after interval × (misses + 1) = 15 s (semantics 8 allows 16). */
export const keepalive = { interval: 5_000, misses: 2, probeTimeout: 4_000 } as const

export const backoff = { least: 1_000, most: 30_000, resetAfterReady: 60_000 } as const

/** How deep a chain of jump hosts may be. */
export const maxJumps = 5

export interface ConnectionMachine {
  readonly state: ConnectionState
  /** Somebody wants this connection: it goes on by itself where it may. */
  readonly wanted: boolean
  /** Wall ms. */
  readonly since: number
  readonly generation: number
  readonly error: ErrorShape | null
  readonly offeredKey: HostKey | null
  /** Failures in a row, for the back-off. */
  readonly failures: number
  /** Monotonic ms at which READY began. */
  readonly readyAt: number | null
  /** In BACKOFF: how long, and until when on the wall clock. */
  readonly delay: number | null
  readonly nextAttemptAt: number | null
}

export type ConnectionEvent =
  /** A person or the engine wants the connection (now). */
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  | { readonly type: 'step'; readonly step: ConnectingStep }
  | { readonly type: 'ready' }
  /** The attempt, or the connection that was READY, ended. */
  | { readonly type: 'failed'; readonly error: ErrorShape; readonly offeredKey?: HostKey | null }
  /** LOST has been seen by everybody. */
  | { readonly type: 'settled' }
  /** The back-off is over, or there is a reason to hope (resume from sleep, the jump host is back). */
  | { readonly type: 'retry' }

export interface Instant {
  readonly wall: number
  readonly mono: number
}

const endOf: Partial<Record<ErrorCode, ConnectionState>> = {
  HOST_KEY_UNKNOWN: 'host-key-unknown',
  HOST_KEY_CHANGED: 'host-key-changed',
  HOST_KEY_REVOKED: 'host-key-changed',
  AUTH_FAILED: 'auth-failed',
  CONFIG: 'config',
  INVALID_INPUT: 'config',
  KEY_UNREADABLE: 'config',
  KEY_LOCKED: 'config',
  KEY_PASSPHRASE_WRONG: 'config',
  AGENT_UNAVAILABLE: 'config',
  VAULT_LOCKED: 'config',
  VAULT_UNAVAILABLE: 'config',
  UNSUPPORTED: 'config',
}

/** The state that waits for the user after this error, or null where trying again by itself is right (semantics 5). */
export function waitingState(code: ErrorCode): ConnectionState | null {
  return endOf[code] ?? null
}

/** True while an attempt is under way. */
export function isConnecting(state: ConnectionState): state is ConnectingStep {
  return state in stepLimits
}

/** Full jitter between 1 s and a ceiling that doubles to 30 s; `random` is in [0, 1). */
export function backoffDelay(failures: number, random: number): number {
  const ceiling = Math.min(backoff.most, backoff.least * 2 ** Math.min(20, Math.max(1, failures)))
  return Math.round(backoff.least + random * (ceiling - backoff.least))
}

/** Silent links are asked at full seconds of the monotonic clock, all in one turn: each waking of its own would cost more than its question. */
const together = 1_000

/**
 * ms until a peer that has been silent for `silence` is looked at again: after each full interval of silence, and there at the next moment at
 * which others are asked too; the last look, the one that may end the link, is never put off.
 */
export function nextCheck(silence: number, now: number): number {
  const whole = Math.round(silence)
  const due = keepalive.interval - (whole % keepalive.interval)
  const last = keepalive.interval * (keepalive.misses + 1) - whole
  if (last <= due) return due
  const late = (now + due) % together
  return Math.ceil(Math.min(last, late === 0 ? due : due + together - late))
}

/**
 * What a peer's silence means. `late`: how much later than planned the look came. A late look says that this computer slept or was
 * stopped, which is not the peer's silence: it gets a chance to answer.
 */
export function peerVerdict(silence: number, late: number): 'alive' | 'silent' | 'doubtful' | 'gone' {
  // Timers count whole ms, and a look must not come twice for the fraction of one.
  const whole = Math.round(silence)
  if (whole < keepalive.interval) return 'alive'
  if (late > keepalive.interval) return 'doubtful'
  return whole >= keepalive.interval * (keepalive.misses + 1) ? 'gone' : 'silent'
}

export function idleMachine(now: Instant): ConnectionMachine {
  return {
    state: 'idle',
    wanted: false,
    since: now.wall,
    generation: 0,
    error: null,
    offeredKey: null,
    failures: 0,
    readyAt: null,
    delay: null,
    nextAttemptAt: null,
  }
}

/** The next state. An event that does not fit the present state changes nothing. */
export function nextConnection(
  machine: ConnectionMachine,
  event: ConnectionEvent,
  now: Instant,
  random: number,
): ConnectionMachine {
  switch (event.type) {
    case 'start':
      if (machine.state === 'ready' || machine.state === 'lost' || isConnecting(machine.state))
        return { ...machine, wanted: true }
      return { ...attempt(machine, now), failures: 0 }
    case 'stop':
      return { ...idleMachine(now), generation: machine.generation }
    case 'step':
      if (!isConnecting(machine.state) || machine.state === event.step) return machine
      return { ...machine, state: event.step, since: now.wall }
    case 'ready':
      if (!isConnecting(machine.state)) return machine
      return {
        ...machine,
        state: 'ready',
        since: now.wall,
        generation: machine.generation + 1,
        error: null,
        offeredKey: null,
        readyAt: now.mono,
        delay: null,
        nextAttemptAt: null,
      }
    case 'failed':
      return failed(machine, event.error, event.offeredKey ?? null, now, random)
    case 'settled':
      return machine.state === 'lost' ? rest(machine, machine.error, now, random) : machine
    case 'retry':
      return machine.state === 'backoff' ? attempt(machine, now) : machine
  }
}

function attempt(machine: ConnectionMachine, now: Instant): ConnectionMachine {
  return {
    ...machine,
    state: 'resolve',
    wanted: true,
    since: now.wall,
    offeredKey: null,
    readyAt: null,
    delay: null,
    nextAttemptAt: null,
  }
}

function failed(
  machine: ConnectionMachine,
  error: ErrorShape,
  offeredKey: HostKey | null,
  now: Instant,
  random: number,
): ConnectionMachine {
  if (machine.state === 'ready') {
    const steady = machine.readyAt !== null && now.mono - machine.readyAt >= backoff.resetAfterReady
    const failures = (steady ? 0 : machine.failures) + 1
    return { ...machine, state: 'lost', since: now.wall, error, readyAt: null, failures }
  }
  if (!isConnecting(machine.state)) return machine
  const end = waitingState(error.code)
  if (end !== null) {
    return { ...machine, state: end, since: now.wall, error, offeredKey, delay: null, nextAttemptAt: null }
  }
  return rest({ ...machine, failures: machine.failures + 1 }, error, now, random)
}

function rest(machine: ConnectionMachine, error: ErrorShape | null, now: Instant, random: number): ConnectionMachine {
  if (!machine.wanted) return { ...idleMachine(now), generation: machine.generation, error }
  const delay = backoffDelay(machine.failures, random)
  return { ...machine, state: 'backoff', since: now.wall, error, delay, nextAttemptAt: now.wall + delay }
}

/** What the outside sees of the machine. */
export function connectionStatus(machine: ConnectionMachine): ConnectionStatus {
  const { state, since, generation, error, nextAttemptAt, offeredKey } = machine
  return { state, since, generation, error, nextAttemptAt, offeredKey }
}
