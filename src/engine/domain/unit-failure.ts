// Decides when a person is told that a unit failed or is well again; a pure machine over one unit's states, told the time.

/** What the machine remembers of one unit. */
export type UnitFailureState =
  | { readonly kind: 'ok' }
  /** Failed; `told` when a message went out for it. */
  | { readonly kind: 'failed'; readonly since: number; readonly told: boolean }
  /** Runs again since `since`, and must stay so before that is said. */
  | { readonly kind: 'recovering'; readonly failedSince: number; readonly since: number; readonly told: boolean }

export interface UnitFailure {
  readonly state: UnitFailureState
  /** Monotonic ms of the last "failed" message, for the cool-down. */
  readonly toldAt: number | null
}

export type UnitFailureMessage =
  | { readonly kind: 'failed'; readonly restarting: boolean }
  | { readonly kind: 'recovered'; readonly afterMs: number }

export interface UnitObservation {
  readonly activeState: string
  readonly subState: string
  /** How its last run ended, in systemd's word. */
  readonly result: string | null
}

export const initialUnitFailure: UnitFailure = { state: { kind: 'ok' }, toldAt: null }

/** A unit that crashes again and again is told of once in this time (semantics 13). */
export const coolDownMs = 300_000
/** How long a unit must run before it counts as well again. */
export const recoveryMs = 10_000

/**
 * Takes an observation, or the mere passing of time where it is null. `now` is monotonic ms. A unit that systemd restarts by itself passes
 * through "failed" too: that is told, with the restart, once per cool-down.
 */
export function stepUnitFailure(
  before: UnitFailure,
  observed: UnitObservation | null,
  now: number,
): { next: UnitFailure; message: UnitFailureMessage | null } {
  const state = observed ? observe(before.state, observed, now) : before.state
  if (state.kind === 'failed' && !state.told) {
    const cooling = before.toldAt !== null && now - before.toldAt < coolDownMs
    if (cooling) return { next: { ...before, state }, message: null }
    return {
      next: { state: { ...state, told: true }, toldAt: now },
      message: { kind: 'failed', restarting: observed !== null && isRestarting(observed) },
    }
  }
  if (state.kind === 'recovering' && now - state.since >= recoveryMs) {
    // "Resolved" goes only where "firing" went (semantics 12).
    const message = state.told ? ({ kind: 'recovered', afterMs: now - state.failedSince } as const) : null
    return { next: { ...before, state: { kind: 'ok' } }, message }
  }
  return { next: { ...before, state }, message: null }
}

/** After a gap nothing that was pending counts (semantics 2): a recovery starts to be proven anew. */
export function afterGap(before: UnitFailure, now: number): UnitFailure {
  if (before.state.kind !== 'recovering') return before
  return { ...before, state: { ...before.state, since: now } }
}

/** When the machine wants to be stepped without an observation, monotonic ms; null when it waits for one. */
export function nextStepAt(failure: UnitFailure): number | null {
  if (failure.state.kind === 'recovering') return failure.state.since + recoveryMs
  if (failure.state.kind === 'failed' && !failure.state.told && failure.toldAt !== null)
    return failure.toldAt + coolDownMs
  return null
}

function observe(state: UnitFailureState, observed: UnitObservation, now: number): UnitFailureState {
  if (observed.activeState === 'failed' || isRestarting(observed)) {
    if (state.kind === 'failed') return state
    if (state.kind === 'recovering') return { kind: 'failed', since: state.failedSince, told: state.told }
    // Restart=always also restarts what ended well; with RestartMode=direct a crash does not pass through "failed"
    const crashed = observed.activeState === 'failed' || (observed.result !== null && observed.result !== 'success')
    return crashed ? { kind: 'failed', since: now, told: false } : state
  }
  if (observed.activeState === 'active' || observed.activeState === 'inactive') {
    if (state.kind !== 'failed') return state
    return { kind: 'recovering', failedSince: state.since, since: now, told: state.told }
  }
  return state
}

function isRestarting(observed: UnitObservation): boolean {
  return observed.subState === 'auto-restart' || observed.subState === 'auto-restart-queued'
}
