// Proves that an action is sent once, that no end of the link is taken for an end of the action, and that each begun entry of the audit log is closed.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentLogger } from '../../../../src/engine/lib/log.ts'
import { Actions } from '../../../../src/engine/runtime/actions.ts'
import { AuditLog } from '../../../../src/engine/runtime/audit-log.ts'
import type { Fleet } from '../../../../src/engine/runtime/fleet.ts'
import { HostSession } from '../../../../src/engine/runtime/host-session.ts'
import type { Store } from '../../../../src/engine/store/store.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import { AuditQuery } from '../../../../src/shared/model/audit.ts'
import type { Host } from '../../../../src/shared/model/host.ts'
import { createWorkplace, draft, type Workplace } from '../store/lib.ts'
import { FakeLink, FakeManager, fakeCollector, fakeJournal, settle, unitState } from './fake-host.ts'

const ref = { hostId: 'web-1', scope: 'system', name: 'bot.service' } as const
const restarted = unitState('bot.service', { mainPid: 200, invocationId: 'b'.repeat(32) })

let place: Workplace
let store: Store
let session: HostSession
let link: FakeLink
let manager: FakeManager

beforeEach(async () => {
  place = createWorkplace()
  store = place.open()
  store.hosts.insert({ ...draft({ name: 'web-1', userUnits: false }), id: 'web-1', kind: 'ssh', createdAt: 1 })
  link = new FakeLink()
  manager = new FakeManager([unitState('bot.service')])
  session = new HostSession({
    host: store.hosts.get('web-1') as Host,
    link,
    collector: fakeCollector(async () => manager, fakeJournal().journal),
    store,
    clock: place.clock,
    log: silentLogger,
    publish: () => {},
    settings: () => store.settings.get(),
  })
  link.to('ready')
  await settle()
})
afterEach(async () => {
  await session.dispose()
  place.dispose()
})

function createActions(): Actions {
  const { clock } = place
  const fleet = { session: () => session } as unknown as Fleet
  const audit = new AuditLog(store, clock, () => {})
  return new Actions({ fleet, store, audit, clock, log: silentLogger, publish: () => {} })
}

const audited = () => store.audit.list(AuditQuery.parse({})).map(({ verb, outcome }) => `${verb} ${outcome}`)

it('two clicks at the same time send one command', async () => {
  const actions = createActions()
  const clicks = await Promise.allSettled([
    actions.run(ref, 'restart', 'person'),
    actions.run(ref, 'restart', 'person'),
  ])
  await settle()
  expect(clicks.map(click => click.status)).toEqual(['fulfilled', 'rejected'])
  expect(manager.acts).toEqual(['restart bot.service'])
  manager.units[0] = restarted
  await place.clock.advanceAsync(20_000, 500)
  await actions.run(ref, 'restart', 'person')
  expect(manager.acts).toHaveLength(2)
  actions.dispose()
})

it('a unit that cannot be looked at is free for the next try', async () => {
  const actions = createActions()
  const { get } = manager
  manager.get = async () => {
    throw new AppError('TIMEOUT', 'too slow')
  }
  await expect(actions.run(ref, 'restart', 'person')).rejects.toThrow('too slow')
  manager.get = get
  await actions.run(ref, 'restart', 'person')
  expect(manager.acts).toEqual(['restart bot.service'])
  actions.dispose()
})

it('what cannot be recorded is not done, and leaves nothing to be taken up at the next start', async () => {
  const actions = createActions()
  store.audit.insert = () => {
    throw new AppError('DISK_FULL', 'full')
  }
  await expect(actions.run(ref, 'restart', 'person')).rejects.toThrow('full')
  expect(manager.acts).toEqual([])
  expect(store.actionRuns.unfinished()).toEqual([])
})

it('S7 a bus that goes before the link is known to be lost is no failure: the host is asked again, and not sent again', async () => {
  const actions = createActions()
  manager.act = async (verb, name) => {
    manager.acts.push(`${verb} ${name}`)
    manager.get = async () => {
      throw new AppError('LINK_LOST', 'gone')
    }
    return { kind: 'lost' }
  }
  const run = await actions.run(ref, 'restart', 'person')
  await settle()
  expect(actions.get(run.id).outcome).toBe('running')
  const first = manager
  manager = new FakeManager([restarted])
  link.to('lost')
  link.to('ready')
  await place.clock.advanceAsync(20_000, 250)
  await settle()
  expect(actions.get(run.id)).toMatchObject({ outcome: 'verified', invocationAfter: 'b'.repeat(32) })
  expect([...first.acts, ...manager.acts]).toEqual(['restart bot.service'])
})

it('an action that outlived the engine ends in the entry of the audit log in which it began', async () => {
  const before = createActions()
  manager.act = () => new Promise(() => {})
  const run = await before.run(ref, 'restart', 'person')
  before.dispose()
  await settle()
  expect(audited()).toEqual(['unit.restart running'])
  manager.units[0] = restarted
  const after = createActions()
  after.resume()
  await place.clock.advanceAsync(20_000, 250)
  await settle()
  expect(after.get(run.id).outcome).toBe('verified')
  expect(audited()).toEqual(['unit.restart verified'])
})
