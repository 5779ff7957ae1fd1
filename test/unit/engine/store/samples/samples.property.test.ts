// Whatever was written, in whatever order, and however far it was compacted and rolled up: the answer is that of a plain list.
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planSeries } from '../../../../../src/engine/domain/series-plan.ts'
import type { SeriesData, SeriesQuery } from '../../../../../src/shared/model/metric.ts'
import { createWorkplace, start } from '../lib.ts'

const day = 86_400_000
const names = ['cpu', 'memory.used', 'disk.used:/', 'unit.memory:system/bot.service'] as const

interface Look {
  at: number
  reconstructed: boolean
  values: Map<string, number>
}

/** The naive model: one entry per time, later writes of the same time over earlier ones. */
class Model {
  readonly looks = new Map<number, Look>()

  write(at: number, values: Map<string, number>, reconstructed: boolean): void {
    const kept = new Map([...values].filter(([, value]) => Number.isFinite(Math.fround(value))))
    if (kept.size === 0) return
    const before = this.looks.get(at)
    this.looks.set(at, {
      at,
      reconstructed: reconstructed && (before?.reconstructed ?? true),
      values: new Map([...(before?.values ?? []), ...kept]),
    })
  }

  bucket(name: string, from: number, to: number) {
    const inside = [...this.looks.values()].filter(look => look.at >= from && look.at < to && look.values.has(name))
    const values = inside.map(look => Math.fround(look.values.get(name) ?? Number.NaN))
    if (values.length === 0) return null
    return {
      min: Math.min(...values),
      max: Math.max(...values),
      avg: values.reduce((sum, value) => sum + value, 0) / values.length,
      reconstructed: inside.some(look => look.reconstructed),
      // What Float32 means at the coarser levels may cost.
      scale: Math.max(...values.map(Math.abs)),
    }
  }
}

function compare(model: Model, query: SeriesQuery, answer: SeriesData[], now: number, rawDays: number): void {
  const plan = planSeries(query, now, rawDays)
  const at = answer[0]?.at ?? []
  expect(at.length).toBeLessThanOrEqual(query.points)
  for (const data of answer) {
    expect(data.at).toEqual(at)
    const shown = new Set(data.at)
    for (let place = 0; place < plan.count; place++) {
      const time = plan.start + place * plan.step
      const expected = model.bucket(data.series, time, time + plan.step)
      const index = data.at.indexOf(time)
      if (!shown.has(time)) {
        expect(expected).toBeNull()
        continue
      }
      if (expected === null) {
        expect([data.min[index], data.avg[index], data.max[index], data.reconstructed[index]]).toEqual([
          null,
          null,
          null,
          false,
        ])
        continue
      }
      expect([plain(data.min[index]), plain(data.max[index]), data.reconstructed[index]]).toEqual([
        plain(expected.min),
        plain(expected.max),
        expected.reconstructed,
      ])
      expect(Math.abs((data.avg[index] ?? Number.NaN) - expected.avg)).toBeLessThanOrEqual(expected.scale * 3e-7)
    }
  }
}

/** Which of -0 and 0 is the smaller is nobody's business. */
const plain = (value: number | null | undefined): number => (value ?? Number.NaN) + 0

const value = fc.oneof(
  fc.float({ noNaN: true, min: Math.fround(-1e6), max: Math.fround(1e6) }),
  fc.constantFrom(0, -0, 100, 8_589_934_592, Number.NaN, Number.POSITIVE_INFINITY, 1e300),
)
const values = fc
  .array(fc.tuple(fc.constantFrom(...names), value), { minLength: 1, maxLength: 4 })
  .map(entries => new Map<string, number>(entries))

/** Ordinary looks with jitter, bursts, pauses up to two days, late and repeated times, and maintenance in between. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('look' as const), pause: fc.integer({ min: 1, max: 40_000 }), values }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('burst' as const),
      count: fc.integer({ min: 100, max: 400 }),
      pause: fc.constantFrom(2_000, 15_000, 61_000),
      values,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('late' as const),
      back: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: day })),
      reconstructed: fc.boolean(),
      values,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('absence' as const), pause: fc.integer({ min: 60_000, max: 2 * day }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('maintain' as const), ahead: fc.integer({ min: 0, max: 600_000 }) }),
  },
)

test('answers equal a naive model at every level', { timeout: 180_000 }, () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 3, maxLength: 30 }),
      fc.integer({ min: 0, max: day }),
      fc.array(
        fc.record({
          back: fc.integer({ min: 0, max: 12 * day }),
          length: fc.oneof(fc.integer({ min: 1000, max: 3_600_000 }), fc.integer({ min: 3_600_000, max: 12 * day })),
          points: fc.constantFrom(2, 10, 60, 500),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      fc.constantFrom(1, 2, 30),
      (steps, offset, questions, rawSampleDays) => {
        const place = createWorkplace({ now: start + offset })
        try {
          const store = place.open()
          store.settings.set({ rawSampleDays })
          const { samples } = store
          const model = new Model()
          const look = (at: number, numbers: Map<string, number>, reconstructed: boolean): void => {
            samples.write('a', at, numbers, { reconstructed })
            model.write(at, numbers, reconstructed)
          }
          for (const item of steps) {
            if (item.kind === 'look') {
              place.clock.advance(item.pause)
              look(place.clock.now(), item.values, false)
            } else if (item.kind === 'burst') {
              for (let index = 0; index < item.count; index++) {
                place.clock.advance(item.pause + (index % 3))
                look(
                  place.clock.now(),
                  new Map([...item.values].map(([name, number]) => [name, number + index])),
                  false,
                )
              }
            } else if (item.kind === 'late') look(place.clock.now() - item.back, item.values, item.reconstructed)
            else if (item.kind === 'absence') place.clock.advance(item.pause)
            else {
              place.clock.advance(item.ahead)
              while (samples.maintain(place.clock.now()));
            }
          }
          for (const question of questions) {
            const from = place.clock.now() - question.back
            const query = { hostId: 'a', series: [...names], from, to: from + question.length, points: question.points }
            compare(model, query, samples.query(query), place.clock.now(), rawSampleDays)
          }
        } finally {
          place.dispose()
        }
      },
    ),
    { numRuns: 40 },
  )
})

test('all levels of the ladder are made, and answer alike', { timeout: 180_000 }, () => {
  const place = createWorkplace()
  const store = place.open()
  const model = new Model()
  const days = 300
  for (let hour = 0; hour < days * 24; hour++) {
    place.clock.advance(3_600_000)
    const numbers = new Map([
      ['cpu', 50 + 40 * Math.sin(hour / 5)],
      ['disk.used:/', 1e9 + hour * 1e5],
    ])
    // Some hours are missing, and some were filled in later.
    if (hour % 37 < 3) continue
    store.samples.write('a', place.clock.now(), numbers, { reconstructed: hour % 41 === 0 })
    model.write(place.clock.now(), numbers, hour % 41 === 0)
    if (hour % 24 === 0) while (store.samples.maintain(place.clock.now()));
  }
  while (store.samples.maintain(place.clock.now()));
  const now = place.clock.now()
  const levels = new Set<number>()
  const questions: [number, number, number][] = [
    [0, 300, 300],
    [0, 300, 40],
    [100, 30, 500],
    [250, 50, 500],
    [280, 20, 1000],
    [200, 2, 400],
    [297, 3, 500],
    [180, 1, 2000],
    [299, 0.1, 500],
  ]
  for (const [from, length, points] of questions) {
    const query = { hostId: 'a', series: ['cpu', 'disk.used:/'], from: start + from * day, to: 0, points }
    query.to = query.from + length * day
    levels.add(planSeries(query, now, 14).level)
    compare(model, query, store.samples.query(query), now, 14)
  }
  expect([...levels].sort()).toEqual([0, 1, 2, 3, 4])
  store.close()
  // What is asked above must have been read from roll-ups, not from samples that were kept too long.
  const db = new SQLite(join(place.directory, 'history.db'), { readonly: true })
  const count = (table: string): number => Number(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get())
  expect(['rollup_1', 'rollup_2', 'rollup_3', 'rollup_4'].map(count).every(rows => rows > 0)).toBe(true)
  const oldest = Number(db.prepare('SELECT min(first_at) FROM segment').pluck().get())
  expect(oldest).toBeGreaterThanOrEqual(now - 15 * day)
  db.close()
  place.dispose()
})
