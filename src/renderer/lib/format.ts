// Numbers and times as a person reads them, always with their unit; knows nothing of what they measure.
import { format as formatDate } from 'date-fns'

/** What stands where a value is not known: never a zero, never an empty cell. */
export const unknownValue = '–'

const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** `1536` → `1.5 KiB`: three significant digits at the most. */
export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined || !Number.isFinite(bytes)) return unknownValue
  let value = Math.abs(bytes)
  let unit = 0
  while (value >= 1023.5 && unit < binaryUnits.length - 1) {
    value /= 1024
    unit++
  }
  return `${bytes < 0 ? '−' : ''}${digits(value, unit === 0)} ${binaryUnits[unit]}`
}

/** Bytes per second. */
export function formatRate(bytesPerSecond: number | null | undefined): string {
  const text = formatBytes(bytesPerSecond)
  return text === unknownValue ? text : `${text}/s`
}

/** `12.34` → `12 %`; below 10 with one decimal. */
export function formatPercent(percent: number | null | undefined): string {
  if (percent === null || percent === undefined || !Number.isFinite(percent)) return unknownValue
  return `${percent < 9.95 && percent > 0 ? percent.toFixed(1) : Math.round(percent).toString()} %`
}

/** `12345` → `12,345`. */
export function formatCount(count: number | null | undefined): string {
  if (count === null || count === undefined || !Number.isFinite(count)) return unknownValue
  return Math.round(count).toLocaleString('en-GB')
}

/** `1 check`, `12 checks`; null for none. */
export function countOf(count: number, noun: string): string | null {
  return count === 0 ? null : `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** A length of time in its two largest units: `3 d 4 h`, `12 min 5 s`, `480 ms`. */
export function formatDuration(milliseconds: number | null | undefined): string {
  if (milliseconds === null || milliseconds === undefined || !Number.isFinite(milliseconds)) return unknownValue
  const ms = Math.max(0, milliseconds)
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = Math.floor(ms / 1000)
  if (seconds < 10) return `${(Math.floor(ms / 100) / 10).toFixed(1).replace('.0', '')} s`
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ]
  const first = parts.findIndex(([value]) => value > 0)
  const shown = parts.slice(first, first + 2).filter(([value]) => value > 0)
  return shown.map(([value, unit]) => `${value} ${unit}`).join(' ')
}

/** `5 min ago`, `in 12 s`, `just now`; one unit, because the exact time is on hover. */
export function formatRelative(at: number, now: number): string {
  const difference = at - now
  const seconds = Math.round(Math.abs(difference) / 1000)
  if (seconds < 3) return difference > 1000 ? 'in a moment' : 'just now'
  const text = largestUnit(seconds)
  return difference > 0 ? `in ${text}` : `${text} ago`
}

/** The exact local time with its zone: `Sat 22 Nov 2026, 06:34:02.120 UTC+1`. */
export function formatExact(at: number): string {
  return `${formatDate(at, 'EEE d MMM yyyy, HH:mm:ss')} ${formatDate(at, 'OOO')}`
}

/** `06:34:02` where it is today, else with the day. */
export function formatClock(at: number, now: number): string {
  const date = new Date(at)
  // By hand, because the journal asks for thousands a second.
  const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`)
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  const today = new Date(now)
  const sameDay = date.getDate() === today.getDate() && Math.abs(at - now) < 86_400_000
  return sameDay ? time : `${formatDate(at, 'd MMM')}, ${time}`
}

function largestUnit(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  if (seconds < 86_400 * 60) return `${Math.floor(seconds / 86_400)} d`
  if (seconds < 86_400 * 730) return `${Math.floor(seconds / (86_400 * 30.44))} months`
  return `${Math.floor(seconds / (86_400 * 365.25))} years`
}

function digits(value: number, whole: boolean): string {
  if (whole || value >= 99.5) return Math.round(value).toString()
  return value >= 9.95 ? value.toFixed(1) : value.toFixed(value === 0 ? 0 : 2).replace(/0$/, '')
}
