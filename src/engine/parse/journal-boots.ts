// Reads `journalctl --list-boots` in both of its layouts, printed in UTC; pure.
import type { JournalBoot } from '../../shared/model/journal.ts'

/** Older versions join the two times by a dash, newer ones print columns under a heading. Ascending, the present boot (0) last. */
export function parseBoots(text: string): JournalBoot[] {
  const boots: JournalBoot[] = []
  for (const line of text.split('\n')) {
    const match =
      /^\s*(-?\d{1,6})\s+([0-9a-f]{32})\s+\S+\s+(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s+UTC(?:—|-|\s)+\S+\s+(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s+UTC/.exec(
        line,
      )
    if (!match) continue
    const [, index, bootId = '', first = '', last = ''] = match
    const [firstAt, lastAt] = [utc(first), utc(last)]
    if (Number.isFinite(firstAt) && Number.isFinite(lastAt)) {
      boots.push({ index: Number(index), bootId, firstAt, lastAt })
    }
  }
  return boots.sort((a, b) => a.index - b.index)
}

function utc(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`)
}
