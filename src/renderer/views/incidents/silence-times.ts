// Until when a silence lasts, by the few choices that one has at night. Pure.

export const silenceLengths = ['30min', '1h', '4h', 'tomorrow', 'time'] as const
export type SilenceLength = (typeof silenceLengths)[number]

export const lengthWords: Record<SilenceLength, string> = {
  '30min': '30 min',
  '1h': '1 h',
  '4h': '4 h',
  tomorrow: 'Until tomorrow, 8:00',
  time: 'Until …',
}

const minutes: Partial<Record<SilenceLength, number>> = { '30min': 30, '1h': 60, '4h': 240 }

/** Wall ms; null where the chosen time is none or lies in the past. `time` is what a datetime input gives, in local time. */
export function silenceUntil(length: SilenceLength, time: string, now: number): number | null {
  const span = minutes[length]
  if (span !== undefined) return now + span * 60_000
  if (length === 'tomorrow') {
    // By the calendar: a day with a change of the clock has not 24 hours.
    const morning = new Date(now)
    morning.setDate(morning.getDate() + 1)
    morning.setHours(8, 0, 0, 0)
    return morning.getTime()
  }
  const until = time === '' ? Number.NaN : new Date(time).getTime()
  return Number.isNaN(until) || until <= now ? null : until
}
