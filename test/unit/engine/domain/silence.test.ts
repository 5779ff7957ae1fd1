// Proves when silences, maintenance windows and quiet hours are in force, and of what they speak (semantics 17).
import { describe, expect, it } from 'vitest'
import { quietUntil } from '../../../../src/engine/domain/quiet-hours.ts'
import { type CronTimes, silenceActive, silenceMatches } from '../../../../src/engine/domain/silence.ts'
import type { SilenceScope } from '../../../../src/shared/model/incident.ts'

const utc = (text: string): number => Date.parse(`${text}Z`)
const minute = 60_000

describe('S17 a silence', () => {
  it('once: from its beginning, to its end and not at it', () => {
    const once = { kind: 'once', from: 100, until: 200 } as const
    expect(silenceActive(once, 99)).toEqual({ active: false, changesAt: 100 })
    expect(silenceActive(once, 100)).toEqual({ active: true, changesAt: 200 })
    expect(silenceActive(once, 199)).toEqual({ active: true, changesAt: 200 })
    expect(silenceActive(once, 200)).toEqual({ active: false, changesAt: null })
    expect(silenceActive({ ...once, until: null }, 1e15)).toEqual({ active: true, changesAt: null })
  })

  it('weekly: in its own zone, on its days', () => {
    const schedule = { kind: 'weekly', days: [0], from: '04:00', to: '05:00', zone: 'Europe/Berlin' } as const
    const weekly = { ...schedule, days: [...schedule.days] }
    expect(silenceActive(weekly, utc('2026-03-22T03:30')).active).toBe(true)
    // After the change of the clocks it is an hour earlier in UTC.
    expect(silenceActive(weekly, utc('2026-03-29T02:30')).active).toBe(true)
    expect(silenceActive(weekly, utc('2026-03-29T03:30'))).toEqual({
      active: false,
      changesAt: utc('2026-04-05T02:00'),
    })
  })

  it('cron: for its minutes after each time, and over times that run into each other', () => {
    // Every ten minutes.
    const cron: CronTimes = {
      previous: (_, __, at) => Math.floor(at / (10 * minute)) * 10 * minute,
      next: (_, __, at) => (Math.floor(at / (10 * minute)) + 1) * 10 * minute,
    }
    const schedule = { kind: 'cron', expression: '*/10 * * * *', minutes: 4, zone: 'UTC' } as const
    expect(silenceActive(schedule, 10 * minute, cron)).toEqual({ active: true, changesAt: 14 * minute })
    expect(silenceActive(schedule, 14 * minute - 1, cron).active).toBe(true)
    expect(silenceActive(schedule, 14 * minute, cron)).toEqual({ active: false, changesAt: 20 * minute })
    const long = silenceActive({ ...schedule, minutes: 10 }, 19 * minute, cron)
    expect(long.active).toBe(true)
    expect(long.changesAt).toBeGreaterThan(60 * minute)
    const over: CronTimes = { previous: () => 0, next: () => null }
    expect(silenceActive(schedule, minute, over)).toEqual({ active: true, changesAt: 4 * minute })
    expect(silenceActive(schedule, 5 * minute, over)).toEqual({ active: false, changesAt: null })
    const never: CronTimes = { previous: () => null, next: () => null }
    expect(silenceActive(schedule, minute, never)).toEqual({ active: false, changesAt: null })
  })
})

describe('S17 a scope', () => {
  const any: SilenceScope = { hostId: null, unit: null, checkId: null, tag: null }
  const subject = {
    hostId: 'web',
    unit: { scope: 'system', name: 'bot.service' } as const,
    checkId: 'http-1',
    tags: ['prod', 'bot'],
  }
  it.each<[Partial<SilenceScope>, boolean]>([
    [{}, true],
    [{ hostId: 'web' }, true],
    [{ hostId: 'db' }, false],
    [{ checkId: 'http-1' }, true],
    [{ checkId: 'http-2' }, false],
    [{ tag: 'bot' }, true],
    [{ tag: 'test' }, false],
    [{ unit: { scope: 'system', name: 'bot.service' } }, true],
    [{ unit: { scope: 'user', name: 'bot.service' } }, false],
    [{ unit: { scope: 'system', name: 'db.service' } }, false],
    [{ hostId: 'web', tag: 'prod', unit: { scope: 'system', name: 'bot.service' }, checkId: 'http-1' }, true],
    [{ hostId: 'web', tag: 'test' }, false],
  ])('%j matches: %s', (scope, matches) => {
    expect(silenceMatches({ ...any, ...scope }, subject)).toBe(matches)
  })

  it('that names a unit does not speak of what is about none', () => {
    const scope = { ...any, unit: { scope: 'system', name: 'bot.service' } as const }
    expect(silenceMatches(scope, { ...subject, unit: null })).toBe(false)
  })
})

describe('quiet hours', () => {
  const quiet = { from: '22:00', to: '07:00', zone: 'America/New_York', criticalPasses: true }
  it.each([
    ['2026-06-01T20:00', null],
    ['2026-06-02T02:00', '2026-06-02T11:00'],
    ['2026-06-02T10:59', '2026-06-02T11:00'],
    ['2026-06-02T11:00', null],
    // The nights in which the clocks change.
    ['2026-03-08T04:00', '2026-03-08T11:00'],
    ['2026-11-01T04:00', '2026-11-01T12:00'],
  ])('at %sZ last until %sZ', (now, until) => {
    expect(quietUntil(quiet, utc(now))).toBe(until === null ? null : utc(until))
  })

  it('that end where they begin are none, so that nothing is held back for ever', () => {
    expect(quietUntil({ ...quiet, to: '22:00' }, utc('2026-06-02T02:30'))).toBeNull()
  })
})
