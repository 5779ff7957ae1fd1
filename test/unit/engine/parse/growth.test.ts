// Proves that growth and sliding counts tell what happened within a window, whatever the pace of looking (R47).
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Counted, counted, growthWithin } from '../../../../src/engine/parse/growth.ts'
import { SlidingCount } from '../../../../src/engine/parse/sliding-count.ts'

describe('growth', () => {
  const over = (values: readonly [number, number][], windowMs: number): readonly Counted[] =>
    values.reduce<Counted[]>((history, [at, value]) => counted(history, { at, value }, windowMs), [])

  test('one value has none, two have the difference', () => {
    expect(growthWithin(over([[0, 5]], 1000), 1000)).toBeNull()
    expect(
      growthWithin(
        over(
          [
            [0, 5],
            [400, 9],
          ],
          1000,
        ),
        1000,
      ),
    ).toEqual({ by: 4, overMs: 400 })
  })

  test('a fall is a new start from 0', () => {
    expect(
      growthWithin(
        over(
          [
            [0, 100],
            [100, 110],
            [200, 3],
            [300, 5],
          ],
          1000,
        ),
        1000,
      ),
    ).toEqual({ by: 15, overMs: 300 })
  })

  test('what is older than the window is left out, but for its beginning', () => {
    const history = over(
      [
        [0, 0],
        [1000, 10],
        [2000, 20],
        [3000, 30],
      ],
      1000,
    )
    expect(history.map(({ at }) => at)).toEqual([2000, 3000])
    expect(growthWithin(history, 1000)).toEqual({ by: 10, overMs: 1000 })
  })

  test('a wide window and a narrow one over the same history', () => {
    const history = over(
      [
        [0, 0],
        [1000, 1],
        [2000, 3],
        [3000, 6],
      ],
      3000,
    )
    expect(growthWithin(history, 3000)).toEqual({ by: 6, overMs: 3000 })
    expect(growthWithin(history, 1000)).toEqual({ by: 3, overMs: 1000 })
  })

  test('agrees with the sum of all steps, at any pace, and its memory is bounded', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 0, max: 50 })), {
      minLength: 2,
      maxLength: 60,
    })
    fc.assert(
      fc.property(steps, fc.integer({ min: 100, max: 5000 }), (taken, windowMs) => {
        let at = 0
        let value = 0
        const points = taken.map(([ms, by]): [number, number] => {
          at += ms
          value += by
          return [at, value]
        })
        const history = over(points, windowMs)
        const grown = growthWithin(history, windowMs)
        const start = points.findLast(([time]) => time <= at - windowMs) ?? points[0]
        expect(grown).toEqual({ by: value - (start?.[1] ?? 0), overMs: at - (start?.[0] ?? 0) })
        expect(history.length).toBeLessThanOrEqual(points.length)
      }),
    )
  })
})

test('a sliding count forgets what is older than its window, to the step', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 10_000 }), fc.boolean()), { maxLength: 200 }),
      fc.integer({ min: 0, max: 10_000 }),
      (events, from) => {
        const step = 100
        const count = new SlidingCount(step)
        for (const [at, matched] of events) count.add(at, matched)
        const within = events.filter(([at]) => (Math.floor(at / step) + 1) * step > from)
        const expected = { matched: within.filter(([, matched]) => matched).length, all: within.length }
        expect(count.since(from)).toEqual(expected)
        expect(count.since(from)).toEqual(expected)
      },
    ),
  )
})
