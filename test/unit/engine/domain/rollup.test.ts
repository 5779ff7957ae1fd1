// A run of samples lands in the same buckets as its samples one by one, whatever its pace and its gaps.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Buckets } from '../../../../src/engine/domain/rollup.ts'

const sample = fc.record({
  // Mostly even, with gaps and repeated times.
  step: fc.oneof({ weight: 8, arbitrary: fc.constant(15_000) }, fc.integer({ min: -40_000, max: 400_000 })),
  value: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: -100, max: 100 }) }, fc.constant(Number.NaN)),
  reconstructed: fc.integer({ min: 0, max: 1 }),
})

test('a run of samples adds up to what its samples add up to', () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 200 }), fc.integer({ min: 1, max: 300_000 }), (samples, step) => {
      let time = 1_000_000
      const ascending = samples.map(({ step: by }) => {
        time += by
        return time
      })
      // Stored times ascend.
      ascending.sort((a, b) => a - b)
      const at = Float64Array.from(ascending)
      const values = Float32Array.from(samples, ({ value }) => value)
      const flags = Uint8Array.from(samples, ({ reconstructed }) => reconstructed)
      const [whole, single] = [new Buckets(1_000_000, step, 50), new Buckets(1_000_000, step, 50)]
      const end = Math.max(0, samples.length - 1)
      whole.addRun(at, values, flags, Math.min(1, end), end)
      for (let place = Math.min(1, end); place < end; place++) {
        const value = values[place] as number
        if (!Number.isNaN(value)) single.add(at[place] as number, value, flags[place] as number)
      }
      expect(whole).toEqual(single)
    }),
  )
})
