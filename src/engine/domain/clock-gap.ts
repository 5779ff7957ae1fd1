// Decides whether time was lost (sleep, stopped process, clock jump), semantics 2; knows nothing of timers.

export interface ClockReading {
  /** Wall ms. */
  readonly wall: number
  /** Monotonic ms. */
  readonly monotonic: number
}

export interface ClockGap {
  readonly kind: 'late-tick' | 'clock-jump'
  /** Wall ms between which nothing was observed; `from` = the last good reading. */
  readonly from: number
  readonly to: number
}

const toleranceMs = 5_000

/**
 * Compares two readings that should be `expectedMs` apart. A tick more than 5 s late, or wall and monotonic time drifting apart by more
 * than 5 s, is a gap. A monotonic clock that stops in sleep (Linux) shows sleep as a wall jump forward, others as a late tick.
 */
export function detectClockGap(before: ClockReading, now: ClockReading, expectedMs: number): ClockGap | null {
  const elapsed = now.monotonic - before.monotonic
  const drift = now.wall - before.wall - elapsed
  if (elapsed > expectedMs + toleranceMs) return { kind: 'late-tick', from: before.wall, to: now.wall }
  if (Math.abs(drift) > toleranceMs) return { kind: 'clock-jump', from: Math.min(before.wall, now.wall), to: now.wall }
  return null
}

/** A persisted time that lies in the future counts as now (semantics 3). */
export function notInFuture(persisted: number, now: number): number {
  return Math.min(persisted, now)
}
