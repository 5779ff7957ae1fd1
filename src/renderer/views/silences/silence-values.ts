// What a person enters for a silence, and what that means to the engine. Pure; draws nothing.
import { type Silence, SilenceDraft } from '../../../shared/model/incident.ts'
import { UnitName } from '../../../shared/model/unit.ts'
import { localZone } from '../../lib/local-zone.ts'
import { readTime, writeTime } from '../host/journal/journal-text.ts'

/** Everything as inputs have it, so that changing one's mind about the kind of schedule loses nothing. */
export interface SilenceValues {
  readonly name: string
  readonly kind: 'silence' | 'maintenance'
  readonly hostId: string
  readonly unit: string
  readonly userUnit: boolean
  readonly checkId: string
  readonly tag: string
  readonly schedule: 'once' | 'weekly' | 'cron'
  readonly from: string
  readonly until: string
  readonly forever: boolean
  readonly days: readonly number[]
  readonly dayFrom: string
  readonly dayTo: string
  readonly cron: string
  readonly minutes: string
  readonly zone: string
}

type SilenceErrors = Partial<Record<keyof SilenceValues, string>>

const hour = 3_600_000

export function valuesOf(silence: Silence | null, now: number): SilenceValues {
  const base: SilenceValues = {
    name: '',
    kind: 'maintenance',
    hostId: '',
    unit: '',
    userUnit: false,
    checkId: '',
    tag: '',
    schedule: 'once',
    from: minuteText(now),
    until: minuteText(now + hour),
    forever: false,
    days: [1, 2, 3, 4, 5],
    dayFrom: '04:00',
    dayTo: '04:30',
    cron: '0 4 * * *',
    minutes: '30',
    zone: localZone(),
  }
  if (!silence) return base
  const { name, kind, scope, schedule } = silence
  const about = {
    ...base,
    name,
    kind,
    hostId: scope.hostId ?? '',
    unit: scope.unit?.name ?? '',
    userUnit: scope.unit?.scope === 'user',
    checkId: scope.checkId ?? '',
    tag: scope.tag ?? '',
    schedule: schedule.kind,
  }
  switch (schedule.kind) {
    case 'once':
      return {
        ...about,
        from: minuteText(schedule.from),
        forever: schedule.until === null,
        until: minuteText(schedule.until ?? now + hour),
      }
    case 'weekly':
      return { ...about, days: schedule.days, dayFrom: schedule.from, dayTo: schedule.to, zone: schedule.zone }
    case 'cron':
      return { ...about, cron: schedule.expression, minutes: String(schedule.minutes), zone: schedule.zone }
  }
}

/** Either a draft that the engine takes, or what is wrong, by field. */
export function draftOf(
  values: SilenceValues,
): { draft: SilenceDraft; errors: null } | { draft: null; errors: SilenceErrors } {
  const errors: SilenceErrors = {}
  const unit = values.unit.trim()
  if (unit !== '' && !UnitName.safeParse(unit).success) errors.unit = 'A name like nginx.service'
  const schedule = scheduleOf(values, errors)
  const parsed = SilenceDraft.safeParse({
    name: values.name,
    kind: values.kind,
    scope: {
      hostId: values.hostId || null,
      unit: unit === '' ? null : { scope: values.userUnit ? 'user' : 'system', name: unit },
      checkId: values.checkId || null,
      tag: values.tag.trim() || null,
    },
    schedule,
  })
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) {
      const field = fields[path.join('.').replace(/\.\d+$/, '')]
      if (field && !errors[field]) errors[field] = message
    }
  }
  if (parsed.success && Object.keys(errors).length === 0) return { draft: parsed.data, errors: null }
  return { draft: null, errors }
}

function scheduleOf(values: SilenceValues, errors: SilenceErrors): unknown {
  switch (values.schedule) {
    case 'once': {
      const from = readTime(values.from)
      const until = values.forever ? null : readTime(values.until)
      if (from === null) errors.from = 'Choose when it begins'
      if (!values.forever && until === null) errors.until = 'Choose when it ends'
      else if (from !== null && until !== null && until <= from) errors.until = 'It has to end after it begins'
      return { kind: 'once', from: from ?? 0, until }
    }
    case 'weekly':
      if (values.dayFrom === values.dayTo) errors.dayTo = 'It has to end at another time than it begins'
      return { kind: 'weekly', days: values.days, from: values.dayFrom, to: values.dayTo, zone: values.zone.trim() }
    case 'cron': {
      const minutes = Number(values.minutes)
      if (!Number.isInteger(minutes) || minutes < 1 || minutes > 10_080) errors.minutes = 'From 1 minute to 7 days'
      const expression = values.cron.trim().replace(/\s+/g, ' ')
      if (expression.split(' ').length !== 5) errors.cron = 'Five fields: minute, hour, day, month, day of the week'
      return {
        kind: 'cron',
        expression,
        minutes: Number.isInteger(minutes) ? minutes : 1,
        zone: values.zone.trim(),
      }
    }
  }
}

/** Where the engine's own words about a draft belong. */
const fields: Record<string, keyof SilenceValues> = {
  name: 'name',
  'scope.tag': 'tag',
  'schedule.days': 'days',
  'schedule.from': 'dayFrom',
  'schedule.to': 'dayTo',
  'schedule.zone': 'zone',
  'schedule.expression': 'cron',
  'schedule.minutes': 'minutes',
}

function minuteText(at: number): string {
  return writeTime(at).slice(0, 16)
}

/** A week of whole days, or one day added to it. */
export function toggleDay(days: readonly number[], day: number): number[] {
  return days.includes(day) ? days.filter(other => other !== day) : [...days, day].sort((a, b) => a - b)
}
