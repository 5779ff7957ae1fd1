// What values from hosts mean in conditions: numbers, times, patterns, and how a message shows them; knows no condition.

/** A number, or a text that is one. */
export function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value !== 'string' || value.length > 64) return null
  const text = value.trim()
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : null
}

/** Wall ms of a time as programs write it: ISO 8601 (in UTC where no zone is named), an HTTP date, seconds, ms or µs since 1970. */
export function timeOf(value: unknown): number | null {
  const number = numberOf(value)
  if (number !== null) {
    if (number <= 0) return null
    if (number < 1e11) return number * 1_000
    return number < 1e14 ? number : number / 1_000
  }
  if (typeof value !== 'string' || value.length > 64) return null
  const text = value.trim()
  const iso = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)\s?(Z|[+-]\d\d:?(?:\d\d)?)?)?$/i.exec(text)
  if (!iso && !/^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} /.test(text)) return null
  const zone = (iso?.[3] ?? 'Z')
    .toUpperCase()
    .replace(/^([+-]\d\d):?(\d\d)?$/, (_, hours, minutes = '00') => `${hours}:${minutes}`)
  const time = Date.parse(iso ? `${iso[1]}T${(iso[2] ?? '00:00').replace(',', '.')}${zone}` : text)
  return Number.isNaN(time) ? null : time
}

/** `*` stands for anything; everything else for itself. */
export function matchesGlob(glob: string, text: string): boolean {
  const parts = glob.split('*')
  const first = parts[0] ?? ''
  if (parts.length === 1) return text === glob
  const last = parts.at(-1) ?? ''
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
  const end = text.length - last.length
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const next = text.indexOf(part, at)
    if (next < 0 || next + part.length > end) return false
    at = next + part.length
  }
  return true
}

const unfit = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]+/gu
const longestShown = 60

/** A value short enough for a message, and harmless in one. */
export function shownValue(value: unknown): string {
  if (Array.isArray(value)) return `${value.length} items`
  if (typeof value === 'object' && value !== null) return `object of ${Object.keys(value).length}`
  if (value === '') return '""'
  const text = String(value)
    .slice(0, longestShown * 2)
    .replace(unfit, ' ')
    .trim()
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text
}
