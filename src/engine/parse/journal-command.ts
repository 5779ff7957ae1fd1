// Says a question to the journal in journalctl's words, for a person to copy and for the reader to run; pure.
import type { JournalFilter } from '../../shared/model/journal.ts'
import { hostGrep } from './journal-grep.ts'
import { quoteArgv } from './quote.ts'

const priorityNames = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug']

/** Which part of the filter a command can carry; the rest is applied here. */
export interface MatchOptions {
  /** The host's journalctl can search (PCRE2). */
  grep: boolean
  /** A cursor is given, beside which journalctl takes no `--since`. */
  withoutSince?: boolean
}

/** The arguments that choose entries: units, priority, time, boot, text. Unit names hold none of the characters that make a pattern. */
export function matchArgs(filter: JournalFilter, options: MatchOptions): string[] {
  const args: string[] = []
  if (filter.scope === 'user' && filter.units.length === 0) args.push('--user')
  for (const unit of filter.units) args.push(`${filter.scope === 'user' ? '--user-unit' : '--unit'}=${unit}`)
  if (filter.priority !== null) args.push(`--priority=${filter.priority}`)
  if (filter.boot !== null) args.push(`--boot=${filter.boot}`)
  if (filter.since !== null && !options.withoutSince) args.push(`--since=${journalTime(filter.since)}`)
  if (filter.until !== null) args.push(`--until=${journalTime(filter.until)}`)
  const pattern = options.grep ? hostGrep(filter) : null
  if (pattern !== null) args.push(`--grep=${pattern}`, `--case-sensitive=${filter.caseSensitive ? 'yes' : 'no'}`)
  return args
}

/** Seconds since the epoch with µs, which every journalctl reads the same in every time zone. */
export function journalTime(ms: number): string {
  const us = Math.max(0, Math.round(ms * 1000))
  return `@${Math.floor(us / 1e6)}.${String(us % 1e6).padStart(6, '0')}`
}

/** The journalctl command that shows the same, as a person would type it. */
export function journalCommand(filter: JournalFilter): string {
  const argv = ['journalctl']
  if (filter.scope === 'user' && filter.units.length === 0) argv.push('--user')
  for (const unit of filter.units) argv.push(filter.scope === 'user' ? '--user-unit' : '-u', unit)
  if (filter.priority !== null) argv.push('-p', priorityNames[filter.priority] ?? String(filter.priority))
  if (filter.boot !== null) argv.push('-b', String(filter.boot))
  if (filter.since !== null) argv.push('--since', humanTime(filter.since))
  if (filter.until !== null) argv.push('--until', humanTime(filter.until))
  if (filter.text === null || filter.text === '') return quoteArgv(argv)
  const pattern = filter.regex ? filter.text : escapeRegex(filter.text)
  if (!filter.invert) {
    return quoteArgv([...argv, '-g', pattern, `--case-sensitive=${filter.caseSensitive ? 'yes' : 'no'}`])
  }
  // journalctl cannot leave out what matches; grep can
  const grep = ['grep', '-v', filter.regex ? '-E' : '-F', ...(filter.caseSensitive ? [] : ['-i']), '-e', filter.text]
  return `${quoteArgv(argv)} | ${quoteArgv(grep)}`
}

/** `2026-01-31 12:00:00 UTC`: a zone is said because the host's may differ from this computer's. */
function humanTime(ms: number): string {
  return `${new Date(Math.round(ms)).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
