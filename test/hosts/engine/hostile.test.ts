// Proves on a whole engine that a host that lies, floods and stalls costs bounded memory and does not slow the host beside it (semantics 36).
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { HostView } from '../../../src/shared/model/host.ts'
import { JournalPage } from '../../../src/shared/model/journal.ts'
import { Unit } from '../../../src/shared/model/unit.ts'
import { claimedUnits, journalEntries, journals, startHostileHost } from '../../fakes/hostile-host.ts'
import { sharedHost } from '../lib/vitest.ts'
import { RunningEngine, until } from './running-engine.ts'

const host = sharedHost()
const unit = 'bystander.service'
/** Of this process, which holds the engine, a window's end and this test; and of that what is still held when all is over. */
const mostGrowth = 400 * 1024 * 1024
const mostKept = 96 * 1024 * 1024
/** The pace of a host that is looked at, and how late one sample may be on a machine that does other things too. */
const paceMs = 2_000
const mostLateMs = 3_000

/** Memory in use once what nobody needs is gone. */
function kept(): number {
  setFlagsFromString('--expose_gc')
  runInNewContext('gc')()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

test('S36 a hostile host costs bounded memory and itself alone', { timeout: 120_000 }, async () => {
  await host().installUnit(unit, '[Service]\nExecStart=/bin/sleep infinity\nRestart=on-failure\nRestartSec=300\n')
  await host().exec(['systemctl', 'start', unit])
  await using hostile = await startHostileHost()
  await using app = await RunningEngine.start()
  const { client } = app
  const good = await app.add(host())
  await app.ready(good.id)
  await client.call('host.watch', good.id)
  const sampledAt: number[] = []
  client.on('metric.sample', sample => {
    if (sample.hostId === good.id) sampledAt.push(performance.now())
  })
  const unready: string[] = []
  client.on('host.changed', ({ host: { id }, connection }) => {
    if (id === good.id && connection.state !== 'ready') unready.push(connection.state)
  })
  await until(() => sampledAt.length >= 3)
  const keptBefore = kept()
  const before = process.memoryUsage().rss
  let most = before
  const watching = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss)
  }, 50)

  const address = { address: '127.0.0.1', port: hostile.port }
  await client.call('host.trustKey', { ...address, key: hostile.key })
  const from = performance.now()
  const { id } = await client.call('host.add', {
    draft: {
      ...address,
      name: 'hostile',
      user: 'anyone',
      auth: { kind: 'password' },
      sudo: 'none',
      jump: null,
      userUnits: false,
    },
    secrets: { password: 'let me in' },
  })

  // By bus and bridge it cannot be watched, by systemctl in part: it is told which part is missing, and what to do.
  const view = await app.view(id, ({ problems }) => problems.some(({ error }) => error.code === 'OUTPUT_LIMIT'), 45_000)
  expect(HostView.parse(view).problems).toContainEqual({
    area: 'units',
    error: expect.objectContaining({ code: 'OUTPUT_LIMIT', hint: expect.any(String) }),
  })
  expect(view.facts).toMatchObject({ unitSource: expect.any(String), machineId: null, bootId: null, cpus: null })
  const units = z.array(Unit).parse(await client.call('unit.list', id))
  expect(units.length).toBeGreaterThan(1_000)
  expect(units.length).toBeLessThan(claimedUnits / 2)
  // A bad name costs that unit; its neighbours are all there, in order, with bounded texts.
  const numbers = units.map(({ name }) => Number(/^unit-(\d+)\.service$/.exec(name)?.[1]))
  expect(numbers).toEqual(numbers.map((_, index) => Math.floor(index / 9) * 10 + (index % 9)))
  expect(Math.max(...units.map(({ description }) => description.length))).toBeLessThanOrEqual(512)
  expect(units[1]).toMatchObject({ description: 'A service', mainPid: 2, since: null, invocationId: null })

  // An ordinary page: each entry is there, whatever its bytes were.
  const page = JournalPage.parse(await client.call('journal.page', { hostId: id, limit: 1_000 }))
  expect(page.entries).toHaveLength(journalEntries)
  for (const entry of page.entries) {
    expect(entry.priority).toBeLessThanOrEqual(7)
    expect(entry.message).toContain('\ufffd')
  }
  await expect(client.call('journal.page', { hostId: id, units: [journals.garbage] })).rejects.toMatchObject({
    code: 'PROTOCOL',
  })
  const flooded = JournalPage.parse(await client.call('journal.page', { hostId: id, units: [journals.flood] }))
  expect(flooded).toMatchObject({ more: true })
  expect(flooded.entries).toHaveLength(500)

  // Someone follows a flood and does not keep up, someone waits for a line and a journal that never end; meanwhile a bot dies elsewhere.
  const leave = new AbortController()
  const flood = client
    .stream('journal.follow', { filters: [{ hostId: id, units: [journals.flood] }] }, { signal: leave.signal })
    [Symbol.asyncIterator]()
  expect((await flood.next()).done).toBe(false)
  const waiting = [journals.endlessLine, journals.neverCloses].map(name =>
    client.call('journal.page', { hostId: id, units: [name] }, leave.signal).then(
      () => 'answered',
      error => error.code as string,
    ),
  )
  await sleep(3_000)
  await host().killUnit(unit)
  const killedAt = performance.now()
  await until(() => app.transitions.find(({ hostId, name }) => hostId === good.id && name === unit))
  expect(performance.now() - killedAt).toBeLessThan(2_000)
  await until(() => app.notifications.find(({ title }) => title.startsWith('bystander failed')))
  await sleep(5_000)
  leave.abort()
  for (const outcome of await Promise.all(waiting)) expect(['CANCELLED', 'PROTOCOL', 'TIMEOUT']).toContain(outcome)
  clearInterval(watching)

  // All the while, the good host was as before.
  const during = sampledAt.filter(at => at >= from)
  const pauses = during.map((at, index) => at - (index === 0 ? from : (during[index - 1] ?? at)))
  const elapsed = performance.now() - from
  expect(Math.max(...pauses)).toBeLessThan(paceMs + mostLateMs)
  expect(during.length).toBeGreaterThan((elapsed / paceMs) * 0.7)
  expect(unready).toEqual([])
  expect(most - before).toBeLessThan(mostGrowth)
  expect(kept() - keptBefore).toBeLessThan(mostKept)
  for (const question of ['bus', 'bridge', 'units', 'metrics', 'journal'])
    expect(hostile.asked().get(question), question).toBeGreaterThan(0)
})
