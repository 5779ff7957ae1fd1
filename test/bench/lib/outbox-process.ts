// A process that raises an alert on each of many hosts and sends them through webhooks, until it is done or killed; started by outbox.ts.
import { systemClock } from '../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../src/engine/lib/log.ts'
import { createSteadyTime } from '../../../src/engine/lib/steady-time.ts'
import type { Native } from '../../../src/engine/ports.ts'
import { Alerting } from '../../../src/engine/runtime/alerting.ts'
import { Notifier } from '../../../src/engine/runtime/notifier.ts'
import { Outbox } from '../../../src/engine/runtime/outbox.ts'
import { Silences } from '../../../src/engine/runtime/silences.ts'
import { openStore, type Store } from '../../../src/engine/store/store.ts'
import { CheckDraft, type Probe } from '../../../src/shared/model/check.ts'

export interface OutboxOrder {
  readonly directory: string
  readonly url: string
  readonly alerts: number
  readonly channels: number
  /** Keep the messages in memory instead, as the peer does. */
  readonly memory: boolean
}

/** Hosts with a check each, and the channels, where they are not there from an earlier life. */
function fill(store: Store, { alerts, channels, url }: OutboxOrder): void {
  if (store.channels.list().length > 0) return
  const createdAt = Date.now()
  store.transaction(() => {
    for (let n = 0; n < channels; n++)
      store.channels.insert({
        id: `channel-${n}`,
        type: 'webhook',
        name: `Channel ${n}`,
        spec: { url: `${url}/channel-${n}` },
        enabled: true,
        filter: { minSeverity: 'info', tags: [], hosts: [] },
        quietHours: null,
        createdAt,
      })
    for (let n = 0; n < alerts; n++) {
      const id = `host-${n}`
      store.hosts.insert({
        id,
        kind: 'ssh',
        name: id,
        address: `${id}.example.org`,
        port: 22,
        user: 'deploy',
        auth: { kind: 'agent' },
        sudo: 'none',
        jump: null,
        userUnits: false,
        createdAt,
      })
      const draft = CheckDraft.parse({
        hostId: id,
        type: 'http',
        name: 'Web',
        spec: {},
        unit: null,
        failureThreshold: 1,
      })
      store.checks.insert({ ...draft, id: `check-${n}`, builtIn: false, createdAt })
    }
  })
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

async function run(order: OutboxOrder): Promise<void> {
  const store = openStore({ directory: order.directory, clock: systemClock, log: silentLogger })
  fill(store, order)
  const about = {
    store,
    clock: systemClock,
    steady: createSteadyTime(systemClock),
    log: silentLogger,
    publish: () => {},
  }
  const outbox = new Outbox({ ...about, desktopOn: () => false })
  const silences = new Silences(about)
  const vault = { get: () => null, put: () => {}, forget: () => {}, onChange: () => ({ dispose: () => {} }) }
  const notifier = new Notifier({ ...about, outbox, vault, native: {} as Native })
  const alerting = new Alerting({ ...about, outbox, silences })
  notifier.start()
  const ids = store.channels.list().map(channel => channel.id)
  for (const check of store.checks.list()) {
    const failure: Probe = {
      checkId: check.id,
      at: Date.now(),
      status: 'unhealthy',
      latencyMs: null,
      message: '[STATUS] (500) == 200',
      cause: 'health',
      numbers: [],
    }
    alerting.observe(check, null, failure)
    await turn()
  }
  while (ids.some(id => outbox.open(id).length > 0)) await new Promise(resolve => setTimeout(resolve, 20))
  await notifier.dispose()
  alerting.dispose()
  silences.dispose()
  store.close()
}

/** What a program without an outbox does: a list per channel, sent in order. */
async function runMemory({ url, alerts, channels }: OutboxOrder): Promise<void> {
  const send = async (channel: number): Promise<void> => {
    for (let n = 0; n < alerts; n++)
      await fetch(`${url}/channel-${channel}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          id: `${channel}-${n}`,
          items: [{ host: `host-${n}`, title: `Web is failing on host-${n}` }],
        }),
      })
  }
  await Promise.all(Array.from({ length: channels }, (_, channel) => send(channel)))
}

process.on('message', async (order: OutboxOrder) => {
  await (order.memory ? runMemory(order) : run(order))
  process.send?.('done')
  process.disconnect()
})
