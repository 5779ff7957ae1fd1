// A process that does nothing but keep many links and take a sample of each every 15 s, and tells what that costs it; started by fleet.ts.
import { setTimeout as sleep } from 'node:timers/promises'
import { openMetricSampler } from '../../../src/engine/collector/metrics.ts'
import { systemClock } from '../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../src/engine/lib/log.ts'
import type { MetricSampler } from '../../../src/engine/ports.ts'
import { createHandshakeGate } from '../../../src/engine/remote/handshake-gate.ts'
import { createSshLink } from '../../../src/engine/remote/ssh-connection.ts'
import type { Host } from '../../../src/shared/model/host.ts'

export interface FleetOrder {
  readonly host: Host
  readonly count: number
  readonly period: number
  readonly rounds: number
}

export interface FleetReport {
  readonly connected: number
  /** Attempts that ended in BACKOFF on the way; each was made good if all are connected. */
  readonly refusals: number
  readonly connectMs: number
  /** Bytes of RSS per link, over a process with one warm link. */
  readonly perLink: number
  readonly rss: number
  /** Of one core, while sampling. */
  readonly cpuShare: number
  readonly samples: number
}

/** RSS once collected memory has been given back, which V8 does in the background. */
async function settledRss(): Promise<number> {
  for (let n = 0; n < 6; n++) {
    globalThis.gc?.()
    await sleep(250)
  }
  return process.memoryUsage.rss()
}

async function run({ host, count, period, rounds }: FleetOrder): Promise<FleetReport> {
  const gate = createHandshakeGate()
  let [refusals, samples] = [0, 0]
  const open = (n: number) => {
    const link = createSshLink({
      host: { ...host, id: `bench-${n}` },
      secrets: { hostSecret: async () => null },
      keys: { check: () => 'trusted', knownTypes: () => [] },
      clock: systemClock,
      log: silentLogger,
      gate,
      agentSocket: null,
    })
    const up = new Promise<MetricSampler>((resolve, reject) => {
      link.onStatus(({ state, error }) => {
        if (state === 'ready') openMetricSampler(link, { clock: systemClock, log: silentLogger }).then(resolve, reject)
        else if (state === 'backoff') refusals += 1
        else if (state === 'config' || state === 'auth-failed') reject(new Error(error?.message))
      })
    })
    link.start()
    return { link, up }
  }
  // Code that is loaded and compiled once is not the price of one more link.
  const warm = await open(0).up
  for (let n = 0; n < 50; n++) await warm.sample()
  const before = await settledRss()
  const began = performance.now()
  const links = Array.from({ length: count - 1 }, (_, n) => open(n + 1))
  const deadline = sleep(180_000, null, { ref: false })
  const opened = await Promise.race([Promise.all(links.map(({ up }) => up)), deadline])
  const samplers = opened === null ? [] : [warm, ...opened]
  const connectMs = performance.now() - began
  for (const sampler of samplers) await sampler.sample()
  await sleep(1_000)
  const cpu = process.cpuUsage()
  const started = performance.now()
  await Promise.all(
    samplers.map(async (sampler, n) => {
      await sleep((n * period) / samplers.length)
      for (let round = 0; round < rounds; round++) {
        await sampler.sample()
        samples += 1
        await sleep(period - ((performance.now() - started - (n * period) / samplers.length) % period))
      }
    }),
  )
  const used = process.cpuUsage(cpu)
  const cpuShare = (used.user + used.system) / 1000 / (performance.now() - started)
  const rss = await settledRss()
  return {
    connected: 1 + links.filter(({ link }) => link.status.state === 'ready').length,
    refusals,
    connectMs,
    perLink: (rss - before) / (count - 1),
    rss,
    cpuShare,
    samples,
  }
}

process.once('message', order => {
  void run(order as FleetOrder).then(report => process.send?.(report, () => process.exit(0)))
})
process.on('disconnect', () => process.exit(1))
