// Proves how a host is watched over lost links, broken parts and a disk that takes nothing: no part ends the engine, no time goes missing.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentLogger } from '../../../../src/engine/lib/log.ts'
import type { Collector, UnitManager } from '../../../../src/engine/ports.ts'
import { HostSession } from '../../../../src/engine/runtime/host-session.ts'
import type { Store } from '../../../../src/engine/store/store.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import type { Host } from '../../../../src/shared/model/host.ts'
import type { UnitScope } from '../../../../src/shared/model/unit.ts'
import { createWorkplace, draft, type Workplace } from '../store/lib.ts'
import { FakeLink, FakeManager, facts, fakeCollector, fakeJournal, settle, unitState } from './fake-host.ts'

let place: Workplace
let store: Store
let sessions: HostSession[]

beforeEach(() => {
  place = createWorkplace()
  store = place.open()
  store.hosts.insert({ ...draft({ name: 'web-1', userUnits: false }), id: 'web-1', kind: 'ssh', createdAt: 1 })
  sessions = []
})
afterEach(async () => {
  for (const session of sessions) await session.dispose()
  place.dispose()
})

function watch(
  open: (scope: UnitScope) => Promise<UnitManager>,
  change: Partial<Collector> = {},
  { journal, asked } = fakeJournal(),
) {
  const link = new FakeLink()
  const published: string[] = []
  const session = new HostSession({
    host: store.hosts.get('web-1') as Host,
    link,
    collector: { ...fakeCollector(open, journal), ...change },
    store,
    clock: place.clock,
    log: silentLogger,
    publish: name => published.push(name),
    settings: () => store.settings.get(),
  })
  sessions.push(session)
  return { link, session, asked, published }
}

const onlySystem = (manager: UnitManager) => () => Promise.resolve(manager)

it('asks a host that was too slow to say what it is again', async () => {
  let asked = 0
  const manager = new FakeManager([unitState('bot.service')])
  const { link, session } = watch(onlySystem(manager), {
    facts: async () => {
      if (asked++ === 0) throw new AppError('TIMEOUT', 'too slow')
      return facts
    },
  })
  link.to('ready')
  await settle()
  expect(session.view().problems.map(problem => problem.error.code)).toEqual(['TIMEOUT'])
  await place.clock.advanceAsync(5_000)
  await settle()
  expect(session.view().problems).toEqual([])
  expect(session.units.list().map(unit => unit.name)).toEqual(['bot.service'])
})

it('S6 the end of an older manager does not take away the present one', async () => {
  const managers = [new FakeManager([unitState('bot.service')]), new FakeManager([unitState('bot.service')])]
  const [first, second] = managers as [FakeManager, FakeManager]
  // an old bus may take its time to end
  first.dispose = async () => {}
  let opened = 0
  const { link, session } = watch(() => Promise.resolve(managers[opened++] ?? second))
  link.to('ready')
  await settle()
  link.to('lost')
  link.to('ready')
  await settle()
  expect(session.units.manager('system')).toBe(second)
  first.close(null)
  await settle()
  expect(session.units.manager('system')).toBe(second)
})

it('R13 each scope is filled in for the time in which it was not watched, however late it comes', async () => {
  store.hosts.update('web-1', draft({ name: 'web-1' }))
  const { journal, asked } = fakeJournal()
  let openUser: (manager: UnitManager) => void = () => {}
  const system = new FakeManager([unitState('bot.service')])
  const { link } = watch(
    scope =>
      scope === 'system'
        ? Promise.resolve(system)
        : new Promise(resolve => {
            openUser = resolve
          }),
    {},
    { journal, asked },
  )
  link.to('ready')
  await settle()
  const lostAt = place.clock.now()
  link.to('lost')
  place.clock.advance(60_000)
  link.to('ready')
  await settle()
  place.clock.advance(3_000)
  openUser(new FakeManager([unitState('own.service', { scope: 'user' })], 'user'))
  await settle()
  expect(asked.map(({ scope, from }) => [scope, from])).toEqual([
    ['system', lostAt],
    ['user', lostAt],
  ])
})

it('R13 a gap is called filled only where the journal told of it', async () => {
  const { journal } = fakeJournal()
  journal.transitions = async () => {
    throw new AppError('COMMAND_FAILED', 'journalctl broke')
  }
  const { link } = watch(onlySystem(new FakeManager([])), {}, { journal, asked: [] })
  link.to('ready')
  await settle()
  link.to('lost')
  place.clock.advance(60_000)
  link.to('ready')
  await settle()
  const gaps = store.gaps.list('web-1', 0, place.clock.now())
  expect(gaps.map(gap => [gap.to, gap.filled])).toEqual([[place.clock.now(), false]])
})

it('R13 what happened to units of the second scope while the engine did not run is found too', async () => {
  store.hosts.update('web-1', draft({ name: 'web-1' }))
  store.units.saveStates('web-1', [unitState('own.service', { scope: 'user' })])
  const own = unitState('own.service', { scope: 'user', activeState: 'failed', subState: 'failed' })
  let openUser: (manager: UnitManager) => void = () => {}
  const { link, session } = watch(scope =>
    scope === 'system'
      ? Promise.resolve(new FakeManager([unitState('bot.service')]))
      : new Promise(resolve => {
          openUser = resolve
        }),
  )
  const found: string[] = []
  session.found.on(units => found.push(...units.map(unit => unit.name)))
  link.to('ready')
  await settle()
  openUser(new FakeManager([own], 'user'))
  await settle()
  expect(found).toEqual(['own.service'])
})

it('a disk that takes nothing costs neither the watching nor the history of that time', async () => {
  const manager = new FakeManager([unitState('bot.service')])
  const { link, session, published } = watch(onlySystem(manager))
  link.to('ready')
  await settle()
  const full = (): never => {
    throw new AppError('DISK_FULL', 'full')
  }
  const { units, gaps } = store
  const kept = { ...units, open: gaps.open }
  Object.assign(units, { insertTransitions: full, saveStates: full, removeStates: full })
  Object.assign(gaps, { open: full })
  const after = unitState('bot.service', { activeState: 'failed', subState: 'failed' })
  manager.changes.emit({ unit: after, before: unitState('bot.service'), seenAt: place.clock.now() })
  expect(published).toContain('unit.transition')
  place.clock.advance(5_000)
  link.to('lost')
  Object.assign(units, kept)
  Object.assign(gaps, { open: kept.open })
  place.clock.advance(60_000)
  expect(session.units.get('system', 'bot.service')?.activeState).toBe('failed')
  const history = store.units.transitions({ hostId: 'web-1', scope: 'system', name: 'bot.service' }, 10)
  expect(history.map(item => item.toState)).toEqual(['failed'])
})

it('leaves nothing open where a part breaks in the middle', async () => {
  const broken = new FakeManager([])
  broken.list = () => {
    throw new Error('a bug')
  }
  const { link, session } = watch(onlySystem(broken))
  link.to('ready')
  await settle()
  expect(broken.disposed).toBe(true)
  expect(session.units.manager('system')).toBe(null)
})

it('tells whoever waits for its link when that will never come', async () => {
  const { session } = watch(onlySystem(new FakeManager([])))
  const waiting = session.journalSource().ready(new AbortController().signal)
  await Promise.all([expect(waiting).rejects.toMatchObject({ code: 'LINK_LOST' }), session.dispose()])
})
