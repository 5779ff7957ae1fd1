// The demo's silences and maintenance windows, one of each schedule, in force and not. Knows nothing of how they are served. Never part of the app.
import type { Silence, SilenceDraft, SilenceSchedule } from '../../../src/shared/model/incident.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const anything = { hostId: null, unit: null, checkId: null, tag: null }

/** Whether it is in force, roughly: enough for looking at. */
export function forceOf(schedule: SilenceSchedule, now: number): Pick<Silence, 'active' | 'changesAt'> {
  if (schedule.kind === 'once') {
    const begun = schedule.from <= now
    const over = schedule.until !== null && schedule.until <= now
    return { active: begun && !over, changesAt: over ? null : begun ? schedule.until : schedule.from }
  }
  if (schedule.kind === 'weekly') {
    const at = (time: string, days: number): number => {
      const [hours = 0, minutes = 0] = time.split(':').map(Number)
      const date = new Date(now + days * day)
      date.setHours(hours, minutes, 0, 0)
      return date.getTime()
    }
    for (let ahead = -1; ahead < 8; ahead++) {
      const from = at(schedule.from, ahead)
      const to = schedule.to > schedule.from ? at(schedule.to, ahead) : at(schedule.to, ahead + 1)
      if (!schedule.days.includes(new Date(from).getDay()) || to <= now) continue
      return from <= now ? { active: true, changesAt: to } : { active: false, changesAt: from }
    }
  }
  return { active: false, changesAt: now + 7 * hour }
}

export function silencesOf(now: number): Silence[] {
  const make = (id: string, draft: SilenceDraft, ageMs: number, createdBy = 'person'): Silence => ({
    ...draft,
    id,
    createdAt: now - ageMs,
    createdBy,
    ...forceOf(draft.schedule, now),
  })
  const today = new Date(now).getDay()
  const clock = (at: number): string => new Date(at).toTimeString().slice(0, 5)
  return [
    make(
      'sil-certificate',
      {
        name: 'Renewal is booked for 30 Nov',
        kind: 'silence',
        scope: { ...anything, hostId: 'web-1', checkId: 'site-certificate' },
        schedule: { kind: 'once', from: now - 3 * day + 5 * hour, until: null },
      },
      3 * day - 5 * hour,
    ),
    make(
      'sil-posters',
      {
        name: 'Posters log in again',
        kind: 'maintenance',
        scope: { ...anything, hostId: 'bots-1', unit: { scope: 'system', name: 'cookie-bot@alice.service' } },
        schedule: {
          kind: 'weekly',
          days: [today],
          from: clock(now - 20 * minute),
          to: clock(now + 40 * minute),
          zone: 'Europe/Berlin',
        },
      },
      31 * day,
    ),
    make(
      'sil-backup',
      {
        name: 'Backup of the trading database',
        kind: 'maintenance',
        scope: { ...anything, tag: 'trading' },
        schedule: { kind: 'weekly', days: [1, 2, 3, 4, 5], from: '04:00', to: '04:30', zone: 'Europe/Berlin' },
      },
      60 * day,
    ),
    make(
      'sil-reboot',
      {
        name: 'Monthly reboot',
        kind: 'maintenance',
        scope: { ...anything, hostId: 'web-1' },
        schedule: { kind: 'cron', expression: '30 3 1 * *', minutes: 45, zone: 'UTC' },
      },
      90 * day,
    ),
    make(
      'sil-move',
      {
        name: 'Move of db-1 to the new rack',
        kind: 'maintenance',
        scope: { ...anything, hostId: 'db-1' },
        schedule: { kind: 'once', from: now + 2 * day, until: now + 2 * day + 3 * hour },
      },
      hour,
    ),
    make(
      'sil-over',
      {
        name: 'Asked for by /silence 30',
        kind: 'silence',
        scope: { ...anything, hostId: 'bots-1' },
        schedule: { kind: 'once', from: now - 5 * hour, until: now - 4.5 * hour },
      },
      5 * hour,
      'Telegram, night shift',
    ),
  ]
}
