// Makes journal entries of exported fields, trusting only those that journald itself sets; pure.
import type { JournalEntry } from '../../shared/model/journal.ts'

/**
 * The fields of an entry, in the order of `toEntry`'s values. The first two come with every export; each other one costs journalctl a
 * good part of what an entry costs it at all, so those that tell the unit stand last and are left out where it is known.
 */
export const entryFields = [
  '__CURSOR',
  '__REALTIME_TIMESTAMP',
  'MESSAGE',
  'PRIORITY',
  'SYSLOG_IDENTIFIER',
  '_PID',
  '_SYSTEMD_UNIT',
  '_SYSTEMD_USER_UNIT',
  'UNIT',
  'USER_UNIT',
] as const

/** The fields to ask for when all entries are of one unit. */
export const fieldsOfOneUnit: readonly string[] = entryFields.slice(0, 6)

const defaultPriority = 6

/** An entry, or null where the fields make none. `known` is the unit that was asked for, if it was one. */
export function toEntry(
  hostId: string,
  values: readonly (string | undefined)[],
  truncated: boolean,
  known: string | null = null,
): JournalEntry | null {
  const [cursor, time, message, priority, identifier, pidText, unit, userUnit, aboutUnit, aboutUserUnit] = values
  if (cursor === undefined || time === undefined) return null
  const at = Number(time) / 1000
  if (!Number.isFinite(at)) return null
  const level = priority === undefined || priority.length !== 1 ? Number.NaN : priority.charCodeAt(0) - 48
  const pid = pidText === undefined ? null : Number(pidText)
  let name = known ?? userUnit ?? unit ?? null
  // managers speak about their units; anyone else's UNIT= is only a claim
  if (aboutUnit !== undefined && pid === 1) name = aboutUnit
  else if (aboutUserUnit !== undefined && userUnit === 'init.scope') name = aboutUserUnit
  return {
    hostId,
    cursor,
    at,
    priority: level >= 0 && level <= 7 ? level : defaultPriority,
    unit: name,
    identifier: identifier ?? null,
    pid: pid !== null && Number.isSafeInteger(pid) ? pid : null,
    message: message ?? '',
    truncated,
  }
}

/** What a cursor tells: which sequence and number in it, which boot, and when (wall µs). Null where it is none. */
export function parseCursor(cursor: string): {
  sequence: string
  index: bigint
  boot: string
  time: number
} | null {
  const match =
    /^s=([0-9a-f]{1,32});i=([0-9a-f]{1,16});b=([0-9a-f]{1,32});m=[0-9a-f]{1,16};t=([0-9a-f]{1,16});x=[0-9a-f]{1,16}$/.exec(
      cursor,
    )
  if (!match) return null
  const [, sequence = '', index = '', boot = '', time = ''] = match
  return { sequence, index: BigInt(`0x${index}`), boot, time: Number.parseInt(time, 16) }
}

/** Is the entry at `cursor` the one at `mark`, or before it in the same sequence? Nothing is said across sequences. */
export function notAfter(cursor: string, mark: string): boolean {
  if (cursor === mark) return true
  const [a, b] = [parseCursor(cursor), parseCursor(mark)]
  return a !== null && b !== null && a.sequence === b.sequence && a.index <= b.index
}
