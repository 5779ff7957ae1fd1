// A backup that is killed, cut off or out of room at each of the calls that it makes of its place: no part counts for a whole, and the next run succeeds.
import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  type TargetStore,
  type TargetType,
  type TargetWriter,
  targetTypeOf,
} from '../../../../src/engine/targets/index.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import { localTargetId } from '../../../../src/shared/model/backup.ts'
import { BackupRig, BackupWorld, never } from './backup-rig.ts'

let world: BackupWorld
let rig: BackupRig
/** The calls of one run, in their order, and where something happens. */
let calls: string[]
let strike: { readonly call: number; readonly when: 'before' | 'after'; readonly act: () => void } | null

beforeEach(async () => {
  world = new BackupWorld()
  calls = []
  strike = null
  rig = await started()
})
afterEach(() => {
  rig.kill()
  world.dispose()
})

async function started(): Promise<BackupRig> {
  const made = await BackupRig.start(world)
  made.targetOf = type => watched(made, targetTypeOf(type))
  return made
}

/** The real folder; a call may be struck, and nothing comes back to an engine that was killed. */
function watched(its: BackupRig, real: TargetType | undefined): TargetType | undefined {
  const call = async <T>(name: string, act: () => Promise<T>): Promise<T> => {
    if (its.killed) return await never()
    const index = calls.push(name) - 1
    const meet = (when: 'before' | 'after'): void => {
      if (strike?.call === index && strike.when === when) strike.act()
    }
    meet('before')
    if (its.killed) return await never()
    const result = await act()
    meet('after')
    return its.killed ? await never() : result
  }
  const writer = (of: TargetWriter): TargetWriter => ({
    write: chunk => call('write', () => of.write(chunk)),
    finish: expected => call('finish', () => of.finish(expected)),
    abort: () => (its.killed ? never() : of.abort()),
  })
  const store = (of: TargetStore): TargetStore => ({
    hashes: of.hashes,
    freeBytes: () => call('free', () => of.freeBytes()),
    create: async (path, signal) => writer(await call('create', () => of.create(path, signal))),
    put: (path, content) => call('put', () => of.put(path, content)),
    read: (path, signal) => call('read', () => of.read(path, signal)),
    list: prefix => call('list', () => of.list(prefix)),
    remove: paths => call('remove', () => of.remove(paths)),
    dispose: () => (its.killed ? never() : of.dispose()),
  })
  return (
    real && {
      ...real,
      open: async (context, spec, signal) => store(await call('open', () => real.open(context, spec, signal))),
    }
  )
}

/** Two good ones that retention is at home with: the next takes the place of the older. */
async function prepared(): Promise<string> {
  const { id } = rig.add({ retention: { last: 2, hourly: 0, daily: 0, weekly: 0, monthly: 0 } })
  for (let n = 0; n < 2; n++) {
    expect((await rig.run(id)).outcome).toBe('good')
    world.clock.advance(60_000)
  }
  calls = []
  return id
}

/** Every snapshot that is listed as good is good, whichever way it is asked, and nothing else lies there but what a sweep may have to take. */
async function sound(id: string): Promise<string[]> {
  strike = null
  await rig.backups.scan(localTargetId)
  const good = rig.backups.snapshots.list(id).filter(({ state }) => state === 'good')
  const { signal } = new AbortController()
  for (const one of good) expect(await rig.backups.snapshots.verify(one.id, signal)).toMatchObject({ state: 'good' })
  return good.map(({ manifest }) => manifest.name)
}

const steps = ['open', 'list', 'create', 'write', 'finish', 'read', 'put', 'free', 'remove', 'remove']

it('S29 a run makes these calls of its place', async () => {
  const id = await prepared()
  expect((await rig.run(id)).outcome).toBe('good')
  expect(calls).toEqual(steps)
})

const ways = ['killed', 'cut off', 'out of room'] as const
const points = steps.flatMap((_, call) =>
  (['before', 'after'] as const).flatMap(when => ways.map(way => ({ call, when, way }))),
)

it.each(points)(
  'S29 $way $when call $call of its place: none half written counts, older ones stay, the next run succeeds',
  async ({ call, when, way }) => {
    const id = await prepared()
    const older = rig.backups.snapshots.list(id).map(({ manifest }) => manifest.name)
    const before = rig.files().length
    const act = (): void => {
      if (way === 'killed') rig.kill()
      else if (way === 'cut off') throw new AppError('LINK_LOST', 'The link is gone')
      else throw new AppError('DISK_FULL', 'The disk is full')
    }
    strike = { call, when, act }
    const { id: runId } = rig.backups.runner.start({ backupId: id, reason: 'before-update', actor: 'person' })
    if (way === 'killed') {
      await rig.until(() => rig.killed)
      rig = await started()
    } else await rig.until(() => rig.backups.runner.running(id) === null)
    const run = rig.backups.runner.list(id, 5).find(one => one.id === runId)
    const good = await sound(id)
    // the newest of the older ones is there whatever happened, and all of them unless a newer one took their place
    expect(good).toContain(older[0])
    const made = good.filter(name => !older.includes(name))
    if (made.length === 0) expect(good).toEqual(older)
    if (run?.outcome === 'good') expect(made).toHaveLength(1)
    world.clock.advance(60_000)
    expect((await rig.run(id)).outcome).toBe('good')
    const after = await sound(id)
    expect(after).toHaveLength(2)
    expect(new Set(rig.files().map(path => path.split('/')[1]))).toEqual(new Set(after))
    expect(rig.files()).toHaveLength(before)
  },
)
