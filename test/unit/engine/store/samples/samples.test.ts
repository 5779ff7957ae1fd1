// What is special about samples: late ones, wrong clocks, floods of names, removed hosts, a disk that takes nothing.
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLogger } from '../../../../../src/engine/lib/log.ts'
import type { Db } from '../../../../../src/engine/store/database.ts'
import { createSampleStore } from '../../../../../src/engine/store/samples/samples.ts'
import type { Store } from '../../../../../src/engine/store/store.ts'
import { AppError } from '../../../../../src/shared/errors.ts'
import { createWorkplace, start, type Workplace } from '../lib.ts'

const day = 86_400_000
let place: Workplace
let store: Store
beforeEach(() => {
  place = createWorkplace()
  store = place.open()
})
afterEach(() => place.dispose())

const write = (at: number, value: number, name = 'cpu', host = 'a'): void =>
  store.samples.write(host, at, new Map([[name, value]]))
const settle = (): void => {
  while (store.samples.maintain(place.clock.now()));
}
function ask(from: number, to: number, name = 'cpu', host = 'a'): (number | null)[] {
  const [data] = store.samples.query({ hostId: host, series: [name], from, to, points: 5000 })
  return data?.avg.filter(value => value !== null) ?? []
}
function rows(table: string): number {
  const db = new SQLite(join(place.directory, 'history.db'), { readonly: true })
  try {
    return Number(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get())
  } finally {
    db.close()
  }
}

test('hosts and series that were never written are asked for without an error', () => {
  expect(store.samples.names('nobody')).toEqual([])
  const answer = store.samples.query({
    hostId: 'nobody',
    series: ['x', 'y'],
    from: start,
    to: start + 60_000,
    points: 10,
  })
  expect(answer.map(data => data.series)).toEqual(['x', 'y'])
  expect(answer.every(data => data.avg.every(value => value === null))).toBe(true)
})

test('the same time again replaces what it names, and only that', () => {
  store.samples.write(
    'a',
    start,
    new Map([
      ['cpu', 1],
      ['load', 2],
    ]),
  )
  store.samples.write('a', start, new Map([['cpu', 5]]))
  store.samples.write(
    'a',
    start,
    new Map([
      ['load', Number.NaN],
      ['cpu', Number.POSITIVE_INFINITY],
    ]),
  )
  expect([ask(start, start + 1000), ask(start, start + 1000, 'load')]).toEqual([[5], [2]])
  expect(store.samples.names('a')).toEqual(['cpu', 'load'])
})

test('what was filled in later is marked, what was seen is not', () => {
  store.samples.write('a', start, new Map([['cpu', 1]]))
  store.samples.write('a', start + 15_000, new Map([['cpu', 2]]), { reconstructed: true })
  const [data] = store.samples.query({ hostId: 'a', series: ['cpu'], from: start, to: start + 20_000, points: 100 })
  expect(data?.reconstructed.filter((_, index) => data.avg[index] !== null)).toEqual([false, true])
})

test('a clock that goes back an hour loses nothing, before and after compaction', () => {
  for (let look = 0; look < 300; look++) write(start + look * 15_000, look)
  settle()
  for (let look = 0; look < 300; look++) write(start + 7000 - 3_600_000 + look * 15_000, 1000 + look)
  for (const _ of [1, 2]) {
    expect(ask(start - 3_600_000, start + 300 * 15_000)).toHaveLength(600)
    place.clock.advance(2 * day)
    settle()
  }
  expect(rows('hot')).toBe(0)
})

test('a clock that is three years ahead for some minutes does not expire anything', () => {
  for (let look = 0; look < 200; look++) write(start + look * 60_000, look)
  place.clock.advance(200 * 60_000)
  settle()
  place.clock.jump(3 * 366 * day)
  for (let minute = 0; minute < 10; minute++) {
    write(place.clock.now(), 1)
    settle()
    place.clock.advance(60_000)
  }
  place.clock.jump(-3 * 366 * day)
  settle()
  expect(ask(start, start + 200 * 60_000)).toHaveLength(200)
})

test('samples go when their days are over, and what comes for those days later is not taken', () => {
  store.settings.set({ rawSampleDays: 2 })
  for (let look = 0; look < 10; look++) write(start + look * 60_000, look)
  // As a machine that runs on: a leap would hold expiry back.
  for (let hour = 0; hour < 24 * 6; hour++) {
    place.clock.advance(3_600_000)
    settle()
  }
  expect(rows('segment')).toBe(0)
  expect(rows('rollup_1')).toBe(1)
  write(start + 999, 77)
  write(place.clock.now(), 5)
  expect(ask(start, start + 600_000)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(rows('hot')).toBe(1)
})

test('a host that floods names costs only itself, with one word about it', () => {
  for (let round = 0; round < 3; round++)
    store.samples.write(
      'a',
      start + round,
      new Map(Array.from({ length: 5000 }, (_, index) => [`n${round}.${index}`, 1])),
    )
  write(start, 1, 'cpu', 'b')
  expect(store.samples.names('a')).toHaveLength(4096)
  expect(ask(start, start + 1000, 'cpu', 'b')).toEqual([1])
  expect(place.lines.filter(line => line.includes('more series than are kept'))).toHaveLength(1)
})

test('names that come and go give their places on, and keep their history', () => {
  for (let today = 0; today < 12; today++) {
    for (let look = 0; look < 130; look++) {
      place.clock.advance(15_000)
      const values = Array.from({ length: 400 }, (_, index): [string, number] => [`unit.${today}.${index}`, today])
      if (look % 43 === 0) store.samples.write('a', place.clock.now(), new Map(values))
      else write(place.clock.now(), look)
    }
    place.clock.advance(day - 130 * 15_000)
    settle()
  }
  expect(store.samples.names('a')).toHaveLength(12 * 400 + 1)
  const db = new SQLite(join(place.directory, 'history.db'), { readonly: true })
  expect(Number(db.prepare('SELECT max(slot) FROM series').pluck().get())).toBeLessThan(400 * 8)
  db.close()
  expect(new Set(ask(start, start + day, 'unit.0.399'))).toEqual(new Set([0]))
  expect(new Set(ask(start, place.clock.now(), 'unit.11.0'))).toEqual(new Set([11]))
})

test('a forgotten host is out of sight at once and off the disk after a while; its name can come again', () => {
  for (const host of ['a', 'b']) for (let look = 0; look < 500; look++) write(start + look * 300_000, look, 'cpu', host)
  place.clock.advance(3 * day)
  settle()
  write(place.clock.now(), 1)
  const before = rows('rollup_2')
  store.samples.forget('a')
  expect([store.samples.names('a'), ask(start, start + day)]).toEqual([[], []])
  write(place.clock.now() + 1000, 9)
  settle()
  expect(ask(start, place.clock.now() + 10_000)).toEqual([9])
  expect([rows('host'), rows('series'), rows('hot')]).toEqual([2, 2, 1])
  expect(rows('rollup_2')).toBe(before / 2)
  expect(ask(start, start + 500 * 300_000, 'cpu', 'b').length).toBeGreaterThan(400)
})

test('maintenance runs by itself, with pauses, and leaves no timer behind', () => {
  for (let look = 0; look < 1000; look++) write(start + look * 60_000, look)
  const maintenance = store.samples.startMaintenance()
  place.clock.advance(29_000)
  expect(rows('segment')).toBe(0)
  place.clock.advance(2_000)
  expect(rows('segment')).toBeGreaterThan(3)
  place.clock.advance(60_000)
  maintenance.dispose()
  maintenance.dispose()
  expect(place.clock.pending).toBe(0)
})

test('while the disk takes nothing the newest looks wait in memory, within a limit', () => {
  let full = false
  const real = new SQLite(join(place.directory, 'history.db'))
  const guarded: Db = {
    raw: real,
    prepare: <P extends unknown[], R>(sql: string) => real.prepare<P, R>(sql),
    read: work => work(),
    write(work) {
      if (full) throw new AppError('DISK_FULL', 'full')
      return real.transaction(work)()
    },
  }
  const { settings } = store
  const samples = createSampleStore({ db: guarded, clock: place.clock, log: silentLogger, settings })
  const wide = Array.from({ length: 1000 }, (_, index) => `n${index}`)
  const look = (at: number): void => samples.write('w', start + at * 1000, new Map(wide.map(name => [name, at])))
  look(0)
  full = true
  for (let at = 1; at <= 400; at++) look(at)
  expect(samples.flush()).toBe(false)
  expect(samples.maintain(start)).toBe(false)
  full = false
  look(401)
  expect(samples.flush()).toBe(true)
  const [data] = samples.query({ hostId: 'w', series: ['n5'], from: start, to: start + 500_000, points: 1000 })
  const kept = data?.avg.filter(value => value !== null) ?? []
  expect(kept[0]).toBe(0)
  expect(kept.at(-1)).toBe(401)
  // 300,000 numbers are 300 looks of 1000.
  expect(kept.slice(1)).toEqual(Array.from({ length: 300 }, (_, index) => 102 + index))
  real.close()
})
