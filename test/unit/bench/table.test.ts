// The bench table and its arithmetic.
import { describe, expect, it } from 'vitest'
import { compare, percentile } from '../../bench/item.ts'
import { figure, table } from '../../bench/table.ts'

describe('percentile', () => {
  it('is a value that was measured', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index)
    expect([0, 0.5, 0.95, 1].map(p => percentile(values, p))).toEqual([1, 50, 95, 100])
    expect(percentile([7], 0.95)).toBe(7)
    expect(percentile([], 0.5)).toBeNaN()
  })
})

describe('compare', () => {
  const fields = { name: 'wire', unit: 'B', peer: 'ssh -S', goal: '≤ 1/6', peerValue: 600 }
  it('meets a goal at the limit and misses it above', () => {
    expect(compare({ ...fields, value: 100 }, 1 / 6)).toMatchObject({ met: true, ratio: 1 / 6 })
    expect(compare({ ...fields, value: 101 }, 1 / 6).met).toBe(false)
  })
  it('never meets a goal without a peer’s figure', () => {
    expect(compare({ ...fields, value: 1, peerValue: Number.NaN }, 1).met).toBe(false)
  })
})

describe('table', () => {
  it('shows what was measured and what failed', () => {
    const lines = table([
      compare({ name: 'wire', value: 80, unit: 'B', peer: 'ssh -S', peerValue: 640, goal: '≤ 1/6' }, 1 / 6),
      { name: 'start', error: 'no display\nat …', met: false },
    ]).split('\n')
    expect(lines).toHaveLength(3)
    expect(lines[1]).toMatch(/^wire +80.0 B +640 B +ssh -S +0.125 +≤ 1\/6 +met$/)
    expect(lines[2]).toMatch(/^start +failed +no display +NOT MET$/)
  })

  it('keeps three digits', () => {
    expect([0, 0.01234, 1.5, 12.345, 1234.5, Number.NaN].map(figure)).toEqual([
      '0',
      '0.0123',
      '1.50',
      '12.3',
      '1235',
      '–',
    ])
  })
})
