// Proves what happens while a host is out of sight: no phantom failures, gaps filled and marked, actions reconciled and never resent.
import { beforeEach, expect, it } from 'vitest'
import { sharedHost } from '../lib/vitest.ts'
import { RunningEngine, until } from './running-engine.ts'

const host = sharedHost({ suite: 'bookworm' })
const bot = '[Service]\nExecStart=/bin/sleep infinity\n'

// what one test cut must not be cut for the next
beforeEach(() => host().restoreLink())

it('fills the gap of a lost link from the journal, marks it, and tells of what is still broken', async () => {
  const mine = ['steady.service', 'crasher.service', 'bouncer.service']
  for (const name of mine) await host().writeFile(`/etc/systemd/system/${name}`, bot)
  await host().exec('systemctl daemon-reload && systemctl restart steady crasher bouncer')
  await using app = await RunningEngine.start()
  const { id } = await app.add(host())
  await app.ready(id)
  await until(() => app.client.call('metric.latest', id))

  await host().cutLink()
  await app.view(id, view => view.connection.state !== 'ready')
  await host().killUnit('crasher.service')
  await host().exec('systemctl restart bouncer.service')
  // the host may still be on its way up and have its own comings and goings; of these three nothing is made up
  expect(app.transitions.filter(item => mine.includes(item.name))).toEqual([])
  expect(app.notifications).toEqual([])
  await host().restoreLink()
  await app.view(id, view => view.connection.state === 'ready', 60_000)

  const history = await until(async () => {
    const items = await app.client.call('unit.history', { hostId: id, scope: 'system', name: 'crasher.service' })
    return items.some(item => item.toState === 'failed') ? items : null
  })
  expect(history.filter(item => item.toState === 'failed')).toEqual([expect.objectContaining({ reconstructed: true })])
  const bounced = await until(async () => {
    const items = await app.client.call('unit.history', { hostId: id, scope: 'system', name: 'bouncer.service' })
    return items.length > 0 ? items : null
  })
  expect(bounced.every(item => item.reconstructed)).toBe(true)
  expect(bounced.some(item => item.toState === 'active')).toBe(true)
  const steady = await app.client.call('unit.history', { hostId: id, scope: 'system', name: 'steady.service' })
  expect(steady).toEqual([])
  const gaps = await until(async () => {
    const found = await app.client.call('metric.gaps', { hostId: id, from: 0, to: Date.now() + 60_000 })
    return found.some(gap => gap.to !== null) ? found : null
  })
  expect(gaps).toEqual([expect.objectContaining({ cause: 'link', filled: true, to: expect.any(Number) })])
  await until(() => app.notifications.some(item => item.title.startsWith('crasher failed')))
  expect(app.notifications.filter(item => !item.title.startsWith('crasher'))).toEqual([])
})

it('S7 an action whose link is lost is reconciled by its InvocationID and never sent again', async () => {
  // restarting takes 3 s, time enough to lose the link in the middle
  await host().writeFile(
    '/etc/systemd/system/slow.service',
    `[Service]\nExecStartPre=/bin/sleep 3\nExecStart=/bin/sleep infinity\n`,
  )
  await host().exec('systemctl daemon-reload && systemctl restart slow')
  const before = await host().property('slow.service', 'InvocationID')
  await using app = await RunningEngine.start()
  const { id } = await app.add(host())
  await app.ready(id)
  const run = await app.client.call('action.run', {
    hostId: id,
    scope: 'system',
    name: 'slow.service',
    verb: 'restart',
  })
  await until(async () => (await host().property('slow.service', 'InvocationID')) !== before)
  const invocation = await host().property('slow.service', 'InvocationID')
  await host().cutLink()
  await app.view(id, view => view.connection.state !== 'ready')
  const waiting = await app.client.call('action.get', run.id)
  expect(waiting.outcome).toBe('running')
  expect(waiting.evidence[0]?.text).toContain('connection was lost')
  await host().restoreLink()
  const ended = await app.ended(run.id, 90_000)
  expect(ended, JSON.stringify(ended)).toMatchObject({ outcome: 'verified', invocationAfter: invocation })
  expect(await host().property('slow.service', 'InvocationID')).toBe(invocation)
})

it('fills the time in which the engine itself did not run', async () => {
  await host().exec('systemctl restart crasher')
  const first = await RunningEngine.start()
  const { id } = await first.add(host())
  await first.ready(id)
  await until(() => first.client.call('metric.latest', id))
  const { directory } = first
  first.client.dispose()
  await first.engine.dispose()
  await new Promise(resolve => setTimeout(resolve, 2_500))
  await host().killUnit('crasher.service')
  await using second = await RunningEngine.start({ directory })
  await second.ready(id)
  const history = await until(async () => {
    const items = await second.client.call('unit.history', { hostId: id, scope: 'system', name: 'crasher.service' })
    return items.find(item => item.toState === 'failed') ?? null
  })
  expect(history.reconstructed).toBe(true)
  const gaps = await until(async () => {
    const found = await second.client.call('metric.gaps', { hostId: id, from: 0, to: Date.now() + 60_000 })
    return found.find(gap => gap.to !== null) ?? null
  })
  expect(gaps).toMatchObject({ cause: 'not-running', filled: true })
})
