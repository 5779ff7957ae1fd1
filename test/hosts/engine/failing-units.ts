// Services on a test host that need mending, with how often each may be, held against the host's own journal; knows nothing of kills.
import { expect } from 'vitest'
import { type RecoveryAttempt, RecoveryPolicy } from '../../../src/shared/model/recovery.ts'
import type { TestHost } from '../lib/index.ts'
import type { EngineLife } from './killable-engine.ts'
import { draftFor, until } from './running-engine.ts'

/** Ten minutes, less the time that a restart may need on a slow host to begin. */
const windowMs = 590_000
/** systemd's own sentences "Started …" and "Starting …". */
const startedMessages = ['39f53479d3a045ac8e11786248231fbf', '7d4958e842da4a758f6c1cdc7b36dcc5']

/** `hopeless` fails soon after every start, `slow` takes its time to do so; `sound` runs until it is killed. */
export type UnitKind = 'hopeless' | 'slow' | 'sound'

const bodies: Record<UnitKind, string> = {
  hopeless: 'ExecStart=/bin/sh -c "sleep 0.5; exit 1"',
  slow: 'ExecStartPre=/bin/sleep 0.7\nExecStart=/bin/sh -c "sleep 0.3; exit 1"',
  sound: 'ExecStart=/bin/sleep infinity',
}

export class FailingUnits {
  readonly host: TestHost
  /** Unit → how often a rule may restart it within ten minutes. */
  readonly budgets: ReadonlyMap<string, number>
  readonly #kinds: ReadonlyMap<string, UnitKind>
  /** How often this test itself started each. */
  readonly #ours = new Map<string, number>()

  constructor(host: TestHost, units: readonly (readonly [name: string, kind: UnitKind, budget: number])[]) {
    this.host = host
    this.budgets = new Map(units.map(([name, , budget]) => [name, budget]))
    this.#kinds = new Map(units.map(([name, kind]) => [name, kind]))
  }

  get names(): readonly string[] {
    return [...this.budgets.keys()]
  }

  /** Installs them, and has their host watched with a rule for each. Nobody else restarts them: systemd is told not to. */
  async watchBy(client: EngineLife['client']): Promise<void> {
    const { host } = this
    for (const key of await host.hostKeys())
      await client.call('host.trustKey', { address: host.address, port: host.port, key })
    const { id: hostId } = await client.call('host.add', { draft: draftFor(host), secrets: {} })
    for (const [name, kind] of this.#kinds) {
      const text = `[Unit]\nStartLimitIntervalSec=0\n[Service]\n${bodies[kind]}\nRestart=no\n`
      await host.writeFile(`/etc/systemd/system/${name}`, text)
    }
    await host.exec('systemctl daemon-reload')
    for (const [name, attemptsPerTenMinutes] of this.budgets) {
      // every delay is the shortest there is, so that a short life of an engine comes to act
      const pace = { firstDelaySeconds: 5, maxDelaySeconds: 5, verifySeconds: 20, attemptsPerTenMinutes }
      const policy = RecoveryPolicy.parse({ hostId, scope: 'system', name, enabled: true, ...pace })
      await client.call('recovery.set', { policy, secrets: {} })
    }
    await until(async () => (await client.call('host.get', hostId)).units !== null, 60_000)
  }

  async start(names: readonly string[] = this.names): Promise<void> {
    for (const name of names) this.#ours.set(name, (this.#ours.get(name) ?? 0) + 1)
    await this.host.exec(['systemctl', 'start', '--', ...names])
  }

  /** When systemd started each again, by its own journal, wall ms, oldest first: the rules did that, the test's own starts are left out. */
  async mended(): Promise<Map<string, number[]>> {
    await this.host.exec(['journalctl', '--sync'])
    const fields = '--output-fields=UNIT,INVOCATION_ID'
    const matches = startedMessages.map(id => `MESSAGE_ID=${id}`)
    const { stdout } = await this.host.exec(['journalctl', '-q', '-o', 'json', fields, '_PID=1', ...matches])
    const runs = new Map(this.names.map(name => [name, new Map<string, number>()]))
    for (const line of stdout.split('\n').filter(Boolean)) {
      const entry = JSON.parse(line) as Record<'UNIT' | 'INVOCATION_ID' | '__REALTIME_TIMESTAMP', string>
      const known = runs.get(entry.UNIT)
      // a slow one is told of twice
      if (known && !known.has(entry.INVOCATION_ID))
        known.set(entry.INVOCATION_ID, Number(entry.__REALTIME_TIMESTAMP) / 1_000)
    }
    return new Map([...runs].map(([name, each]) => [name, [...each.values()].slice(this.#ours.get(name) ?? 0)]))
  }
}

/** Never more than the budget in any window, and never two restarts for one attempt: between one attempt's record and the next there is at most one. */
export function holdsBudget(
  name: string,
  budget: number,
  mended: number[],
  attempts: readonly RecoveryAttempt[],
): void {
  for (const at of mended) {
    const within = mended.filter(each => each > at - windowMs && each <= at)
    expect(within.length, `${name}: restarts within ten minutes`).toBeLessThanOrEqual(budget)
  }
  const recorded = attempts.map(each => each.at).sort((a, b) => a - b)
  const first = recorded[0] ?? Number.POSITIVE_INFINITY
  expect(mended.filter(at => at < first).length, `${name}: restarts without a record`).toBe(0)
  for (const [index, from] of recorded.entries()) {
    const to = recorded[index + 1] ?? Number.POSITIVE_INFINITY
    const sent = mended.filter(at => at >= from && at < to)
    expect(sent.length, `${name}: restarts of attempt ${index + 1}`).toBeLessThanOrEqual(1)
  }
  const numbers = attempts.map(each => `${each.incidentId} ${each.number}`)
  expect(new Set(numbers).size, `${name}: numbers of attempts`).toBe(numbers.length)
}
