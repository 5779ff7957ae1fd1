// Proves that rates follow from counters also where those wrap, restart or come and go.
import { describe, expect, test } from 'vitest'
import { advance, SampleMaker } from '../../../../src/engine/parse/metrics-rates.ts'
import type { ProcLook, UnitLook } from '../../../../src/engine/parse/proc-look.ts'
import type { HostSample } from '../../../../src/shared/model/metric.ts'

const base: ProcLook = {
  uptime: 1000,
  load: [1, 2, 3],
  memory: { totalKb: 100, availableKb: 40 },
  swap: { totalKb: 10, freeKb: 5 },
  cpu: { busy: 100, total: 1000 },
  cores: new Map([
    ['0', 50],
    ['1', 50],
  ]),
  net: new Map([['eth0', { rx: 1000, tx: 2000 }]]),
  disks: new Map([['vda', { read: 10, written: 20 }]]),
  units: new Map(),
}
const ref = { scope: 'system', name: 'bot.service' } as const
const running = (cpuMs: number): UnitLook => ({ kind: 'running', cpuMs, memoryBytes: 4096, processes: 1 })

function samples(...looks: Partial<ProcLook>[]): HostSample[] {
  const maker = new SampleMaker('host')
  return looks.map((look, i) => maker.next({ ...base, ...look }, i, [], key => (key === '1' ? ref : undefined)))
}

describe('rates', () => {
  test('are not known at the first look', () => {
    const [one] = samples({})
    expect(one).toMatchObject({
      cpuPercent: null,
      cores: [],
      net: [],
      diskReadBytesPerSecond: null,
      uptimeSeconds: 1000,
    })
    expect(one).toMatchObject({ memory: { totalBytes: 102400, availableBytes: 40960 }, load: [1, 2, 3] })
  })

  test('are differences by time', () => {
    const [, two] = samples(
      {},
      {
        uptime: 1002,
        cpu: { busy: 200, total: 1400 },
        cores: new Map([
          ['0', 150],
          ['1', 50],
        ]),
        net: new Map([['eth0', { rx: 3000, tx: 2000 }]]),
        disks: new Map([['vda', { read: 14, written: 20 }]]),
      },
    )
    expect(two).toMatchObject({
      cpuPercent: 25,
      cores: [50, 0],
      net: [{ name: 'eth0', rxBytesPerSecond: 1000, txBytesPerSecond: 0 }],
      diskReadBytesPerSecond: 1024,
      diskWriteBytesPerSecond: 0,
    })
  })

  test('stay as they were when looks follow too closely for the kernel to have counted', () => {
    const all = samples(
      {},
      { uptime: 1001, cpu: { busy: 150, total: 1100 } },
      { uptime: 1001.01, cpu: { busy: 151, total: 1101 } },
    )
    expect(all.map(sample => sample.cpuPercent)).toEqual([null, 50, 50])
  })

  test('start anew when the host did', () => {
    const all = samples({}, { uptime: 5, cpu: { busy: 1, total: 10 } }, { uptime: 6, cpu: { busy: 11, total: 30 } })
    expect(all.map(sample => sample.cpuPercent)).toEqual([null, null, 50])
  })

  test('of what came since the last look are not known', () => {
    const net = new Map([
      ['eth0', { rx: 1000, tx: 2000 }],
      ['wg0', { rx: 9e9, tx: 9e9 }],
    ])
    const [, two] = samples({}, { uptime: 1002, net })
    expect(two?.net.map(({ name }) => name)).toEqual(['eth0'])
  })
})

describe('counters', () => {
  test('of 32 bits wrap, others fall to nothing known', () => {
    expect(advance(5, 8)).toBe(3)
    expect(advance(2 ** 32 - 10, 20)).toBe(30)
    expect(advance(5_000_000, 10)).toBe(0)
    expect(advance(2 ** 40, 10)).toBe(0)
  })
})

describe('units', () => {
  const unit = (...looks: (UnitLook | null)[]): HostSample['units'][] =>
    samples(
      ...looks.map((look, i) => ({
        uptime: 1000 + i * 2,
        units: new Map<string, UnitLook>(look ? [['1', look]] : []),
      })),
    ).map(sample => sample.units)

  test('percent of one core', () => {
    expect(unit(running(100), running(1100))[1]).toEqual([{ ...ref, cpuPercent: 50, memoryBytes: 4096, processes: 1 }])
  })

  test('one that restarted counts from nothing', () => {
    expect(unit(running(9000), running(200))[1]?.[0]?.cpuPercent).toBe(10)
    expect(unit({ kind: 'absent' }, running(200))[1]?.[0]?.cpuPercent).toBe(10)
  })

  test('one that does not run uses nothing; one that cannot be seen is not told of', () => {
    expect(unit({ kind: 'absent' })[0]).toEqual([{ ...ref, cpuPercent: null, memoryBytes: 0, processes: 0 }])
    expect(unit({ kind: 'unreadable', processes: 3 })[0]).toEqual([])
  })

  test('one that is new, or no longer watched, has no rate or no place', () => {
    expect(unit(null, running(5000))[1]?.[0]?.cpuPercent).toBeNull()
    const maker = new SampleMaker('host')
    expect(maker.next({ ...base, units: new Map([['9', running(1)]]) }, 0, [], () => undefined).units).toEqual([])
  })
})
