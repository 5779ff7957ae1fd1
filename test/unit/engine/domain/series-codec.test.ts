// What is packed comes back bit for bit, and in few bytes where it matters.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  packFloats,
  packNumbers,
  packTicks,
  unpackFloats,
  unpackNumbers,
  unpackTicks,
} from '../../../../src/engine/domain/series-codec.ts'

function roundTrip(values: Float32Array): Float32Array {
  const packed = packFloats(values)
  // At an odd place of a larger buffer, as SQLite or a pool may hand it out.
  const moved = new Uint8Array(packed.length + 3).subarray(3)
  moved.set(packed)
  const into = new Float32Array(values.length + 2).fill(123)
  unpackFloats(moved, values.length, into)
  expect([into.at(-1), into.at(-2)]).toEqual([123, 123])
  return into.subarray(0, values.length)
}

test('any floats come back bit for bit, NaN as the one NaN', () => {
  fc.assert(
    fc.property(fc.float32Array({ maxLength: 300 }), values => {
      expect([...roundTrip(values)]).toEqual([...values])
    }),
    { numRuns: 500 },
  )
})

test('walks and constants come back, and are small', () => {
  const constant = new Float32Array(960).fill(8_589_934_592)
  expect(packFloats(constant)).toHaveLength(5)
  expect([...roundTrip(constant)]).toEqual([...constant])
  expect(packFloats(new Float32Array(0))).toHaveLength(1)
  const walk = Float32Array.from({ length: 960 }, (_, index) => 2e8 + ((index * 7919) % 200) * 4096)
  expect([...roundTrip(walk)]).toEqual([...walk])
  expect(packFloats(walk).length).toBeLessThan(960 * 3)
  const absent = new Float32Array(960).fill(Number.NaN)
  expect([...roundTrip(absent)]).toEqual([...absent])
})

test('whole numbers come back and say where they end', () => {
  fc.assert(
    fc.property(fc.uint32Array({ maxLength: 200 }), fc.nat(9), (numbers, offset) => {
      const packed = packNumbers(numbers)
      const body = new Uint8Array(offset + packed.length + 5)
      body.set(packed, offset)
      const into = new Uint32Array(numbers.length)
      expect(unpackNumbers(body, offset, numbers.length, into)).toBe(offset + packed.length)
      expect([...into]).toEqual([...numbers])
    }),
  )
})

test('times and their marks come back; a steady pace costs two bits a look', () => {
  const look = fc.tuple(fc.integer({ min: 1, max: 14_400_000 / 200 }), fc.boolean())
  fc.assert(
    fc.property(
      fc.array(look, { minLength: 1, maxLength: 200 }),
      fc.integer({ min: -1e12, max: 4e12 }),
      (looks, first) => {
        let time = first
        const ticks = {
          at: Float64Array.from(looks, ([pause]) => {
            time += pause
            return time
          }),
          reconstructed: Uint8Array.from(looks, ([, mark]) => (mark ? 1 : 0)),
        }
        const back = unpackTicks(packTicks(ticks))
        expect([...back.at]).toEqual([...ticks.at])
        expect([...back.reconstructed]).toEqual([...ticks.reconstructed])
      },
    ),
  )
  const steady = {
    at: Float64Array.from({ length: 960 }, (_, index) => index * 15_000),
    reconstructed: new Uint8Array(960),
  }
  expect(packTicks(steady).length).toBeLessThan(260)
})
