// A restore step by step, killed and cut off at each of them: what is in place is all old or all new, and nothing is left beside it.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { afterKill } from '../../../../src/engine/domain/restore-state.ts'
import { placeOf } from '../../../../src/engine/runtime/restore-plan.ts'
import type { StoredRestore } from '../../../../src/engine/runtime/restore-record.ts'
import { stoppedFor } from '../../../../src/engine/runtime/stopped-units.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import { AuditQuery } from '../../../../src/shared/model/audit.ts'
import type { RestoreRun } from '../../../../src/shared/model/restore.ts'
import type { SnapshotPart } from '../../../../src/shared/model/snapshot.ts'
import { BackupRig, BackupWorld, unit } from './backup-rig.ts'

let world: BackupWorld
let rig: BackupRig
let backupId: string
let old: string
beforeEach(async () => {
  world = new BackupWorld()
  world.files.set('/srv/two.db', 'one')
  rig = await BackupRig.start(world)
  const sources = ['app', 'two'].map(key => ({ key, type: 'memory', spec: { path: `/srv/${key}.db` } }))
  backupId = rig.add({ unit, sources }).id
  await rig.run(backupId)
  old = rig.backups.snapshots.list(backupId)[0]?.id ?? ''
  world.files.set('/srv/app.db', 'two')
  world.files.set('/srv/two.db', 'two')
  world.clock.advance(60_000)
})
afterEach(() => {
  rig.kill()
  world.dispose()
})

const inPlace = (): string => `${world.files.get('/srv/app.db')} ${world.files.get('/srv/two.db')}`
const beside = (): string[] => [...world.files.keys()].filter(path => path.includes('.db.staged'))
const steps = ({ steps }: RestoreRun): string[] => steps.map(({ step, outcome }) => `${step} ${outcome}`)
/** Lets work be done, with a little of time. */
const settled = async (): Promise<void> => {
  let left = 60
  await rig.until(() => left-- === 0)
}
const ended = (): Promise<RestoreRun> =>
  rig.until(() => rig.backups.restores.list(null).find(({ finishedAt }) => finishedAt !== null))

it('S32 backs up what is there, restores beside, checks, stops, swaps, starts, verifies, and keeps the old one until it is dropped', async () => {
  const run = await rig.restore(old)
  expect(run.outcome).toBe('restored')
  const all = ['back-up', 'stage', 'check', 'stop', 'swap', 'start', 'verify']
  expect(steps(run)).toEqual(all.map(step => `${step} done`))
  // only what the step's name does not say
  expect(run.steps.map(({ text }) => text).filter(Boolean)).toEqual([unit.name, unit.name])
  expect(inPlace()).toBe('one one')
  expect(world.acts).toEqual(['stop', 'start'])
  const before = rig.backups.snapshots.get(run.before ?? '')
  expect(before).toMatchObject({ state: 'good', manifest: { reason: 'before-restore' } })
  expect(run.kept.map(({ place }) => world.files.get(place))).toEqual(['two', 'two'])
  expect(await rig.backups.restores.dropOld(run.id)).toMatchObject({ kept: [] })
  expect([...world.files.keys()]).toEqual(['/srv/app.db', '/srv/two.db'])
  // and back again, from what was taken before it
  expect(await rig.restore(run.before ?? '')).toMatchObject({ outcome: 'restored' })
  expect(inPlace()).toBe('two two')
})

it('S32 backs up what it is about to replace, also where the source of that name is another by now', async () => {
  const { backup } = rig.backups.stored(backupId)
  const [app, two] = backup.sources
  if (!app || !two) throw new Error('there are two')
  world.files.set('/srv/other.db', 'other')
  rig.backups.edit(backupId, { ...backup, sources: [{ ...app, spec: { path: '/srv/other.db' } }, two] }, {})
  const run = await rig.restore(old)
  expect(run.outcome).toBe('restored')
  const { manifest } = rig.backups.snapshots.get(run.before ?? '')
  expect(manifest.parts.map(({ spec }) => spec.path)).toEqual(['/srv/app.db', '/srv/two.db'])
})

it('S32 wants the words typed, and refuses another machine or source unless a person insists', async () => {
  const draft = {
    snapshotId: old,
    parts: [],
    to: { kind: 'in-place' as const },
    despiteIdentity: false,
    despiteDamage: false,
  }
  const { signal } = new AbortController()
  await expect(rig.backups.restores.start(draft, 'web-1', 'person', signal)).rejects.toThrow('Type web-1/App')
  world.identity = 'inode 8'
  await expect(rig.restore(old)).rejects.toMatchObject({ code: 'IDENTITY_DIFFERS' })
  expect(await rig.backups.restores.plan(draft, signal)).toMatchObject({ parts: [{ sameIdentity: false }, {}] })
  world.identity = 'inode 7'
  world.hostKey = 'SHA256:another'
  await expect(rig.restore(old)).rejects.toMatchObject({ code: 'IDENTITY_DIFFERS' })
  expect(inPlace()).toBe('two two')
  expect(await rig.restore(old, { despiteIdentity: true })).toMatchObject({ outcome: 'restored' })
})

it('shows what differs before it is done', async () => {
  world.files.set('/srv/app.db', 'longer')
  const draft = {
    snapshotId: old,
    parts: ['app'],
    to: { kind: 'in-place' as const },
    despiteIdentity: false,
    despiteDamage: false,
  }
  const plan = await rig.backups.restores.plan(draft, new AbortController().signal)
  expect(plan).toMatchObject({ confirm: 'web-1/App', unit, problems: [] })
  expect(plan.parts).toMatchObject([
    { key: 'app', thenBytes: 3, nowBytes: 6, tables: [{ name: 'rows', rowsNow: 6, rowsThen: 3, schema: 'unknown' }] },
  ])
})

it('S32 a service that does not start gets its old data back', async () => {
  let starts = 0
  world.onAct = verb => (verb === 'start' && ++starts === 1 ? 'failed' : 'verified')
  const run = await rig.restore(old)
  expect(run).toMatchObject({ outcome: 'rolled-back', kept: [] })
  expect(inPlace()).toBe('two two')
  expect(world.up).toBe(true)
})

it('S32 what is restored badly is thrown away before anything was stopped', async () => {
  world.bad = 'one'
  const run = await rig.restore(old)
  expect(run.outcome).toBe('failed')
  expect(inPlace()).toBe('two two')
  expect(world.acts).toEqual([])
  expect(beside()).toEqual([])
})

it('S32 nothing is replaced where there is no good backup of it', async () => {
  world.onVerb = (name, when) => {
    if (name === 'dump' && when === 'before') throw new AppError('DISK_FULL', 'The disk is full')
  }
  const run = await rig.restore(old)
  expect(run).toMatchObject({ outcome: 'failed', before: null })
  expect(inPlace()).toBe('two two')
})

it('S32 what is damaged as it is cannot be backed up well: only where a person insists it is kept beside, and replaced', async () => {
  world.files.set('/srv/app.db', 'broken')
  world.bad = 'broken'
  const refused = await rig.restore(old)
  expect(refused).toMatchObject({ outcome: 'failed', before: null, kept: [] })
  expect(refused.evidence.at(-1)?.text).toContain('insist')
  expect(inPlace()).toBe('broken two')
  const run = await rig.restore(old, { despiteDamage: true })
  expect(run).toMatchObject({ outcome: 'restored', before: null })
  expect(run.kept.map(({ place }) => world.files.get(place))).toContain('broken')
})

it('S32 nothing is replaced that no backup holds any more; it can be restored elsewhere', async () => {
  const { signal } = new AbortController()
  const draft = {
    snapshotId: old,
    parts: [],
    to: { kind: 'in-place' as const },
    despiteIdentity: false,
    despiteDamage: false,
  }
  const { backup } = rig.backups.stored(backupId)
  rig.backups.edit(backupId, { ...backup, sources: backup.sources.slice(0, 1) }, {})
  expect((await rig.backups.restores.plan(draft, signal)).problems).toEqual([
    expect.stringContaining('two is not part'),
  ])
  rig.backups.remove(backupId)
  expect((await rig.backups.restores.plan(draft, signal)).problems).toEqual([
    expect.stringContaining('not set up here'),
  ])
  const to = { kind: 'elsewhere' as const, hostId: 'web-1', place: '/tmp/there' }
  await rig.backups.restores.start({ ...draft, parts: ['app'], to }, 'web-1', 'person', signal)
  expect(await ended()).toMatchObject({ outcome: 'restored' })
  expect(world.files.get('/tmp/there')).toBe('one')
})

it('S32 a disk that fills up here in the middle stops nothing that was begun', async () => {
  const { backups } = rig.store
  const { updateJob } = backups
  world.onVerb = (name, when) => {
    if (name !== 'swap' || when !== 'before') return
    backups.updateJob = () => {
      throw new AppError('DISK_FULL', 'The disk of this computer is full')
    }
  }
  const draft = {
    snapshotId: old,
    parts: [],
    to: { kind: 'in-place' as const },
    despiteIdentity: false,
    despiteDamage: false,
  }
  await rig.backups.restores.start(draft, 'web-1/App', 'person', new AbortController().signal)
  await rig.until(() => world.acts.includes('start'))
  expect(inPlace()).toBe('one one')
  expect(world.up).toBe(true)
  // the next engine finds it as it was written down last, and comes to the same
  backups.updateJob = updateJob
  rig.kill()
  world.onVerb = () => {}
  rig = await BackupRig.start(world)
  expect(await ended()).toMatchObject({ outcome: 'restored' })
  expect(inPlace()).toBe('one one')
})

it('can be called off until the swap', async () => {
  world.onVerb = (name, when) => {
    const [run] = rig.backups.restores.list(null)
    if (name !== 'check' || when !== 'before' || !run) return
    expect(rig.backups.restores.underWay('web-1')).toMatchObject([{ id: run.id, reached: 'check' }])
    expect(rig.backups.restores.underWay('web-2')).toEqual([])
    rig.backups.restores.cancel(run.id)
  }
  expect(await rig.restore(old)).toMatchObject({ outcome: 'cancelled' })
  await rig.until(() => rig.backups.restores.underWay('web-1').length === 0)
  expect(inPlace()).toBe('two two')
  expect(beside()).toEqual([])
})

it('waits for what a person has under way on its service, and can be called off meanwhile', async () => {
  const { restores } = rig.backups
  let looks = 0
  world.under = () => (++looks > 30 ? null : 'start')
  expect(await rig.restore(old)).toMatchObject({ outcome: 'restored' })
  expect(looks).toBe(31)
  expect(inPlace()).toBe('one one')
  looks = 0
  world.under = () => {
    if (++looks === 5) restores.cancel(restores.list(null)[0]?.id ?? '')
    return 'start'
  }
  expect(await rig.restore(old)).toMatchObject({ outcome: 'cancelled' })
  expect(looks).toBeLessThan(10)
  // over two minutes are too long
  world.under = () => {
    world.clock.advance(1_000)
    return 'start'
  }
  const run = await rig.restore(old)
  expect(run.outcome).toBe('failed')
  expect(run.evidence.at(-1)?.text).toBe(
    `The start of ${unit.name} is still under way. Try again once it is over. What was there was not touched.`,
  )
  expect(world.acts).toEqual(['stop', 'start'])
})

it('S32 swaps nothing under a service that is on its way down, and leaves stopped what was stopped meanwhile', async () => {
  world.stopping = true
  let looks = 0
  world.under = () => {
    if (++looks === 20) Object.assign(world, { stopping: false, up: false })
    return null
  }
  const run = await rig.restore(old)
  expect(run.outcome).toBe('restored')
  expect(looks).toBeGreaterThanOrEqual(20)
  expect(steps(run)).toContain('stop skipped')
  expect(world.acts).toEqual([])
  expect(world.up).toBe(false)
})

it('S32 a service that carries its databases is started again, so that they can be swapped', async () => {
  world.byServer = true
  const gone = (): void => {
    if (!world.up) throw new AppError('UNREACHABLE', 'Is the server running, and at this address?')
  }
  world.onVerb = (name, when) => {
    if (when === 'before' && ['swap', 'stagedState', 'discard', 'look'].includes(name)) gone()
  }
  const run = await rig.restore(old)
  expect(run.outcome, JSON.stringify(run)).toBe('restored')
  expect(inPlace()).toBe('one one')
  expect(world.acts).toEqual(['stop', 'start'])
  const said = run.evidence.map(({ text }) => text)
  expect(said).toContain('Is the server running, and at this address? It is asked again until it answers')
  expect(said.filter(text => text.startsWith(`The databases are asked with ${unit.name} running`))).toHaveLength(1)
  // a step that is tried again stands once
  expect(steps(run)).toEqual(
    ['back-up', 'stage', 'check', 'stop', 'swap', 'start', 'verify'].map(step => `${step} done`),
  )
})

it('S32 rolls back with a service running that carries its databases', async () => {
  world.byServer = true
  let swapped = false
  world.onVerb = (name, when) => {
    if (name === 'swap' && when === 'after') swapped = true
    if (when !== 'before' || !['swap', 'swapBack', 'stagedState', 'discard', 'look'].includes(name)) return
    if (!world.up) throw new AppError('UNREACHABLE', 'The server does not run')
    if (name === 'look' && swapped) throw new AppError('BACKUP_BAD', 'It cannot be read')
  }
  const run = await rig.restore(old)
  expect(run.outcome, JSON.stringify(run)).toBe('rolled-back')
  expect(inPlace()).toBe('two two')
  expect(beside()).toEqual([])
  expect(world.up).toBe(true)
  // it is known from the first time on
  expect(world.acts.filter(verb => verb === 'stop')).toHaveLength(1)
})

it('S32 called off where the stop took its databases away, it is started again with the old ones in place', async () => {
  world.byServer = true
  world.onVerb = (name, when) => {
    if (when === 'before' && ['swap', 'stagedState', 'discard'].includes(name) && !world.up)
      throw new AppError('UNREACHABLE', 'The server does not run')
  }
  world.onAct = verb => {
    if (verb === 'stop') rig.backups.restores.cancel(rig.backups.restores.list(null)[0]?.id ?? '')
    return 'verified'
  }
  const run = await rig.restore(old)
  expect(run.outcome, JSON.stringify(run)).toBe('cancelled')
  expect(inPlace()).toBe('two two')
  expect(beside()).toEqual([])
  expect(world.up).toBe(true)
})

it('begins nothing where it is called off as its turn comes', async () => {
  const { turns, restores, snapshots } = rig.backups
  const take = turns.take.bind(turns)
  turns.take = async (...given) => {
    const leave = await take(...given)
    restores.cancel(restores.list(null)[0]?.id ?? '')
    return leave
  }
  const { backupId } = snapshots.get(old).manifest
  const before = rig.backups.runner.list(backupId, 50).length
  expect(await rig.restore(old)).toMatchObject({ outcome: 'cancelled' })
  expect(rig.backups.runner.list(backupId, 50)).toHaveLength(before)
  expect(inPlace()).toBe('two two')
})

it('S32 quit before the swap it is called off, with the service started again; after that it is carried through', async () => {
  for (const [verb, outcome, place] of [
    ['stop', 'cancelled', 'two two'],
    ['swap', 'restored', 'one one'],
  ] as const) {
    world.acts.length = 0
    let ending: Promise<void> | undefined
    arm({ verb, when: 'after', part: 'app' }, () => {
      ending = rig.backups.restores.end(1_000)
    })
    const draft = { snapshotId: old, parts: [], to: { kind: 'in-place' as const }, despiteIdentity: false }
    const typed = 'web-1/App'
    const { signal } = new AbortController()
    const { id } = await rig.backups.restores.start({ ...draft, despiteDamage: false }, typed, 'person', signal)
    await rig.until(() => ending)
    await ending
    const run = rig.backups.restores.list(null).find(one => one.id === id)
    expect(run, JSON.stringify(run)).toMatchObject({ outcome })
    if (outcome === 'cancelled') expect(run?.evidence.at(-1)?.text).toContain('Quarterdeck was quit')
    expect(inPlace()).toBe(place)
    expect(world.acts).toEqual(['stop', 'start'])
    world.clock.advance(60_000)
  }
  // nothing is waited for where its host is away: the next engine sees to it
  rig.online(false)
  await rig.backups.restores.end(1_000)
})

it('has another place for each of several parts', () => {
  const keys = ['pg.my-app', 'pg.my_app', 'pg-my.app']
  const places = keys.map(key => placeOf('there', { key } as SnapshotPart, keys.length))
  expect(places).toEqual(['there_pg_my-app', 'there_pg_my_app', 'there_pg-my_app'])
})

it('restores to another place, and replaces nothing', async () => {
  const to = { kind: 'elsewhere' as const, hostId: 'web-1', place: '/tmp/there' }
  const draft = { snapshotId: old, parts: ['app'], to, despiteIdentity: false, despiteDamage: false }
  const { id } = await rig.backups.restores.start(draft, 'web-1', 'person', new AbortController().signal)
  expect(await ended()).toMatchObject({ id, outcome: 'restored' })
  expect(world.files.get('/tmp/there')).toBe('one')
  expect(inPlace()).toBe('two two')
})

const there = (): string[] => [...world.files.keys()].filter(path => path.startsWith('/tmp')).sort()

async function toAnotherPlace(): Promise<string> {
  const to = { kind: 'elsewhere' as const, hostId: 'web-1', place: '/tmp/there' }
  const draft = { snapshotId: old, parts: [], to, despiteIdentity: false, despiteDamage: false }
  return (await rig.backups.restores.start(draft, 'web-1', 'person', new AbortController().signal)).id
}

/** Something happens once, where the second of two parts has come so far. */
function armSecond(verb: 'restoreTo' | 'settleTo', when: 'before' | 'after', happen: () => void): void {
  world.onVerb = (name, at, place) => {
    if (name !== verb || at !== when || !place.endsWith('-two')) return
    world.onVerb = () => {}
    happen()
  }
}

const all = ['/tmp/there-app', '/tmp/there-two']
const elsewhere = [
  { verb: 'restoreTo', when: 'before', left: all.slice(0, 1) },
  { verb: 'restoreTo', when: 'after', left: all.slice(0, 1) },
  { verb: 'settleTo', when: 'before', left: all },
  { verb: 'settleTo', when: 'after', left: all },
] as const

it.each(elsewhere)(
  'killed $when its $verb at another place: the next engine leaves what is whole there, names it, and nothing else',
  async ({ verb, when, left }) => {
    armSecond(verb, when, () => rig.kill())
    await toAnotherPlace()
    await rig.until(() => rig.killed)
    // what a person has there is nobody's to remove
    world.files.set('/tmp/there-mine', 'mine')
    rig = await BackupRig.start(world)
    const run = await ended()
    expect(there()).toEqual([...left, '/tmp/there-mine'].sort())
    expect(run.outcome).toBe(left === all ? 'restored' : 'failed')
    for (const place of left)
      expect(run.evidence).toContainEqual({ ok: true, text: `${place.slice(11)} is at ${place}` })
    expect(inPlace()).toBe('two two')
  },
)

it('says where what it made lies while its host is away, and removes it then, or leaves it where a person gives it up', async () => {
  const cut = (): void => {
    rig.online(false)
    throw new AppError('LINK_LOST', 'The link is gone')
  }
  const waits = () => rig.until(() => rig.backups.restores.list(null)[0]?.evidence.find(({ ok }) => !ok))
  armSecond('restoreTo', 'after', cut)
  await toAnotherPlace()
  const half = /half-done there: (\S+two\.half-\w+)\. It is removed when the host is back/.exec(
    (await waits()).text,
  )?.[1]
  expect(world.files.has(half ?? '')).toBe(true)
  // also the engine that comes after it says so
  rig.kill()
  rig = await BackupRig.start(world)
  expect((await waits()).text).toContain(half)
  rig.online(true)
  expect(await ended()).toMatchObject({ outcome: 'failed' })
  expect(there()).toEqual(['/tmp/there-app'])
  world.files.delete('/tmp/there-app')

  armSecond('restoreTo', 'after', cut)
  const id = await toAnotherPlace()
  const isMine = () => rig.backups.restores.list(null).find(run => run.id === id)
  await rig.until(() => isMine()?.evidence.some(({ ok }) => !ok))
  // a link that comes and goes makes it no longer
  for (const online of [true, false]) {
    world.onVerb = name => {
      if (name === 'settleTo') cut()
    }
    rig.online(online)
    await settled()
  }
  rig.backups.restores.cancel(id)
  await rig.until(() => isMine()?.finishedAt)
  const run = isMine()
  const left = there().find(path => path.includes('half')) ?? 'nothing'
  expect(run).toMatchObject({ outcome: 'cancelled' })
  expect(run?.evidence.filter(({ text }) => text.includes(left))).toHaveLength(1)
  expect(run?.evidence.at(-1)?.text).toBe('Cancelled')
})

it('names nothing as half-done that was not begun, and is restored where all is there but a mark', async () => {
  const cut = (): void => {
    rig.online(false)
    throw new AppError('LINK_LOST', 'The link is gone')
  }
  let cuts = 0
  world.onVerb = (name, when) => {
    if (name !== 'restoreTo' || when !== 'after' || cuts++ > 0) return
    cut()
  }
  await toAnotherPlace()
  const waits = await rig.until(() => rig.backups.restores.list(null)[0]?.evidence.find(({ ok }) => !ok))
  expect(waits.text).toContain('there-app.half')
  expect(waits.text).not.toContain('there-two')
  rig.online(true)
  expect(await ended()).toMatchObject({ outcome: 'failed' })

  armSecond('settleTo', 'before', cut)
  const id = await toAnotherPlace()
  const isMine = () => rig.backups.restores.list(null).find(run => run.id === id)
  await rig.until(() => !world.online)
  await settled()
  expect(isMine()?.evidence.map(({ ok }) => ok)).toEqual([true, true])
  rig.backups.restores.cancel(id)
  expect(await rig.until(() => (isMine()?.finishedAt ? isMine() : null))).toMatchObject({ outcome: 'restored' })
})
it('says where what it made lies also where it was called off before its host went', async () => {
  armSecond('restoreTo', 'after', () => {
    rig.backups.restores.cancel(rig.backups.restores.list(null)[0]?.id ?? '')
    rig.online(false)
    throw new AppError('CANCELLED', 'Cancelled')
  })
  await toAnotherPlace()
  const { outcome, evidence } = await ended()
  expect(outcome).toBe('cancelled')
  const half = there().find(path => path.includes('half'))
  expect(evidence.at(-2)?.text).toBe(`The host is away. What is half-done there: ${half}. It stays there.`)
})

it.each([
  { by: 'this version', outcome: 'restored', change: {} },
  // which said it in a sentence alone: what it cannot tell is not claimed
  { by: 'an older one', outcome: 'failed', change: { whole: undefined } },
])('knows which parts are whole where so many were that their sentences are gone, as written by $by', async one => {
  armSecond('settleTo', 'before', () => {
    const { backups } = rig.store
    const [run] = backups.jobs<StoredRestore>('restore', null, 1)
    if (!run) throw new Error('it is written down')
    const evidence = Array.from({ length: 200 }, (_, n) => ({ ok: true, text: `p${n} is at /tmp/there-p${n}` }))
    backups.updateJob({ ...run, evidence, ...one.change } as StoredRestore)
    rig.kill()
  })
  await toAnotherPlace()
  await rig.until(() => rig.killed)
  rig = await BackupRig.start(world)
  expect(await ended()).toMatchObject({ outcome: one.outcome })
  expect(there()).toEqual(all)
})

const blinds = [
  { verb: 'stop', place: 'two two', stands: 'What was there was not touched' },
  {
    verb: 'start',
    place: 'one one',
    stands: 'What was restored is in place. What was there before is kept at /srv/app.db.old',
  },
  { verb: 'swapBack', place: 'two two', stands: 'What was there before is in place again' },
] as const

it.each(blinds)(
  'S32 cut off at its $verb, on a host whose services are not to be seen any more: settles the data, and leaves the service to a person',
  async ({ verb, place, stands }) => {
    const own = { scope: 'user' as const, name: unit.name }
    rig.backups.edit(backupId, { ...rig.backups.stored(backupId).backup, unit: own }, {})
    const cut = (): void => {
      rig.online(false)
      world.blind = true
      throw new AppError('LINK_LOST', 'The link is gone')
    }
    if (verb !== 'swapBack') arm({ verb, when: verb === 'stop' ? 'after' : 'before', part: 'app' }, cut)
    else {
      world.onAct = name => (name === 'start' ? 'failed' : 'verified')
      world.onVerb = (name, when) => {
        if (name !== 'swapBack' || when !== 'before' || world.blind) return
        cut()
      }
    }
    const draft = { snapshotId: old, parts: [], to: { kind: 'in-place' as const }, despiteIdentity: false }
    const { signal } = new AbortController()
    await rig.backups.restores.start({ ...draft, despiteDamage: false }, 'web-1/App', 'person', signal)
    await rig.until(() => !world.online)
    // the time that it is away counts for nothing
    world.clock.advance(400_000)
    rig.online(true)
    const sinceMs = world.clock.monotonic()
    await settled()
    expect(stoppedFor(rig.store, 'web-1', own)).toBe('a restore of App')
    world.clock.advance(295_000 - (world.clock.monotonic() - sinceMs))
    await settled()
    expect(rig.backups.restores.underWay('web-1')).toHaveLength(1)
    const { outcome, evidence } = await ended()
    expect(outcome).toBe('failed')
    const said = evidence.at(-1)?.text
    expect(said).toContain(stands)
    expect(said).toContain('bot.service was not started again, as the user services of web-1 cannot be asked. ')
    expect(said).toContain("Start it by hand: systemctl --user restart 'bot.service'")
    expect(rig.store.audit.list(AuditQuery.parse({}))).toContainEqual(
      expect.objectContaining({ verb: 'restore.run', outcome: 'failed', detail: said }),
    )
    expect(inPlace()).toBe(place)
    expect(beside()).toEqual([])
    expect(stoppedFor(rig.store, 'web-1', own)).toBeNull()
    // the host's turn is free
    world.blind = false
    expect(await rig.run(backupId)).toMatchObject({ outcome: 'good' })
  },
)

it('asks a server that does not run again, but not at once, and is done as soon as it runs', async () => {
  let asked = 0
  let since = 0
  world.onVerb = (name, when) => {
    if (when !== 'before' || (name !== 'stage' && name !== 'stagedState')) return
    if (name === 'stagedState' && asked === 0) since = world.clock.monotonic()
    if (name === 'stagedState' && ++asked >= 5) return
    throw new AppError('UNREACHABLE', 'The server does not run')
  }
  const run = await rig.restore(old)
  expect(run.outcome).toBe('failed')
  expect(run.evidence.filter(({ text }) => text.startsWith('The server does not run'))).toHaveLength(2)
  expect(world.clock.monotonic() - since).toBeGreaterThanOrEqual(4 * 500)
  expect(inPlace()).toBe('two two')
})

const points = (['dump', 'stage', 'check', 'swap', 'look', 'stop', 'start'] as const).flatMap(verb =>
  (['before', 'after'] as const).flatMap(when =>
    // there is one service for both
    (verb === 'stop' || verb === 'start' ? ['app'] : ['app', 'two']).map(part => ({ verb, when, part })),
  ),
)

it.each(points)(
  'S32 killed $when its $verb of $part: all old or all new, and finished by the next engine',
  async point => {
    arm(point, () => rig.kill())
    const draft = {
      snapshotId: old,
      parts: [],
      to: { kind: 'in-place' as const },
      despiteIdentity: false,
      despiteDamage: false,
    }
    await rig.backups.restores.start(draft, 'web-1/App', 'person', new AbortController().signal)
    await rig.until(() => rig.killed)
    world.onVerb = () => {}
    world.onAct = () => 'verified'
    rig = await BackupRig.start(world)
    const { outcome } = await ended()
    expect(inPlace()).toBe(outcome === 'restored' ? 'one one' : 'two two')
    expect(beside()).toEqual([])
    expect(world.up).toBe(true)
  },
)

it.each(points)(
  'S32 cut off $when its $verb of $part: goes on when the host is back, all old or all new',
  async point => {
    arm(point, () => {
      rig.online(false)
      throw new AppError('LINK_LOST', 'The link is gone')
    })
    const draft = {
      snapshotId: old,
      parts: [],
      to: { kind: 'in-place' as const },
      despiteIdentity: false,
      despiteDamage: false,
    }
    await rig.backups.restores.start(draft, 'web-1/App', 'person', new AbortController().signal)
    await rig.until(() => !world.online)
    world.onVerb = () => {}
    world.onAct = () => 'verified'
    for (let n = 0; n < 20; n++) await rig.until(() => true)
    rig.online(true)
    const { outcome } = await ended()
    expect(inPlace()).toBe(outcome === 'restored' ? 'one one' : 'two two')
    expect(beside()).toEqual([])
    expect(world.up).toBe(true)
  },
)

/** Something happens at one point of the restore, once. */
function arm({ verb, when, part }: (typeof points)[number], happen: () => void): void {
  let armed = true
  // the plan looks, too
  let looks = 0
  const strike = (): void => {
    if (!armed) return
    armed = false
    happen()
  }
  world.onVerb = (name, at, path) => {
    if (name === 'look' && at === when && path.includes(part)) looks++
    if (name === verb && at === when && path.includes(part) && (name !== 'look' || looks > 1)) strike()
  }
  world.onAct = name => {
    if (name === verb) {
      if (when === 'after') world.up = verb === 'start'
      strike()
    }
    return 'verified'
  }
}

it('S32 what cannot be all new becomes all old', () => {
  expect(afterKill('stage', ['staged', 'nothing'])).toBe('throw-away')
  expect(afterKill('swap', ['staged', 'staged'])).toBe('go-on')
  expect(afterKill('swap', ['swapped', 'staged'])).toBe('go-on')
  expect(afterKill('swap', ['swapped', 'nothing'])).toBe('roll-back')
  expect(afterKill('swap', ['nothing', 'nothing'])).toBe('throw-away')
  expect(afterKill('start', ['swapped', 'swapped'])).toBe('go-on')
  expect(afterKill('roll-back', ['swapped', 'staged'])).toBe('roll-back')
})
