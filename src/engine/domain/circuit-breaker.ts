// Decides when a feature that fails for its own reasons is switched off for a while, and tried again (semantics 25). Pure.
import type { ErrorCode } from '../../shared/errors.ts'

export interface BreakerState {
  /** Failures in a row. */
  readonly failures: number
  /** Switched off until then (steady ms); null where it is on. */
  readonly openUntil: number | null
  /** The one try after that time is under way. */
  readonly trying: boolean
}

export const closedBreaker: BreakerState = { failures: 0, openUntil: null, trying: false }
export const failuresToOpen = 5
export const openMs = 600_000

/** Kinds by which errors are counted. */
export type ErrorKind = 'ssh' | 'database' | 'http' | 'task'

/** Asks whether the feature may run now; the one try after the time off is given out once. */
export function askBreaker(state: BreakerState, now: number): { state: BreakerState; allowed: boolean } {
  if (state.openUntil === null) return { state, allowed: true }
  if (state.trying || now < state.openUntil) return { state, allowed: false }
  return { state: { ...state, trying: true }, allowed: true }
}

/** Takes how a run ended; `null` is one that says nothing of the feature (it was cancelled, the way to the host was the trouble). */
export function stepBreaker(state: BreakerState, ok: boolean | null, now: number): BreakerState {
  if (ok === true) return closedBreaker
  if (ok === null) return { ...state, trying: false }
  const failures = state.failures + 1
  if (failures < failuresToOpen && state.openUntil === null) return { failures, openUntil: null, trying: false }
  return { failures, openUntil: now + openMs, trying: false }
}

/** One that was open when the engine ended; a time further off than any that is given counts from now (semantics 3). */
export function restoreBreaker(kept: { failures: number; openUntil: number }, now: number): BreakerState {
  return { failures: kept.failures, openUntil: Math.min(kept.openUntil, now + openMs), trying: false }
}

/** Under which kind an error is counted. */
export function kindOfError(code: ErrorCode, feature: ErrorKind = 'task'): ErrorKind {
  if (sshCodes.has(code)) return 'ssh'
  if (code === 'DATABASE_DAMAGED' || code === 'DATABASE_NEWER' || code === 'DISK_FULL') return 'database'
  return feature
}

/** Under which kind a check's failures are counted; null where they are none of these. */
export function kindOfCheck(type: string): ErrorKind | null {
  if (type === 'http' || type === 'telegram-bot') return 'http'
  return type === 'postgres' || type === 'redis' || type === 'sqlite' ? 'database' : null
}

const sshCodes: ReadonlySet<ErrorCode> = new Set([
  'RESOLVE_FAILED',
  'UNREACHABLE',
  'NOT_SSH',
  'LINK_LOST',
  'NOT_CONNECTED',
  'HOST_KEY_UNKNOWN',
  'HOST_KEY_CHANGED',
  'HOST_KEY_REVOKED',
  'AUTH_FAILED',
])
