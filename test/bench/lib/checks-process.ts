// An engine in a process of its own that keeps thousands of checks on some hosts, and tells what that costs it; started by checks.ts.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createEngine } from '../../../src/engine/engine.ts'
import { systemClock } from '../../../src/engine/lib/clock.ts'
import { Redactor, silentLogger } from '../../../src/engine/lib/log.ts'
import { headlessNative } from '../../../src/engine/runtime/native-client.ts'
import type { CheckDraft } from '../../../src/shared/model/check.ts'
import type { HostDraft, HostKey } from '../../../src/shared/model/host.ts'
import { percentile } from '../item.ts'

export interface ChecksOrder {
  readonly hosts: readonly HostDraft[]
  readonly keys: readonly HostKey[]
  readonly perHost: number
  readonly intervalSeconds: number
  readonly warmMs: number
  readonly measureMs: number
  readonly url: string
  readonly port: number
  readonly unit: string
}

export interface ChecksReport {
  readonly checks: number
  readonly probes: number
  readonly lagP99: number
  readonly lagMax: number
  /** Of one core. */
  readonly cpuShare: number
  readonly rss: number
  readonly told: number
  /** How many of them were what, at the end. */
  readonly statuses: Record<string, number>
}

/** What a person watches: endpoints and ports through SSH, services, their resources, and the host itself. */
function draftFor(hostId: string, n: number, order: ChecksOrder): CheckDraft {
  const unit = { scope: 'system', name: order.unit } as const
  const kinds = [
    { type: 'http', spec: { url: order.url } },
    { type: 'systemd-unit', spec: {}, unit },
    { type: 'tcp', spec: { address: '127.0.0.1', port: order.port } },
    { type: 'unit-resources', spec: { memoryMegabytes: 500 }, unit },
    { type: 'http', spec: { url: order.url } },
    { type: 'systemd-unit', spec: {}, unit },
    { type: 'disk-space', spec: {} },
    { type: 'unit-restarts', spec: {}, unit },
    { type: 'host-resources', spec: { cpuPercent: 100, memoryPercent: 100 } },
    { type: 'systemd-unit', spec: {}, unit },
  ] as const
  const kind = kinds[n % kinds.length] ?? kinds[0]
  return {
    hostId,
    name: `${kind.type} ${n}`,
    unit: null,
    enabled: true,
    vantage: 'host',
    intervalSeconds: order.intervalSeconds,
    timeoutSeconds: 10,
    failureThreshold: 3,
    recoveryThreshold: 2,
    forSeconds: 0,
    severity: 'warning',
    dependsOn: [],
    tags: [],
    ...kind,
  }
}

async function run(order: ChecksOrder): Promise<ChecksReport> {
  const directory = mkdtempSync(join(tmpdir(), 'quarterdeck-checks-'))
  const engine = await createEngine({
    dataDirectory: directory,
    version: 'bench',
    native: headlessNative(silentLogger),
    clock: systemClock,
    log: silentLogger,
    redactor: new Redactor(),
    sshDirectory: join(directory, 'ssh'),
    local: false,
  })
  const { fleet, store, trustKey, watching } = engine.services
  let told = 0
  // a window that is open and takes what it is told
  engine.attach({ post: () => void told++, listen: () => () => {}, close: () => {} })
  const ids: string[] = []
  for (const draft of order.hosts) {
    for (const key of order.keys) trustKey(draft.address, draft.port, key)
    ids.push((await fleet.add(draft, {})).id)
  }
  const end = performance.now() + 60_000
  while (!ids.every(id => fleet.session(id).units.manager('system') && fleet.session(id).latestSample)) {
    if (performance.now() > end) throw new Error('not all hosts were connected within a minute')
    await sleep(50)
  }
  store.transaction(() => {
    for (const id of ids) for (let n = 0; n < order.perHost; n++) watching.checks.add(draftFor(id, n, order), {})
  })
  await sleep(order.warmMs)
  const lags: number[] = []
  watching.prober.onLag = lag => lags.push(lag)
  told = 0
  const cpu = process.cpuUsage()
  const started = performance.now()
  await sleep(order.measureMs)
  const used = process.cpuUsage(cpu)
  const cpuShare = (used.user + used.system) / 1000 / (performance.now() - started)
  watching.prober.onLag = null
  const statuses: Record<string, number> = {}
  const views = watching.prober.views(null)
  for (const { check, last } of views) {
    const key = last?.status === 'healthy' ? 'healthy' : `${check.type} ${last?.status ?? 'not probed'}`
    statuses[key] = (statuses[key] ?? 0) + 1
  }
  const report: ChecksReport = {
    checks: views.length,
    probes: lags.length,
    lagP99: percentile(lags, 0.99),
    lagMax: lags.reduce((most, lag) => Math.max(most, lag), 0),
    cpuShare,
    rss: process.memoryUsage.rss(),
    told,
    statuses,
  }
  await engine.dispose()
  rmSync(directory, { recursive: true, force: true })
  return report
}

process.once('message', order => {
  run(order as ChecksOrder).then(
    report => process.send?.(report, () => process.exit(0)),
    error => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
      process.exit(1)
    },
  )
})
process.on('disconnect', () => process.exit(1))
