// A host made of memory under everything that watches it, with real checks, alerts, outbox and store; for tests of what is told and what is not.
import { DisposableBag } from '../../../../src/engine/lib/disposable.ts'
import { silentLogger } from '../../../../src/engine/lib/log.ts'
import { createSteadyTime } from '../../../../src/engine/lib/steady-time.ts'
import type { UnitState } from '../../../../src/engine/ports.ts'
import { Alerting } from '../../../../src/engine/runtime/alerting.ts'
import { HostSession } from '../../../../src/engine/runtime/host-session.ts'
import { Outbox } from '../../../../src/engine/runtime/outbox.ts'
import { Silences } from '../../../../src/engine/runtime/silences.ts'
import type { Vault } from '../../../../src/engine/runtime/vault.ts'
import { Watching } from '../../../../src/engine/runtime/watching.ts'
import type { Store } from '../../../../src/engine/store/store.ts'
import { Check, type CheckDraft } from '../../../../src/shared/model/check.ts'
import type { Incident } from '../../../../src/shared/model/incident.ts'
import { Settings } from '../../../../src/shared/model/settings.ts'
import { createWorkplace, draft } from '../store/lib.ts'
import { FakeLink, FakeManager, fakeCollector, fakeJournal, settle, unitState } from './fake-host.ts'

/** `web-1`, connected, with these services. */
export async function createWatched(
  services: readonly UnitState[] = [unitState('bot.service')],
  journal = fakeJournal().journal,
) {
  const place = createWorkplace()
  const { clock } = place
  let store = place.open()
  store.hosts.insert({ ...draft({ name: 'web-1', userUnits: false }), id: 'web-1', kind: 'ssh', createdAt: 0 })
  const units = new Map(services.map(unit => [unit.name, unit]))
  const events: { name: string; payload: unknown }[] = []
  const secrets = new Map<string, string>()
  const vault = {
    get: (id: string) => secrets.get(id) ?? null,
    put: (id: string, secret: string) => {
      secrets.set(id, secret)
      store.secrets.put(id, Buffer.from('sealed'))
    },
    forget: (id: string) => {
      secrets.delete(id)
      store.secrets.remove(id)
    },
  } as unknown as Vault

  async function boot(from: Store) {
    const bag = new DisposableBag()
    const steady = createSteadyTime(clock)
    const publish = (name: string, payload: unknown): void => void events.push({ name, payload })
    const about = { store: from, clock, log: silentLogger, publish }
    const outbox = new Outbox({ ...about, steady, desktopOn: () => true })
    const silences = bag.add(new Silences(about))
    const alerting = bag.add(new Alerting({ ...about, outbox, silences, steady }))
    const link = new FakeLink()
    let manager = new FakeManager([...units.values()])
    const host = from.hosts.get('web-1')
    if (!host) throw new Error('the host is not there')
    const session = new HostSession({
      ...about,
      host,
      link,
      collector: fakeCollector(async () => {
        manager = new FakeManager([...units.values()])
        return manager
      }, journal),
      settings: () => Settings.parse({}),
    })
    const watching = bag.add(
      new Watching({
        ...about,
        vault,
        alerting,
        sessions: () => [session],
        session: id => (id === 'web-1' ? session : null),
        here: link,
        isHeard: () => true,
      }),
    )
    watching.checks.start()
    bag.add(watching.attach(session))
    session.start()
    link.to('ready')
    await settle()
    return { alerting, outbox, link, session, watching, manager: () => manager, bag }
  }

  let now = await boot(store)
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 500) {
      clock.advance(Math.min(500, left))
      await settle()
    }
  }
  return {
    clock,
    units,
    events,
    secrets,
    pass,
    get store() {
      return store
    },
    get watching() {
      return now.watching
    },
    get link() {
      return now.link
    },
    get alerting() {
      return now.alerting
    },
    /** A unit changed, as systemd's signals tell it. */
    async sees(name: string, change: Partial<UnitState>, asked?: boolean): Promise<void> {
      const before = units.get(name) ?? null
      const unit = { ...(before ?? unitState(name)), ...change }
      units.set(name, unit)
      now.manager().changes.emit({ unit, before, seenAt: clock.now(), ...(asked === undefined ? {} : { asked }) })
      await settle()
    },
    /** It changed while nobody looked. */
    changedUnseen(name: string, change: Partial<UnitState>): void {
      units.set(name, { ...(units.get(name) ?? unitState(name)), ...change })
    },
    /** The engine ends and is started again. */
    async restart(): Promise<void> {
      now.bag.dispose()
      await now.session.dispose()
      store.close()
      store = place.open()
      now = await boot(store)
    },
    builtIn: (type: string): Check => {
      const [check] = now.watching.prober.checksOf('web-1', type)
      return Check.parse(check)
    },
    add: (change: Partial<CheckDraft>): Check => now.watching.checks.add({ ...plain, ...change } as CheckDraft, {}),
    incidents: (): Incident[] => store.incidents.list({ ...anyIncident }),
    /** What waits to be sent, or was, in order. */
    news: (): string[] => store.outbox.open().map(row => `${row.kind} ${row.news.title}`),
    async dispose(): Promise<void> {
      now.bag.dispose()
      await now.session.dispose()
      store.close()
      place.dispose()
    },
  }
}

const plain = {
  hostId: 'web-1',
  type: 'systemd-unit',
  name: 'Bot runs',
  spec: {},
  unit: { scope: 'system', name: 'bot.service' },
  enabled: true,
  vantage: 'host',
  intervalSeconds: 15,
  timeoutSeconds: 10,
  failureThreshold: 1,
  recoveryThreshold: 2,
  forSeconds: 0,
  severity: 'critical',
  dependsOn: [],
  tags: [],
} as const

const anyIncident = {
  state: 'all',
  hostId: null,
  checkId: null,
  severity: null,
  unit: null,
  text: null,
  before: null,
  since: null,
  limit: 500,
} as const
