// Cached answers follow the engine's events, and the engine's restart loses neither listeners nor questions.
import { expect, test } from 'vitest'
import { z } from 'zod'
import { linePath } from '../../../src/renderer/components/sparkline.tsx'
import { keepIncidentsLive, mostActive } from '../../../src/renderer/data/incidents.ts'
import { keepLive, mergeUnits, putHost } from '../../../src/renderer/data/live.ts'
import { createQueryClient } from '../../../src/renderer/data/query-client.ts'
import { callKey } from '../../../src/renderer/data/remotes.tsx'
import { createRemote } from '../../../src/renderer/engine.ts'
import { putEntry } from '../../../src/renderer/views/activity/use-audit.ts'
import { findUnits, rank } from '../../../src/renderer/views/palette/palette-search.ts'
import { command, event, query } from '../../../src/shared/contract/define.ts'
import { engineContract } from '../../../src/shared/contract/engine.ts'
import { connect } from '../../../src/shared/rpc/client.ts'
import { type Port, portPair } from '../../../src/shared/rpc/port.ts'
import { serve } from '../../../src/shared/rpc/server.ts'
import { createWorld } from '../../fakes/demo/world.ts'

const contract = { ask: query(z.number(), z.number()), act: command(z.void(), z.void()), told: event(z.string()) }

function restartable() {
  let onPort: (port: Port) => void = () => {}
  const remote = createRemote({ contract, connect }, listener => {
    onPort = listener
    return () => {}
  })
  const start = () => {
    const [near, far] = portPair()
    const server = serve(contract, far, { ask: input => input * 2, act: () => {} })
    onPort(near)
    return server
  }
  return { remote, start }
}

const closed = (remote: { onConnection(listener: (connected: boolean) => void): () => void }): Promise<void> =>
  new Promise(resolve => {
    const stop = remote.onConnection(connected => {
      if (connected) return
      stop()
      resolve()
    })
  })

test('a question asked before the engine is there, or while it restarts, waits and is answered', async () => {
  const { remote, start } = restartable()
  const early = remote.call('ask', 21)
  const first = start()
  expect(await early).toBe(42)
  const ended = closed(remote)
  first.dispose()
  await ended
  expect(remote.connected).toBe(false)
  const meanwhile = remote.call('ask', 4)
  start()
  expect(await meanwhile).toBe(8)
})

test('ports that come before the contract is loaded are used in their order, and the last one stays', async () => {
  let load: (wire: { contract: typeof contract; connect: typeof connect }) => void = () => {}
  const wire = new Promise<{ contract: typeof contract; connect: typeof connect }>(resolve => {
    load = resolve
  })
  let onPort: (port: Port) => void = () => {}
  const remote = createRemote(wire, listener => {
    onPort = listener
  })
  const answer = remote.call('ask', 3)
  const [lost, lostFar] = portPair()
  serve(contract, lostFar, { ask: () => -1, act: () => {} })
  onPort(lost)
  lost.close()
  const [near, far] = portPair()
  serve(contract, far, { ask: input => input * 2, act: () => {} })
  onPort(near)
  load({ contract, connect })
  expect(await answer).toBe(6)
  expect(remote.connected).toBe(true)
})

test('a command while the engine is away fails at once, so that nothing happens later by surprise', async () => {
  const { remote, start } = restartable()
  const first = start()
  await remote.call('act', undefined)
  const ended = closed(remote)
  first.dispose()
  await ended
  await expect(remote.call('act', undefined)).rejects.toMatchObject({ code: 'ENGINE_GONE' })
})

test('who listens to an event still hears it after a restart, and once', async () => {
  const { remote, start } = restartable()
  const heard: string[] = []
  remote.on('told', text => heard.push(text))
  const first = start()
  first.emit('told', 'one')
  await remote.call('ask', 1)
  const ended = closed(remote)
  first.dispose()
  await ended
  start().emit('told', 'two')
  await remote.call('ask', 1)
  expect(heard).toEqual(['one', 'two'])
})

test('events of the engine change the cached answers', async () => {
  const world = createWorld('filled')
  const views = [...world.hosts.values()]
  const client = createQueryClient()
  let onPort: (port: Port) => void = () => {}
  const remote = createRemote({ contract: engineContract, connect }, listener => {
    onPort = listener
    return () => {}
  })
  const stop = keepLive(remote, client)
  client.setQueryData(callKey('host.list', undefined), views)
  const [near, far] = portPair()
  const server = serve(engineContract, far, { 'host.list': () => views } as never)
  onPort(near)
  const first = views[0]
  if (!first) throw new Error('no host')
  server.emit('host.changed', { ...first, uptimeSeconds: 7 })
  server.emit('host.removed', 'mail')
  await remote.call('host.list', undefined)
  const list = client.getQueryData<typeof views>(callKey('host.list', undefined))
  expect(list?.find(view => view.host.id === first.host.id)?.uptimeSeconds).toBe(7)
  expect(list?.some(view => view.host.id === 'mail')).toBe(false)
  stop()
  server.dispose()
})

test('a list of incidents that could not be read again stays so, whatever an event adds to it', async () => {
  const [known, news] = [...createWorld('filled').stories.values()]
    .map(({ incident }) => incident)
    .filter(({ state }) => state !== 'resolved')
  if (!known || !news) throw new Error('no incidents')
  const client = createQueryClient()
  let told: (incident: typeof news) => void = () => {}
  const engine = {
    on: (name: string, listener: typeof told) => {
      if (name === 'incident.changed') told = listener
      return () => {}
    },
  }
  keepIncidentsLive(engine as never, client)
  const queryKey = callKey('incident.list', { state: 'active', limit: mostActive })
  client.setQueryData(queryKey, [known])
  await client.fetchQuery({ queryKey, queryFn: () => Promise.reject(new Error('no')), staleTime: 0 }).catch(() => {})
  told(news)
  expect(client.getQueryState(queryKey)).toMatchObject({ status: 'error', data: [news, known] })
  client.setQueryData(queryKey, [])
  told(news)
  expect(client.getQueryState(queryKey)).toMatchObject({ status: 'success', data: [news] })
})

test('changed, new and gone units are merged in one pass', () => {
  const units = createWorld('filled').units.get('web-1') ?? []
  const [first, second] = units
  if (!first || !second) throw new Error('no units')
  const fresh = { ...first, name: 'fresh.service' }
  const next = mergeUnits(
    units,
    new Map([
      [`system/${first.name}`, { ...first, activeState: 'failed' }],
      [`system/${second.name}`, null],
      ['system/fresh.service', fresh],
    ]),
  )
  expect(next).toHaveLength(units.length)
  expect(next[0]?.activeState).toBe('failed')
  expect(next.some(unit => unit.name === second.name)).toBe(false)
  expect(next.at(-1)).toEqual(fresh)
})

test('a new host is appended, a known one keeps its place', () => {
  const views = [...createWorld('filled').hosts.values()]
  const [first] = views
  if (!first) throw new Error('no host')
  expect(putHost(views, { ...first, uptimeSeconds: 1 })[0]?.uptimeSeconds).toBe(1)
  expect(putHost(views.slice(1), first).at(-1)).toEqual(first)
})

test('an entry of the audit log is replaced where it stands, a new one goes to the top', () => {
  const [a, b, c] = createWorld('filled').audit
  if (!a || !b || !c) throw new Error('no audit')
  expect(putEntry([[b], [c]], a)).toEqual([[a, b], [c]])
  expect(putEntry([[a, b], [c]], { ...c, outcome: 'lost' })[1]?.[0]?.outcome).toBe('lost')
})

test('the palette puts the start of a name first, and what failed before its equals', () => {
  const units = [...createWorld('filled').units.values()].flat()
  expect(findUnits(units, '', 5)).toEqual([])
  expect(findUnits(units, 'webhook', 5)[0]).toMatchObject({ name: 'webhook-bot.service', hostId: 'web-1' })
  expect(rank('nginx.service', 'ginx')).toBe(1)
  expect(rank('trading-bot.service', 'bot trad')).toBe(2)
  expect(rank('nginx.service', 'apache')).toBe(0)
})

test('a gap in a course stays a gap', () => {
  expect(linePath([0, 100, null, 100], 100)).toBe('M0.0 22.5L33.3 1.5M100.0 1.5h0.01')
  expect(linePath([], 100)).toBe('')
})
