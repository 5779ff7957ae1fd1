// Reads `systemctl show` of many units and the time formats it prints; knows nothing of how it was run.
import { wallMs } from './unit-fields.ts'

/** Blocks of KEY=VALUE lines, one block per unit, at most `limit` of them. */
export function parseSystemctlShow(text: string, limit: number): { units: Map<string, string>[]; complete: boolean } {
  const units: Map<string, string>[] = []
  let current: Map<string, string> | null = null
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf('\n', at)
    const end = newline < 0 ? text.length : newline
    const line = text.slice(at, end)
    at = end + 1
    if (line === '') {
      current = null
      continue
    }
    const equals = line.indexOf('=')
    if (equals <= 0) continue
    if (!current) {
      if (units.length >= limit) return { units, complete: false }
      current = new Map()
      units.push(current)
    }
    current.set(line.slice(0, equals), line.slice(equals + 1))
  }
  return { units, complete: true }
}

/** "Sun 2026-11-22 06:34:03 UTC", as systemctl prints it under TZ=UTC, as wall ms. */
export function parseTimestamp(text: string | undefined): number | null {
  const match = /^(?:[A-Z][a-z]{2} )?(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))? UTC$/.exec(text ?? '')
  if (!match) return null
  const [, year, month, day, hour, minute, second, fraction = ''] = match
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  return wallMs(ms * 1000 + Number(fraction.padEnd(6, '0')))
}

const spans: Record<string, number> = {
  us: 0.001,
  µs: 0.001,
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  month: 2_629_800_000,
  y: 31_557_600_000,
}

/** "1month 2d 3h 4min 5.678s" as ms; null for infinity and for what is not a span. */
export function parseTimespan(text: string | undefined): number | null {
  if (text === undefined || text === '') return null
  if (text === '0') return 0
  let total = 0
  for (const part of text.trim().split(/\s+/)) {
    const match = /^(\d+(?:\.\d+)?)([a-zµ]+)$/.exec(part)
    const size = match ? spans[match[2] === 'months' ? 'month' : (match[2] ?? '')] : undefined
    if (!match || size === undefined) return null
    total += Number(match[1]) * size
  }
  return total
}

/** "[not set]", numbers, and systemd's greatest number for "not set". */
export function parseAmount(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,20}$/.test(text)) return null
  const value = Number(text)
  return value >= 2 ** 64 ? null : value
}
