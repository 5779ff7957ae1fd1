// Proves on real hosts that looks tell the truth about host and units, and that a broken link is noticed (R11, semantics 7).
import { describe, expect, onTestFinished, test } from 'vitest'
import { type MetricsOptions, openMetricSampler } from '../../../src/engine/collector/metrics.ts'
import { systemClock } from '../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../src/engine/lib/log.ts'
import type { Link, MetricSampler } from '../../../src/engine/ports.ts'
import { HostSample } from '../../../src/shared/model/metric.ts'
import { suites, type UserName } from '../lib/index.ts'
import { sharedHost } from '../lib/vitest.ts'
import { ready } from '../remote/support.ts'

async function open(link: Link, more: Pick<MetricsOptions, 'mode' | 'patienceMs'> = {}): Promise<MetricSampler> {
  const sampler = await openMetricSampler(link, { clock: systemClock, log: silentLogger, ...more })
  onTestFinished(() => sampler.dispose())
  return sampler
}

const patient = { timeout: 20_000 }
const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const busy = '[Service]\nExecStart=/bin/sh -c "while :; do :; done"\nCPUSchedulingPolicy=idle\n'
const worker = '[Service]\nExecStart=/bin/sh -c "sleep 1000 & sleep 1000 & wait"\n'

describe.each(suites)('%s', suite => {
  const host = sharedHost({ suite })

  test.each(['awk', 'sh'] as const)('%s: the host as it sees itself', async mode => {
    const sampler = await open(await ready(host()), { mode })
    const first = HostSample.parse(await sampler.sample())
    expect(first).toMatchObject({ cpuPercent: null, net: [], hostId: 'test-host' })
    expect(first.disks.map(disk => disk.mount)).toContain('/')
    await pause(500)
    const sample = HostSample.parse(await sampler.sample())
    const uptime = Number((await host().readFile('/proc/uptime')).split(' ')[0])
    expect(Math.abs(sample.uptimeSeconds - uptime)).toBeLessThan(20)
    const total = Number(/MemTotal: +(\d+)/.exec(await host().readFile('/proc/meminfo'))?.[1])
    expect(sample.memory.totalBytes).toBe(total * 1024)
    expect(sample.cpuPercent).toBeGreaterThanOrEqual(0)
    expect(sample.cores.length).toBe(Number(await host().output('getconf _NPROCESSORS_ONLN')))
    expect(sample.net.length).toBeGreaterThan(0)
    expect(sample.net[0]?.rxBytesPerSecond).toBeGreaterThan(0)
    const [, size] = (await host().output('df -P -k / | tail -1')).split(/ +/)
    expect(sample.disks.find(disk => disk.mount === '/')?.totalBytes).toBe(Number(size) * 1024)
  })

  test.each(['awk', 'sh'] as const)('%s: units: processes, memory, CPU, gone and back', async mode => {
    await host().installUnit('busy.service', busy)
    await host().installUnit('worker.service', worker)
    const sampler = await open(await ready(host()), { mode })
    sampler.watchUnits(['busy', 'worker', 'never'].map(name => ({ scope: 'system', name: `${name}.service` })))
    await sampler.sample()
    await expect
      .poll(
        async () => (await sampler.sample()).units.find(unit => unit.name === 'busy.service')?.cpuPercent ?? 0,
        patient,
      )
      .toBeGreaterThan(1)
    const units = new Map((await sampler.sample()).units.map(unit => [unit.name, unit]))
    expect(units.get('worker.service')).toMatchObject({ processes: 3 })
    expect(units.get('worker.service')?.memoryBytes).toBeGreaterThan(100_000)
    expect(units.get('never.service')).toMatchObject({ processes: 0, cpuPercent: null })
    await host().exec(['systemctl', 'stop', 'worker'])
    const processes = async (): Promise<number | undefined> =>
      (await sampler.sample()).units.find(unit => unit.name === 'worker.service')?.processes
    expect(await processes()).toBe(0)
    await host().exec(['systemctl', 'start', 'worker'])
    await expect.poll(processes, patient).toBe(3)
    await host().exec(['systemctl', 'stop', 'busy', 'worker'])
  })

  test('units that are not where they are expected: templates, slices, groups below, users', async () => {
    await host().installUnit('deep@.service', '[Service]\nExecStart=/bin/sleep 1000\nSlice=own.slice\n', {
      start: false,
    })
    await host().exec(['systemctl', 'start', 'deep@one.service'])
    await host().installUnit('nest.service', '[Service]\nExecStart=/bin/sleep 1000\nDelegate=yes\n')
    const nest = await host().output(
      'for r in "" /systemd /unified; do d=/sys/fs/cgroup$r/system.slice/nest.service; [ -d $d ] && echo $d && break; done',
    )
    await host().exec(`mkdir -p ${nest}/inner && cat ${nest}/cgroup.procs > ${nest}/inner/cgroup.procs`)
    await host().installUserUnit('deploy', 'mine.service', '[Service]\nExecStart=/bin/sleep 1000\n')
    const sampler = await open(await ready(host()))
    sampler.watchUnits([
      { scope: 'system', name: 'deep@one.service' },
      { scope: 'system', name: 'nest.service' },
      { scope: 'user', name: 'mine.service' },
    ])
    await expect
      .poll(
        async () => (await sampler.sample()).units.map(unit => `${unit.scope}/${unit.name} ${unit.processes}`),
        patient,
      )
      .toEqual(['system/deep@one.service 1', 'system/nest.service 1', 'user/mine.service 1'])
  })

  test.each(['norights', 'fishy'] satisfies UserName[])('%s can look too, and leaves nothing running', async user => {
    const link = await ready(host(), { user })
    const sampler = await open(link)
    sampler.watchUnits([{ scope: 'system', name: 'ssh.service' }])
    const { units } = await sampler.sample()
    expect(units[0]?.memoryBytes).toBeGreaterThan(1_000_000)
    const lookers = (): Promise<string> => host().output(`ps -u ${user} -o args= | grep -c '[q]uarterdeck 1' || true`)
    expect(Number(await lookers())).toBeGreaterThan(0)
    await sampler.dispose()
    await expect.poll(lookers, patient).toBe('0')
  })
})

describe('a link that breaks', () => {
  const host = sharedHost({ suite: 'bookworm' })

  test('S7 a look that was asked for is LINK_LOST, and the sampler says that it is over', async () => {
    const link = await ready(host())
    const sampler = await open(link)
    await sampler.sample()
    await host().restartSshd()
    await host().exec("pkill -KILL -f '[s]shd: deploy' || true")
    expect(await sampler.closed).toMatchObject({ code: 'LINK_LOST' })
    await expect(sampler.sample()).rejects.toMatchObject({ code: 'NOT_CONNECTED' })
  })

  test('S36 a looker that stands still is given up, and looks after it are refused', async () => {
    const sampler = await open(await ready(host()), { patienceMs: 2_000 })
    await sampler.sample()
    await host().exec("pkill -STOP -f '[q]uarterdeck 1'")
    const look = sampler.sample()
    await expect(look).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect(await sampler.closed).toMatchObject({ code: 'TIMEOUT' })
    await host().exec("pkill -KILL -f '[q]uarterdeck 1' || true")
  })

  test('an aborted look is CANCELLED and the next one is its own', async () => {
    const sampler = await open(await ready(host()))
    const abort = new AbortController()
    const look = sampler.sample(abort.signal)
    abort.abort()
    await expect(look).rejects.toMatchObject({ code: 'CANCELLED' })
    expect((await sampler.sample()).uptimeSeconds).toBeGreaterThan(0)
  })
})
