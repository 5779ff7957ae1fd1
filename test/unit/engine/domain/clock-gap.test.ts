// Proves that lost time is noticed and that ordinary jitter is not.
import { describe, expect, it } from 'vitest'
import { detectClockGap, notInFuture } from '../../../../src/engine/domain/clock-gap.ts'

const start = { wall: 1_000_000, monotonic: 500 }
const later = (wallMs: number, monotonicMs: number) => ({
  wall: start.wall + wallMs,
  monotonic: start.monotonic + monotonicMs,
})

describe('S2 gaps', () => {
  it('S2 a tick on time is no gap', () => expect(detectClockGap(start, later(5_000, 5_000), 5_000)).toBeNull())
  it('S2 jitter up to 5 s is no gap', () => expect(detectClockGap(start, later(10_000, 10_000), 5_000)).toBeNull())
  it('S2 a tick more than 5 s late is a gap', () =>
    expect(detectClockGap(start, later(10_001, 10_001), 5_000)).toEqual({
      kind: 'late-tick',
      from: start.wall,
      to: start.wall + 10_001,
    }))
  it('S2 sleep with a stopped monotonic clock is a gap', () =>
    expect(detectClockGap(start, later(3_600_000, 5_000), 5_000)).toMatchObject({ kind: 'clock-jump', to: 4_600_000 }))
  it('S2 the clock set back is a gap that does not end before it starts', () => {
    const gap = detectClockGap(start, later(-60_000, 5_000), 5_000)
    expect(gap).toEqual({ kind: 'clock-jump', from: start.wall - 60_000, to: start.wall - 60_000 })
  })
  it('S3 a persisted time in the future counts as now', () => {
    expect(notInFuture(20, 10)).toBe(10)
    expect(notInFuture(5, 10)).toBe(5)
  })
})
