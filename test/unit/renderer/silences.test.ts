// What a person enters for a silence becomes what the engine takes, and comes back the same; what is wrong is said at its field.
import { expect, test } from 'vitest'
import {
  draftOf,
  type SilenceValues,
  toggleDay,
  valuesOf,
} from '../../../src/renderer/views/silences/silence-values.ts'
import {
  bySilenceOrder,
  daysText,
  scheduleText,
  scopeText,
  silenceStatus,
} from '../../../src/renderer/views/silences/silence-words.ts'
import { createWorld } from '../../fakes/demo/world.ts'

const now = new Date('2026-11-22T10:00:00').getTime()
const silences = [...createWorld('filled', now).silences.values()]
const silence = (id: string) => {
  const found = silences.find(each => each.id === id)
  if (!found) throw new Error(`no ${id}`)
  return found
}
const filled: SilenceValues = { ...valuesOf(null, now), name: 'Reboot' }

test('what was kept comes back from the form as it was, to the minute', () => {
  for (const each of silences) {
    const { draft } = draftOf(valuesOf(each, now))
    const { name, kind, scope, schedule } = each
    expect(draft).toMatchObject({ name, kind, scope })
    if (schedule.kind !== 'once') expect(draft?.schedule).toEqual(schedule)
    else expect(draft?.schedule).toMatchObject({ from: schedule.from - (schedule.from % 60_000) })
  }
})

test.each<[string, Partial<SilenceValues>, keyof SilenceValues]>([
  ['no name', { name: ' ' }, 'name'],
  ['an end before its beginning', { until: '2026-11-22T09:00' }, 'until'],
  ['no end', { until: '' }, 'until'],
  ['no beginning', { from: '' }, 'from'],
  ['no day', { schedule: 'weekly', days: [] }, 'days'],
  ['no length', { schedule: 'weekly', dayTo: '04:00' }, 'dayTo'],
  ['a zone that is none', { schedule: 'weekly', zone: 'Mars/Base' }, 'zone'],
  ['four fields of cron', { schedule: 'cron', cron: '0 4 * *' }, 'cron'],
  ['no minutes', { schedule: 'cron', minutes: '' }, 'minutes'],
  ['minutes in part', { schedule: 'cron', minutes: '1.5' }, 'minutes'],
  ['a service that is none', { unit: '../etc' }, 'unit'],
])('%s is said at its field', (_, parts, field) => {
  const { draft, errors } = draftOf({ ...filled, ...parts })
  expect(draft).toBeNull()
  expect(Object.keys(errors ?? {})).toEqual([field])
})

test('a silence without an end, and one about everything', () => {
  const { draft } = draftOf({ ...filled, forever: true })
  expect(draft?.schedule).toMatchObject({ kind: 'once', until: null })
  expect(draft?.scope).toEqual({ hostId: null, unit: null, checkId: null, tag: null })
})

test('days are said as a person says them', () => {
  expect(daysText([1, 2, 3, 4, 5])).toBe('Mon–Fri')
  expect(daysText([0, 6])).toBe('Sat, Sun')
  expect(daysText([0, 1, 2, 3, 4, 5, 6])).toBe('every day')
  expect(daysText([1, 3, 4, 5, 0])).toBe('Mon, Wed–Fri, Sun')
  expect(toggleDay([1, 2], 1)).toEqual([2])
  expect(toggleDay([5], 0)).toEqual([0, 5])
})

test('a schedule and what it mutes, in words', () => {
  expect(scheduleText(silence('sil-backup').schedule)).toBe('Mon–Fri, 04:00 to 04:30, Europe/Berlin')
  expect(scheduleText({ kind: 'weekly', days: [6], from: '23:00', to: '01:00', zone: 'UTC' })).toContain('the next day')
  expect(scheduleText(silence('sil-reboot').schedule)).toBe('30 3 1 * *, for 45 min, UTC')
  const names = { hosts: new Map([['web-1', 'web-1']]), checks: new Map([['site-certificate', 'Certificate']]) }
  expect(scopeText(silence('sil-certificate').scope, names)).toBe('“Certificate” on web-1')
  expect(scopeText(silence('sil-backup').scope, names)).toBe('Everything tagged trading')
  expect(scopeText({ hostId: null, unit: null, checkId: null, tag: null }, names)).toBe('Everything')
})

test('what is in force comes first, then what comes next, and what is over last', () => {
  const order = [...silences].sort(bySilenceOrder)
  expect(order.map(each => silenceStatus(each).word)).toEqual([
    'Maintenance',
    'Silent',
    'Planned',
    'Planned',
    'Planned',
    'Over',
  ])
})
