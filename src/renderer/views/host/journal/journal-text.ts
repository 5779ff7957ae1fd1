// Journal lines and times as text: for downloads and for addresses. Pure.
import type { JournalEntry } from '../../../../shared/model/journal.ts'

/** As journalctl's short-iso-precise, in UTC; the text is as the host wrote it, with further lines of one entry indented. */
export function exportLine(entry: JournalEntry): string {
  const who = `${entry.identifier ?? entry.unit ?? '-'}${entry.pid === null ? '' : `[${entry.pid}]`}`
  const text = entry.message.replace(/\r?\n/g, '\n    ')
  return `${new Date(entry.at).toISOString()} ${who.replace(/\s+/g, ' ')}: ${text}\n`
}

/** A local time as an input gives it, in wall ms; null where it is none. */
export function readTime(text: string): number | null {
  const time = text === '' ? Number.NaN : new Date(text).getTime()
  return Number.isNaN(time) ? null : time
}

/** The reverse: `2026-11-22T06:30:00` in local time. */
export function writeTime(at: number | null): string {
  if (at === null) return ''
  const local = new Date(at - new Date(at).getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 19)
}
