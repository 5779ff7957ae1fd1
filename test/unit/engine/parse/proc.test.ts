// Proves on recorded hosts, and on odd ones, that /proc, mounts and df are read right.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { disksWorthAsking, parseDf, parseMounts } from '../../../../src/engine/parse/df.ts'
import { type PidStat, ProcessSum, parsePidStat } from '../../../../src/engine/parse/proc-pid.ts'
import {
  parseDiskstats,
  parseLoadavg,
  parseMeminfo,
  parseNetDev,
  parseProcStat,
  parseUptime,
} from '../../../../src/engine/parse/proc-system.ts'
import { distros, fixture } from './fixtures.ts'

describe.each(distros)('%s', distro => {
  const text = (name: string): string => fixture(distro, name).toString('utf8')

  test('the files of a whole host', () => {
    const { cpu, cores } = parseProcStat(text('root/proc/stat'))
    expect([...cores.keys()]).toEqual(['0', '1'])
    expect(cpu.busy).toBeGreaterThan(0)
    expect(cpu.total).toBeGreaterThan(cpu.busy)
    expect([...cores.values()].reduce((a, b) => a + b)).toBeLessThanOrEqual(cpu.busy + 10)
    const { memory, swap } = parseMeminfo(text('root/proc/meminfo'))
    expect(memory.totalKb).toBeGreaterThan(memory.availableKb)
    expect(swap).toEqual({ totalKb: 0, freeKb: 0 })
    expect(parseLoadavg(text('root/proc/loadavg')).every(value => value > 0)).toBe(true)
    expect(parseUptime(text('root/proc/uptime'))).toBeGreaterThan(1000)
    expect([...parseDiskstats(text('root/proc/diskstats')).keys()]).toEqual(['vda'])
    expect([...parseNetDev(text('root/proc/net/dev')).keys()]).toEqual(['eth0'])
  })

  test('the disks that are worth asking for, and their use', () => {
    const paths = disksWorthAsking(parseMounts(text('mounts.txt')))
    expect(paths).toEqual(['/'])
    const root = parseDf(text('df.txt')).find(disk => disk.mount === '/')
    expect(root?.totalBytes).toBe(12 * 2 ** 30)
    expect(root?.freeBytes).toBeLessThan(12 * 2 ** 30)
  })
})

test('partitions belong to their disks, devices on top of others are not counted twice', () => {
  const line = (name: string): string => `8 0 ${name} 1 0 100 0 1 0 200 0 0 0 0`
  const of = (...names: string[]): string[] => [...parseDiskstats(names.map(line).join('\n')).keys()]
  expect(of('sda', 'sda1', 'sda2', 'sdb', 'dm-0', 'md127', 'loop0', 'sr0', 'zram0')).toEqual(['sda', 'sdb'])
  expect(of('nvme0n1', 'nvme0n1p1', 'nvme1n1', 'mmcblk0', 'mmcblk0p2')).toEqual(['nvme0n1', 'nvme1n1', 'mmcblk0'])
  expect(of('xvda1')).toEqual(['xvda1'])
  expect([...parseDiskstats(['sda', 'sda1'].map(line).join('\n'), name => name === 'sda1').keys()]).toEqual(['sda1'])
})

test('old kernels: no MemAvailable, short cpu lines; interface names that touch their numbers', () => {
  const meminfo = 'MemTotal: 100 kB\nMemFree: 10 kB\nBuffers: 5 kB\nCached: 20 kB\nSwapTotal: 8 kB\nSwapFree: 3 kB\n'
  expect(parseMeminfo(meminfo)).toEqual({ memory: { totalKb: 100, availableKb: 35 }, swap: { totalKb: 8, freeKb: 3 } })
  expect(parseProcStat('cpu 1 2 3 4\ncpu0 1 2 3 4\n').cpu).toEqual({ busy: 6, total: 10 })
  expect(parseNetDev('eth0:123 0 0 0 0 0 0 0 456 0\n').get('eth0')).toEqual({ rx: 123, tx: 456 })
})

test('128 cores', () => {
  const lines = Array.from({ length: 128 }, (_, i) => `cpu${i} ${i} 0 0 0 0 0 0 0 0 0`)
  expect(parseProcStat(['cpu 1 0 0 0', ...lines, 'intr 1'].join('\n')).cores.size).toBe(128)
})

test('S36 any text is read as something', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 400 }), text => {
      parseProcStat(text)
      parseMeminfo(text)
      parseDiskstats(text)
      parseNetDev(text)
      parseDf(text)
      parsePidStat(text)
      expect(disksWorthAsking(parseMounts(text)).every(path => path.startsWith('/'))).toBe(true)
      for (const value of [...parseLoadavg(text), parseUptime(text)]) expect(value).toBeGreaterThanOrEqual(0)
    }),
  )
})

describe('mounts', () => {
  const mounts = (text: string): string[] => disksWorthAsking(parseMounts(text))

  test('network, memory and inner mounts are left out, one path a device', () => {
    expect(
      mounts(`/dev/sda1 / ext4 rw 0 0
proc /proc proc rw 0 0
tmpfs /run tmpfs rw 0 0
/dev/sdb1 /srv/my\\040data xfs rw 0 0
/dev/sda1 /var/lib/docker/overlay2/x ext4 rw 0 0
/dev/sda1 /home ext4 rw 0 0
nas:/share /mnt/nas nfs4 rw 0 0
me@host: /mnt/ssh fuse.sshfs rw 0 0
/dev/sdc1 /run/media/me/usb vfat rw 0 0
/dev/loop3 /snap/core/1 squashfs ro 0 0`),
    ).toEqual(['/', '/run/media/me/usb', '/srv/my data'])
  })

  test('the root of a container counts, one that comes over the network does not', () => {
    expect(mounts('overlay / overlay rw 0 0')).toEqual(['/'])
    expect(mounts('nas:/root / nfs4 rw 0 0')).toEqual([])
  })

  test('df: names with spaces, a full disk that goes below zero', () => {
    const text = `Filesystem 1024-blocks Used Available Capacity Mounted on
/dev/sda1 100 50 50 50% /
my disk 200 210 -10 105% /srv/my data
none 0 0 0 - /proc`
    expect(parseDf(text)).toEqual([
      { mount: '/', device: '/dev/sda1', totalBytes: 102400, usedBytes: 51200, freeBytes: 51200 },
      { mount: '/srv/my data', device: 'my disk', totalBytes: 204800, usedBytes: 215040, freeBytes: 0 },
    ])
  })
})

describe('the sum over a unit’s processes', () => {
  const p = (pid: number, own: number, children = 0, started = 1): PidStat => ({
    pid,
    own,
    children,
    started,
    rssPages: 1,
  })
  const run = (...looks: PidStat[][]): number[] => {
    const sum = new ProcessSum()
    return looks.map(look => sum.next(look, 1000))
  }

  test('starts at nothing and follows its processes', () => {
    expect(run([p(1, 500)], [p(1, 510)], [p(1, 510), p(2, 5)])).toEqual([0, 10, 15])
  })

  test("a child's time is kept when its parent has waited for it, also of one never seen", () => {
    expect(run([p(1, 10), p(2, 90)], [p(1, 10, 95)])).toEqual([0, 5])
    expect(run([p(1, 10)], [p(1, 10, 30)])).toEqual([0, 30])
  })

  test('a process that left unwaited takes nothing back', () => {
    expect(run([p(1, 10), p(2, 90)], [p(1, 13)])).toEqual([0, 3])
  })

  test('a reused PID is another process', () => {
    expect(run([p(1, 10), p(2, 90, 0, 7)], [p(1, 10), p(2, 4, 0, 8)])).toEqual([0, 4])
  })

  test('what somebody else’s child used in a life is no use of this unit', () => {
    const sum = new ProcessSum()
    sum.next([p(1, 10)], 200)
    expect(sum.next([p(1, 12, 90_000)], 200)).toBe(2)
  })

  test('never falls', () => {
    const look = fc.array(
      fc.record({
        pid: fc.integer({ min: 1, max: 4 }),
        own: fc.nat(1000),
        children: fc.nat(1000),
        started: fc.nat(3),
        rssPages: fc.constant(1),
      }),
      { maxLength: 5 },
    )
    fc.assert(
      fc.property(fc.array(look), looks => {
        const sum = new ProcessSum()
        let before = 0
        for (const stats of looks) {
          const now = sum.next(stats, 500)
          expect(now).toBeGreaterThanOrEqual(before)
          before = now
        }
      }),
    )
  })
})
