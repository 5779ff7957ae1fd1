// Silences and maintenance windows in words. Pure.

import { format as formatDate } from 'date-fns'
import type { Silence, SilenceSchedule, SilenceScope } from '../../../shared/model/incident.ts'
import { formatDuration } from '../../lib/format.ts'
import { safeText } from '../../lib/safe-text.ts'
import type { StatusWord } from '../../lib/status.ts'

export const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
/** As a week is read here: Monday first. */
export const dayOrder = [1, 2, 3, 4, 5, 6, 0] as const

export function silenceStatus(silence: Silence): StatusWord {
  if (silence.active) {
    return silence.kind === 'maintenance'
      ? { tone: 'maintenance', word: 'Maintenance', detail: 'In force now: nobody is told, and uptime does not count.' }
      : { tone: 'waiting', word: 'Silent', detail: 'In force now: nobody is told.' }
  }
  return silence.changesAt === null ? { tone: 'off', word: 'Over' } : { tone: 'off', word: 'Planned' }
}

/** In force first, then what comes next, then what is over. */
export function bySilenceOrder(a: Silence, b: Silence): number {
  const rank = (silence: Silence): number => (silence.active ? 0 : silence.changesAt === null ? 2 : 1)
  const next = (silence: Silence): number => silence.changesAt ?? Number.POSITIVE_INFINITY
  if (rank(a) !== rank(b)) return rank(a) - rank(b)
  if (rank(a) === 2) return b.createdAt - a.createdAt
  return next(a) === next(b) ? a.name.localeCompare(b.name) : next(a) - next(b)
}

/** `Mon–Fri`, `Sat, Sun`, `every day`. */
export function daysText(days: readonly number[]): string {
  const places = dayOrder.flatMap((day, place) => (days.includes(day) ? [place] : []))
  if (places.length === 7) return 'every day'
  const runs: number[][] = []
  for (const place of places) {
    const run = runs.at(-1)
    if (run && run.at(-1) === place - 1) run.push(place)
    else runs.push([place])
  }
  const name = (place: number | undefined): string => dayNames[dayOrder[place ?? 0] ?? 0] ?? ''
  return runs.flatMap(run => (run.length > 2 ? [`${name(run[0])}–${name(run.at(-1))}`] : run.map(name))).join(', ')
}

export function scheduleText(schedule: SilenceSchedule): string {
  switch (schedule.kind) {
    case 'once': {
      const from = formatDate(schedule.from, 'EEE d MMM yyyy, HH:mm')
      return schedule.until === null ? `from ${from}` : `${from}, for ${formatDuration(schedule.until - schedule.from)}`
    }
    case 'weekly': {
      const over = schedule.to <= schedule.from ? ' (the next day)' : ''
      return `${daysText(schedule.days)}, ${schedule.from} to ${schedule.to}${over}, ${safeText(schedule.zone)}`
    }
    case 'cron':
      return `${safeText(schedule.expression)}, for ${formatDuration(schedule.minutes * 60_000)}, ${safeText(schedule.zone)}`
  }
}

export interface ScopeNames {
  readonly hosts: ReadonlyMap<string, string>
  readonly checks: ReadonlyMap<string, string>
}

/** `trading-bot.service on web-1`, `everything tagged trading`: all that is named has to match. */
export function scopeText(scope: SilenceScope, names: ScopeNames): string {
  const about = [
    scope.checkId === null ? '' : `“${safeText(names.checks.get(scope.checkId) ?? scope.checkId)}”`,
    scope.unit === null ? '' : safeText(scope.unit.name),
  ].filter(Boolean)
  const subject = about.length > 0 ? about.join(' of ') : 'Everything'
  const tag = scope.tag === null ? '' : ` tagged ${safeText(scope.tag)}`
  const host = scope.hostId === null ? '' : ` on ${safeText(names.hosts.get(scope.hostId) ?? scope.hostId)}`
  return `${subject}${tag}${host}`
}
