// Kills the whole engine 300 times while it alerts: no news is lost, none is told twice under two ids, and a kill costs at most one duplicate (semantics 19).
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CheckDraft } from '../../../src/shared/model/check.ts'
import { HostDraft } from '../../../src/shared/model/host.ts'
import { HookRecorder } from './hook-recorder.ts'
import { type EngineLife, KillableEngine } from './killable-engine.ts'
import { until } from './running-engine.ts'

const kills = 300
/** News of one host and channel is grouped over 10 s, so there are many. */
const hosts = 24
/** Watched at a time. */
const most = 36
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

let engine: KillableEngine
let hook: HookRecorder
let target: Server
/** What of the target is well: `/n` answers 200 instead of 500. */
const well = new Set<number>()
beforeAll(async () => {
  engine = await KillableEngine.build('alerts')
  hook = await HookRecorder.start()
  target = createServer((request, response) => {
    response.writeHead(well.has(Number(request.url?.slice(1))) ? 200 : 500).end()
  })
  await new Promise<void>(resolve => target.listen(0, '127.0.0.1', resolve))
}, 120_000)
afterAll(async () => {
  engine?.dispose()
  target?.closeAllConnections()
  target?.close()
  await hook?.[Symbol.asyncDispose]()
})

const hostDraft = (index: number): HostDraft =>
  HostDraft.parse({
    name: `h-${index}`,
    // refused at once: its checks look from here
    address: '127.0.0.1',
    port: 1,
    user: 'nobody',
    auth: { kind: 'password' },
    sudo: 'none',
    jump: null,
    userUnits: false,
  })

const checkDraft = (hostId: string, n: number): CheckDraft => ({
  hostId,
  type: 'http',
  name: `target-${n}.`,
  spec: { url: `http://127.0.0.1:${(target.address() as AddressInfo).port}/${n}` },
  unit: null,
  enabled: true,
  vantage: 'local',
  intervalSeconds: 1,
  timeoutSeconds: 5,
  failureThreshold: 1,
  recoveryThreshold: 1,
  forSeconds: 0,
  severity: 'critical',
  dependsOn: [],
  tags: [],
})

/** The hosts, without the checks that say that they cannot be reached, and the one channel. */
async function prepare({ client }: EngineLife): Promise<string[]> {
  const ids: string[] = []
  for (let index = 0; index < hosts; index++) {
    const host = await client.call('host.add', { draft: hostDraft(index), secrets: { password: 'secret' } })
    ids.push(host.id)
    for (const { check } of await client.call('check.list', { hostId: host.id })) {
      const { id, builtIn, createdAt, stored, ...known } = check
      await client.call('check.edit', { id, draft: { ...known, enabled: false }, secrets: {} })
    }
  }
  await client.call('channel.add', { draft: hook.draft(), secrets: {} })
  return ids
}

/** Which targets were told so, with the ids of the messages that said it. */
function heard(kind: string): Map<number, Set<string>> {
  const found = new Map<number, Set<string>>()
  for (const { id, items } of hook.messages)
    for (const item of items) {
      const n = Number(/target-(\d+)\./.exec(item.title)?.[1])
      if (item.kind === kind) found.set(n, (found.get(n) ?? new Set()).add(id))
    }
  return found
}

/** For each kill, the duplicates that followed from it: a message that came again after it. */
function duplicates(killedAt: readonly number[]): Map<number, number> {
  const last = new Map<string, number>()
  const found = new Map<number, number>()
  for (const { id, at } of hook.messages) {
    const before = last.get(id)
    last.set(id, at)
    if (before === undefined) continue
    const kill = killedAt.find(time => time >= before) ?? Number.POSITIVE_INFINITY
    expect(kill, 'a duplicate comes of a kill').toBeLessThanOrEqual(at)
    found.set(kill, (found.get(kill) ?? 0) + 1)
  }
  return found
}

it(`S19 loses no news over ${kills} kills while alerting, and repeats at most one message per kill`, async () => {
  let random = 4321
  const chance = (): number => {
    random = (random * 1_103_515_245 + 12_345) % 2_147_483_648
    return random / 2_147_483_648
  }
  // Late answers, so that many a kill falls between the arrival and its confirmation.
  hook.answer = () => ({ status: chance() < 0.01 ? 503 : 200, delayMs: chance() < 0.5 ? 0 : chance() * 200 })
  const killedAt: number[] = []
  /** Added for certain: the engine said so. */
  const added = new Set<number>()
  let next = 0
  let ids: string[] = []

  for (let round = 0; round < kills; round++) {
    // Every other one dies while it starts, or soon after.
    if (round % 2 === 1) {
      await engine.startAndKill(chance() * 800)
      killedAt.push(Date.now())
      continue
    }
    const life = await engine.start()
    if (round === 0) ids = await prepare(life)
    const { client } = life
    const views = await client.call('check.list', { hostId: null })
    const present = new Map(views.map(({ check }) => [Number(/target-(\d+)\./.exec(check.name)?.[1]), check.id]))
    const fired = heard('firing')
    const resolved = heard('resolved')
    for (const n of added)
      if (!resolved.has(n)) expect(present.has(n), `round ${round}: target ${n} is watched`).toBe(true)
    for (const n of fired.keys()) if (chance() < 0.4) well.add(n)
    const watched = [...present.keys()].filter(n => Number.isInteger(n) && !resolved.has(n)).length

    const work = async (): Promise<void> => {
      for (let count = 0; count < 2 && watched + count < most; count++) {
        const n = next++
        await client.call('check.add', { draft: checkDraft(ids[n % hosts] ?? '', n), secrets: {} })
        added.add(n)
      }
      for (const [n, id] of present) if (resolved.has(n)) await client.call('check.remove', id)
    }
    const working = Promise.allSettled([work()])
    await pause(20 + chance() * 700)
    life.kill()
    killedAt.push(Date.now())
    await life.gone
    await working
    client.dispose()
  }

  hook.answer = () => ({ status: 200, delayMs: 0 })
  const { client, kill, gone } = await engine.start()
  const missing = (kind: string) => [...added].filter(n => !heard(kind).has(n))
  await until(
    () => missing('firing').length === 0,
    60_000,
    () => `never told as firing: ${missing('firing')}`,
  )
  for (let n = 0; n < next; n++) well.add(n)
  await until(
    () => missing('resolved').length === 0,
    60_000,
    () => `never told as resolved: ${missing('resolved')}`,
  )
  const left = async () => (await client.call('channel.list', undefined)).reduce((sum, view) => sum + view.waiting, 0)
  await until(async () => (await left()) === 0, 60_000)
  kill()
  await gone
  client.dispose()

  // What was never acknowledged may be there or not; what is told is told as one thing under one id.
  for (const kind of ['firing', 'resolved'])
    for (const [n, messages] of heard(kind)) expect([n, ...messages], `${kind} of target ${n}`).toHaveLength(2)
  expect([...heard('resolved').keys()].sort()).toEqual([...heard('firing').keys()].sort())
  expect(new Set(hook.messages.flatMap(({ items }) => items.map(item => item.kind)))).toEqual(
    new Set(['firing', 'resolved']),
  )
  const repeated = duplicates(killedAt)
  expect(Math.max(0, ...repeated.values()), 'duplicates of one kill').toBeLessThanOrEqual(1)
  // Not vacuous: there was plenty of news, and kills did hit the moment of sending.
  expect(added.size).toBeGreaterThan(kills / 6)
  expect(repeated.size).toBeGreaterThan(0)

  const db = new Database(join(engine.directory, 'quarterdeck.db'), { readonly: true })
  expect(db.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }])
  const open = db.prepare(`SELECT count(*) AS count FROM incident WHERE state <> 'resolved'`).get()
  const unsent = db.prepare(`SELECT count(*) AS count FROM outbox WHERE state IN ('waiting', 'sending')`).get()
  db.close()
  expect([open, unsent]).toEqual([{ count: 0 }, { count: 0 }])
}, 1_500_000)
