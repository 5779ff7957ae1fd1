// Which snapshots stay: a year of schedules against a calendar written by hand, and never fewer than one good.
import { expect, it } from 'vitest'
import { type RetentionItem, snapshotsToRemove } from '../../../../src/engine/domain/backup-retention.ts'
import { RetentionPolicy } from '../../../../src/shared/model/backup.ts'

const hour = 3_600_000
const day = 24 * hour
const from = Date.UTC(2025, 0, 1, 3)
const policy = (change: Partial<RetentionPolicy>): RetentionPolicy => RetentionPolicy.parse({ last: 0, ...change })
const item = (takenAt: number, good = true): RetentionItem => ({ id: new Date(takenAt).toISOString(), takenAt, good })

/** Takes one every `everyMs` for so long, and lets the policy work after each. */
function simulate(kept: RetentionPolicy, everyMs: number, ms: number, zone = 'UTC'): string[] {
  let items: RetentionItem[] = []
  for (let at = from; at < from + ms; at += everyMs) {
    items.push(item(at))
    const going = new Set(snapshotsToRemove(items, kept, zone))
    items = items.filter(({ id }) => !going.has(id))
  }
  return items.map(({ takenAt }) => new Date(takenAt).toISOString().slice(0, 13))
}

it('S30 a year of nightly backups leaves the last 3, 4 weeks and 12 months, as written out', () => {
  expect(simulate(policy({ last: 3, weekly: 4, monthly: 12 }), day, 365 * day)).toEqual([
    ...['2025-01-31T03', '2025-02-28T03', '2025-03-31T03', '2025-04-30T03', '2025-05-31T03', '2025-06-30T03'],
    ...['2025-07-31T03', '2025-08-31T03', '2025-09-30T03', '2025-10-31T03', '2025-11-30T03'],
    // Sundays end a week; the year's last day is both the newest and December's
    ...['2025-12-14T03', '2025-12-21T03', '2025-12-28T03', '2025-12-29T03', '2025-12-30T03', '2025-12-31T03'],
  ])
})

it('S30 a year of hourly backups leaves 5 hours and 3 days of the zone’s own calendar', () => {
  expect(simulate(policy({ hourly: 5, daily: 3 }), hour, 365 * day, 'America/New_York')).toEqual([
    // a day ends at 23 h there, which is 4 h here
    ...['2025-12-30T04', '2025-12-31T04', '2025-12-31T22', '2025-12-31T23'],
    ...['2026-01-01T00', '2026-01-01T01', '2026-01-01T02'],
  ])
})

it('S30 never leaves fewer than one good, whatever the policy and whatever is damaged', () => {
  let seed = 7
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return seed % below
  }
  for (let round = 0; round < 300; round++) {
    const kept = policy({ last: random(4), hourly: random(3), daily: random(3), weekly: random(2), monthly: random(2) })
    const all = Array.from({ length: 1 + random(30) }, () => item(from + random(400 * 24) * hour, random(3) > 0))
    const items = all.filter((one, at) => all.findIndex(({ id }) => id === one.id) === at)
    const sum = kept.last + kept.hourly + kept.daily + kept.weekly + kept.monthly
    if (sum === 0) {
      expect(() => snapshotsToRemove(items, kept, 'UTC')).toThrow('Keep at least one')
      continue
    }
    const going = new Set(snapshotsToRemove(items, kept, 'Europe/Berlin'))
    const good = items.filter(one => one.good)
    if (good.length === 0) expect(going.size).toBe(0)
    else expect(good.some(({ id }) => !going.has(id))).toBe(true)
    const newest = good.toSorted((a, b) => b.takenAt - a.takenAt)[0]
    if (newest) expect(going.has(newest.id)).toBe(false)
  }
})

it('S30 a damaged one takes no good one’s place, and goes once a newer good one is there', () => {
  const items = [item(from), item(from + day, false), item(from + 2 * day, false)]
  expect(snapshotsToRemove(items, policy({ last: 1 }), 'UTC')).toEqual([])
  const after = [...items, item(from + 3 * day)]
  expect(snapshotsToRemove(after, policy({ last: 2 }), 'UTC')).toEqual([item(from + day).id])
})
