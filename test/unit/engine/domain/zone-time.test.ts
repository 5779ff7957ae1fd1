// Proves that a time of day is the right moment in any zone, around both changes of the clocks.
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { localTime, momentOf, withinHours } from '../../../../src/engine/domain/zone-time.ts'

const utc = (text: string): number => Date.parse(`${text}Z`)
const shown = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString().slice(0, 16))

describe('momentOf', () => {
  // In Berlin clocks went from 02:00 to 03:00 on 2026-03-29 and go from 03:00 back to 02:00 on 2026-10-25; in New York on 03-08 and 11-01.
  it.each([
    ['Europe/Berlin', '2026-03-28T04:00', 'first', '2026-03-28T03:00'],
    ['Europe/Berlin', '2026-03-29T01:59', 'first', '2026-03-29T00:59'],
    ['Europe/Berlin', '2026-03-29T02:30', 'first', '2026-03-29T01:30'],
    ['Europe/Berlin', '2026-03-29T02:30', 'last', '2026-03-29T01:30'],
    ['Europe/Berlin', '2026-03-29T03:00', 'first', '2026-03-29T01:00'],
    ['Europe/Berlin', '2026-10-25T01:59', 'first', '2026-10-24T23:59'],
    ['Europe/Berlin', '2026-10-25T02:30', 'first', '2026-10-25T00:30'],
    ['Europe/Berlin', '2026-10-25T02:30', 'last', '2026-10-25T01:30'],
    ['Europe/Berlin', '2026-10-25T03:00', 'first', '2026-10-25T02:00'],
    ['America/New_York', '2026-03-08T02:30', 'first', '2026-03-08T07:30'],
    ['America/New_York', '2026-11-01T01:30', 'first', '2026-11-01T05:30'],
    ['America/New_York', '2026-11-01T01:30', 'last', '2026-11-01T06:30'],
    // Half an hour of daylight saving, on the other half of the year.
    ['Australia/Lord_Howe', '2026-10-04T02:15', 'first', '2026-10-03T15:45'],
    ['Australia/Lord_Howe', '2026-04-05T01:45', 'first', '2026-04-04T14:45'],
    ['Australia/Lord_Howe', '2026-04-05T01:45', 'last', '2026-04-04T15:15'],
    ['Asia/Kathmandu', '2026-06-01T00:00', 'first', '2026-05-31T18:15'],
    ['Pacific/Kiritimati', '2026-06-01T00:00', 'last', '2026-05-31T10:00'],
    ['UTC', '2026-06-01T00:00', 'last', '2026-06-01T00:00'],
  ] as const)('%s %s (%s) is %s', (zone, local, which, moment) => {
    expect(shown(momentOf(utc(local), zone, which))).toBe(moment)
  })

  test('whatever a zone shows is shown at that moment', () => {
    const zones = fc.constantFrom(
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
      'Asia/Tehran',
      'America/St_Johns',
    )
    const moments = fc.integer({ min: utc('2024-01-01T00:00'), max: utc('2028-01-01T00:00') })
    fc.assert(
      fc.property(zones, moments, (zone, at) => {
        const local = localTime(at, zone)
        const first = momentOf(local, zone, 'first')
        const last = momentOf(local, zone, 'last')
        expect([first, last]).toContain(at)
        expect(localTime(first, zone)).toBe(local)
        expect(first).toBeLessThanOrEqual(last)
      }),
      { numRuns: 500 },
    )
  })
})

describe('withinHours', () => {
  const every = [0, 1, 2, 3, 4, 5, 6]
  it.each([
    // An ordinary night over midnight.
    ['22:00', '07:00', '2026-06-01T19:59', false, '2026-06-01T20:00'],
    ['22:00', '07:00', '2026-06-01T20:00', true, '2026-06-02T05:00'],
    ['22:00', '07:00', '2026-06-02T04:59', true, '2026-06-02T05:00'],
    ['22:00', '07:00', '2026-06-02T05:00', false, '2026-06-02T20:00'],
    // The night in which an hour is skipped is 8 h long, the one in which an hour comes twice is 10 h long.
    ['22:00', '07:00', '2026-03-28T22:00', true, '2026-03-29T05:00'],
    ['22:00', '07:00', '2026-10-24T21:00', true, '2026-10-25T06:00'],
    // What lies in the skipped hour comes an hour later, as long as ever.
    ['02:10', '02:40', '2026-03-28T12:00', false, '2026-03-29T01:10'],
    ['02:10', '02:40', '2026-03-29T01:10', true, '2026-03-29T01:40'],
    ['02:30', '04:00', '2026-03-29T01:29', false, '2026-03-29T01:30'],
    ['02:30', '04:00', '2026-03-29T01:31', true, '2026-03-29T02:00'],
    // What lies in the hour that comes twice spans both.
    ['02:10', '02:40', '2026-10-25T00:10', true, '2026-10-25T01:40'],
    ['02:10', '02:40', '2026-10-25T00:50', true, '2026-10-25T01:40'],
    ['01:30', '02:30', '2026-10-25T01:00', true, '2026-10-25T01:30'],
    ['02:30', '05:00', '2026-10-25T00:30', true, '2026-10-25T04:00'],
  ])('Europe/Berlin %s–%s at %sZ: %s until %sZ', (from, to, now, active, changesAt) => {
    const result = withinHours({ days: every, from, to, zone: 'Europe/Berlin' }, utc(now))
    expect([result.active, shown(result.changesAt)]).toEqual([active, changesAt])
  })

  it('belongs to the day on which it begins', () => {
    const friday = { days: [5], from: '23:00', to: '01:00', zone: 'America/New_York' }
    expect(withinHours(friday, utc('2026-06-05T03:30')).active).toBe(false) // Thursday night
    expect(withinHours(friday, utc('2026-06-06T03:30'))).toEqual({ active: true, changesAt: utc('2026-06-06T05:00') })
    expect(withinHours(friday, utc('2026-06-06T04:30')).active).toBe(true) // Saturday, half past midnight
    expect(withinHours(friday, utc('2026-06-06T05:00'))).toEqual({ active: false, changesAt: utc('2026-06-13T03:00') })
  })

  it('tells the end of all days that follow upon each other as one', () => {
    const weekend = { days: [6, 0], from: '00:00', to: '00:00', zone: 'Europe/Berlin' }
    expect(withinHours(weekend, utc('2026-10-24T12:00'))).toEqual({ active: true, changesAt: utc('2026-10-25T23:00') })
    expect(withinHours(weekend, utc('2026-10-25T23:00'))).toEqual({
      active: false,
      changesAt: utc('2026-10-30T23:00'),
    })
  })

  it('never ends where it is every day and all day', () => {
    expect(withinHours({ days: every, from: '04:00', to: '04:00', zone: 'UTC' }, 0)).toEqual({
      active: true,
      changesAt: null,
    })
  })

  test('says the moment at which its answer changes, and none before', () => {
    const time = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map(([h, m]) => `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`)
    const hours = fc.record({
      days: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 7 }),
      from: time,
      to: time,
      zone: fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'),
    })
    // Around the changes of the clocks of all of them.
    const near = fc
      .tuple(
        fc.constantFrom(
          '2026-03-08',
          '2026-03-29',
          '2026-04-05',
          '2026-10-04',
          '2026-10-25',
          '2026-11-01',
          '2026-07-01',
        ),
        fc.integer({ min: -48, max: 48 }),
        fc.nat(3_599_999),
      )
      .map(([date, h, ms]) => utc(`${date}T00:00`) + h * 3_600_000 + ms)
    fc.assert(
      fc.property(hours, near, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (hours, now, share) => {
        const { active, changesAt } = withinHours(hours, now)
        if (changesAt === null) {
          expect(active).toBe(true)
          return
        }
        expect(changesAt).toBeGreaterThan(now)
        expect(withinHours(hours, changesAt).active).toBe(!active)
        const between = withinHours(hours, now + Math.floor((changesAt - now) * share))
        expect(between).toEqual({ active, changesAt })
      }),
      { numRuns: 400 },
    )
  })
})
