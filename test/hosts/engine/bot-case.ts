// One host of its own under a running engine, and what became of a bot on it; knows neither how it is broken nor what is right.
import { CheckDraft } from '../../../src/shared/model/check.ts'
import { IncidentQuery } from '../../../src/shared/model/incident.ts'
import { type RecoveryAttempt, RecoveryPolicy } from '../../../src/shared/model/recovery.ts'
import type { Bot } from '../lib/bots.ts'
import type { TestHost } from '../lib/index.ts'
import { type RunningEngine, until } from './running-engine.ts'

/** The unit that is meant unless another is named. */
export const bot = 'keepalive-bot.service'

export class BotCase {
  readonly host: TestHost
  /** The host's. */
  readonly id: string
  readonly #app: RunningEngine

  private constructor(app: RunningEngine, host: TestHost, id: string) {
    this.#app = app
    this.host = host
    this.id = id
  }

  static async open(app: RunningEngine, host: TestHost): Promise<BotCase> {
    const { id } = await app.add(host)
    await app.ready(id)
    return new BotCase(app, host, id)
  }

  async bot(restart: 'no' | 'on-failure' = 'no'): Promise<Bot> {
    const installed = await this.host.installBot('keepalive-bot', { restart, restartSec: 0.5 })
    await this.seen(bot, 'active')
    return installed
  }

  async seen(name: string, state: string): Promise<void> {
    await until(async () => {
      const units = await this.#app.client.call('unit.list', this.id)
      return units.some(unit => unit.name === name && unit.activeState === state)
    })
  }

  async check(type: string, spec: Record<string, unknown>, more: Partial<CheckDraft> = {}): Promise<string> {
    const unit = { scope: 'system' as const, name: bot }
    const draft = CheckDraft.parse({
      ...{ hostId: this.id, type, name: `${type} of the bot`, spec, unit, intervalSeconds: 1, timeoutSeconds: 5 },
      ...more,
    })
    const { id } = await this.#app.client.call('check.add', { draft, secrets: {} })
    await until(async () => (await this.#app.client.call('check.get', id)).last?.status === 'healthy')
    return id
  }

  /** Has the host's own reachability looked at every so many seconds. */
  async hurryReachability(intervalSeconds: number): Promise<void> {
    const views = await this.#app.client.call('check.list', { hostId: this.id })
    const check = views.map(view => view.check).find(({ type }) => type === 'host-reachable')
    if (!check) throw new Error('the host has no check of its reachability')
    const { id, builtIn, createdAt, stored, ...draft } = check
    await this.#app.client.call('check.edit', { id, draft: { ...draft, intervalSeconds }, secrets: {} })
  }

  ref(name = bot) {
    return { hostId: this.id, scope: 'system' as const, name }
  }

  async rule(name = bot, change: Partial<RecoveryPolicy> = {}): Promise<void> {
    const policy = RecoveryPolicy.parse({ ...this.ref(name), enabled: true, ...change })
    await this.#app.client.call('recovery.set', { policy, secrets: {} })
  }

  attempts(name = bot): Promise<RecoveryAttempt[]> {
    return this.#app.client.call('recovery.attempts', { ...this.ref(name), limit: 50 })
  }

  /** Resolves with the attempts, oldest first, once the unit is at rest again with so many. */
  async rests(count: number, phase = 'idle', name = bot): Promise<RecoveryAttempt[]> {
    await until(
      async () => {
        const [view, attempts] = [
          await this.#app.client.call('recovery.get', this.ref(name)),
          await this.attempts(name),
        ]
        return view.phase === phase && attempts.length >= count && attempts.every(each => each.finishedAt !== null)
      },
      100_000,
      async () =>
        JSON.stringify([await this.#app.client.call('recovery.get', this.ref(name)), await this.attempts(name)]),
    )
    return (await this.attempts(name)).reverse()
  }

  incidents(name = bot) {
    const query = IncidentQuery.parse({ hostId: this.id, unit: { scope: 'system', name } })
    return this.#app.client.call('incident.list', query)
  }

  async resolved(): Promise<void> {
    await until(async () => {
      const incidents = await this.incidents()
      return incidents.length > 0 && incidents.every(incident => incident.state === 'resolved')
    }, 40_000)
  }

  /** The starts of a unit, as systemd itself counts them in its journal. */
  async starts(name = bot): Promise<number> {
    const { stdout } = await this.host.exec(
      `journalctl -q -o cat _PID=1 UNIT=${name} MESSAGE_ID=39f53479d3a045ac8e11786248231fbf | wc -l`,
    )
    return Number(stdout)
  }
}
