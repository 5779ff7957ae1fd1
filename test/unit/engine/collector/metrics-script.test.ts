// Proves that every awk of this machine, and the bare shell, see the same in the recorded trees of real hosts.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openMetricSampler } from '../../../../src/engine/collector/metrics.ts'
import { systemClock } from '../../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../../src/engine/lib/log.ts'
import { createLocalLink } from '../../../../src/engine/local/local-link.ts'
import { parseMeminfo, parseUptime } from '../../../../src/engine/parse/proc-system.ts'
import type { Link } from '../../../../src/engine/ports.ts'
import type { HostSample } from '../../../../src/shared/model/metric.ts'
import { distros, fixture, fixturePath } from '../parse/fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'quarterdeck-awk-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function found(command: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** A folder whose `awk` is this one. */
function awkFolder(command: string): string {
  const own = join(folder, command.replace(' ', '-'))
  mkdirSync(own, { recursive: true })
  writeFileSync(join(own, 'awk'), `#!/bin/sh\nexec ${command} "$@"\n`)
  chmodSync(join(own, 'awk'), 0o755)
  return own
}

function linkWith(path: string): Link {
  const link = createLocalLink({ clock: systemClock })
  const spawn = link.spawn.bind(link)
  link.spawn = (argv, options) => spawn(['env', `PATH=${path}:${process.env.PATH}`, ...argv], options)
  return link
}

const awks = ['mawk', 'gawk', 'busybox awk', 'original-awk'].filter(command => found(command.split(' ')[0] ?? ''))
const ways: { name: string; mode: 'awk' | 'sh'; path: string }[] = [
  ...awks.map(command => ({ name: command, mode: 'awk' as const, path: awkFolder(command) })),
  { name: 'sh', mode: 'sh', path: folder },
]

const units = [
  { scope: 'system', name: 'ssh.service' },
  { scope: 'system', name: 'gone.service' },
  { scope: 'user', name: 'mine.service', controlGroup: '/mine' },
] as const

async function twoLooks(
  way: (typeof ways)[number],
  root: string,
  between: () => void = () => {},
): Promise<[HostSample, HostSample]> {
  const link = linkWith(way.path)
  const sampler = await openMetricSampler(link, { clock: systemClock, log: silentLogger, mode: way.mode, root })
  sampler.watchUnits(units)
  const one = await sampler.sample()
  between()
  const two = await sampler.sample()
  await sampler.dispose()
  expect(await sampler.closed).toBeNull()
  await link.dispose()
  return [one, two]
}

test('there is an awk to test with', () => {
  expect(awks.length).toBeGreaterThan(0)
})

describe.each(ways)('$name', way => {
  test.each(distros)('%s as recorded', async distro => {
    const [look] = await twoLooks(way, fixturePath(distro, 'root'))
    const meminfo = parseMeminfo(fixture(distro, 'root/proc/meminfo').toString())
    expect(look.memory.totalBytes).toBe(meminfo.memory.totalKb * 1024)
    expect(look.memory.availableBytes).toBe(meminfo.memory.availableKb * 1024)
    expect(look.uptimeSeconds).toBe(parseUptime(fixture(distro, 'root/proc/uptime').toString()))
    expect(look.units).toMatchObject([
      { name: 'ssh.service', processes: 1, cpuPercent: null },
      { name: 'gone.service', processes: 0, memoryBytes: 0 },
      { name: 'mine.service', processes: 0 },
    ])
    expect(look.units[0]?.memoryBytes).toBeGreaterThan(1_000_000)
  })

  test('rates of a tree that changes: cores, disks, network, processes, accounting', async () => {
    const root = mkdtempSync(join(folder, 'tree-'))
    const put = (name: string, text: string): void => {
      mkdirSync(dirname(join(root, name)), { recursive: true })
      writeFileSync(join(root, name), text)
    }
    const pid = (id: number, comm: string, own: number, children: number, started: number): void =>
      put(
        `proc/${id}/stat`,
        `${id} (${comm}) S 1 1 1 0 -1 4194304 9 9 9 9 ${own} 0 ${children} 0 20 0 1 0 ${started} 1000 256 0 0\n`,
      )
    put('proc/uptime', '1000.00 1.0\n')
    put('proc/loadavg', '0.10 0.20 0.30 1/9 9\n')
    put(
      'proc/stat',
      'cpu  100 0 0 900 0 0 0 0 0 0\ncpu0 100 0 0 400 0 0 0 0 0 0\ncpu1 0 0 0 500 0 0 0 0 0 0\nintr 1 2 3\n',
    )
    put('proc/meminfo', 'MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 500 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n')
    put('proc/diskstats', '8 0 sda 1 0 1000 0 1 0 2000 0\n8 1 sda1 1 0 1000 0 1 0 2000 0\n7 0 loop0 1 0 9 0 1 0 9 0\n')
    put('sys/block/sda/stat', '1\n')
    put(
      'proc/net/dev',
      'h|\nh|\n    lo: 5 0 0 0 0 0 0 0 5 0\n  eth0:4294967000 0 0 0 0 0 0 0 7 0\nveth0a1b2c: 1 0 0 0 0 0 0 0 1 0\n',
    )
    put('sys/fs/cgroup/system.slice/ssh.service/cgroup.procs', '10\n11\n')
    pid(10, 'a) R (b c', 50, 0, 1)
    pid(11, 'short-lived', 20, 0, 2)
    put('sys/fs/cgroup/mine/cgroup.procs', '30\n')
    put('sys/fs/cgroup/mine/cpu.stat', 'usage_usec 1000000\nuser_usec 1\n')
    put('sys/fs/cgroup/mine/memory.current', '8192\n')

    const [, look] = await twoLooks(way, root, () => {
      put('proc/uptime', '1002.00 1.0\n')
      put(
        'proc/stat',
        'cpu  300 0 0 1100 0 0 0 0 0 0\ncpu0 300 0 0 400 0 0 0 0 0 0\ncpu1 0 0 0 700 0 0 0 0 0 0\nintr 1 2 3\n',
      )
      put(
        'proc/diskstats',
        '8 0 sda 1 0 1008 0 1 0 2000 0\n8 1 sda1 1 0 1008 0 1 0 2000 0\n7 0 loop0 1 0 9 0 1 0 9 0\n',
      )
      put(
        'proc/net/dev',
        'h|\nh|\n    lo: 5 0 0 0 0 0 0 0 5 0\n  eth0: 704 0 0 0 0 0 0 0 2007 0\nveth0a1b2c: 9 0 0 0 0 0 0 0 9 0\n',
      )
      // 11 has ended after 15 more ticks, its parent waited for it; its number is in use again
      pid(10, 'a) R (b c', 60, 35, 1)
      put('sys/fs/cgroup/system.slice/ssh.service/cgroup.procs', '10\n11\n')
      pid(11, 'another', 5, 0, 150_000)
      put('sys/fs/cgroup/mine/cpu.stat', 'usage_usec 1500000\nuser_usec 1\n')
    })
    expect(look).toMatchObject({
      cpuPercent: 50,
      cores: [100, 0],
      load: [0.1, 0.2, 0.3],
      memory: { totalBytes: 1024_000, availableBytes: 512_000 },
      diskReadBytesPerSecond: 2048,
      diskWriteBytesPerSecond: 0,
      // a counter of 32 bits that wrapped
      net: [{ name: 'eth0', rxBytesPerSecond: 500, txBytesPerSecond: 1000 }],
    })
    // 10 of the first, 15 of the one that ended, 5 of the new one, in 2 s of 100 ticks each
    expect(look.units[0]).toEqual({
      scope: 'system',
      name: 'ssh.service',
      cpuPercent: 15,
      memoryBytes: 2 * 256 * 4096,
      processes: 2,
    })
    expect(look.units[2]).toEqual({
      scope: 'user',
      name: 'mine.service',
      cpuPercent: 25,
      memoryBytes: 8192,
      processes: 1,
    })
  })

  test('128 cores and names that change', async () => {
    const root = mkdtempSync(join(folder, 'large-'))
    mkdirSync(join(root, 'proc/net'), { recursive: true })
    const core = (name: string, busy: number): string => `cpu${name} ${busy} 0 0 ${1000 - busy} 0 0 0 0 0 0\n`
    const write = (cores: number, busy: number, uptime: number): void => {
      const lines = Array.from({ length: cores }, (_, i) => core(String(i), busy))
      writeFileSync(join(root, 'proc/stat'), core(' ', busy * cores) + lines.join(''))
      writeFileSync(join(root, 'proc/uptime'), `${uptime}.00 1\n`)
    }
    write(128, 100, 50)
    const [one, two] = await twoLooks(way, root, () => write(64, 300, 55))
    expect(one.memory).toEqual({ totalBytes: 0, availableBytes: 0 })
    expect(two.cores).toHaveLength(64)
  })
})

test('the programs use nothing that writes', () => {
  const source = readFileSync(new URL('../../../../src/engine/collector/metrics-script.ts', import.meta.url), 'utf8')
  const programs = source.slice(source.indexOf('`'), source.lastIndexOf('`'))
  expect(programs).not.toMatch(/>\s*"?\$?R?\/(tmp|var|etc|home)|mktemp|mkfifo|tee /)
})
