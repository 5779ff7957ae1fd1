// Proves that what is offered for a host is what was found on it, now and here; what is worth offering is the domain's.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentLogger } from '../../../../src/engine/lib/log.ts'
import type { Discovery } from '../../../../src/engine/ports.ts'
import type { HostSession } from '../../../../src/engine/runtime/host-session.ts'
import { Proposals } from '../../../../src/engine/runtime/proposals.ts'
import type { Store } from '../../../../src/engine/store/store.ts'
import { createWorkplace, draft, type Workplace } from '../store/lib.ts'

let place: Workplace
let store: Store
beforeEach(() => {
  place = createWorkplace()
  store = place.open()
  store.hosts.insert({ ...draft({ name: 'web-1' }), id: 'web-1', kind: 'ssh', createdAt: 1 })
})
afterEach(() => place.dispose())

const sessionOf = (state: 'ready' | 'lost' = 'ready') =>
  ({
    host: { id: 'web-1' },
    link: { status: { state, generation: 1 } },
    units: { list: () => [], isOwn: () => false },
  }) as unknown as HostSession

const endpoint = (port: number): Discovery => ({ ports: [], endpoints: [{ port, path: '/health' }], units: [] })

it('R7 looks once in a while, and anew where another machine came under the same name', async () => {
  let asked = 0
  const proposals = new Proposals({
    store,
    clock: place.clock,
    log: silentLogger,
    discover: async () => endpoint(8_000 + asked++),
  })
  const urls = async (session: HostSession) =>
    (await proposals.list(session)).flatMap(({ draft: { spec } }) => spec.url ?? [])
  const session = sessionOf()
  expect(await urls(session)).toEqual(['http://127.0.0.1:8000/health'])
  expect(await urls(session)).toEqual(['http://127.0.0.1:8000/health'])
  expect(await urls(sessionOf())).toEqual(['http://127.0.0.1:8001/health'])
  place.clock.advance(121_000)
  expect(await urls(session)).toEqual(['http://127.0.0.1:8002/health'])
})

it('R7 R20 offers the default rules also where nothing could be found, and asks again then', async () => {
  let asked = 0
  const proposals = new Proposals({
    store,
    clock: place.clock,
    log: silentLogger,
    discover: async () => {
      asked++
      throw new Error('no rights')
    },
  })
  const session = sessionOf()
  for (let times = 0; times < 2; times++)
    expect((await proposals.list(session)).map(({ key }) => key)).toEqual(['host-resources', 'disk-space'])
  expect(asked).toBe(2)
  await proposals.list(sessionOf('lost'))
  expect(asked).toBe(2)
  proposals.dismiss('web-1', 'disk-space')
  expect((await proposals.list(session)).map(({ key }) => key)).toEqual(['host-resources'])
})
