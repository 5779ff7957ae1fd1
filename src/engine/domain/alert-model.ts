// What is remembered of an alert, what moves it and what comes of that; decides nothing but what a gap leaves of it.
import type { AlertPhase, MutedBy, ProbeStatus, Severity } from '../../shared/model/check.ts'

export interface AlertPolicy {
  readonly failureThreshold: number
  readonly recoveryThreshold: number
  readonly forMs: number
  readonly severity: Severity
  /** Outright failing for so long it is critical all the same; never where it is not there. */
  readonly riseMs?: number
}

export const coolDownMs = 5 * 60_000
export const repeatMs = 4 * 3_600_000
/** So many incidents of one key … */
export const flappingIncidents = 3
/** … within this time are flapping, which ends after as long without a change. */
export const flappingMs = 30 * 60_000

/** The incident that is open. */
export interface AlertIncident {
  readonly severity: Severity
  /** The severity that people know of: told, or acknowledged unasked. Null while nobody knows. */
  readonly known: Severity | null
  /** "Firing" or "flapping" went out for it, so that "resolved" follows. */
  readonly told: boolean
  readonly toldAt: number | null
  readonly acknowledged: boolean
  /** It waits for the end of the cool-down. */
  readonly deferred: boolean
  /** A silence ended: one message, though it is known. */
  readonly remind: boolean
}

/** All that is remembered of one key (host, target, check). JSON; every time in it is steady ms of something that has happened. */
export interface AlertState {
  readonly phase: AlertPhase
  /** Consecutive failures while pending, consecutive successes while recovering. */
  readonly count: number
  /** The first failure of this trouble. */
  readonly since: number | null
  /** Consecutive failures at the full severity, as against degraded ones. */
  readonly worse: { readonly count: number; readonly since: number } | null
  /** Failures seen since a gap or an inhibition; null where there was none since, or they were enough. */
  readonly fresh: number | null
  /** Silence, maintenance or inhibition, as the runtime said last. */
  readonly muted: MutedBy | null
  readonly incident: AlertIncident | null
  /** The last "firing" of this key, from which the cool-down runs. */
  readonly spoke: { readonly at: number; readonly severity: Severity } | null
  /** When its last incidents were opened. */
  readonly opened: readonly number[]
  /** Its incident stays open until it has been stable, however often it comes and goes. */
  readonly flapping: { readonly changedAt: number; readonly told: boolean } | null
}

export const initialAlert: AlertState = {
  phase: 'ok',
  count: 0,
  since: null,
  worse: null,
  fresh: null,
  muted: null,
  incident: null,
  spoke: null,
  opened: [],
  flapping: null,
}

export type AlertEvent =
  /** What a probe found; `unknown` moves nothing (semantics 9). */
  | { readonly type: 'result'; readonly status: ProbeStatus }
  /** Time passed: `for`, the cool-down's end, a repeat, the end of flapping. */
  | { readonly type: 'tick' }
  /** Time was lost (semantics 2): what was pending or recovering starts anew, and nothing is told before fresh failures. */
  | { readonly type: 'gap' }
  | { readonly type: 'acknowledge' }
  /** A silence, maintenance or inhibition began, became another, or ended. */
  | { readonly type: 'mute'; readonly by: MutedBy | null }
  /** The check was removed or switched off. */
  | { readonly type: 'close' }

export type AlertEffect =
  /** A new incident, whether or not it is told. `startedAt` is the first failure. */
  | { readonly kind: 'open'; readonly severity: Severity; readonly startedAt: number }
  | { readonly kind: 'resolve' }
  /** It rose: it is worse than it was, or it has lasted for too long. */
  | { readonly kind: 'severity'; readonly severity: Severity; readonly lasted: boolean }
  /**
   * News for the outbox. A second `firing` of one incident says that it became worse. `flapping` counts as `firing` for whom "resolved"
   * goes to (semantics 12).
   */
  | {
      readonly kind: 'tell'
      readonly what: 'firing' | 'resolved' | 'repeat' | 'flapping'
      readonly severity: Severity
    }
  /** Why nobody is being told of the open incident, when that changed. */
  | { readonly kind: 'muted'; readonly by: MutedBy | null }

export interface AlertStep {
  /** The same object where nothing changed, so that nothing need be written. */
  readonly state: AlertState
  readonly effects: readonly AlertEffect[]
}

/** What a trouble that is over, or never came to be one, leaves. */
export const quiet = { phase: 'ok', count: 0, since: null, worse: null, fresh: null } as const

/** Not only messages but judgement rests: what is seen of a thing whose host or dependency is in trouble says nothing of it (semantics 18). */
export function inhibits(by: MutedBy | null): boolean {
  return by === 'host-down' || by === 'dependency' || by === 'offline'
}

/** After a gap or an inhibition nothing that was being counted counts (semantics 2, 18). */
export function forget(state: AlertState, now: number): AlertState {
  const flapping = state.flapping && { ...state.flapping, changedAt: now }
  if (state.phase === 'ok' || state.phase === 'pending')
    return state.phase === 'ok' && !flapping ? state : { ...state, ...quiet, flapping }
  // RECOVERING stays what it is: FIRING would be a change that nobody observed, and may be acted upon.
  return { ...state, count: 0, worse: null, fresh: 0, flapping }
}

/** Why nothing is told of it at present; null where nothing is in the way. */
export function mutedBy(state: AlertState): MutedBy | null {
  if (state.muted !== null) return state.muted
  if (state.flapping) return 'flapping'
  return state.incident?.deferred ? 'cool-down' : null
}
