// What one look at a host costs, in time, bytes and the host's CPU, against OpenSSH doing the same reads in the same run.
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { openMetricSampler } from '../../src/engine/collector/metrics.ts'
import { DiskWatch } from '../../src/engine/collector/metrics-disks.ts'
import { systemClock } from '../../src/engine/lib/clock.ts'
import { silentLogger } from '../../src/engine/lib/log.ts'
import type { Link, MetricSampler } from '../../src/engine/ports.ts'
import { bootHost, createTcpProxy, type TestHost } from '../hosts/lib/index.ts'
import { type BenchContext, compare, type Item, percentile, type Result } from './item.ts'
import { type Address, openLink, openSsh } from './lib/peers.ts'

const watched = ['bench-a', 'bench-b', 'bench-c', 'bench-d', 'bench-e', 'ssh', 'systemd-journald', 'dbus']
/** Of so many looks one asks for the disks too, on both sides (metrics-disks.ts). */
const looksPerDisks = 20
const disksCommand = 'df -P -k'

/** The same reads in one command: the files whole, the units' processes by two more programs. */
function peerCommand(): string {
  const groups = watched.map(unit => `/sys/fs/cgroup/systemd/system.slice/${unit}.service/cgroup.procs`).join(' ')
  const files = '/proc/stat /proc/meminfo /proc/loadavg /proc/uptime /proc/diskstats /proc/net/dev'
  return `cat ${files} $(sed 's|.*|/proc/&/stat|' ${groups})`
}

async function withHost<T>(use: (host: TestHost) => Promise<T>): Promise<T> {
  await using host = await bootHost({ suite: 'bookworm' })
  for (const unit of watched.filter(name => name.startsWith('bench-'))) {
    await host.installUnit(`${unit}.service`, '[Service]\nExecStart=/bin/sleep 100000\n')
  }
  return await use(host)
}

async function openSampler(link: Link): Promise<MetricSampler> {
  const sampler = await openMetricSampler(link, { clock: systemClock, log: silentLogger })
  sampler.watchUnits(watched.map(name => ({ scope: 'system', name: `${name}.service` })))
  const first = await sampler.sample()
  const found = first.units.filter(unit => unit.processes > 0).length
  if (found !== watched.length || first.disks.length === 0) throw new Error(`${found} of ${watched.length} units seen`)
  return sampler
}

/** Times of ours and of others, in turns, so that both meet the same load of the machine. */
async function inTurns(
  rounds: number,
  context: BenchContext,
  ours: () => Promise<unknown>,
  peer: () => Promise<unknown>,
): Promise<{ ours: number; peer: number }> {
  const times: { ours: number[]; peer: number[] } = { ours: [], peer: [] }
  for (let round = 0; round < rounds && !context.signal.aborted; round++) {
    for (const [list, run] of [
      [times.ours, ours],
      [times.peer, peer],
    ] as const) {
      const started = performance.now()
      await run()
      list.push(performance.now() - started)
    }
  }
  return { ours: percentile(times.ours, 0.5), peer: percentile(times.peer, 0.5) }
}

async function sampleLatency(context: BenchContext): Promise<Result[]> {
  return await withHost(async host => {
    const link = await openLink(host)
    const sampler = await openSampler(link)
    await using ssh = await openSsh(host)
    const command = peerCommand()
    const mux = await inTurns(
      200,
      context,
      () => sampler.sample(),
      () => ssh.multiplexed(command),
    )
    const fresh = await inTurns(
      20,
      context,
      () => sampler.sample(),
      () => ssh.fresh(command),
    )
    await sampler.dispose()
    await link.dispose()
    const base = { unit: 'ms p50' }
    return [
      compare(
        {
          ...base,
          name: 'sample-latency',
          value: mux.ours,
          peer: 'ssh -S, the same reads',
          peerValue: mux.peer,
          goal: '≤ 1/8',
        },
        1 / 8,
      ),
      compare(
        {
          ...base,
          name: 'sample-latency fresh',
          value: mux.ours,
          peer: 'fresh ssh, the same reads',
          peerValue: fresh.peer,
          goal: '≤ 1/100',
        },
        1 / 100,
      ),
    ]
  })
}

/** A round trip through the same kind of wire, and nothing else. */
async function roundTrip(delayMs: number): Promise<number> {
  const server = net.createServer(socket =>
    socket
      .on('error', () => {})
      .setNoDelay(true)
      .pipe(socket),
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  const wire = await createTcpProxy({ target: { address: '127.0.0.1', port }, delayMs })
  const socket = net.connect(wire.port, wire.address).setNoDelay(true)
  const times: number[] = []
  socket.on('error', () => {})
  for (let i = 0; i < 30; i++) {
    const started = performance.now()
    await new Promise(resolve => {
      socket.once('data', resolve)
      socket.write('x')
    })
    times.push(performance.now() - started)
  }
  socket.destroy()
  await sleep(100)
  await wire.dispose()
  server.close()
  return percentile(times, 0.5)
}

async function sampleWan(context: BenchContext): Promise<Result[]> {
  return await withHost(async host => {
    const delayMs = 25
    const wire = await createTcpProxy({ target: { address: host.address, port: host.port }, delayMs })
    const link = await openLink(host, wire)
    const sampler = await openSampler(link)
    await using ssh = await openSsh(host, wire)
    const { ours, peer } = await inTurns(
      40,
      context,
      () => sampler.sample(),
      () => ssh.multiplexed(peerCommand()),
    )
    const trip = await roundTrip(delayMs)
    await sampler.dispose()
    await link.dispose()
    await wire.dispose()
    const base = { value: ours, unit: 'ms p50' }
    return [
      compare(
        { ...base, name: 'sample-wan', peer: 'one round trip of the wire', peerValue: trip, goal: '≤ 1.1 ×' },
        1.1,
      ),
      compare(
        { ...base, name: 'sample-wan ssh', peer: 'ssh -S, the same reads', peerValue: peer, goal: '≤ 1/2' },
        1 / 2,
      ),
    ]
  })
}

/** The host's CPU for `times` runs, without what it would have used anyway. */
async function cpuOf(host: TestHost, times: number, run: () => Promise<unknown>): Promise<number> {
  const idleFrom = await host.cpuMs()
  await sleep(3_000)
  const idle = ((await host.cpuMs()) - idleFrom) / 3_000
  const from = await host.cpuMs()
  const started = performance.now()
  for (let i = 0; i < times; i++) await run()
  // what a command leaves to do when its answer is there belongs to it
  await sleep(300)
  const elapsed = performance.now() - started
  return Math.max(0, (await host.cpuMs()) - from - idle * elapsed) / times
}

async function hostCpu(context: BenchContext): Promise<Result[]> {
  return await withHost(async host => {
    const link = await openLink(host)
    const sampler = await openSampler(link)
    await using ssh = await openSsh(host)
    const command = peerCommand()
    const look = await cpuOf(host, 1_500, () => sampler.sample())
    const diskWatch = new DiskWatch(link, systemClock, silentLogger)
    await diskWatch.ask()
    const disks = await cpuOf(host, 60, () => diskWatch.ask())
    diskWatch.dispose()
    const peerLook = await cpuOf(host, 150, () => ssh.multiplexed(command))
    const peerDisks = await cpuOf(host, 60, () => ssh.multiplexed(disksCommand))
    await sampler.dispose()
    await link.dispose()
    logParts(context, 'ms', { look, disks, peerLook, peerDisks })
    const fields = {
      name: 'host-cpu',
      value: look + disks / looksPerDisks,
      unit: 'ms of host CPU per sample',
      peer: 'ssh -S, the same reads',
      peerValue: peerLook + peerDisks / looksPerDisks,
      goal: '≤ 1/8',
    }
    return [compare(fields, 1 / 8)]
  })
}

function logParts(context: BenchContext, unit: string, parts: Record<string, number>): void {
  const texts = Object.entries(parts).map(([name, value]) => `${name} ${value.toPrecision(3)}`)
  context.log(`   ${texts.join(', ')} ${unit}; disks with one look in ${looksPerDisks}`)
}

/** Bytes of TCP payload, both ways, per run. */
async function bytesOf(
  host: TestHost,
  open: (at: Address) => Promise<{ run: () => Promise<unknown>; end: () => Promise<unknown> }>,
  times: number,
  paceMs: number,
): Promise<number> {
  const wire = await createTcpProxy({ target: { address: host.address, port: host.port } })
  const { run, end } = await open(wire)
  await run()
  await sleep(500)
  wire.resetStats()
  for (let i = 0; i < times; i++) {
    await run()
    await sleep(paceMs)
  }
  const { toTarget, toClient } = wire.stats()
  await end()
  await wire.dispose()
  return (toTarget + toClient) / times
}

async function wire(context: BenchContext): Promise<Result[]> {
  return await withHost(async host => {
    const openOurs = async (at: Address) => {
      const link = await openLink(host, at)
      const sampler = await openSampler(link)
      return { run: () => sampler.sample(), end: () => sampler.dispose().then(() => link.dispose()) }
    }
    const openDisks = async (at: Address) => {
      const link = await openLink(host, at)
      const disks = new DiskWatch(link, systemClock, silentLogger)
      return { run: () => disks.ask(), end: () => Promise.all([disks.dispose(), link.dispose()]) }
    }
    const openPeer = async (at: Address, command: string) => {
      const ssh = await openSsh(host, at)
      return { run: () => ssh.multiplexed(command), end: async () => await ssh[Symbol.asyncDispose]() }
    }
    const look = await bytesOf(host, openOurs, 20, 500)
    const disks = await bytesOf(host, openDisks, 5, 100)
    const peerLook = await bytesOf(host, at => openPeer(at, peerCommand()), 20, 500)
    const peerDisks = await bytesOf(host, at => openPeer(at, disksCommand), 5, 100)
    logParts(context, 'bytes', { look, disks, peerLook, peerDisks })
    const fields = {
      name: 'wire',
      value: look + disks / looksPerDisks,
      unit: 'bytes per sample, both ways',
      peer: 'ssh -S, the same reads',
      peerValue: peerLook + peerDisks / looksPerDisks,
      goal: '≤ 1/6',
    }
    return [compare(fields, 1 / 6)]
  })
}

export const items: readonly Item[] = [
  { name: 'sample-latency', run: sampleLatency },
  { name: 'sample-wan', run: sampleWan },
  { name: 'host-cpu', run: hostCpu },
  { name: 'wire', run: wire },
]
