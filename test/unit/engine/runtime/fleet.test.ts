// Proves that hosts can be listed while one is opened anew, and that an edit does not take a stored password elsewhere.
import { afterEach, expect, it } from 'vitest'
import { silentLogger } from '../../../../src/engine/lib/log.ts'
import type { Native } from '../../../../src/engine/ports.ts'
import { Fleet } from '../../../../src/engine/runtime/fleet.ts'
import type { Vault } from '../../../../src/engine/runtime/vault.ts'
import { createWorkplace, draft, type Workplace } from '../store/lib.ts'
import { FakeLink, FakeManager, fakeCollector, fakeJournal, settle } from './fake-host.ts'

let place: Workplace
afterEach(() => place.dispose())

function openFleet(links: FakeLink[], trays: number[], vault: Partial<Vault> = {}) {
  place = createWorkplace()
  const store = place.open()
  const { clock } = place
  const native = { setTray: summary => trays.push(summary.lines.length) } as Pick<Native, 'setTray'> as Native
  const fleet = new Fleet({
    store,
    vault: vault as Vault,
    collectorFor: () => fakeCollector(async () => new FakeManager([]), fakeJournal().journal),
    createLink: () => {
      const link = new FakeLink()
      links.push(link)
      return link
    },
    onOpen: () => ({ dispose: () => {} }),
    onRemove: () => {},
    native,
    clock,
    log: silentLogger,
    publish: () => {},
    settings: () => store.settings.get(),
    incidents: () => [],
  })
  return { fleet, store, clock }
}

it('a stored password stays with the user and server that it was given for', async () => {
  const opened = openFleet([], [], {
    put: (id, secret) => opened.store.secrets.put(id, Buffer.from(secret)),
    forget: id => opened.store.secrets.remove(id),
  })
  const { fleet } = opened
  const login = { auth: { kind: 'password' }, sudo: 'password' } as const
  const { id } = await fleet.add(draft({ name: 'web-1', ...login }), { password: 'one', sudoPassword: 'two' })
  const moved = draft({ name: 'web-1', ...login, address: 'other.example' })
  await expect(fleet.edit(id, moved, {})).rejects.toMatchObject({ code: 'INVALID_INPUT', hint: expect.any(String) })
  await expect(fleet.edit(id, moved, { password: 'new' })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  expect(fleet.host(id).address).not.toBe('other.example')
  const renamed = await fleet.edit(id, draft({ name: 'web-one', ...login }), {})
  expect(renamed.stored).toMatchObject({ password: true, sudoPassword: true })
  const byKey = { auth: { kind: 'key', path: '/key' }, sudo: 'none', address: 'other.example' } as const
  const unused = await fleet.edit(id, draft({ name: 'web-one', ...byKey }), {})
  expect(unused.stored).toMatchObject({ password: false, sudoPassword: false })
  await fleet.dispose()
})

it('a link that takes its time to close costs a host nothing but its place in the list for that time', async () => {
  const links: FakeLink[] = []
  const trays: number[] = []
  const { fleet, clock } = openFleet(links, trays)
  const first = await fleet.add(draft({ name: 'web-1' }), {})
  await fleet.add(draft({ name: 'web-2' }), {})
  let leave: () => void = () => {}
  const [link] = links as [FakeLink]
  link.left = new Promise(resolve => {
    leave = resolve
  })
  const edited = fleet.edit(first.id, draft({ name: 'web-one' }), {})
  await settle()
  // the tray looks at all hosts just now
  clock.advance(1_000)
  expect(trays).toEqual([1])
  expect(fleet.views().map(view => view.host.name)).toEqual(['web-2'])
  expect(() => fleet.session(first.id)).toThrow(expect.objectContaining({ code: 'NOT_CONNECTED' }))
  leave()
  await edited
  expect(fleet.views().map(view => view.host.name)).toEqual(['web-one', 'web-2'])
  await fleet.dispose()
  expect(clock.pending).toBe(0)
})

it('a host that is to be removed has no session any more from that moment, so that nothing begins on it', async () => {
  const links: FakeLink[] = []
  const { fleet } = openFleet(links, [])
  const { id } = await fleet.add(draft({ name: 'web-1' }), {})
  expect(() => fleet.judgeRemoval(id)).not.toThrow()
  await fleet.add(draft({ name: 'behind', jump: id }), {})
  expect(() => fleet.judgeRemoval(id)).toThrow(/behind is reached through this host/)
  await expect(fleet.remove(id)).rejects.toMatchObject({ code: 'CONFLICT' })
  expect(fleet.peek(id)).not.toBeNull()
  await fleet.remove('behind')
  const removed = fleet.remove(id)
  expect(fleet.peek(id)).toBeNull()
  await removed
  expect(fleet.views()).toEqual([])
  await fleet.dispose()
})
