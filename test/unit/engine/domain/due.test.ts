// When a backup is due: in time, once for all that were missed, on mains only, and never twice for one time.
import { expect, it } from 'vitest'
import { judgeBackupAge } from '../../../../src/engine/domain/backup-age.ts'
import { dueAt, intervalOf, jitterOf, nextRunAt, waitsFor } from '../../../../src/engine/domain/due.ts'
import { cronTimes } from '../../../../src/engine/lib/cron.ts'
import { RunSchedule } from '../../../../src/shared/model/schedule.ts'

const hour = 3_600_000
const day = 24 * hour
const midnight = Date.UTC(2026, 5, 1)
const nightly = RunSchedule.parse({ cron: '0 3 * * *', zone: 'UTC' })
const state = (change: Partial<Parameters<typeof dueAt>[0]> = {}) => ({
  ...{ id: 'app', schedule: nightly, lastAt: null, createdAt: midnight - 5 * day, ...change },
})
const due = (change: Partial<Parameters<typeof dueAt>[0]>, now: number, mains: boolean | null = null) =>
  dueAt(state(change), now, mains, cronTimes)

it('runs at its time, and then not again until the next', () => {
  const at = midnight + 3 * hour
  const lastAt = at - day
  expect(due({ lastAt }, at - 1_000)).toEqual({ kind: 'not-yet', nextAt: at })
  expect(due({ lastAt }, at + 1_000)).toEqual({ kind: 'run', at, reason: 'schedule' })
  expect(due({ lastAt: at }, at + 2_000)).toEqual({ kind: 'not-yet', nextAt: at + day })
})

it('S2 makes up for all that was missed once, and not at all where it should not', () => {
  const now = midnight + 20 * hour
  const at = midnight + 3 * hour
  expect(due({ lastAt: at - 4 * day }, now)).toEqual({ kind: 'run', at, reason: 'catch-up' })
  expect(due({ lastAt: at }, now)).toMatchObject({ kind: 'not-yet' })
  const schedule = { ...nightly, catchUp: false }
  expect(due({ lastAt: at - 4 * day, schedule }, now)).toEqual({ kind: 'skip', at })
})

it('nothing is due from before it was made', () => {
  expect(due({ createdAt: midnight + 4 * hour }, midnight + 5 * hour)).toMatchObject({ kind: 'not-yet' })
})

it('S3 a time in the future counts as now', () => {
  const now = midnight + 2 * hour
  expect(due({ lastAt: midnight + 90 * day }, now)).toEqual({ kind: 'not-yet', nextAt: midnight + 3 * hour })
})

it('waits for mains where it is told to, and for nothing where that cannot be known', () => {
  const now = midnight + 3 * hour + 1
  const schedule = { ...nightly, onlyOnMains: true }
  expect(due({ lastAt: midnight, schedule }, now, false)).toMatchObject({ kind: 'wait-for-mains' })
  expect(waitsFor(due({ lastAt: midnight, schedule }, now, false))).toBe('mains')
  expect(waitsFor(due({ lastAt: midnight, schedule }, now, true))).toBeNull()
  expect(due({ lastAt: midnight, schedule }, now, null)).toMatchObject({ kind: 'run' })
})

it('the jitter is the same for one run however often it is asked, within its bound, and differs', () => {
  const schedule = { ...nightly, jitterSeconds: 600 }
  const at = midnight + 3 * hour
  const all = Array.from({ length: 50 }, (_, n) => jitterOf({ id: `app-${n}`, schedule }, at))
  expect(all.every(ms => ms >= 0 && ms <= 600_000)).toBe(true)
  expect(new Set(all).size).toBeGreaterThan(20)
  const mine = jitterOf({ id: 'app', schedule }, at)
  expect(nextRunAt(state({ lastAt: midnight, schedule }), midnight + hour, cronTimes)).toBe(at + mine)
  expect(due({ lastAt: midnight, schedule }, at + mine - 1)).toMatchObject({ kind: 'not-yet' })
  expect(due({ lastAt: midnight, schedule }, at + mine)).toEqual({ kind: 'run', at, reason: 'schedule' })
})

it('the interval of weekdays is that of their weekend', () => {
  const schedule = RunSchedule.parse({ cron: '0 3 * * 1-5', zone: 'UTC' })
  expect(intervalOf(schedule, Date.UTC(2026, 5, 5, 4), cronTimes)).toBe(3 * day)
  expect(intervalOf(nightly, midnight, cronTimes)).toBe(day)
})

const facts = {
  ...{ schedule: nightly, drill: null, enabled: true, createdAt: midnight, lastGoodAt: midnight, bad: [] },
  ...{ lastDrill: null, provenAt: null, lastFailure: null },
}
const judge = (change: Partial<Parameters<typeof judgeBackupAge>[0]>, now: number) =>
  judgeBackupAge({ ...facts, ...change }, now, cronTimes).status

it('S31 alerts when the last good one is older than twice its interval, and not before', () => {
  expect(judge({}, midnight + 2 * day)).toBe('healthy')
  expect(judge({}, midnight + 2 * day + 1)).toBe('unhealthy')
  expect(judge({ enabled: false }, midnight + 9 * day)).toBe('healthy')
  expect(judge({ lastGoodAt: null }, midnight + day)).toBe('unknown')
  expect(judge({ lastGoodAt: null }, midnight + 2 * day + 1)).toBe('unhealthy')
  expect(judge({ lastFailure: 'disk full' }, midnight + hour)).toBe('degraded')
})

it('R33 damage, a drill that failed and one that is too long ago alert', () => {
  expect(judge({ bad: ['one is damaged'] }, midnight + hour)).toBe('unhealthy')
  expect(judge({ lastDrill: { at: midnight, proven: false, text: 'errors' } }, midnight + hour)).toBe('unhealthy')
  const drill = nightly
  expect(judge({ drill, provenAt: midnight - 2 * day }, midnight + hour)).toBe('unhealthy')
  expect(judge({ drill, provenAt: midnight - day }, midnight + hour)).toBe('healthy')
})
