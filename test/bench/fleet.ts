// What a hundred connections cost this computer, against a hundred OpenSSH masters to the same sshd in the same run.
import { type ChildProcess, execFile, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bootHost, type TestHost } from '../hosts/lib/index.ts'
import type { BenchContext, Item, Result } from './item.ts'
import type { FleetOrder, FleetReport } from './lib/fleet-process.ts'
import { benchHost } from './lib/peers.ts'

const count = 100
const period = 15_000
const rounds = 4
const ticksPerSecond = 100
/** What the sampler asks for, as files. */
const peerCommand = 'cat /proc/stat /proc/meminfo /proc/loadavg /proc/uptime /proc/diskstats /proc/net/dev'

async function ours(context: BenchContext, host: TestHost): Promise<FleetReport> {
  const file = fileURLToPath(new URL('lib/fleet-process.ts', import.meta.url))
  const child = fork(file, [], { execPath: context.node, execArgv: ['--expose-gc'], signal: context.signal })
  const order: FleetOrder = { host: benchHost(host), count, period, rounds }
  child.send(order)
  const [report] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the fleet's process ended with ${code}`)
    }),
  ])) as [FleetReport]
  return report
}

interface Masters {
  readonly connected: number
  /** Of all together, bytes; measured like ours. */
  readonly rss: number
  /** The same with shared libraries counted once. */
  readonly pss: number
  /** CPU of one sample of each, in ms: the masters' and their clients'. */
  readonly roundCpuMs: number
}

async function masters(context: BenchContext, host: TestHost): Promise<Masters> {
  const folder = await mkdtemp(join(tmpdir(), 'quarterdeck-fleet-'))
  const options = ['-F', 'none', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null']
  const login = ['-o', 'LogLevel=ERROR', '-o', 'IdentitiesOnly=yes', '-o', 'IdentityAgent=none']
  const target = [...options, ...login, '-i', host.keyFiles.ed25519, `deploy@${host.address}`]
  const children: ChildProcess[] = []
  try {
    const exec = promisify(execFile)
    const check = (n: number) =>
      exec('ssh', ['-S', join(folder, `${n}`), '-O', 'check', ...target]).then(
        () => true,
        () => false,
      )
    // Few at a time, as a careful script would: sshd drops what comes all at once.
    for (let n = 0; n < count && !context.signal.aborted; n += 5) {
      const batch = Array.from({ length: 5 }, (_, i) => n + i)
      for (const each of batch) {
        children.push(spawn('ssh', ['-M', '-N', '-S', join(folder, `${each}`), ...target], { stdio: 'ignore' }))
      }
      for (const each of batch) for (let tries = 0; tries < 100 && !(await check(each)); tries++) await sleep(50)
    }
    const alive = await Promise.all(children.map((_, n) => check(n)))
    const before = await cpuTicks(children)
    const loop = `for n in $(seq 0 ${count - 1}); do ssh -S ${folder}/$n ${target.join(' ')} '${peerCommand}' >/dev/null; done; times`
    const { stdout } = await exec('bash', ['-c', loop])
    const clients = [...(stdout.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)]
    const clientMs = clients.reduce(
      (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000,
      0,
    )
    const masterMs = ((await cpuTicks(children)) - before) * (1000 / ticksPerSecond)
    const sizes = await Promise.all(children.map(({ pid }) => memory(pid)))
    return {
      connected: alive.filter(Boolean).length,
      rss: sizes.reduce((sum, { rss }) => sum + rss, 0),
      pss: sizes.reduce((sum, { pss }) => sum + pss, 0),
      roundCpuMs: clientMs + masterMs,
    }
  } finally {
    for (const child of children) child.kill()
    await rm(folder, { recursive: true, force: true })
  }
}

async function memory(pid: number | undefined): Promise<{ rss: number; pss: number }> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024
  return { rss: bytes('Rss'), pss: bytes('Pss') }
}

async function cpuTicks(children: readonly ChildProcess[]): Promise<number> {
  let ticks = 0
  for (const { pid } of children) {
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ')
    ticks += Number(fields[11]) + Number(fields[12])
  }
  return ticks
}

async function fleet(context: BenchContext): Promise<Result[]> {
  await using host = await bootHost({ suite: 'bookworm' })
  const own = await ours(context, host)
  context.log(
    `   connected in ${(own.connectMs / 1000).toFixed(1)} s, ${own.refusals} attempts repeated, ${own.samples} samples`,
  )
  await sleep(2_000)
  const peer = await masters(context, host)
  const mb = 1024 * 1024
  const ownTotal = (own.perLink * count) / mb
  context.log(`   the peer's memory with shared libraries counted once: ${(peer.pss / mb).toFixed(0)} MB`)
  const peerShare = peer.roundCpuMs / period
  const fields = { peer: `${count} OpenSSH ControlMaster processes` }
  return [
    {
      ...fields,
      name: 'fleet-100 up',
      value: own.connected,
      unit: 'connections',
      peerValue: peer.connected,
      ratio: own.connected / peer.connected,
      goal: 'all up, 0 refused for good',
      met: own.connected === count && own.samples === count * rounds,
    },
    {
      ...fields,
      name: 'fleet-100 memory',
      value: ownTotal,
      unit: 'MB (RSS of all)',
      peerValue: peer.rss / mb,
      ratio: ownTotal / (peer.rss / mb),
      goal: '≤ 0.4 MB each; ≤ 1/10 of the peer',
      met: own.perLink / mb <= 0.4 && ownTotal <= peer.rss / mb / 10,
    },
    {
      ...fields,
      name: 'fleet-100 cpu',
      value: own.cpuShare * 100,
      unit: '% of a core',
      peerValue: peerShare * 100,
      ratio: own.cpuShare / peerShare,
      goal: '≤ 1.5 % of a core',
      met: own.cpuShare <= 0.015,
    },
  ]
}

export const items: Item[] = [{ name: 'fleet-100', run: fleet }]
