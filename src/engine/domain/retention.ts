// Decides how long each level of samples is kept and when nothing may be deleted; pure, takes the time.
import { day, ladder } from './rollup.ts'

/** Samples and buckets before this are due to go; on a border of the level's spans, and of days for samples. */
export function cutoff(level: number, now: number, rawDays: number): number {
  const { keepDays, span } = ladder[level] ?? { keepDays: null, span: day }
  const unit = Math.max(span, day)
  return Math.floor((now - Math.max(keepDays ?? rawDays, level === 0 ? 0 : rawDays) * day) / unit) * unit
}

/** What maintenance remembers from its last look at the clocks. */
export interface ClockMemory {
  readonly wall: number
  readonly monotonic: number
  /** Nothing is deleted before this monotonic time. */
  readonly heldUntil: number
}

const leap = 3_600_000
const longAbsence = 30 * day

/**
 * Wall clocks are wrong now and then, and a clock that is years ahead for a minute must not empty the history. After a leap of more
 * than an hour against the monotonic clock, or when at the start the newest sample is a month old, nothing is deleted for an hour.
 */
export function rememberClock(
  before: ClockMemory | null,
  wall: number,
  monotonic: number,
  newestSample: number | null,
): ClockMemory {
  const leapt =
    before === null
      ? newestSample !== null && Math.abs(wall - newestSample) > longAbsence
      : Math.abs(wall - before.wall - (monotonic - before.monotonic)) > leap
  return { wall, monotonic, heldUntil: leapt ? monotonic + leap : (before?.heldUntil ?? 0) }
}

/** May maintenance delete now? */
export function mayExpire(memory: ClockMemory): boolean {
  return memory.monotonic >= memory.heldUntil
}
