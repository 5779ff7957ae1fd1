// How fast a million journal entries become entries in the engine, what they weigh on the wire and in memory, against ssh and JSON.
import { spawn } from 'node:child_process'
import { setImmediate as turn } from 'node:timers/promises'
import { createJournalReader } from '../../src/engine/collector/journal.ts'
import { silentLogger } from '../../src/engine/lib/log.ts'
import { JournalFilter } from '../../src/shared/model/journal.ts'
import { bootHost, createTcpProxy, type TestHost } from '../hosts/lib/index.ts'
import type { BenchContext, Item, Result } from './item.ts'
import { type Address, benchHost, openLink } from './lib/peers.ts'

const total = 1_000_000
const unit = 'bench-flood.service'

interface Reading {
  readonly entries: number
  readonly perSecond: number
  /** Above what the process had before. */
  readonly peakBytes: number
}

/** Reads everything there is about the unit, as an export of history does. */
async function read(host: TestHost, at: Address): Promise<Reading> {
  const link = await openLink(host, at)
  const reader = createJournalReader(link, benchHost(host, at), { log: silentLogger })
  await reader.page({ ...JournalFilter.parse({ hostId: 'bench' }), cursor: null, direction: 'before', limit: 1 })
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await turn()
  }
  const before = process.memoryUsage.rss()
  let [entries, peak, lines] = [0, before, 0]
  const started = performance.now()
  const filter = JournalFilter.parse({ hostId: 'bench', units: [unit] })
  for await (const batch of reader.read(filter, { follow: false })) {
    entries += batch.length
    for (const entry of batch) if (entry.message.includes(' took ')) lines++
    peak = Math.max(peak, process.memoryUsage.rss())
  }
  const seconds = (performance.now() - started) / 1000
  await link.dispose()
  if (lines !== total) throw new Error(`${lines} of ${total} lines read`)
  return { entries, perSecond: entries / seconds, peakBytes: peak - before }
}

/** Lets ssh write the journal as JSON to /dev/null, as a person would; answers entries per second. */
async function peerRate(host: TestHost): Promise<number> {
  const started = performance.now()
  const options =
    '-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o IdentityAgent=none'
  const command = `exec ssh ${options} -i "$1" deploy@"$2" journalctl -q -o json -u ${unit} >/dev/null`
  await new Promise<void>((resolve, reject) => {
    const child = spawn('sh', ['-c', command, 'sh', host.keyFiles.ed25519, host.address], { stdio: 'ignore' })
    child.once('error', reject)
    child.once('close', code => (code === 0 ? resolve() : reject(new Error(`ssh ended with ${code}`))))
  })
  return total / ((performance.now() - started) / 1000)
}

async function journal(context: BenchContext): Promise<Result[]> {
  await using host = await bootHost({ suite: 'bookworm' })
  context.log(`   writing ${total} entries`)
  await host.exec(
    "mkdir -p /etc/systemd/journald.conf.d; printf '[Journal]\\nSystemMaxUse=4G\\n' >/etc/systemd/journald.conf.d/bench.conf; systemctl restart systemd-journald",
  )
  await host.floodJournal(unit, { total })
  context.log('   reading')
  const ours = await read(host, host)
  const peer = await peerRate(host)
  const wire = await createTcpProxy({ target: { address: host.address, port: host.port } })
  // this time for the bytes alone: the wire lives in this process and has buffers of its own
  await read(host, wire)
  const stats = wire.stats()
  await wire.dispose()
  const sample = total / 20
  const peerBytes =
    Number(await host.output(`journalctl -q -o json -u ${unit} -n ${sample} | wc -c`)) * (total / sample)
  const bytes = stats.toClient + stats.toTarget
  const mib = 1024 * 1024
  const ratio = ours.perSecond / peer
  return [
    {
      name: 'journal',
      value: ours.perSecond,
      unit: 'entries/s',
      peer: 'ssh journalctl -o json >/dev/null',
      peerValue: peer,
      ratio,
      goal: '≥ 3.5 ×',
      met: ratio >= 3.5,
    },
    {
      name: 'journal bytes',
      value: bytes,
      unit: 'bytes on the wire',
      peer: 'ssh journalctl -o json',
      peerValue: peerBytes,
      ratio: bytes / peerBytes,
      goal: '≤ 1/10',
      met: bytes <= peerBytes / 10,
    },
    {
      name: 'journal memory',
      value: ours.peakBytes / mib,
      unit: 'MiB of RSS above the start, peak',
      peer: 'the goal itself',
      peerValue: 64,
      ratio: ours.peakBytes / mib / 64,
      goal: '≤ +64 MB',
      met: ours.peakBytes <= 64 * mib,
    },
  ]
}

export const items: readonly Item[] = [{ name: 'journal', run: journal }]
