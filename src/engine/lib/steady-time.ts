// One number for the machines that have to outlive a restart: monotonic as it runs, comparable afterwards; knows nothing of what is timed.
import type { Clock } from './clock.ts'

export interface SteadyTime {
  /** Wall ms at which this was made, plus the monotonic time since. */
  now(): number
}

/** Make one per engine: two made before and after a jump of the wall clock differ by that jump. */
export function createSteadyTime(clock: Clock): SteadyTime {
  const base = clock.now() - clock.monotonic()
  return { now: () => base + clock.monotonic() }
}
