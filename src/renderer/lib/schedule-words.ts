// When something runs by itself, in words: the times most people want, and cron lines as they are read. Decides nothing and draws nothing.
import type { RunSchedule, WaitsFor } from '../../shared/model/schedule.ts'
import { formatDuration } from './format.ts'

export interface SchedulePreset {
  readonly cron: string
  readonly label: string
}

/** The schedules that most people want, at this hour of the night; anything else is a cron line. */
export function schedulePresets(hour: number): readonly SchedulePreset[] {
  return ['0 * * * *', '0 */6 * * *', `0 ${hour} * * *`, `0 ${hour} * * 0`, `0 ${hour} 1 * *`].map(cron => ({
    cron,
    label: scheduleText(cron),
  }))
}

const weekdays = ['Sundays', 'Mondays', 'Tuesdays', 'Wednesdays', 'Thursdays', 'Fridays', 'Saturdays', 'Sundays']

/** `0 3 * * *` → `Every night at 03:00`; what has no short words is left as it is. */
export function scheduleText(cron: string): string {
  if (cron === '0 * * * *') return 'Every hour'
  const hours = /^0 \*\/(\d{1,2}) \* \* \*$/.exec(cron)?.[1]
  if (hours !== undefined) return `Every ${hours} hours`
  const [, minute, hour, date, weekday] = /^(\d{1,2}) (\d{1,2}) (\*|1) \* (\*|[0-7])$/.exec(cron) ?? []
  if (minute === undefined || hour === undefined) return `Cron ${cron}`
  const at = `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`
  if (date === '*' && weekday === '*') return `Every ${Number(hour) < 6 ? 'night' : 'day'} at ${at}`
  if (date === '*') return `${weekdays[Number(weekday)]} at ${at}`
  return weekday === '*' ? `On the first of each month at ${at}` : `Cron ${cron}`
}

/** When it runs, with all that may hold it back. */
export function whenText({ cron, zone, jitterSeconds, onlyOnMains, onlyOnNetworks }: RunSchedule): string {
  return [
    scheduleText(cron),
    zone,
    jitterSeconds > 0 && `up to ${formatDuration(jitterSeconds * 1000)} later`,
    onlyOnMains && 'only on mains',
    onlyOnNetworks.length > 0 && `only on ${onlyOnNetworks.join(' or ')}`,
  ]
    .filter(part => part !== false)
    .join(', ')
}

/** What keeps it from being begun, though its time has come. */
export const waitsText = (waitsFor: WaitsFor): string =>
  waitsFor === 'mains' ? 'waits for mains power' : 'waits for its network'

/** A time as the clocks of that zone show it: `Mon 23 Nov, 04:00`. */
export function timeInZone(at: number, zone: string): string {
  const words = { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' } as const
  // with or without a comma after the day, as the machine's tables have it
  return new Intl.DateTimeFormat('en-GB', { ...words, timeZone: zone }).format(at).replace(/^(\w+),/, '$1')
}
