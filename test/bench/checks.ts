// How soon trouble of each cause is known against a polling shell loop over ssh, and what thousands of checks cost one engine.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createEngine, type Engine } from '../../src/engine/engine.ts'
import { systemClock } from '../../src/engine/lib/clock.ts'
import { Redactor, silentLogger } from '../../src/engine/lib/log.ts'
import type { Native } from '../../src/engine/ports.ts'
import { headlessNative } from '../../src/engine/runtime/native-client.ts'
import type { CheckDraft } from '../../src/shared/model/check.ts'
import { bootHost, type TestHost } from '../hosts/lib/index.ts'
import { type BenchContext, type Item, percentile, type Result } from './item.ts'
import type { ChecksOrder, ChecksReport } from './lib/checks-process.ts'
import { benchHost } from './lib/peers.ts'

const pollSeconds = 15
const hosts = 20
const checks = 5_000
const cpuGoal = 0.25
const lagGoalMs = 250

/** Answers 200 to all who ask, as cheaply as Python can. */
const responder = `import socket, threading
server = socket.create_server(('127.0.0.1', 8001), backlog=512)
def serve():
    while True:
        connection, _ = server.accept()
        try:
            if connection.recv(4096):
                connection.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok')
        except OSError:
            pass
        connection.close()
for _ in range(4):
    threading.Thread(target=serve).start()
`

async function manyChecks(context: BenchContext): Promise<Result[]> {
  await using host = await bootHost({ suite: 'bookworm' })
  await host.writeFile('/opt/responder.py', responder)
  await host.installUnit('responder.service', '[Service]\nExecStart=/usr/bin/python3 /opt/responder.py\n')
  await host.exec(['systemctl', 'start', 'responder.service'])
  // each host record has its own connection, so sshd has to let that many begin at once
  const { id: _, kind: __, createdAt: ___, stored: ____, ...draft } = benchHost(host)
  const order: ChecksOrder = {
    hosts: Array.from({ length: hosts }, (_, n) => ({ ...draft, name: `bench-${n}` })),
    keys: await host.hostKeys(),
    perHost: checks / hosts,
    intervalSeconds: 15,
    warmMs: 40_000,
    measureMs: 60_000,
    url: 'http://127.0.0.1:8001/health',
    port: 8001,
    unit: 'responder.service',
  }
  const file = fileURLToPath(new URL('lib/checks-process.ts', import.meta.url))
  const child = fork(file, [], { execPath: context.node, signal: context.signal })
  child.send(order)
  const [report] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the engine's process ended with ${code}`)
    }),
  ])) as [ChecksReport]
  const parts = Object.entries(report.statuses).map(([name, count]) => `${count} ${name}`)
  context.log(
    `   ${report.checks} checks, ${report.probes} probes in 60 s, lag max ${report.lagMax.toFixed(0)} ms, ${(report.rss / 1e6).toFixed(0)} MB; told ${report.told}; ${parts.join(', ')}`,
  )
  const due = (checks / 15) * 60
  const kept = report.probes >= due * 0.98 && (report.statuses.healthy ?? 0) >= checks * 0.98
  const peer = 'the goal'
  return [
    {
      name: 'checks-5000 cpu',
      value: report.cpuShare * 100,
      unit: '% of one core',
      peer,
      peerValue: cpuGoal * 100,
      ratio: report.cpuShare / cpuGoal,
      goal: '5,000 checks at 15 s through 20 links: ≤ 25 % of one core',
      met: kept && report.cpuShare <= cpuGoal,
    },
    {
      name: 'checks-5000 lag',
      value: report.lagP99,
      unit: 'ms p99',
      peer,
      peerValue: lagGoalMs,
      ratio: report.lagP99 / lagGoalMs,
      goal: 'p99 ≤ 250 ms',
      met: kept && report.lagP99 <= lagGoalMs,
    },
  ]
}

interface Watched extends AsyncDisposable {
  readonly engine: Engine
  readonly hostId: string
  /** When (performance.now) the desktop was told something that `wanted` matches, after `since`. */
  told(wanted: RegExp, since: number): number | null
}

async function watch(host: TestHost): Promise<Watched> {
  const directory = mkdtempSync(join(tmpdir(), 'quarterdeck-detect-'))
  const news: { at: number; text: string }[] = []
  const native: Native = {
    ...headlessNative(silentLogger),
    notify: async ({ title, body }) => {
      news.push({ at: performance.now(), text: `${title} ${body}` })
      return { shown: true, reason: null }
    },
  }
  const engine = await createEngine({
    dataDirectory: directory,
    version: 'bench',
    native,
    clock: systemClock,
    log: silentLogger,
    redactor: new Redactor(),
    sshDirectory: join(directory, 'ssh'),
    local: false,
  })
  const { fleet, trustKey } = engine.services
  for (const key of await host.hostKeys()) trustKey(host.address, host.port, key)
  const { id: _, kind: __, createdAt: ___, stored: ____, ...draft } = benchHost(host)
  const { id: hostId } = await fleet.add(draft, {})
  while (!fleet.session(hostId).units.manager('system')) await sleep(20)
  return {
    engine,
    hostId,
    told: (wanted, since) => news.find(one => one.at >= since && wanted.test(one.text))?.at ?? null,
    async [Symbol.asyncDispose]() {
      await engine.dispose()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** The shell loop that a person writes: one `ssh host …` every 15 s, as patient as our own connects, and a line when it fails. */
function shellLoop(
  host: TestHost,
  command: string,
): { process: ChildProcess; failedAt: (since: number) => number | null } {
  const ssh = [
    'ssh -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes',
    `-o ConnectTimeout=10 -o IdentitiesOnly=yes -i ${host.keyFiles.ed25519} -p ${host.port} deploy@${host.address}`,
  ].join(' ')
  const script = `while :; do timeout 20 ${ssh} '${command}' >/dev/null 2>&1 || echo failed; sleep ${pollSeconds}; done`
  const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'], detached: true })
  const failures: number[] = []
  child.stdout?.on('data', () => failures.push(performance.now()))
  return { process: child, failedAt: since => failures.find(at => at >= since) ?? null }
}

interface Cause {
  readonly name: string
  readonly rounds: number
  /** What the loop asks on the host. */
  readonly command: string
  readonly wanted: RegExp
  readonly note: string
  prepare(host: TestHost): Promise<void>
  /** What is watched beyond the built-in checks. */
  watch?(watched: Watched): Promise<void>
  begin(host: TestHost): Promise<unknown>
  end(host: TestHost): Promise<unknown>
}

const detect =
  (cause: Cause) =>
  async (context: BenchContext): Promise<Result[]> => {
    await using host = await bootHost({ suite: 'bookworm' })
    await cause.prepare(host)
    const loop = shellLoop(host, cause.command)
    const ours: number[] = []
    const peer: number[] = []
    try {
      for (let round = 0; round < cause.rounds && !context.signal.aborted; round++) {
        // an engine of its own for each: what comes again within the cool-down would be deferred
        await using watched = await watch(host)
        await cause.watch?.(watched)
        // at any time of the loop's pause
        await sleep(2_000 + ((round * 0.618) % 1) * pollSeconds * 1_000)
        const at = performance.now()
        await cause.begin(host)
        let mine: number | null = null
        let its: number | null = null
        for (let waited = 0; waited < 60_000 && (mine === null || its === null); waited += 5) {
          await sleep(5)
          mine ??= watched.told(cause.wanted, at)
          its ??= loop.failedAt(at)
        }
        if (mine !== null) ours.push(mine - at)
        if (its !== null) peer.push(its - at)
        await cause.end(host)
      }
    } finally {
      if (loop.process.pid !== undefined) process.kill(-loop.process.pid, 'SIGKILL')
    }
    context.log(
      `   ${cause.note}; ${ours.length} and ${peer.length} of ${cause.rounds} seen; ours ${ours.map(ms => ms.toFixed(0)).join(' ')}; peer ${peer.map(ms => ms.toFixed(0)).join(' ')}`,
    )
    return ([0.5, 0.95] as const).map(p => {
      const value = percentile(ours, p)
      const peerValue = percentile(peer, p)
      return {
        name: `${cause.name} p${p * 100}`,
        value,
        unit: 'ms to the desktop',
        peer: `ssh -o ConnectTimeout=10 … every ${pollSeconds} s in a shell loop`,
        peerValue,
        ratio: value / peerValue,
        goal: 'sooner than the loop, all seen',
        met: ours.length === cause.rounds && value < peerValue,
      }
    })
  }

const unit = 'keepalive-bot.service'
const installBot = async (host: TestHost): Promise<void> => {
  await host.installBot('keepalive-bot', { restart: 'no' })
}
const isActive = `systemctl is-active --quiet ${unit}`
/** The loop of somebody who knows that a process that runs need not answer. */
const answers = `${isActive} && bash -c "exec 3<>/dev/tcp/127.0.0.1/8001 && printf \\"GET /health HTTP/1.0\\\\r\\\\n\\\\r\\\\n\\" >&3 && read -t 5 -u 3 line && [[ \\$line == *200* ]]"`

function healthCheck(hostId: string): CheckDraft {
  return {
    hostId,
    type: 'http',
    name: 'Health',
    spec: { url: 'http://127.0.0.1:8001/health', expectedStatus: '200' },
    unit: { scope: 'system', name: unit },
    enabled: true,
    vantage: 'host',
    intervalSeconds: 1,
    timeoutSeconds: 1,
    failureThreshold: 3,
    recoveryThreshold: 2,
    forSeconds: 0,
    severity: 'critical',
    dependsOn: [],
    tags: [],
  }
}

const crash: Cause = {
  name: 'detect-unit-crash',
  rounds: 12,
  command: isActive,
  wanted: /keepalive-bot/,
  note: 'told by systemd, no check configured',
  prepare: installBot,
  begin: host => host.killUnit(unit),
  end: host => host.exec(['systemctl', 'start', unit]),
}

const hang: Cause = {
  name: 'detect-endpoint-dead',
  rounds: 10,
  command: answers,
  wanted: /Health/,
  note: 'an HTTP check each 1 s, 1 s of patience, 3 failures',
  prepare: installBot,
  async watch({ engine, hostId }) {
    const { checks } = engine.services.watching
    const { id } = checks.add(healthCheck(hostId), {})
    while (checks.view(id).last?.status !== 'healthy') await sleep(20)
  },
  begin: host => host.exec(['systemctl', 'kill', '-s', 'STOP', '--', unit]),
  end: host => host.exec(['systemctl', 'kill', '-s', 'CONT', '--', unit]),
}

const hostGone: Cause = {
  name: 'detect-host-gone',
  rounds: 8,
  command: isActive,
  wanted: /./,
  note: 'packets that vanish; reachability alerts at the first failure, as the loop does',
  prepare: installBot,
  async watch({ engine, hostId }) {
    const { checks, prober } = engine.services.watching
    const [check] = prober.checksOf(hostId, 'host-reachable')
    if (!check) throw new Error('the host has no check of its reachability')
    const { id, builtIn: _, createdAt: __, stored: ___, ...draft } = check
    checks.edit(id, { ...draft, failureThreshold: 1 }, {})
  },
  begin: host => host.blackhole(),
  end: host => host.unblackhole(),
}

export const items: readonly Item[] = [
  { name: 'checks-5000', run: manyChecks },
  ...[crash, hang, hostGone].map(cause => ({ name: cause.name, run: detect(cause) })),
]
