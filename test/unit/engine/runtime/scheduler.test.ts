// Proves that each key comes due on its own grid without drift, that missed times run once, and that thousands share one timer.
import { expect, it } from 'vitest'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { Scheduler } from '../../../../src/engine/runtime/scheduler.ts'

function setUp() {
  const clock = new ManualClock()
  const runs: { key: string; at: number; lag: number }[] = []
  const scheduler = new Scheduler(clock, (key, lag) => runs.push({ key, at: clock.monotonic(), lag }))
  const of = (key: string) => runs.filter(run => run.key === key).map(run => run.at)
  return { clock, runs, scheduler, of }
}

it('runs a key soon and then once in each interval, without drift', () => {
  const { clock, scheduler, of } = setUp()
  scheduler.set('a', 15_000)
  clock.advance(10)
  expect(of('a')).toHaveLength(1)
  clock.advance(15_000 * 100)
  const times = of('a').slice(1)
  expect(times.length).toBeGreaterThanOrEqual(99)
  const phase = (times[0] ?? 0) % 15_000
  // never before its time, and never later than the pause in which wake-ups are gathered
  for (const [index, time] of times.entries()) {
    const late = time - (times[0] ?? 0) - index * 15_000
    expect(Math.abs(late)).toBeLessThanOrEqual(10)
  }
  expect(phase).toBeGreaterThanOrEqual(0)
})

it('gives the same key the same place after a restart, and different keys different ones', () => {
  const places = (keys: string[]): number[] => {
    const { clock, scheduler, of } = setUp()
    for (const key of keys) scheduler.set(key, 15_000)
    clock.advance(60_000)
    return keys.map(key => (of(key)[3] ?? 0) % 15_000)
  }
  const keys = Array.from({ length: 300 }, (_, n) => `check-${n}`)
  const first = places(keys)
  expect(places(keys)).toEqual(first)
  // spread: no second of the 15 has more than three times its share
  const seconds = new Map<number, number>()
  for (const place of first) seconds.set(Math.floor(place / 1_000), (seconds.get(Math.floor(place / 1_000)) ?? 0) + 1)
  expect(Math.max(...seconds.values())).toBeLessThan(60)
})

it('keeps one timer for thousands, and none at the end', () => {
  const { clock, scheduler } = setUp()
  for (let n = 0; n < 5_000; n++) scheduler.set(`check-${n}`, 15_000)
  expect(clock.pending).toBe(1)
  scheduler.dispose()
  expect(clock.pending).toBe(0)
})

it('S2 what was missed runs once, not once per miss', () => {
  const { clock, scheduler, runs } = setUp()
  for (let n = 0; n < 50; n++) scheduler.set(`check-${n}`, 1_000)
  clock.advance(5_000)
  runs.length = 0
  scheduler.hurryAll()
  scheduler.hurryAll()
  clock.advance(160)
  expect(runs).toHaveLength(50)
  expect(new Set(runs.map(run => run.key)).size).toBe(50)
})

it('runs at once what is asked for out of turn, and keeps the grid', () => {
  const { clock, scheduler, of } = setUp()
  scheduler.set('a', 60_000)
  clock.advance(200_000)
  const before = of('a')
  const grid = (before.at(-1) ?? 0) % 60_000
  clock.advance(7_000)
  scheduler.hurry('a')
  clock.advance(0)
  expect(of('a').at(-1)).toBe(clock.monotonic())
  clock.advance(120_000)
  expect(Math.abs((of('a').at(-1) ?? 0) % 60_000) - grid).toBeLessThanOrEqual(10)
})

it('takes out what is removed and moves what gets another interval', () => {
  const { clock, scheduler, of } = setUp()
  for (const key of ['a', 'b', 'c', 'd', 'e']) scheduler.set(key, 1_000)
  scheduler.remove('c')
  scheduler.set('d', 10_000)
  scheduler.remove('nobody')
  clock.advance(20_000)
  expect(of('c')).toEqual([])
  expect(of('a').length).toBeGreaterThan(18)
  expect(of('d').length).toBeLessThanOrEqual(4)
  expect(scheduler.nextAt('c')).toBeNull()
  expect(scheduler.nextAt('a')).toBeGreaterThanOrEqual(clock.now())
  scheduler.dispose()
  expect(clock.pending).toBe(0)
})
