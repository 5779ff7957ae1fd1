// Numbers over time on their way into a chart: gaps stay gaps, what was filled in is told apart, the present is at the end.
import { expect, test } from 'vitest'
import { chartColumns, summarise, tickNumbers } from '../../../src/renderer/lib/chart-data.ts'
import { chartSpecs, wantedSeries } from '../../../src/renderer/views/host/metrics/chart-specs.ts'
import { appendSample, numberOf } from '../../../src/renderer/views/host/metrics/live-append.ts'
import {
  rangeIds,
  rangeMs,
  readRange,
  readZoom,
  stepOf,
  writeZoom,
} from '../../../src/renderer/views/host/metrics/metric-ranges.ts'
import { arrangeTimers } from '../../../src/renderer/views/host/timers/timers-order.ts'
import type { HostSample, SeriesData } from '../../../src/shared/model/metric.ts'
import type { Timer } from '../../../src/shared/model/unit.ts'

const second = 1000
const series = (name: string, values: readonly (number | null)[], filledIn: readonly number[] = []): SeriesData => ({
  series: name,
  at: values.map((_, index) => index * second),
  min: values.map(value => (value === null ? null : value - 1)),
  avg: [...values],
  max: values.map(value => (value === null ? null : value + 1)),
  reconstructed: values.map((_, index) => filledIn.includes(index)),
})
const sample: HostSample = {
  hostId: 'web-1',
  at: 10 * second,
  cpuPercent: 12,
  cores: [12],
  load: [0.5, 0.25, 0.125],
  memory: { totalBytes: 1000, availableBytes: 400 },
  swap: { totalBytes: 100, freeBytes: 90 },
  disks: [{ mount: '/srv/a:b', device: '/dev/vdb', totalBytes: 500, usedBytes: 123, freeBytes: 377 }],
  diskReadBytesPerSecond: null,
  diskWriteBytesPerSecond: 7,
  net: [
    { name: 'lo', rxBytesPerSecond: 9e9, txBytesPerSecond: 9e9 },
    { name: 'eth0', rxBytesPerSecond: 5, txBytesPerSecond: 6 },
  ],
  uptimeSeconds: 1,
  units: [],
}

test('R13 what was filled in is drawn apart, and meets the live line at both ends', () => {
  const { at, values } = chartColumns([series('cpu', [1, 2, 3, 4, 5], [2])], ['cpu'])
  expect(at).toEqual([0, 1, 2, 3, 4])
  expect(values).toEqual([
    [1, 2, null, 4, 5],
    [null, 2, 3, 4, null],
  ])
})

test('a gap is never bridged, live or filled in', () => {
  const { values } = chartColumns([series('cpu', [1, null, 3, null, 5], [2])], ['cpu'])
  expect(values).toEqual([
    [1, null, null, null, 5],
    [null, null, 3, null, null],
  ])
})

test('columns stand in the order that was asked for, and a series without an answer is all gap', () => {
  const data = [series('b', [3, 4]), series('a', [1, 2])]
  expect(chartColumns(data, ['a', 'missing', 'b']).values.slice(0, 3)).toEqual([
    [1, 2],
    [null, null],
    [3, 4],
  ])
  expect(chartColumns([], ['a'])).toEqual({ at: [], values: [[], []] })
})

test('figures count what was measured, and nothing is not zero', () => {
  expect(summarise(series('cpu', [10, null, 20]))).toEqual({ latest: 20, min: 9, avg: 15, max: 21 })
  expect(summarise(series('cpu', [null]))).toEqual({ latest: null, min: null, avg: null, max: null })
  expect(summarise(undefined)).toEqual({ latest: null, min: null, avg: null, max: null })
})

test('the newest sample is the last point, and the bucket that is not over yet is no gap', () => {
  const data = [series('cpu', [1, 2, 3, null, null]), series('load.1', [1, 1, 1, null, null])]
  const [cpu, load] = appendSample(data, { ...sample, at: 5 * second }, 10 * second)
  expect(cpu?.avg).toEqual([1, 2, 3, 12])
  expect(cpu?.at).toEqual([0, 1000, 2000, 5000])
  expect(load?.avg).toEqual([1, 1, 1, 0.5])
  expect(load?.at).toEqual(cpu?.at)
  expect(cpu?.reconstructed).toEqual([false, false, false, false])
})

test('a true gap before the newest sample stays one', () => {
  const data = [series('cpu', [1, null, null, null])]
  expect(appendSample(data, sample, 2 * second)[0]?.avg).toEqual([1, null, null, null, 12])
})

test('a series without a number in the sample ends in a gap, at the same times as the others', () => {
  const [read, write] = appendSample([series('disk.read', [1]), series('disk.write', [1])], sample, second)
  expect(read?.avg).toEqual([1, null])
  expect(write?.avg).toEqual([1, 7])
})

test('what is there stays as it is without a sample, and times never go back', () => {
  const data = [series('cpu', [1, 2, 3])]
  expect(appendSample(data, null, second)).toBe(data)
  expect(appendSample([], sample, second)).toEqual([])
  const late = appendSample(data, { ...sample, at: 1500 }, second)
  expect(late[0]?.at).toEqual([0, 1000, 1500])
})

test('the names of series are those under which the engine keeps a sample', async () => {
  const { toSeries } = await import('../../../src/engine/runtime/metric-loop.ts')
  const kept = toSeries({ ...sample, diskReadBytesPerSecond: 3 }, { isOwn: () => false })
  expect(kept.size).toBeGreaterThan(10)
  for (const [name, value] of kept) {
    expect([name, numberOf({ ...sample, diskReadBytesPerSecond: 3 }, name)]).toEqual([name, value])
  }
})

test('a host has the charts that it has numbers for, the loopback aside', () => {
  const names = ['cpu', 'load.1', 'disk.used:/srv/a:b', 'disk.used:/gone', 'net.rx:lo', 'net.tx:lo', 'net.rx:eth0']
  const specs = chartSpecs(names, sample)
  expect(specs.map(spec => spec.id)).toEqual(['cpu', 'load', 'network', 'disk-use'])
  expect(specs.at(-1)?.series).toEqual([{ name: 'disk.used:/srv/a:b', label: '/srv/a:b' }])
  expect(specs[2]?.series.map(line => line.label)).toEqual(['Received', 'Sent'])
  expect(chartSpecs([], sample)).toEqual([])
})

test('while the host is away its charts are those of all that is kept', () => {
  const specs = chartSpecs(['disk.used:/b', 'disk.used:/a', 'memory.used', 'swap.used'], null)
  expect(specs.flatMap(spec => spec.series.map(line => line.label))).toEqual(['Memory', 'Swap', '/a', '/b'])
  expect(wantedSeries(specs)).toEqual(['memory.used', 'swap.used', 'memory.total', 'disk.used:/a', 'disk.used:/b'])
})

test('a host with hundreds of disks and interfaces asks for no more than one question may hold', () => {
  const many = Array.from({ length: 300 }, (_, index) => String(index))
  const names = many.flatMap(each => [`disk.used:/${each}`, `net.rx:veth${each}`, `net.tx:veth${each}`])
  expect(wantedSeries(chartSpecs(['cpu', 'memory.used', 'disk.read', ...names], null)).length).toBeLessThanOrEqual(64)
})

test('a range from the address is one of ours, and a zoom is a stretch of time', () => {
  expect(rangeIds.map(readRange)).toEqual([...rangeIds])
  expect(readRange('99y')).toBe('1h')
  expect(readZoom(writeZoom(1_000_000, 2_000_000))).toEqual({ from: 1_000_000, to: 2_000_000 })
  for (const text of ['', 'x-y', '5-1', '1000000-1000001', 'NaN-NaN', '1e999-2e999']) expect(readZoom(text)).toBeNull()
})

test('no zoom is closer than what is measured', () => {
  const zoom = readZoom(writeZoom(1_000_000, 1_000_001))
  expect(zoom && zoom.to - zoom.from).toBe(10_000)
})

test('a chart asks for the present often enough to move, and not more often', () => {
  for (const id of rangeIds) {
    expect(stepOf(id)).toBeGreaterThanOrEqual(5_000)
    expect(rangeMs[id] / stepOf(id)).toBeLessThanOrEqual(721)
  }
})

test('an axis has no more decimals than its steps need', () => {
  expect(tickNumbers([0, 20, 40])).toEqual(['0', '20', '40'])
  expect(tickNumbers([0, 0.5, 1])).toEqual(['0.0', '0.5', '1.0'])
  expect(tickNumbers([0.25, 1.5, 2000])).toEqual(['0.25', '1.50', '2,000.00'])
})

test('the timer that runs next comes first, the one that never does last', () => {
  const timer = (name: string, nextAt: number | null): Timer => ({
    hostId: 'web-1',
    scope: 'system',
    name: `${name}.timer`,
    description: '',
    activates: `${name}.service`,
    activeState: 'active',
    nextAt,
    lastAt: null,
  })
  const timers = [timer('never', null), timer('later', 20), timer('b', 10), timer('a', 10)]
  expect(arrangeTimers(timers, '').map(each => each.name)).toEqual(['a.timer', 'b.timer', 'later.timer', 'never.timer'])
  expect(arrangeTimers(timers, 'LATER .service').map(each => each.name)).toEqual(['later.timer'])
})
