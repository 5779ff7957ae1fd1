// Which level answers, how long each is kept, and what a gap is.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutoff, mayExpire, rememberClock } from '../../../../src/engine/domain/retention.ts'
import { Buckets, day, ladder } from '../../../../src/engine/domain/rollup.ts'
import { toSeriesData } from '../../../../src/engine/domain/series-answer.ts'
import { planSeries } from '../../../../src/engine/domain/series-plan.ts'

const now = Date.UTC(2026, 5, 15, 12, 34, 56)
const hour = 3_600_000

test('the ladder can be climbed: steps, spans and sources fit into each other', () => {
  for (const [place, level] of ladder.entries()) {
    const source = ladder[level.source]
    if (place === 0 || !source) continue
    expect(level.source).toBeLessThan(place)
    expect(level.span % level.step).toBe(0)
    expect(level.span % source.span).toBe(0)
    if (source.step > 0) expect(level.step % source.step).toBe(0)
    // A source that goes before its roll-up is made would leave a hole.
    for (const rawDays of [1, 14, 90])
      expect(cutoff(level.source, now, rawDays)).toBeGreaterThanOrEqual(cutoff(place, now, rawDays))
    if (source.keepDays !== null) expect(source.keepDays * day).toBeGreaterThan(level.span * 2)
  }
})

test('an answer covers what was asked, in no more points, from a level that still has it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 5000 * day }),
      fc.integer({ min: 1, max: 3000 * day }),
      fc.integer({ min: 2, max: 5000 }),
      fc.integer({ min: 1, max: 90 }),
      (back, length, points, rawDays) => {
        const query = { from: now - back, to: now - back + length, points }
        const plan = planSeries(query, now, rawDays)
        expect(plan.start).toBeLessThanOrEqual(query.from)
        expect(plan.start + plan.step * plan.count).toBeGreaterThanOrEqual(query.to)
        expect(plan.count).toBeLessThanOrEqual(points)
        const level = ladder[plan.level]
        if (level && level.step > 0) expect(plan.step % level.step).toBe(0)
        expect(plan.start % plan.step).toBe(0)
        expect(cutoff(plan.level, now, rawDays)).toBeLessThanOrEqual(query.from)
      },
    ),
    { numRuns: 2000 },
  )
})

test.each([
  ['10 minutes of now are samples', 10 * 60_000, 500, 0],
  ['an hour is samples', hour, 500, 0],
  ['a month is ten minutes', 30 * day, 500, 2],
  ['a year is hours', 365 * day, 500, 3],
])('%s', (_name, length, points, level) => {
  expect(planSeries({ from: now - length, to: now, points }, now, 14).level).toBe(level)
})

test('a narrow look at long ago gets what is left of it', () => {
  const at = (days: number) => planSeries({ from: now - days * day, to: now - days * day + hour, points: 500 }, now, 14)
  expect([at(10).level, at(60).level, at(300).level, at(1000).level, at(3000).level]).toEqual([0, 1, 2, 3, 4])
})

test('pauses between looks are no gaps, gaps are', () => {
  const buckets = new Buckets(0, 1000, 300)
  for (const second of [0, 15, 31, 45, 150, 165]) buckets.add(second * 1000, second, 0)
  const [data] = toSeriesData(['cpu'], [buckets], 15_000)
  expect(data?.at.slice(0, 4)).toEqual([0, 15_000, 31_000, 45_000])
  const shown = data?.at.map((at, index) => [at / 1000, data.avg[index]])
  // From 46 to 149 nothing is known, and at the end as well.
  expect(shown?.filter(([at]) => (at ?? 0) > 45 && (at ?? 0) < 150)).toHaveLength(104)
  expect(shown?.every(([at, avg]) => [0, 15, 31, 45, 150, 165].includes(at ?? -1) === (avg !== null))).toBe(true)
})

test('all asked series share their times', () => {
  const one = new Buckets(0, 1000, 100)
  const two = new Buckets(0, 1000, 100)
  one.add(0, 1, 0)
  two.add(10_000, 2, 1)
  const [first, second] = toSeriesData(['one', 'two'], [one, two], 15_000)
  expect(first?.at).toEqual(second?.at)
  expect([first?.avg[1], second?.avg[1], second?.reconstructed[1]]).toEqual([null, 2, true])
})

test('a wall clock that leaps holds back deletion for an hour of real time', () => {
  let memory = rememberClock(null, now, 0, now - 20_000)
  expect(mayExpire(memory)).toBe(true)
  memory = rememberClock(memory, now + 60_000, 60_000, null)
  expect(mayExpire(memory)).toBe(true)
  // Ten years ahead, for a minute.
  memory = rememberClock(memory, now + 3650 * day, 90_000, null)
  expect(mayExpire(memory)).toBe(false)
  memory = rememberClock(memory, now + 180_000, 180_000, null)
  expect(mayExpire(memory)).toBe(false)
  memory = rememberClock(memory, now + 180_000 + hour, 180_000 + hour, null)
  expect(mayExpire(memory)).toBe(true)
  // At a start there is nothing to compare with but the newest sample.
  expect(mayExpire(rememberClock(null, now, 0, now - 60 * day))).toBe(false)
  expect(mayExpire(rememberClock(null, now, 0, null))).toBe(true)
})
