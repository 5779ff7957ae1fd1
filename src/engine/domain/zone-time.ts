// Decides which moment a time of day is in a time zone, over changes of its clocks; knows nothing of what happens then.

const formats = new Map<string, Intl.DateTimeFormat>()

/** A zone's own date and time, written as if it were UTC, so that days can be counted in it. */
export function localTime(at: number, zone: string): number {
  let format = formats.get(zone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formats.set(zone, format)
  }
  const part: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {}
  for (const { type, value } of format.formatToParts(at)) part[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((at % 1000) + 1000) % 1000)
}

const day = 86_400_000

/**
 * The moment at which a zone's clocks show `local`. One that they show twice is the first or the last, as asked; one that they skip is as much
 * later as was skipped, so that what begins and ends within the skipped hour keeps its length.
 */
export function momentOf(local: number, zone: string, which: 'first' | 'last'): number {
  const before = localTime(local - day, zone) - (local - day)
  const after = localTime(local + day, zone) - (local + day)
  const shown = [local - before, local - after].filter(at => localTime(at, zone) === local)
  if (shown.length === 0) return local - before
  return which === 'first' ? Math.min(...shown) : Math.max(...shown)
}

export interface DailyHours {
  /** 0 is Sunday: the days on which it begins. */
  readonly days: readonly number[]
  /** `HH:MM`; `to` not after `from` is on the next day. */
  readonly from: string
  readonly to: string
  readonly zone: string
}

/** Is `now` within these hours, and when does that change? Null where it never does. */
export function withinHours(hours: DailyHours, now: number): { active: boolean; changesAt: number | null } {
  const from = minutes(hours.from)
  const to = minutes(hours.to)
  const days = new Set(hours.days)
  if (days.size === 7 && from === to) return { active: true, changesAt: null }
  const today = Math.floor(localTime(now, hours.zone) / day) * day
  let end: number | null = null
  // From two days ago, since what began yesterday may be moved over midnight, to the same day of next week.
  for (let offset = -2; offset <= 7; offset++) {
    const date = today + offset * day
    if (!days.has(new Date(date).getUTCDay())) continue
    const begins = momentOf(date + from * 60_000, hours.zone, 'first')
    const ends = momentOf(date + (to > from ? 0 : day) + to * 60_000, hours.zone, 'last')
    // Hours that follow upon each other are one stretch.
    if (end !== null && begins <= end) end = Math.max(end, ends)
    else if (end !== null) break
    else if (begins > now) return { active: false, changesAt: begins }
    else if (ends > now) end = ends
  }
  return { active: end !== null, changesAt: end }
}

function minutes(time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number)
  return hour * 60 + minute
}
