// Keeps how a counting number went and tells how much it grew within a window, over restarts of whoever counts (R47); knows no check.

export interface Counted {
  /** Monotonic ms. */
  readonly at: number
  readonly value: number
}

/** A window is never watched in more steps than this; of longer ones the oldest go. */
const mostKept = 10_000

/** With the newest value, and without what lies before the widest window; the last one before it stays, as that window's beginning. */
export function counted(before: readonly Counted[], now: Counted, widestMs: number): Counted[] {
  const kept = before.filter(({ at }) => at < now.at)
  const from = now.at - widestMs
  let first = 0
  while (first + 1 < kept.length && (kept[first + 1]?.at ?? 0) <= from) first++
  return [...kept.slice(Math.max(first, kept.length - mostKept)), now]
}

/** How much it grew since the window began, and since when that is. A fall is a new start from 0. Null where there is only one value. */
export function growthWithin(history: readonly Counted[], windowMs: number): { by: number; overMs: number } | null {
  const last = history.at(-1)
  if (!last || history.length < 2) return null
  let first = history.length - 1
  while (first > 0 && (history[first]?.at ?? 0) > last.at - windowMs) first--
  let by = 0
  for (let index = first + 1; index < history.length; index++) {
    const [earlier, later] = [history[index - 1]?.value ?? 0, history[index]?.value ?? 0]
    by += later >= earlier ? later - earlier : Math.max(0, later)
  }
  return { by, overMs: last.at - (history[first]?.at ?? last.at) }
}
