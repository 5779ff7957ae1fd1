// Kills the whole engine 300 times while it alerts and mends: no news is lost or told under two ids, a kill costs at most one duplicate (semantics 19), and
// by the hosts' own journals no budget of restarts is exceeded and no attempt is sent twice (semantics 22, 23).
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { HostDraft } from '../../../src/shared/model/host.ts'
import { bootHost } from '../lib/index.ts'
import { FailingUnits, holdsBudget } from './failing-units.ts'
import { HookRecorder } from './hook-recorder.ts'
import { duplicates, HttpTargets, heard, targetIn } from './http-targets.ts'
import { type EngineLife, KillableEngine } from './killable-engine.ts'
import { until } from './running-engine.ts'

const kills = 300
/** News of one host and channel is grouped over 10 s, so there are many. */
const hosts = 24
/** Watched at a time. */
const most = 36
/** So long after a restart began its engine dies, one after the other: before it is sent, while it is under way, while it is looked at. */
const moments = [0, 10, 30, 80, 200, 500, 1_200, 2_500]
/** A life in so many waits for a restart to begin. */
const restartEach = 28
/** In so many lives one waits until a restart is looked at, and dies; and a later one until it is proven, which takes ten seconds. */
const proofEach = 150
const late = 'late.service'
const cut = 'Quarterdeck ended in the middle of it; it is not sent again'
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

let engine: KillableEngine
let hook: HookRecorder
let targets: HttpTargets
/** One by one on each host: those that never work would wait for those that are watched for long. */
let loops: FailingUnits
let sound: FailingUnits
beforeAll(async () => {
  engine = await KillableEngine.build('alerts')
  hook = await HookRecorder.start()
  targets = await HttpTargets.start()
  const [one, other] = await Promise.all([bootHost({ suite: 'bookworm' }), bootHost({ suite: 'bookworm' })])
  loops = new FailingUnits(
    one,
    [3, 3, 3, 3, 3, 3, 2, 2, 1, 1].map((budget, at) => [
      `loop-${at}.service`,
      at % 2 === 0 ? 'hopeless' : 'slow',
      budget,
    ]),
  )
  sound = new FailingUnits(other, [
    ['mend-0.service', 'sound', 3],
    ['mend-1.service', 'sound', 3],
    [late, 'sound', 1],
  ])
}, 600_000)
afterAll(async () => {
  engine?.dispose()
  await targets?.[Symbol.asyncDispose]()
  await hook?.[Symbol.asyncDispose]()
  await loops?.host.dispose()
  await sound?.host.dispose()
}, 60_000)

const hostDraft = (index: number): HostDraft =>
  HostDraft.parse({
    name: `h-${index}`,
    // refused at once: its checks look from here
    ...{ address: '127.0.0.1', port: 1, user: 'nobody', auth: { kind: 'password' } },
    ...{ sudo: 'none', jump: null, userUnits: false },
  })

/** The hosts, those that cannot be reached without the checks that say so, the rules, and the one channel. */
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
  await loops.watchBy(client)
  await loops.start()
  await sound.watchBy(client)
  await sound.start(sound.names.filter(name => name !== late))
  await sound.host.killUnit('mend-0.service')
  return ids
}

const rules = ({ client }: EngineLife) => client.call('recovery.list', { hostId: null })

type Moment = 'restart' | 'look' | 'proof'

/** Resolves when in this life a restart begins, is over and looked at, or is proven; or when there is none to come. */
async function mending(life: EngineLife, what: Moment): Promise<void> {
  const begun = Date.now()
  let seen = false
  life.client.on('recovery.changed', ({ policy: { name }, phase, last }) => {
    if (what === 'restart') seen ||= phase === 'act'
    else if (what === 'look') seen ||= phase === 'verify' && sound.names.includes(name)
    else seen ||= last?.outcome === 'verified' && (last.finishedAt ?? 0) > begun
  })
  const left = (await rules(life)).some(({ phase, last, attemptsLeftInWindow }) => {
    return last?.outcome === 'running' || (phase !== 'escalated' && attemptsLeftInWindow > 0)
  })
  // on a slow machine a life may end before it comes to that, which is as well
  if (left) await until(() => seen, what === 'proof' ? 20_000 : 12_000).catch(() => undefined)
}

it(`S19 S22 loses no news over ${kills} kills while alerting and mending, and restarts nothing beyond its budget`, async () => {
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
    const present = new Map(views.map(({ check }) => [targetIn(check.name), check.id]))
    const fired = heard(hook, 'firing')
    const resolved = heard(hook, 'resolved')
    for (const n of added)
      if (!resolved.has(n)) expect(present.has(n), `round ${round}: target ${n} is watched`).toBe(true)
    for (const n of fired.keys()) if (chance() < 0.4) targets.well.add(n)
    const watched = [...present.keys()].filter(n => n !== null && !resolved.has(n)).length

    const work = async (): Promise<void> => {
      for (let count = 0; count < 2 && watched + count < most; count++) {
        const n = next++
        await client.call('check.add', { draft: targets.draft(ids[n % hosts] ?? '', n), secrets: {} })
        added.add(n)
      }
      for (const [n, id] of present) if (n !== null && resolved.has(n)) await client.call('check.remove', id)
      // who takes note of one that was given up gives it no more than its budget
      const given = (await rules(life)).find(
        ({ policy, phase }) => policy.name === loops.names[0] && phase === 'escalated',
      )
      if (given?.incidentId) await client.call('incident.acknowledge', given.incidentId)
    }
    const working = Promise.allSettled([work()])
    if (round % proofEach === 50) {
      await mending(life, 'proof')
      // the next one
      const unit = sound.names[((round - 50) / proofEach) % 2 === 0 ? 1 : 0] ?? ''
      if (await sound.host.pid(unit)) await sound.host.killUnit(unit)
    } else if (round % proofEach === 30) await mending(life, 'look')
    else if (round % restartEach === 0) {
      await mending(life, 'restart')
      await pause(moments[(round / restartEach) % moments.length] ?? 0)
    } else await pause(20 + chance() * 700)
    life.kill()
    killedAt.push(Date.now())
    await life.gone
    await working
    client.dispose()
  }

  hook.answer = () => ({ status: 200, delayMs: 0 })
  const life = await engine.start()
  const { client, kill, gone } = life
  await sound.start([late])
  await sound.host.killUnit(late)
  const missing = (kind: string) => [...added].filter(n => !heard(hook, kind).has(n))
  await until(
    () => missing('firing').length === 0,
    60_000,
    () => `never told as firing: ${missing('firing')}`,
  )
  for (let n = 0; n < next; n++) targets.well.add(n)
  await until(
    () => missing('resolved').length === 0,
    60_000,
    () => `never told as resolved: ${missing('resolved')}`,
  )

  // The rules go on: what was cut comes to its end, what never works to the end of its budget, and what fails only now is mended.
  const spent = await until(
    async () => {
      const all = await rules(life)
      const over = all.every(({ policy: { name }, phase, last, attemptsLeftInWindow }) => {
        if (last === null || last.outcome === 'running') return false
        if (phase === 'escalated' || (phase === 'idle' && sound.names.includes(name))) return true
        // of one that somebody took note of nothing is told again, nor of what works with its last attempt
        return attemptsLeftInWindow === 0 && (sound.names.includes(name) || name === loops.names[0])
      })
      return over ? all : null
    },
    180_000,
    async () => JSON.stringify(await rules(life)),
  )
  const left = async () => (await client.call('channel.list', undefined)).reduce((sum, view) => sum + view.waiting, 0)
  await until(async () => (await left()) === 0, 60_000)
  const attempts = await Promise.all(
    spent.map(({ policy: { hostId, scope, name } }) =>
      client.call('recovery.attempts', { hostId, scope, name, limit: 200 }),
    ),
  )
  kill()
  await gone
  client.dispose()

  // What was never acknowledged may be there or not; what is told is told as one thing under one id.
  for (const kind of ['firing', 'resolved'])
    for (const [n, messages] of heard(hook, kind)) expect([n, ...messages], `${kind} of target ${n}`).toHaveLength(2)
  expect([...heard(hook, 'resolved').keys()].sort()).toEqual([...heard(hook, 'firing').keys()].sort())
  const items = hook.messages.flatMap(each => each.items.map(item => ({ ...item, id: each.id })))
  const kinds = items.filter(({ title }) => targetIn(title) !== null).map(({ kind }) => kind)
  expect(new Set(kinds)).toEqual(new Set(['firing', 'resolved']))
  const repeated = duplicates(hook, killedAt)
  expect(repeated.has(Number.POSITIVE_INFINITY), 'duplicates without a kill').toBe(false)
  expect(Math.max(0, ...repeated.values()), 'duplicates of one kill').toBeLessThanOrEqual(1)
  // Not vacuous: there was plenty of news, and kills did hit the moment of sending.
  expect(added.size).toBeGreaterThan(kills / 6)
  expect(repeated.size).toBeGreaterThan(0)

  const mended = new Map([...(await loops.mended()), ...(await sound.mended())])
  for (const [at, { policy }] of spent.entries())
    holdsBudget(policy.name, policy.attemptsPerTenMinutes, mended.get(policy.name) ?? [], attempts[at] ?? [])
  const all = attempts.flat()
  // each that was cut has its end, by what is seen on the host
  const cutShort = all.filter(({ evidence }) => evidence.some(({ text }) => text === cut))
  const ends = new Set(cutShort.map(({ outcome }) => outcome))
  expect(ends).toContain('verified')
  expect(ends.size).toBeGreaterThanOrEqual(2)
  for (const end of ends) expect(['verified', 'failed', 'lost']).toContain(end)
  expect(cutShort.length).toBeGreaterThanOrEqual(6)
  expect([...mended.values()].flat().length).toBeGreaterThanOrEqual(10)
  expect(all.find(({ name }) => name === late)).toMatchObject({ outcome: 'verified' })
  for (const { phase, incidentId, policy } of spent.filter(each => each.phase === 'escalated')) {
    const told = items.filter(({ kind, incidentId: of }) => kind === 'escalated' && of === incidentId)
    expect(new Set(told.map(({ id }) => id)).size, `${policy.name} is ${phase}`).toBe(1)
  }

  const db = new Database(join(engine.directory, 'quarterdeck.db'), { readonly: true })
  expect(db.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }])
  const count = (what: string) => db.prepare(`SELECT count(*) FROM ${what} LIKE 'h-%'`).pluck().get()
  expect(count(`incident WHERE state <> 'resolved' AND host_name`)).toBe(0)
  expect(count(`outbox WHERE state IN ('waiting', 'sending') AND json_extract(news, '$.hostName')`)).toBe(0)
  db.close()
}, 1_800_000)
