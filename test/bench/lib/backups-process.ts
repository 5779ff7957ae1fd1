// Takes backups of a host into a folder as the engine does, and looks at another host all the while; tells rate, memory and latency. Started by backups.ts.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { filesSource } from '../../../src/engine/backups/files.ts'
import { backupSourceTypeOf } from '../../../src/engine/backups/index.ts'
import type { Dump } from '../../../src/engine/backups/source.ts'
import { openMetricSampler } from '../../../src/engine/collector/metrics.ts'
import { zstdHere } from '../../../src/engine/lib/bulk/compression.ts'
import { transfer } from '../../../src/engine/lib/bulk/transfer.ts'
import { systemClock } from '../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../src/engine/lib/log.ts'
import type { Link } from '../../../src/engine/ports.ts'
import { createHandshakeGate } from '../../../src/engine/remote/handshake-gate.ts'
import { createSshLink } from '../../../src/engine/remote/ssh-connection.ts'
import { createSqliteFiles } from '../../../src/engine/store/sqlite-files.ts'
import { targetTypeOf } from '../../../src/engine/targets/index.ts'
import type { Host } from '../../../src/shared/model/host.ts'
import { percentile } from '../item.ts'

export interface TakeOrder {
  readonly host: Host
  readonly other: Host
  readonly type: string
  readonly spec: Record<string, unknown>
  readonly folder: string
  /** Rates are taken of an engine that has run a while and does nothing else; memory and latency of one that has not, and has another host. */
  readonly what: 'rate' | 'cost'
}

export interface TakeReport {
  readonly seconds: number
  readonly bytes: number
  /** Above what the process had before, at its highest. */
  readonly rssBytes: number
  readonly samples: number
  readonly p99Ms: number
}

async function connected(host: Host): Promise<Link> {
  const link = createSshLink({
    host,
    secrets: { hostSecret: async () => null },
    keys: { check: () => 'trusted', knownTypes: () => [] },
    clock: systemClock,
    log: silentLogger,
    gate: createHandshakeGate(),
    agentSocket: null,
  })
  await new Promise<void>((resolve, reject) => {
    link.onStatus(({ state, error }) => {
      if (state === 'ready') resolve()
      else if (error) reject(new Error(`${state}: ${error.message}`))
    })
    link.start()
  })
  return link
}

async function take({ host, other, type, spec, folder, what }: TakeOrder): Promise<TakeReport> {
  const [link, beside] = await Promise.all([connected(host), connected(other)])
  const sampler = await openMetricSampler(beside, { clock: systemClock, log: silentLogger })
  for (let n = 0; n < 20; n++) await sampler.sample()
  const kind = backupSourceTypeOf(type)
  const target = targetTypeOf('local-folder')
  if (kind === undefined || target === undefined) throw new Error(`There is no source ${type}`)
  const nothing = { clock: systemClock, secret: async () => null }
  const context = {
    ...{ ...nothing, host, link, sudo: false, signal: new AbortController().signal, sqlite: createSqliteFiles() },
    async scratch() {
      const scratch = join(folder, 'scratch')
      mkdirSync(scratch, { recursive: true, mode: 0o700 })
      return scratch
    },
  }
  const store = await target.open({ ...nothing, defaultFolder: folder, link: async () => link }, target.spec.parse({}))
  const through = async (name: string, dump: Dump) =>
    await transfer({
      source: dump.stream,
      compression: dump.compression,
      want: dump.compression,
      encrypt: null,
      rawToo: false,
      writers: [await store.create(`bench/${name}`)],
      bytesPerSecond: null,
      ended: dump.ended,
      clock: systemClock,
      signal: context.signal,
    })
  const compression = zstdHere ? ('auto' as const) : ('gzip' as const)
  if (what === 'rate')
    await through(
      'warm',
      await filesSource.dump(context, filesSource.spec.parse({ path: '/usr/bin' }), { compression }),
    )
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  const latencies: number[] = []
  let [peak, over] = [before, false]
  const watch = (async () => {
    while (what === 'cost' && !over) {
      const asked = performance.now()
      await sampler.sample()
      latencies.push(performance.now() - asked)
      peak = Math.max(peak, process.memoryUsage.rss())
      await sleep(50)
    }
  })()
  const started = performance.now()
  const done = await through('part', await kind.dump(context, kind.spec.parse(spec), { compression }))
  const seconds = (performance.now() - started) / 1_000
  over = true
  await watch
  await sampler.dispose()
  await Promise.all([link.dispose(), beside.dispose()])
  rmSync(join(folder, 'bench'), { recursive: true, force: true })
  const { bytes } = done
  return {
    seconds,
    bytes,
    rssBytes: peak - before,
    samples: latencies.length,
    p99Ms: percentile(latencies, 0.99),
  }
}

process.once('message', order => {
  take(order as TakeOrder).then(
    report => process.send?.({ report }, () => process.exit(0)),
    (error: Error) => process.send?.({ error: error.stack ?? error.message }, () => process.exit(1)),
  )
})
