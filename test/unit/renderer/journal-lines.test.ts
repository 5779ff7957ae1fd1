// The journal's lines in memory and in view: nothing lost, nothing swapped, bounded, however many there are.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exportLine, readTime, writeTime } from '../../../src/renderer/views/host/journal/journal-text.ts'
import { LineStore, mostLines } from '../../../src/renderer/views/host/journal/line-store.ts'
import { highestPx, lineAt, lineWindow, scrollTopOf } from '../../../src/renderer/views/host/journal/line-window.ts'
import type { JournalEntry } from '../../../src/shared/model/journal.ts'

const entry = (message: string, fields: Partial<JournalEntry> = {}): JournalEntry => ({
  hostId: 'web-1',
  cursor: `c;${message}`,
  at: 1_700_000_000_000,
  priority: 6,
  unit: 'bot.service',
  identifier: 'bot',
  pid: 42,
  message,
  truncated: false,
  ...fields,
})
const numbered = (from: number, to: number): JournalEntry[] =>
  Array.from({ length: to - from }, (_, index) => entry(`line ${from + index}`, { at: from + index }))
const messages = (store: LineStore): string[] =>
  Array.from({ length: store.length }, (_, index) => store.line(index)?.message ?? '(nothing)')

test('a line comes back as it went in', () => {
  const store = new LineStore()
  store.append([
    entry('first', { priority: 3, pid: null, unit: null, identifier: null, truncated: true }),
    entry('zweite Zeile – ünïcode 🦀', { hostId: 'web-2', at: 5.25, priority: 0 }),
  ])
  expect(store.line(0)).toEqual({
    hostId: 'web-1',
    at: 1_700_000_000_000,
    lastAt: 1_700_000_000_000,
    priority: 3,
    unit: null,
    identifier: null,
    pid: null,
    message: 'first',
    truncated: true,
    count: 1,
  })
  expect(store.line(1)).toMatchObject({ hostId: 'web-2', at: 5.25, priority: 0, message: 'zweite Zeile – ünïcode 🦀' })
  expect(store.line(2)).toBeNull()
  expect(store.line(-1)).toBeNull()
})

test('batches at the end and pages in front keep one order, whatever their sizes', () => {
  const sizes = fc.array(fc.record({ front: fc.boolean(), size: fc.integer({ min: 0, max: 6000 }) }), { maxLength: 8 })
  fc.assert(
    fc.property(sizes, steps => {
      const store = new LineStore()
      let first = 0
      let end = 0
      for (const { front, size } of steps) {
        if (front) {
          expect(store.prepend(numbered(first - size, first))).toBe(size)
          first -= size
        } else {
          expect(store.append(numbered(end, end + size))).toBe(size)
          end += size
        }
      }
      expect(store.length).toBe(end - first)
      for (let index = 0; index < store.length; index++) {
        const line = store.line(index)
        if (line?.message !== `line ${first + index}` || line.at !== first + index) expect(line).toBe(first + index)
      }
    }),
    { numRuns: 25 },
  )
})

test('repeated lines become one with a count, and only in a row', () => {
  const store = new LineStore()
  expect(store.append([entry('a'), entry('a', { at: 7 }), entry('b'), entry('a')])).toBe(3)
  expect(store.append([entry('a', { at: 9 })])).toBe(0)
  expect(messages(store)).toEqual(['a', 'b', 'a'])
  expect(store.line(0)).toMatchObject({ count: 2, at: 1_700_000_000_000, lastAt: 7 })
  expect(store.line(2)).toMatchObject({ count: 2, lastAt: 9 })
})

test('the same text of another host, unit, program or priority is another line', () => {
  const store = new LineStore()
  store.append([
    entry('a'),
    entry('a', { hostId: 'web-2' }),
    entry('a', { unit: 'other.service' }),
    entry('a', { identifier: 'other' }),
    entry('a', { priority: 3 }),
  ])
  expect(store.length).toBe(5)
})

test('a repeat is noticed across the end of a chunk', () => {
  const store = new LineStore()
  store.append(numbered(0, 4096))
  expect(store.append([entry('line 4095', { at: 1 })])).toBe(0)
  expect(store.length).toBe(4096)
  expect(store.line(4095)?.count).toBe(2)
})

test('text in any script comes back whole from a chunk that is packed', () => {
  const texts = ['plain', 'сообщение доставлено', '🦀 and 👩‍🔧', '', '\uFEFFwith a mark', 'ünï', '漢字', 'plain again']
  const store = new LineStore()
  const many = Array.from(
    { length: 10_000 },
    (_, index) => `${texts[index % texts.length]}${index % 3 === 0 ? index : ''}`,
  )
  store.append(many.map(message => entry(message)))
  expect(messages(store)).toEqual(many)
})

test('half a character at the end of a line does not shift the lines after it', () => {
  const store = new LineStore()
  store.append([entry('cut \uD83E'), entry('\uDD80 rest'), ...numbered(2, 4096)])
  expect(messages(store).slice(2)).toEqual(numbered(2, 4096).map(each => each.message))
})

test('over the limit the oldest go, and it is known how many', () => {
  const store = new LineStore()
  for (let from = 0; from < mostLines; from += 65_536) store.append(numbered(from, from + 65_536))
  expect(store.length).toBe(mostLines)
  expect([store.dropped, store.full]).toEqual([0, true])
  expect(store.append(numbered(mostLines, mostLines + 10))).toBe(10)
  expect(store.length).toBeLessThanOrEqual(mostLines)
  expect(store.dropped).toBe(mostLines + 10 - store.length)
  expect(store.line(0)?.message).toBe(`line ${store.dropped}`)
  expect(store.line(store.length - 1)?.message).toBe(`line ${mostLines + 9}`)
})

test('an endless message is cut and marked', () => {
  const store = new LineStore()
  store.append([entry('x'.repeat(1_000_000))])
  expect(store.line(0)?.message.length).toBe(8192)
  expect(store.line(0)?.truncated).toBe(true)
})

test('a cleared store is as new', () => {
  const store = new LineStore()
  store.append(numbered(0, 5000))
  store.clear()
  expect([store.length, store.dropped, store.full, store.line(0)]).toEqual([0, 0, false, null])
  store.append([entry('again')])
  expect(messages(store)).toEqual(['again'])
})

test('lines that are put in front of nothing are found again when others follow', () => {
  const store = new LineStore()
  store.prepend(numbered(0, 3))
  store.append(numbered(3, 5))
  expect(messages(store)).toEqual(['line 0', 'line 1', 'line 2', 'line 3', 'line 4'])
})

test('the view shows the lines that stand there, and few others', () => {
  expect(lineWindow(1000, 20, 0, 400, 10)).toEqual({ first: 0, end: 30, offsetPx: 0, scrollTop: 0, totalPx: 20_000 })
  expect(lineWindow(1000, 20, 500, 400, 10)).toEqual({
    first: 490,
    end: 530,
    offsetPx: 9800,
    scrollTop: 10_000,
    totalPx: 20_000,
  })
  expect(lineWindow(1000, 20, 1000, 400, 10)).toMatchObject({ first: 970, end: 1000, scrollTop: 19_600 })
  expect(lineWindow(0, 20, 0, 400)).toEqual({ first: 0, end: 0, offsetPx: 0, scrollTop: 0, totalPx: 0 })
})

const rowPx = 22
const viewPx = 700
const anyCount = fc.integer({ min: 1, max: 1_100_000 })
const anyShare = fc.double({ min: 0, max: 1, noNaN: true })

test('every line of a million can be reached, and the drawn block covers the view', () => {
  fc.assert(
    fc.property(anyCount, anyShare, (count, share) => {
      const { first, end, offsetPx, scrollTop, totalPx } = lineWindow(count, rowPx, share * count, viewPx)
      expect(totalPx).toBeLessThanOrEqual(highestPx)
      expect(end - first).toBeLessThanOrEqual(Math.ceil(viewPx / rowPx) + 22)
      expect(offsetPx).toBeLessThanOrEqual(scrollTop + 0.01)
      const bottom = Math.min(scrollTop + viewPx, totalPx)
      expect(offsetPx + (end - first) * rowPx).toBeGreaterThanOrEqual(bottom - 0.01)
    }),
  )
  const { end, scrollTop } = lineWindow(1_048_576, rowPx, 1_048_576, viewPx)
  expect([end, scrollTop]).toEqual([1_048_576, highestPx - viewPx])
})

test('a scroll position and its line belong together, there and back', () => {
  fc.assert(
    fc.property(anyCount, anyShare, (count, share) => {
      const highest = Math.max(0, (count * rowPx - viewPx) / rowPx)
      const line = share * highest
      const scrollTop = scrollTopOf(line, count, rowPx, viewPx)
      expect(lineAt(scrollTop, count, rowPx, viewPx)).toBeCloseTo(line, 3)
    }),
  )
})

test('a line in view stands still while thousands of others come, also where positions are in proportion', () => {
  const placeOf = (count: number): number => {
    const { first, offsetPx, scrollTop } = lineWindow(count, rowPx, 300_000.25, viewPx)
    return offsetPx + (300_000 - first) * rowPx - scrollTop
  }
  expect(placeOf(400_000)).toBeCloseTo(-0.25 * rowPx, 3)
  expect(placeOf(800_000)).toBeCloseTo(-0.25 * rowPx, 3)
  expect(placeOf(1_000_000)).toBeCloseTo(-0.25 * rowPx, 3)
})

test('an exported line has its time, who wrote it, and stays one entry', () => {
  expect(exportLine(entry('one\ntwo\r\nthree', { at: Date.UTC(2026, 10, 22, 6, 30, 1, 250) }))).toBe(
    '2026-11-22T06:30:01.250Z bot[42]: one\n    two\n    three\n',
  )
  expect(exportLine(entry('x', { at: 0, identifier: null, unit: null, pid: null }))).toBe(
    '1970-01-01T00:00:00.000Z -: x\n',
  )
})

test('times in the address survive the way there and back', () => {
  const at = new Date(2026, 5, 30, 23, 59, 58).getTime()
  expect(readTime(writeTime(at))).toBe(at)
  expect(readTime('')).toBeNull()
  expect(readTime('yesterday-ish')).toBeNull()
  expect(writeTime(null)).toBe('')
})
