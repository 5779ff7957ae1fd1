// How fast a gigabyte of files and a gigabyte of SQLite come here, against tar through ssh and against scp, near and far; and what that costs the engine and its other hosts.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { engineFlags } from '../../src/shared/rpc/engine-link.ts'
import { bootHost, type TestHost } from '../hosts/lib/index.ts'
import type { BenchContext, Item, Result } from './item.ts'
import type { TakeOrder, TakeReport } from './lib/backups-process.ts'
import { type Address, benchHost } from './lib/peers.ts'

const mib = 1024 * 1024
/** A smaller one is for trying the benchmark itself. */
const size = Number(process.env.QUARTERDECK_BENCH_MIB ?? 1024) * mib
const delayMs = 25
const nearGoal = 0.9
const farGoal = 4
const memoryGoal = 64 * mib
const latencyGoalMs = 250

/** Half of it is what cannot be packed (pictures, archives), half is text: 256 files. */
const makeFiles = `set -e
mkdir -p "$1"; each=$(($2 / 256)); n=0
while [ $n -lt 256 ]; do
  if [ $((n % 2)) = 0 ]; then openssl enc -aes-128-ctr -pass pass:$n -nosalt </dev/zero 2>/dev/null | head -c $each >"$1/picture-$n"
  else seq $((n * 1000003)) 1000000000 | head -c $each >"$1/text-$n.log"; fi
  n=$((n + 1))
done
chown -R deploy: "$1"`
const makeDatabase = `
import os, random, sqlite3, sys
random.seed(5)
words = [bytes(random.choices(b'abcdefghijklmnopqrstuvwxyz', k=random.randint(3, 9))).decode() for _ in range(2000)]
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.executescript('PRAGMA journal_mode=WAL; CREATE TABLE message (id INTEGER PRIMARY KEY, author TEXT, body TEXT, token BLOB)')
size = 0
while size < int(sys.argv[2]):
    rows = [(random.choice(words), ' '.join(random.choices(words, k=40)), os.urandom(120)) for _ in range(20000)]
    db.execute('BEGIN'); db.executemany('INSERT INTO message (author, body, token) VALUES (?, ?, ?)', rows); db.execute('COMMIT')
    size = os.path.getsize(sys.argv[1])
db.execute('PRAGMA wal_checkpoint(TRUNCATE)')
`

interface Load {
  readonly name: string
  readonly type: string
  readonly spec: Record<string, unknown>
  readonly path: string
}
const loads: readonly Load[] = [
  { name: 'files', type: 'files', spec: { path: '/home/deploy/files' }, path: 'files' },
  { name: 'sqlite', type: 'sqlite', spec: { path: '/home/deploy/app.db' }, path: 'app.db' },
]

async function backups(context: BenchContext): Promise<Result[]> {
  await using host = await bootHost({ suite: 'bookworm' })
  await using other = await bootHost({ suite: 'bookworm' })
  const folder = mkdtempSync(join(tmpdir(), 'quarterdeck-bench-'))
  const line = await longLine(host)
  try {
    context.log(`   making ${Math.round(size / mib)} MiB of files and of SQLite`)
    await host.exec(['sh', '-c', makeFiles, 'sh', '/home/deploy/files', String(size)])
    await host.exec(['python3', '-c', makeDatabase, '/home/deploy/app.db', String(size)])
    await host.exec('chown deploy: /home/deploy/app.db*')
    const results: Result[] = []
    const reports: TakeReport[] = []
    for (const [place, at, goal] of [
      ['loopback', host, nearGoal],
      ['50 ms', line.at, farGoal],
    ] as const) {
      for (const load of loads) {
        if (context.signal.aborted) return results
        context.log(`   ${load.name}, ${place}`)
        await settled()
        const order = {
          ...{ host: benchHost(host, at), other: { ...benchHost(other), id: 'other' }, folder },
          ...{ type: load.type, spec: load.spec },
        }
        reports.push(await taken(context, { ...order, what: 'cost' }))
        await settled()
        const ours = await taken(context, { ...order, what: 'rate' })
        const rate = size / mib / ours.seconds
        const tar = size / mib / (await timed(sshTar(host, at, load.path, join(folder, 'peer'))))
        const scp = size / mib / (await timed(scpOf(host, at, load.path, join(folder, 'peer'))))
        for (const [peer, peerValue] of [
          ["ssh 'tar c | zstd -1' > file", tar],
          ['scp', scp],
        ] as const)
          results.push({
            name: `backup ${load.name}, ${place}, against ${peer === 'scp' ? 'scp' : 'tar'}`,
            ...{ value: rate, unit: 'MiB/s of content', peer, peerValue },
            ...{ ratio: rate / peerValue, goal: `≥ ${goal} × its rate`, met: rate / peerValue >= goal },
          })
      }
    }
    const memory = Math.max(...reports.map(({ rssBytes }) => rssBytes))
    const latency = Math.max(...reports.map(({ p99Ms }) => p99Ms))
    results.push(
      {
        name: 'backup memory',
        ...{ value: memory / mib, unit: 'MiB above idle', peer: 'limit', peerValue: memoryGoal / mib },
        ...{ ratio: memory / memoryGoal, goal: '≤ 64 MiB', met: memory <= memoryGoal },
      },
      {
        name: 'samples of another host meanwhile, p99',
        ...{ value: latency, unit: 'ms', peer: 'limit', peerValue: latencyGoalMs },
        ...{ ratio: latency / latencyGoalMs, goal: '≤ 250 ms', met: latency <= latencyGoalMs },
      },
    )
    return results
  } finally {
    line.process.disconnect()
    rmSync(folder, { recursive: true, force: true })
  }
}

const fileOf = (name: string): string => fileURLToPath(new URL(`lib/${name}.ts`, import.meta.url))

async function longLine(host: TestHost): Promise<{ at: Address; process: ChildProcess }> {
  const process = fork(fileOf('proxy-process'), [host.address, String(host.port), String(delayMs)])
  const [at] = (await once(process, 'message')) as [Address]
  return { at, process }
}

async function taken({ node, log }: BenchContext, order: TakeOrder): Promise<TakeReport> {
  const child = fork(fileOf('backups-process'), [], { execPath: node, execArgv: ['--expose-gc', ...engineFlags] })
  child.send(order)
  const [answer] = (await once(child, 'message')) as [{ report?: TakeReport; error?: string }]
  if (answer.report === undefined) throw new Error(answer.error)
  const { seconds, bytes, rssBytes, p99Ms } = answer.report
  log(
    `     ${(size / mib / seconds).toFixed(0)} MiB/s, stored ${(bytes / size).toFixed(2)}${order.what === 'cost' ? `, memory +${(rssBytes / mib).toFixed(0)} MiB, samples p99 ${p99Ms.toFixed(0)} ms` : ''}`,
  )
  return answer.report
}

const options = (host: TestHost): string =>
  `-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o IdentitiesOnly=yes -o IdentityAgent=none -i ${host.keyFiles.ed25519}`

const sshTar = (host: TestHost, { address, port }: Address, path: string, to: string): string =>
  `ssh ${options(host)} -p ${port} deploy@${address} 'tar c ${path} | zstd -1' >${to}; r=$?; rm -f ${to}; exit $r`

const scpOf = (host: TestHost, { address, port }: Address, path: string, to: string): string =>
  `scp -q -r ${options(host)} -P ${port} deploy@${address}:${path} ${to}; r=$?; rm -rf ${to}; exit $r`

/** Lets the disk come to rest: who writes durably would wait for what others wrote before. */
async function settled(): Promise<void> {
  await once(spawn('sync', { stdio: 'ignore' }), 'close')
}

/** Seconds that it took. */
async function timed(script: string): Promise<number> {
  await settled()
  const started = performance.now()
  const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`ended with ${code}: ${script}`)
  return (performance.now() - started) / 1_000
}

export const items: readonly Item[] = [{ name: 'backups', run: backups }]
