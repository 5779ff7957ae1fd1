// Looks at the clocks at a steady pace and says when time was lost (semantics 2); decides nothing itself.
import { type ClockGap, type ClockReading, detectClockGap } from '../domain/clock-gap.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'

const tickMs = 5_000

export function watchClockGaps(clock: Clock, onGap: (gap: ClockGap) => void): Disposable {
  const read = (): ClockReading => ({ wall: clock.now(), monotonic: clock.monotonic() })
  let last = read()
  return clock.every(tickMs, () => {
    const now = read()
    const gap = detectClockGap(last, now, tickMs)
    last = now
    if (gap) onGap(gap)
  })
}
