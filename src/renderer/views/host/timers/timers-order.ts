// Which timers are shown and in which order: what comes next first, what never comes last. Pure; draws nothing.
import type { Timer } from '../../../../shared/model/unit.ts'
import { wordsOf } from '../services/services-order.ts'

/** For Array.sort. */
function compareTimers(a: Timer, b: Timer): number {
  return compareMoments(a.nextAt, b.nextAt) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
}

/** Soonest first; what is not known comes after everything. */
export function compareMoments(a: number | null, b: number | null): number {
  if (a === b) return 0
  if (a === null) return 1
  if (b === null) return -1
  return a - b
}

export function arrangeTimers(timers: readonly Timer[], text: string): readonly Timer[] {
  const words = wordsOf(text)
  return timers
    .filter(timer => {
      const subject = `${timer.name} ${timer.activates} ${timer.description}`.toLowerCase()
      return words.every(word => subject.includes(word))
    })
    .sort(compareTimers)
}
