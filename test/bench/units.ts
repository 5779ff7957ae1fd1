// How soon a crash is known, what knowing all services costs, and how long an action takes, against systemctl and journalctl over SSH.
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { readHostReport } from '../../src/engine/collector/facts.ts'
import { openUnits } from '../../src/engine/collector/units.ts'
import type { BusManager } from '../../src/engine/collector/units-bus-manager.ts'
import { systemClock } from '../../src/engine/lib/clock.ts'
import { silentLogger } from '../../src/engine/lib/log.ts'
import type { Link } from '../../src/engine/ports.ts'
import { bootHost, type TestHost } from '../hosts/lib/index.ts'
import { type BenchContext, compare, type Item, percentile, type Result } from './item.ts'
import { benchHost, openLink, openSsh } from './lib/peers.ts'

const listCommand = ['systemctl', 'list-units', '--all', '--type=service', '-o', 'json', '--no-pager']
const quietMs = 60_000
const pollMs = 15_000

async function openManager(host: TestHost, link: Link): Promise<BusManager> {
  const manager = await openUnits({
    link,
    host: benchHost(host, host, 'passwordless'),
    scope: 'system',
    report: await readHostReport(link),
    clock: systemClock,
    log: silentLogger,
    sources: ['dbus-socket'],
  })
  return manager as BusManager
}

/** The process of a guest as this machine sees it, found by its command line. */
function outerPid(...argv: string[]): number | null {
  const wanted = `${argv.join('\0')}\0`
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      if (readFileSync(`/proc/${entry}/cmdline`, 'utf8') === wanted) return Number(entry)
    } catch {
      // it ended while we looked
    }
  }
  return null
}

async function found(argv: string[]): Promise<number> {
  for (let tries = 0; tries < 500; tries++) {
    const pid = outerPid(...argv)
    if (pid !== null) return pid
    await sleep(10)
  }
  throw new Error(`no process ${argv.join(' ')}`)
}

async function detectCrash(context: BenchContext): Promise<Result[]> {
  await using host = await bootHost({ suite: 'bookworm' })
  const restarting = 'crash-again.service'
  const staying = 'crash-once.service'
  const again = ['/bin/sleep', '123454321']
  const once = ['/bin/sleep', '123454322']
  const limits = 'StartLimitIntervalSec=0\n[Service]\n'
  await host.installUnit(
    restarting,
    `[Unit]\n${limits}ExecStart=${again.join(' ')}\nRestart=always\nRestartSec=100ms\n`,
  )
  await host.installUnit(staying, `[Unit]\n${limits}ExecStart=${once.join(' ')}\n`)
  const link = await openLink(host, host, 'passwordless')
  const manager = await openManager(host, link)
  const journal = await link.spawn(['journalctl', '-f', '-n', '0', '-o', 'cat', '_PID=1'])

  let told: { unit: string; at: number } | null = null
  let printed: { unit: string; at: number } | null = null
  let waitingFor = ''
  const restarts: number[] = []
  manager.onChange(({ unit, before }) => {
    if (unit.name === waitingFor && unit.activeState !== 'active') told ??= { unit: unit.name, at: performance.now() }
    if (unit.name === restarting && before?.restarts !== unit.restarts) restarts.push(unit.restarts ?? 0)
  })
  journal.stdout.on('data', (chunk: Buffer) => {
    const text = chunk.toString()
    if (waitingFor !== '' && text.includes(waitingFor) && /exited|killed/.test(text))
      printed ??= { unit: waitingFor, at: performance.now() }
  })
  // journalctl says nothing before it has caught up
  await sleep(1_500)

  const ours: number[] = []
  const peer: number[] = []
  const rounds = 50
  for (let round = 0; round < rounds && !context.signal.aborted; round++) {
    const unit = round % 2 === 0 ? restarting : staying
    const pid = await found(unit === restarting ? again : once)
    await sleep(200)
    told = null
    printed = null
    waitingFor = unit
    const killedAt = performance.now()
    process.kill(pid, 'SIGKILL')
    for (let waited = 0; waited < 5_000 && (!told || !printed); waited += 5) await sleep(5)
    waitingFor = ''
    if (told) ours.push((told as { at: number }).at - killedAt)
    if (printed) peer.push((printed as { at: number }).at - killedAt)
    if (unit === staying) await manager.act('start', staying)
  }
  await sleep(500)
  journal.dispose()
  await manager.dispose()
  await link.dispose()
  const seen = ours.length === rounds && restarts.length === rounds / 2
  context.log(
    `   ${ours.length} of ${rounds} crashes and ${restarts.length} of ${rounds / 2} auto-restarts seen; max ${Math.max(...ours).toFixed(1)} ms`,
  )
  const result = compare(
    {
      name: 'detect-crash',
      value: percentile(ours, 0.95),
      unit: 'ms p95',
      peer: `journalctl -f _PID=1 beside it (${peer.length} seen)`,
      peerValue: percentile(peer, 0.95),
      goal: 'all seen; p95 ≤ 1/50',
    },
    1 / 50,
  )
  return [{ ...result, met: result.met && seen }]
}

async function unitList(context: BenchContext): Promise<Result[]> {
  await using host = await bootHost({ suite: 'bookworm' })
  const link = await openLink(host, host, 'passwordless')
  const manager = await openManager(host, link)
  const results: Result[] = []
  for (const count of [87, 367]) {
    const loaded = await host.installUnits(count)
    await manager.refresh()
    const ours: number[] = []
    const peer: number[] = []
    let listed = 0
    for (let round = 0; round < 100 && !context.signal.aborted; round++) {
      let started = performance.now()
      await manager.refresh()
      ours.push(performance.now() - started)
      started = performance.now()
      const answer = await link.exec(listCommand)
      listed = (JSON.parse(Buffer.from(answer.stdout).toString()) as unknown[]).length
      peer.push(performance.now() - started)
    }
    context.log(`   ${loaded} loaded, ${listed} listed by systemctl, ${manager.list().length} known with those on disk`)
    const fields = {
      name: `unit-list ${count}`,
      unit: 'ms p50',
      peer: 'systemctl list-units -o json',
      goal: '≤ 1/4',
    }
    results.push(compare({ ...fields, value: percentile(ours, 0.5), peerValue: percentile(peer, 0.5) }, 1 / 4))
  }
  await manager.dispose()
  await link.dispose()
  return results
}

/** Host CPU in ms of one quiet minute. */
async function quietMinute(host: TestHost, context: BenchContext, during?: () => Promise<unknown>): Promise<number> {
  const before = await host.cpuMs()
  const end = performance.now() + quietMs
  while (performance.now() < end && !context.signal.aborted) {
    await during?.()
    await sleep(Math.min(during ? pollMs : quietMs, Math.max(0, end - performance.now())))
  }
  return (await host.cpuMs()) - before
}

async function unitsQuiet(context: BenchContext): Promise<Result[]> {
  await using small = await bootHost({ suite: 'bookworm' })
  await using large = await bootHost({ suite: 'bookworm' })
  await Promise.all([small.installUnits(87), large.installUnits(367)])
  const hosts = [small, large]
  const links = await Promise.all(hosts.map(host => openLink(host, host, 'passwordless')))
  // What the hosts and a connection that nothing runs over cost by themselves, apart from what is compared.
  await sleep(15_000)
  const idle = await Promise.all(hosts.map(host => quietMinute(host, context)))
  const managers = await Promise.all(hosts.map((host, index) => openManager(host, links[index] as Link)))
  await sleep(10_000)
  const watched = await Promise.all(hosts.map(host => quietMinute(host, context)))
  const largeLink = links[1] as Link
  const poll = () => largeLink.exec(['systemctl', 'show', '--no-pager', '*.service'], { maxBytes: 32 * 1024 * 1024 })
  const polled = await quietMinute(large, context, poll)
  await Promise.all(managers.map(manager => manager.dispose()))
  await Promise.all(links.map(link => link.dispose()))
  context.log(
    `   ms per minute: idle ${idle.map(ms => ms.toFixed(1))}, watched ${watched.map(ms => ms.toFixed(1))}, polled ${polled.toFixed(1)}`,
  )
  const [watchedSmall = Number.NaN, watchedLarge = Number.NaN] = watched
  const unit = 'ms CPU/min'
  const value = watchedLarge
  return [
    compare(
      {
        name: 'units-quiet 367',
        value,
        unit,
        peer: 'the same with 87 services',
        peerValue: watchedSmall,
        goal: '≤ 1.2 ×',
      },
      1.2,
    ),
    compare(
      {
        name: 'units-quiet',
        value,
        unit,
        peer: "systemctl show '*.service' each 15 s",
        peerValue: polled,
        goal: '≤ 1/50',
      },
      1 / 50,
    ),
  ]
}

async function action(context: BenchContext): Promise<Result[]> {
  await using host = await bootHost({ suite: 'bookworm' })
  const unit = 'subject.service'
  await host.installUnit(unit, '[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sleep 100000\n')
  const link = await openLink(host, host, 'passwordless')
  const manager = await openManager(host, link)
  await using ssh = await openSsh(host)
  const ours: number[] = []
  const peer: number[] = []
  for (let round = 0; round < 41 && !context.signal.aborted; round++) {
    const before = manager.list().find(({ name }) => name === unit)
    let started = performance.now()
    const result = await manager.act('restart', unit)
    const after = await manager.get(unit)
    const took = performance.now() - started
    const verified =
      result.kind === 'done' &&
      result.job === 'done' &&
      after.activeState === 'active' &&
      after.mainPid !== before?.mainPid &&
      after.invocationId !== before?.invocationId
    if (!verified) throw new Error(`round ${round}: ${JSON.stringify(result)} ${after.activeState}`)
    // the first act opens the privileged bus, as the peer's connection was opened before
    if (round > 0) ours.push(took)
    started = performance.now()
    await ssh.multiplexed(`sudo systemctl restart ${unit} && systemctl is-active ${unit}`)
    if (round > 0) peer.push(performance.now() - started)
    else context.log(`   the first restart, with its privileged bus to open: ${took.toFixed(1)} ms`)
  }
  await manager.dispose()
  await link.dispose()
  return [
    compare(
      {
        name: 'action',
        value: percentile(ours, 0.5),
        unit: 'ms p50',
        peer: "ssh -S … 'systemctl restart && is-active'",
        peerValue: percentile(peer, 0.5),
        goal: '≤ 1.0 ×',
      },
      1,
    ),
  ]
}

export const items: Item[] = [
  { name: 'detect-crash', run: detectCrash },
  { name: 'unit-list', run: unitList },
  { name: 'units-quiet', run: unitsQuiet },
  { name: 'action', run: action },
]
