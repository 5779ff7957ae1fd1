// The ladder of levels at which samples are kept, and how samples become buckets; knows nothing of where they lie.
import { packFloats, packNumbers, unpackFloats, unpackNumbers } from './series-codec.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
export const day = 24 * hour

export interface Level {
  readonly name: string
  /** ms per bucket; 0 for samples as they came. */
  readonly step: number
  /** ms that are stored together and rolled up at once; a multiple of the step, and of the span of what it is made from. */
  readonly span: number
  /** The level it is made from. */
  readonly source: number
  /**
   * `complete`: made as soon as the span is over. `expiring`: made only when its source is about to go, because until then the
   * source answers as well and there is nothing to gain by storing both.
   */
  readonly when: 'complete' | 'expiring'
  /** Days it is kept; null for what the person set for samples. */
  readonly keepDays: number | null
}

/** From samples (0) upwards. The number of a level is its place here and the name of its table: append only. */
export const ladder: readonly Level[] = [
  { name: 'raw', step: 0, span: 4 * hour, source: 0, when: 'complete', keepDays: null },
  { name: '1m', step: minute, span: day, source: 0, when: 'expiring', keepDays: 120 },
  { name: '10m', step: 10 * minute, span: day, source: 0, when: 'complete', keepDays: 400 },
  { name: '1h', step: hour, span: 8 * day, source: 2, when: 'complete', keepDays: 5 * 366 },
  { name: '1d', step: day, span: 128 * day, source: 3, when: 'complete', keepDays: 20 * 366 },
]

/** The start of the span of this level that `at` lies in. */
export function spanStart(level: Level, at: number): number {
  return Math.floor(at / level.span) * level.span
}

/** Buckets of one series over [start, start + count × step): what was seen in each. */
export class Buckets {
  readonly start: number
  readonly step: number
  readonly count: Uint32Array
  readonly sum: Float64Array
  readonly min: Float64Array
  readonly max: Float64Array
  /** 1 where anything in the bucket was filled in later. */
  readonly reconstructed: Uint8Array

  constructor(start: number, step: number, length: number) {
    this.start = start
    this.step = step
    this.count = new Uint32Array(length)
    this.sum = new Float64Array(length)
    this.min = new Float64Array(length).fill(Number.POSITIVE_INFINITY)
    this.max = new Float64Array(length).fill(Number.NEGATIVE_INFINITY)
    this.reconstructed = new Uint8Array(length)
  }

  get length(): number {
    return this.count.length
  }

  /** Adds one sample; what lies outside is ignored. */
  add(at: number, value: number, reconstructed: number): void {
    this.addMany(at, 1, value, value, value, reconstructed)
  }

  /** Adds samples [first, end) of these arrays; NaN is no sample. Times ascend, mostly at an even pace, which makes it quick. */
  addRun(at: Float64Array, values: Float32Array, reconstructed: Uint8Array, first: number, end: number): void {
    const { start, step, length } = this
    let place = first
    let run = 1
    while (place < end) {
      const index = Math.floor(((at[place] as number) - start) / step)
      run = untilBorder(at, place, end, start + (index + 1) * step, run)
      const next = place + run
      let count = 0
      let sum = 0
      let min = Number.POSITIVE_INFINITY
      let max = Number.NEGATIVE_INFINITY
      let flag = 0
      for (; place < next; place++) {
        const value = values[place] as number
        if (Number.isNaN(value)) continue
        count++
        sum += value
        if (value < min) min = value
        if (value > max) max = value
        flag |= reconstructed[place] as number
      }
      if (count === 0 || index < 0 || index >= length) continue
      this.count[index] = (this.count[index] as number) + count
      this.sum[index] = (this.sum[index] as number) + sum
      if (min < (this.min[index] as number)) this.min[index] = min
      if (max > (this.max[index] as number)) this.max[index] = max
      if (flag !== 0) this.reconstructed[index] = 1
    }
  }

  /** Adds `count` samples of which these are minimum, mean and maximum. */
  addMany(at: number, count: number, min: number, avg: number, max: number, reconstructed: number): void {
    const index = Math.floor((at - this.start) / this.step)
    if (index < 0 || index >= this.count.length) return
    this.count[index] = (this.count[index] as number) + count
    this.sum[index] = (this.sum[index] as number) + avg * count
    if (min < (this.min[index] as number)) this.min[index] = min
    if (max > (this.max[index] as number)) this.max[index] = max
    if (reconstructed) this.reconstructed[index] = 1
  }

  get empty(): boolean {
    return this.count.every(count => count === 0)
  }
}

/** How many of the ascending times from `place` on lie before `border`; about as many as in the bucket before, `guess`. At least 1. */
function untilBorder(at: Float64Array, place: number, end: number, border: number, guess: number): number {
  let next = Math.min(end, place + guess)
  while (next < end && (at[next] as number) < border) next++
  while (next - 1 > place && (at[next - 1] as number) >= border) next--
  return next - place
}

/** A span of one series as it is stored: counts of all buckets, then minimum, mean and maximum of those that have any. */
export function packBuckets(buckets: Buckets): Uint8Array {
  const filled: number[] = []
  const counts = new Uint32Array(buckets.length)
  for (let index = 0; index < buckets.length; index++) {
    const count = buckets.count[index] as number
    if (count === 0) continue
    filled.push(index)
    counts[index] = count * 2 + (buckets.reconstructed[index] as number)
  }
  const column = (value: (index: number) => number): Uint8Array => packFloats(Float32Array.from(filled, value))
  const parts = [
    packNumbers(counts),
    column(index => buckets.min[index] as number),
    column(index => (buckets.sum[index] as number) / (buckets.count[index] as number)),
    column(index => buckets.max[index] as number),
  ]
  const body = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0))
  const view = new DataView(body.buffer)
  let position = 0
  for (const part of parts) {
    view.setUint32(position, part.length, true)
    body.set(part, position + 4)
    position += 4 + part.length
  }
  return body
}

/** Adds what `packBuckets` stored for a span of this level to `into`, but for buckets outside [from, to). */
export function addPacked(
  body: Uint8Array,
  level: Level,
  start: number,
  from: number,
  to: number,
  into: Buckets,
): void {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const length = level.span / level.step
  const counts = new Uint32Array(length)
  let position = 4 + view.getUint32(0, true)
  unpackNumbers(body, 4, length, counts)
  let filled = 0
  for (let index = 0; index < length; index++) if (counts[index] !== 0) filled++
  const columns = [0, 1, 2].map(() => {
    const size = view.getUint32(position, true)
    const column = new Float32Array(filled)
    unpackFloats(body.subarray(position + 4, position + 4 + size), filled, column)
    position += 4 + size
    return column
  })
  const [min, avg, max] = columns as [Float32Array, Float32Array, Float32Array]
  for (let index = 0, place = 0; index < length; index++) {
    const count = counts[index] as number
    if (count === 0) continue
    const at = start + index * level.step
    if (at >= from && at < to)
      into.addMany(at, count >>> 1, min[place] as number, avg[place] as number, max[place] as number, count & 1)
    place++
  }
}
