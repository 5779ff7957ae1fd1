// Backups from their making to their removal, with a source of memory and real folders: commit order, waiting, kills, retention, damage.
import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { targetTypeOf } from '../../../../src/engine/targets/index.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import { AuditQuery } from '../../../../src/shared/model/audit.ts'
import type { BackupView } from '../../../../src/shared/model/backup.ts'
import { localTargetId } from '../../../../src/shared/model/backup.ts'
import { RestoreDraft } from '../../../../src/shared/model/restore.ts'
import { Manifest } from '../../../../src/shared/model/snapshot.ts'
import { BackupRig, BackupWorld } from './backup-rig.ts'

let world: BackupWorld
let rig: BackupRig
beforeEach(async () => {
  world = new BackupWorld()
  rig = await BackupRig.start(world)
})
afterEach(() => {
  rig.kill()
  world.dispose()
})

/** The same engine after a kill. */
async function again(): Promise<void> {
  rig.kill()
  rig = await BackupRig.start(world)
}

const folder = (): string => join(world.directory, 'backups')

/** What happens around the writing of a manifest. */
function onManifest(around: (put: () => Promise<void>) => Promise<void>): void {
  rig.targetOf = type => {
    const real = targetTypeOf(type)
    if (!real) return undefined
    return {
      ...real,
      open: async (...given) => {
        const open = await real.open(...given)
        const put: typeof open.put = (path, content) => around(() => open.put(path, content))
        return Object.assign(Object.create(open), { put })
      },
    }
  }
}

it('S29 keeps a verified snapshot whose manifest says of what it is', async () => {
  const { id } = rig.add()
  const run = await rig.run(id)
  expect(run).toMatchObject({ outcome: 'good', evidence: [{ ok: true, text: 'app: 3 letters' }, { ok: true }] })
  const [snapshot] = rig.backups.snapshots.list(id)
  const files = rig.files()
  expect(files).toEqual([
    `${id}/${snapshot?.manifest.name}/app.txt.zst`,
    `${id}/${snapshot?.manifest.name}/manifest.json`,
  ])
  const manifest = Manifest.parse(JSON.parse(readFileSync(join(folder(), files[1] ?? ''), 'utf8')))
  expect(manifest).toEqual(snapshot?.manifest)
  expect(manifest.parts[0]).toMatchObject({
    ...{ rawBytes: 3, identity: { hostKey: 'SHA256:one', machineId: 'm1', source: 'inode 7' } },
    ...{ versions: ['memory 1'], tables: [{ name: 'rows', rows: 3 }], verified: '3 letters' },
  })
  expect(rig.backups.view(id)).toMatchObject({
    running: null,
    snapshots: 1,
    lastGood: { id: snapshot?.id },
    problem: null,
  })
})

it.each(['dump', 'verify'] as const)(
  'S29 an engine killed in its %s leaves no backup, says so, and the next run sweeps',
  async verb => {
    const { id } = rig.add()
    await rig.run(id)
    for (const when of ['before', 'after'] as const) {
      world.onVerb = (name, at) => {
        if (name === verb && at === when) rig.kill()
      }
      rig.backups.runner.start({ backupId: id, reason: 'person', actor: 'person' })
      await rig.until(() => rig.killed)
      world.onVerb = () => {}
      await again()
      expect(rig.backups.runner.list(id, 1)[0]).toMatchObject({ outcome: 'failed', finishedAt: expect.any(Number) })
      expect(rig.backups.snapshots.list(id)).toHaveLength(1)
    }
    await rig.run(id)
    const names = rig.backups.snapshots.list(id).map(({ manifest }) => manifest.name)
    expect(names).toHaveLength(2)
    expect(new Set(rig.files().map(file => file.split('/')[1]))).toEqual(new Set(names))
  },
)

it('S29 what fails its check is no backup, and older ones stay as they are', async () => {
  const { id } = rig.add()
  await rig.run(id)
  const before = rig.files()
  world.files.set('/srv/app.db', 'broken')
  world.bad = 'broken'
  expect(await rig.run(id)).toMatchObject({ outcome: 'failed', snapshots: [] })
  expect(rig.files()).toEqual(before)
  expect(rig.backups.view(id).problem).toContain('damaged')
})

it('S30 retention goes only after a success, and never takes the last good one', async () => {
  const { id } = rig.add({ retention: { last: 2, hourly: 0, daily: 0, weekly: 0, monthly: 0 } })
  for (let n = 0; n < 4; n++) {
    await rig.run(id)
    world.clock.advance(60_000)
  }
  const [newest, older] = rig.backups.snapshots.list(id)
  expect(rig.backups.snapshots.list(id)).toHaveLength(2)
  world.files.delete('/srv/app.db')
  expect(await rig.run(id)).toMatchObject({ outcome: 'failed' })
  expect(rig.backups.snapshots.list(id)).toHaveLength(2)
  expect(rig.backups.preview(id, { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0 })).toHaveLength(2)
  await rig.backups.snapshots.remove(older?.id ?? '')
  await expect(rig.backups.snapshots.remove(newest?.id ?? '')).rejects.toThrow('last good')
})

it('S30 one from before a restore takes no whole one’s place and stands for none', async () => {
  const policy = { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0 }
  const { id } = rig.add({ retention: policy })
  const whole = (await rig.run(id)).snapshots[0] ?? ''
  const reasons = (): string[] => rig.backups.snapshots.list(id).map(({ manifest }) => manifest.reason)
  for (let n = 0; n < 2; n++) {
    world.clock.advance(60_000)
    expect(await rig.restore(whole)).toMatchObject({ outcome: 'restored' })
  }
  expect(reasons()).toEqual(['before-restore', 'before-restore', 'person'])
  expect(rig.backups.view(id).lastGood?.id).toBe(whole)
  expect(rig.backups.snapshots.lastGood(id)?.id).toBe(whole)
  await expect(rig.backups.snapshots.remove(whole)).rejects.toThrow('last good')
  expect(rig.backups.drills.start(id, 'person').snapshotId).toBe(whole)
  await rig.until(() => rig.backups.drills.running(id) === null)
  const partial = rig.backups.snapshots.list(id)[1]?.id
  expect(rig.backups.preview(id, policy)).toEqual([whole, partial])
  await rig.run(id)
  expect(reasons()).toEqual(['person', 'before-restore'])
})

it('S30 what is not seen because its folder is not mounted is not forgotten', async () => {
  const { id } = rig.add({ retention: { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0 } })
  const first = (await rig.run(id)).snapshots[0]
  world.clock.advance(60_000)
  renameSync(folder(), `${folder()}.away`)
  await rig.run(id)
  expect(rig.backups.snapshots.list(id).map(({ state }) => state)).toEqual(['good', 'missing'])
  rmSync(folder(), { recursive: true })
  renameSync(`${folder()}.away`, folder())
  await rig.backups.scan(localTargetId)
  expect(rig.backups.snapshots.get(first ?? '').state).toBe('good')
})

it('S31 waits for a host that is away and is tried again when it is back', async () => {
  const { id } = rig.add()
  rig.online(false)
  rig.backups.runner.start({ backupId: id, reason: 'schedule', actor: 'rule: schedule' })
  await rig.until(() => rig.backups.runner.running(id)?.outcome === 'waiting')
  await again()
  rig.online(false)
  expect(rig.backups.runner.running(id)?.outcome).toBe('waiting')
  rig.online(true)
  await rig.until(() => rig.backups.snapshots.list(id).length === 1)
  await rig.until(() => rig.backups.runner.running(id) === null)
  expect(rig.backups.runner.list(id, 5)).toMatchObject([{ outcome: 'good', reason: 'schedule' }])
})

it('S31 a link that goes in the middle of a dump is waited for, with nothing left of the first try', async () => {
  const { id } = rig.add()
  world.onVerb = (name, when) => {
    if (name === 'verify' && when === 'before') {
      world.onVerb = () => {}
      rig.online(false)
      throw new AppError('LINK_LOST', 'The link is gone')
    }
  }
  rig.backups.runner.start({ backupId: id, reason: 'schedule', actor: 'rule' })
  await rig.until(() => rig.backups.runner.running(id)?.outcome === 'waiting')
  expect(rig.files()).toEqual([])
  rig.online(true)
  await rig.until(() => rig.backups.runner.running(id) === null)
  expect(rig.backups.runner.list(id, 5)).toMatchObject([{ outcome: 'good' }])
})

it('S31 one that waited, went on and was killed is not begun again by the next engine', async () => {
  const { id } = rig.add()
  rig.online(false)
  rig.backups.runner.start({ backupId: id, reason: 'schedule', actor: 'rule: schedule' })
  await rig.until(() => rig.backups.runner.running(id)?.outcome === 'waiting')
  world.onVerb = name => {
    if (name === 'dump') rig.kill()
  }
  rig.online(true)
  await rig.until(() => rig.killed)
  world.onVerb = () => {}
  await again()
  expect(rig.backups.runner.running(id)).toBeNull()
  expect(rig.backups.runner.list(id, 5)).toMatchObject([{ outcome: 'failed' }])
})

it('on a schedule waits for a vault that is locked, for nobody may be there; a person is told at once', async () => {
  const { id } = rig.add()
  rig.backups.edit(
    id,
    { ...rig.backups.stored(id).backup, encryption: { kind: 'passphrase' } },
    { passphrase: 'correct horse' },
  )
  world.locked = true
  expect(await rig.run(id)).toMatchObject({ outcome: 'failed' })
  rig.backups.runner.start({ backupId: id, reason: 'schedule', actor: 'rule' })
  await rig.until(() => rig.backups.runner.running(id)?.outcome === 'waiting')
  world.locked = false
  rig.vaultChanged.emit({ state: 'unlocked' })
  await rig.until(() => rig.backups.runner.running(id) === null)
  expect(rig.backups.runner.list(id, 1)).toMatchObject([{ outcome: 'good' }])
})

it('every run ends in the audit log, also one that was killed', async () => {
  const { id } = rig.add()
  await rig.run(id)
  world.onVerb = (name, at) => {
    if (name === 'verify' && at === 'before') rig.kill()
  }
  rig.backups.runner.start({ backupId: id, reason: 'person', actor: 'person' })
  await rig.until(() => rig.killed)
  world.onVerb = () => {}
  await again()
  const entries = rig.store.audit.list(AuditQuery.parse({}))
  expect(entries).toMatchObject([{ outcome: 'failed' }, { outcome: 'verified', verb: 'backup.run', target: 'App' }])
})

it('S2 a schedule that was missed for days runs once', async () => {
  const { id } = rig.add({
    schedule: {
      cron: '0 3 * * *',
      zone: 'UTC',
      jitterSeconds: 0,
      catchUp: true,
      onlyOnMains: false,
      onlyOnNetworks: [],
    },
  })
  rig.kill()
  world.clock.advance(5 * 86_400_000)
  rig = await BackupRig.start(world)
  await rig.until(() => rig.backups.snapshots.list(id).length === 1)
  await rig.until(() => rig.backups.runner.running(id) === null)
  for (let n = 0; n < 5; n++) await rig.backups.schedules.look()
  expect(rig.backups.runner.list(id, 5)).toMatchObject([{ outcome: 'good', reason: 'catch-up' }])
  expect(rig.backups.view(id).nextAt).toBe(Date.UTC(2026, 0, 6, 3))
})

it('says what a backup that is due waits for, as soon as that is known and no longer than it is so', async () => {
  const schedule = { cron: '0 3 * * *', zone: 'UTC', jitterSeconds: 0, catchUp: true, onlyOnMains: true }
  const { id } = rig.add({ schedule: { ...schedule, onlyOnNetworks: ['Home'] } })
  const said = () => {
    world.clock.advance(1_000)
    const views = rig.published.flatMap(({ name, payload }) =>
      name === 'backup.changed' ? [payload as BackupView] : [],
    )
    return views.at(-1)?.waitsFor
  }
  world.mains = false
  world.networks = ['Elsewhere']
  expect(rig.backups.view(id).waitsFor).toBeNull()
  world.clock.advance(4 * 3_600_000)
  await rig.backups.schedules.look()
  expect(said()).toBe('mains')
  expect(rig.backups.view(id).nextAt).toBeLessThan(world.clock.now())
  world.mains = true
  await rig.backups.schedules.look()
  expect(said()).toBe('network')
  // no look is needed to see what a person changed
  const { backup } = rig.backups.stored(id)
  rig.backups.edit(id, { ...backup, enabled: false }, {})
  expect(rig.backups.view(id).waitsFor).toBeNull()
  rig.backups.edit(id, backup, {})
  world.networks = ['home']
  await rig.backups.schedules.look()
  expect(said()).toBeNull()
  await rig.until(() => rig.backups.runner.list(id, 5)[0]?.outcome === 'good')
})

it('a late backup, damage and a failed drill reach its check', async () => {
  const { id } = rig.add({
    schedule: {
      cron: '0 * * * *',
      zone: 'UTC',
      jitterSeconds: 0,
      catchUp: false,
      onlyOnMains: true,
      onlyOnNetworks: [],
    },
  })
  await rig.run(id)
  await rig.until(() => rig.told.at(-1)?.status === 'healthy')
  world.mains = false
  world.clock.advance(2 * 3_600_000 + 60_000)
  await rig.backups.schedules.look()
  expect(rig.told.at(-1)).toMatchObject({ status: 'unhealthy', message: expect.stringContaining('twice its interval') })
  await rig.run(id)
  await rig.until(() => rig.told.at(-1)?.status === 'healthy')
  world.bad = 'one'
  rig.backups.drills.start(id, 'person')
  await rig.until(() => rig.told.at(-1)?.message.startsWith('The last drill failed'))
  world.bad = null
  rig.backups.drills.start(id, 'person')
  await rig.until(() => rig.told.at(-1)?.status === 'healthy')
  expect(rig.backups.view(id).provenAt).not.toBeNull()
})

it('200 bits that flipped are 200 that are found', async () => {
  const { id } = rig.add()
  world.files.set('/srv/app.db', Array.from({ length: 4_000 }, (_, n) => String((n * 7_919) % 9_973)).join(' '))
  await rig.run(id)
  const [snapshot] = rig.backups.snapshots.list(id)
  const [file = ''] = rig.files().filter(one => one.endsWith('.zst'))
  const path = join(folder(), file)
  const whole = readFileSync(path)
  const { signal } = new AbortController()
  let found = 0
  for (let n = 0; n < 200; n++) {
    const bit = (n * 104_729) % (whole.length * 8)
    const flipped = Buffer.from(whole)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    writeFileSync(path, flipped)
    const { state } = await rig.backups.snapshots.verify(snapshot?.id ?? '', signal)
    if (state === 'damaged') found++
  }
  expect(found).toBe(200)
  writeFileSync(path, whole)
  expect(await rig.backups.snapshots.verify(snapshot?.id ?? '', signal)).toMatchObject({ state: 'good', problem: null })
  rmSync(path)
  expect(await rig.backups.snapshots.verify(snapshot?.id ?? '', signal)).toMatchObject({ state: 'missing' })
}, 30_000)

it('a month later every snapshot is hashed again by itself, and damage alerts', async () => {
  const { id } = rig.add()
  await rig.run(id)
  const [file = ''] = rig.files().filter(one => one.endsWith('.zst'))
  appendFileSync(join(folder(), file), 'x')
  world.clock.advance(26 * 86_400_000)
  await rig.backups.schedules.look()
  await rig.until(() => rig.backups.snapshots.list(id)[0]?.state === 'damaged')
  await rig.until(() => rig.told.at(-1)?.status === 'unhealthy')
})

it('a manifest that was swapped with another one is refused', async () => {
  const a = rig.add()
  const b = rig.add({ name: 'Other' })
  await rig.run(a.id)
  await rig.run(b.id)
  const [one, other] = rig.files().filter(file => file.endsWith('manifest.json'))
  const [first, second] = [one, other].map(file => readFileSync(join(folder(), file ?? '')))
  writeFileSync(join(folder(), one ?? ''), second ?? '')
  writeFileSync(join(folder(), other ?? ''), first ?? '')
  const [snapshot] = rig.backups.snapshots.list(a.id)
  await expect(rig.restore(snapshot?.id ?? '')).rejects.toThrow('manifest')
  expect(world.files.get('/srv/app.db')).toBe('one')
})

it('a target that is added again shows what lies on it', async () => {
  const { id } = rig.add()
  await rig.run(id)
  rig.kill()
  for (const name of ['quarterdeck.db', 'quarterdeck.db-wal', 'quarterdeck.db-shm'])
    rmSync(join(world.directory, name), { force: true })
  rig = await BackupRig.start(world)
  mkdirSync(join(folder(), id, '20260101T000000Z-ffffff'), { recursive: true })
  writeFileSync(join(folder(), id, '20260101T000000Z-ffffff', 'app.txt.partial'), 'half')
  await rig.backups.scan(localTargetId)
  expect(rig.backups.snapshots.list(id)).toMatchObject([{ state: 'good', manifest: { backupName: 'App' } }])
})

it('goes to two places in one pass; one that fails does not keep it from the other', async () => {
  const other = rig.backups.targets.add({ type: 'local-folder', name: 'Disk', spec: { folder: world.elsewhere } }, {})
  const { id } = rig.add({ targets: [localTargetId, other.id] })
  expect(await rig.run(id)).toMatchObject({ outcome: 'good', snapshots: [expect.any(String), expect.any(String)] })
  rmSync(world.elsewhere, { recursive: true })
  writeFileSync(world.elsewhere, 'a file where a folder was')
  expect(await rig.run(id)).toMatchObject({ outcome: 'partly', snapshots: [expect.stringContaining(localTargetId)] })
  expect(() => rig.backups.targets.remove(other.id)).toThrow('is kept there')
  expect(rig.backups.targets.list().find(({ target }) => target.id === other.id)?.problem).not.toBeNull()
})

it('looks into the copy of the next place where that of the first cannot be read back', async () => {
  const other = rig.backups.targets.add({ type: 'local-folder', name: 'Disk', spec: { folder: world.elsewhere } }, {})
  const { id } = rig.add({ targets: [localTargetId, other.id] })
  let looks = 0
  world.onVerb = (name, when) => {
    if (name === 'verify' && when === 'before' && ++looks === 1) throw new AppError('UNREACHABLE', 'The place is away')
  }
  expect(await rig.run(id)).toMatchObject({ outcome: 'partly', snapshots: [expect.stringContaining(other.id)] })
  expect(rig.files()).toEqual([])
})

it.each([0, 1])(
  'S29 a disk that holds other bytes than were written has no snapshot, the first place or the second',
  async bad => {
    const other = rig.backups.targets.add({ type: 'local-folder', name: 'Disk', spec: { folder: world.elsewhere } }, {})
    const { id } = rig.add({ targets: [localTargetId, other.id] })
    const file = (root: string): string =>
      join(root, readdirSync(root, { recursive: true, encoding: 'utf8' }).find(name => name.includes('app.txt')) ?? '')
    world.onVerb = (name, when) => {
      if (name === 'verify' && when === 'before') {
        const path = file([folder(), world.elsewhere][bad] ?? '')
        const bytes = readFileSync(path)
        bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
        writeFileSync(path, bytes)
        world.onVerb = () => {}
      }
    }
    const good = [other.id, localTargetId][bad] ?? ''
    expect(await rig.run(id)).toMatchObject({ outcome: 'partly', snapshots: [expect.stringContaining(good)] })
    expect(rig.backups.snapshots.list(id).map(({ targetId }) => targetId)).toEqual([good])
  },
)

it('S30 of two removals at one time the last good one stays', async () => {
  const { id } = rig.add()
  await rig.run(id)
  await rig.run(id)
  const both = rig.backups.snapshots.list(id).map(one => rig.backups.snapshots.remove(one.id))
  expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(rig.backups.snapshots.list(id)).toHaveLength(1)
})

it('encrypts with a passphrase before anything is written, and reads it again', async () => {
  const wrong = { encryption: { kind: 'passphrase' as const } }
  expect(() => rig.add(wrong)).toThrow('passphrase')
  const { id } = rig.add()
  rig.backups.edit(id, { ...rig.backups.stored(id).backup, ...wrong }, { passphrase: 'correct horse' })
  world.files.set('/srv/app.db', 'a text that must not be seen '.repeat(50))
  expect(await rig.run(id)).toMatchObject({ outcome: 'good' })
  const [file = ''] = rig.files().filter(one => one.endsWith('.zst.age'))
  expect(readFileSync(join(folder(), file)).subarray(0, 21).toString()).toBe('age-encryption.org/v1')
  const [snapshot] = rig.backups.snapshots.list(id)
  const path = await rig.backups.items.extract(
    snapshot?.id ?? '',
    'app',
    null,
    world.elsewhere,
    new AbortController().signal,
  )
  expect(readFileSync(path, 'utf8')).toBe(world.files.get('/srv/app.db'))
  world.vault.clear()
  expect(await rig.run(id)).toMatchObject({ outcome: 'failed' })
})

it('keeps opening old snapshots after the passphrase was changed, and forgets the old one with the last of them', async () => {
  const { id } = rig.add()
  const change = (passphrase: string) =>
    rig.backups.edit(id, { ...rig.backups.stored(id).backup, encryption: { kind: 'passphrase' } }, { passphrase })
  const { signal } = new AbortController()
  const contentOf = async (snapshotId: string): Promise<string> =>
    readFileSync(await rig.backups.items.extract(snapshotId, 'app', null, world.elsewhere, signal), 'utf8')
  const ids: string[] = []
  for (const [content, passphrase] of [
    ['first', 'correct horse'],
    ['second', 'battery staple'],
    ['third', 'correct horse'],
  ] as const) {
    change(passphrase)
    world.files.set('/srv/app.db', content)
    ids.push((await rig.run(id)).snapshots[0] ?? '')
    world.clock.advance(60_000)
  }
  const keys = ids.map(one => rig.backups.snapshots.get(one).manifest.parts[0]?.keyId)
  expect(keys[0]).toMatch(/^[0-9a-f]{8}$/)
  expect(keys).toEqual([keys[0], expect.not.stringMatching(keys[0] ?? ''), keys[0]])
  expect(rig.backups.stored(id).backup.stored).toEqual(['passphrase'])
  for (const [at, content] of ['first', 'second', 'third'].entries())
    expect(await contentOf(ids[at] ?? '')).toBe(content)
  await rig.backups.snapshots.remove(ids[1] ?? '')
  await rig.backups.snapshots.remove(ids[0] ?? '')
  expect(rig.store.backups.keyIds(id)).toEqual([keys[0]])
  // and so it is where encryption is given up: what is there still opens
  rig.backups.edit(id, { ...rig.backups.stored(id).backup, encryption: { kind: 'none' } }, { passphrase: null })
  expect(await contentOf(ids[2] ?? '')).toBe('third')
})

it('lists what a removed backup left, opens it with what was kept, and with what is given', async () => {
  const { id } = rig.add()
  const { signal } = new AbortController()
  const encryption = { kind: 'passphrase' as const }
  rig.backups.edit(id, { ...rig.backups.stored(id).backup, encryption }, { passphrase: 'correct horse ' })
  await rig.run(id)
  expect(await rig.backups.snapshots.orphans()).toEqual([])
  rig.backups.remove(id)
  const [orphan] = await rig.backups.snapshots.orphans()
  const snapshotId = orphan?.snapshot.id ?? ''
  expect(orphan).toMatchObject({ targetName: 'This computer', missingKey: null, snapshot: { state: 'good' } })
  const take = () => rig.backups.items.extract(snapshotId, 'app', null, world.elsewhere, signal)
  expect(readFileSync(await take(), 'utf8')).toBe('one')
  // the same on another computer, which has no key
  for (const key of rig.store.backups.keyIds(id)) rig.store.secrets.remove(`backup/${id}/opens#${key}`)
  rig.store.secrets.remove(`backup/${id}/passphrase`)
  expect(await rig.backups.snapshots.orphans()).toMatchObject([{ missingKey: 'passphrase' }])
  await expect(take()).rejects.toThrow('not stored here')
  await expect(rig.backups.snapshots.unlock(snapshotId, 'wrong', signal)).rejects.toMatchObject({ code: 'BACKUP_BAD' })
  // with its space, which belongs to it
  await rig.backups.snapshots.unlock(snapshotId, 'correct horse ', signal)
  expect(await rig.backups.snapshots.orphans()).toMatchObject([{ missingKey: null }])
  expect(readFileSync(await take(), 'utf8')).toBe('one')
  // a new backup of the same name is another one
  expect(rig.add().id).not.toBe(id)
  await rig.backups.snapshots.remove(snapshotId)
  expect(await rig.backups.snapshots.orphans()).toEqual([])
  expect(rig.store.secrets.count()).toBe(0)
})

it('begins all backups of a service before it is updated, and takes one that is under way for it', async () => {
  const unit = { scope: 'system' as const, name: 'bot.service' }
  const one = rig.add({ name: 'One', unit })
  const two = rig.add({ name: 'Two', unit })
  rig.add({ name: 'Off', unit, enabled: false })
  rig.add({ name: 'Other' })
  const ref = { hostId: 'web-1', ...unit }
  rig.backups.runner.start({ backupId: one.id, reason: 'person', actor: 'person' })
  const begun = rig.backups.runBeforeUpdate(ref, 'person')
  expect(begun.map(({ backupId, reason }) => [backupId, reason])).toEqual([
    [one.id, 'person'],
    [two.id, 'before-update'],
  ])
  await rig.until(() => [one, two].every(({ id }) => rig.backups.runner.running(id) === null))
  expect(rig.backups.snapshots.list(two.id)).toMatchObject([{ manifest: { reason: 'before-update' } }])
  // an update does not wait for a host that is away: it hears so at once
  rig.online(false)
  const [failed] = rig.backups.runBeforeUpdate(ref, 'person')
  await rig.until(
    () => rig.backups.runner.list(one.id, 1)[0]?.id === failed?.id && rig.backups.runner.running(one.id) === null,
  )
  expect(rig.backups.runner.list(one.id, 1)).toMatchObject([{ outcome: 'failed' }])
  expect(rig.backups.runBeforeUpdate({ ...ref, name: 'none.service' }, 'person')).toEqual([])
  // and so it does of one that waits already, which is its own from then on
  const waiting = rig.backups.runner.start({ backupId: one.id, reason: 'schedule', actor: 'rule: schedule' })
  await rig.until(() => rig.backups.runner.running(one.id)?.outcome === 'waiting')
  expect(rig.backups.runBeforeUpdate(ref, 'person')[0]).toMatchObject({ id: waiting.id, reason: 'before-update' })
  await rig.until(() => rig.backups.runner.running(one.id) === null)
  expect(rig.backups.runner.list(one.id, 1)).toMatchObject([{ id: waiting.id, outcome: 'failed' }])
})

it('waits for one of the networks that it names, and for none where nothing can be told of the network', async () => {
  const schedule = { cron: '0 * * * *', zone: 'UTC', jitterSeconds: 0, catchUp: true, onlyOnMains: false }
  const { id } = rig.add({ schedule: { ...schedule, onlyOnNetworks: ['Home', '02:00:5e:00:00:01'] } })
  world.networks = ['Train', '02:00:5e:00:00:02', '10.0.0.1']
  world.clock.advance(3_600_000)
  await rig.backups.schedules.look()
  expect(rig.backups.runner.list(id, 5)).toEqual([])
  world.networks = ['02:00:5E:00:00:01']
  await rig.backups.schedules.look()
  await rig.until(() => rig.backups.snapshots.list(id).length === 1)
  await rig.until(() => rig.backups.runner.running(id) === null)
  world.networks = []
  world.clock.advance(3_600_000)
  await rig.backups.schedules.look()
  await rig.until(() => rig.backups.snapshots.list(id).length === 2)
})

it('runs the commands around it, and not without the first', async () => {
  const hook = (name: string) => ({ argv: [name], sudo: false, timeoutSeconds: 5 })
  const { id } = rig.add({ before: hook('freeze'), after: hook('thaw') })
  expect(await rig.run(id)).toMatchObject({ outcome: 'good' })
  expect(world.acts).toEqual(['freeze', 'thaw'])
  world.onExec = ([name]) => (name === 'freeze' ? 1 : 0)
  expect(await rig.run(id)).toMatchObject({ outcome: 'failed' })
  world.acts.length = 0
  world.onExec = () => 0
  world.bad = 'one'
  expect(await rig.run(id)).toMatchObject({ outcome: 'failed' })
  expect(world.acts).toEqual(['freeze', 'thaw'])
})

it('ends what the command before it may have begun, however that went', async () => {
  const hook = (name: string) => ({ argv: [name], sudo: false, timeoutSeconds: 5 })
  const { id } = rig.add({ before: hook('stop'), after: hook('start') })
  const ways = {
    failed: () => 1,
    timedOut: () => ({ timedOut: true }),
    cancelled: () => {
      rig.backups.runner.cancel(rig.backups.runner.running(id)?.id ?? '')
      throw new AppError('CANCELLED', 'Cancelled')
    },
  }
  for (const way of Object.values(ways)) {
    world.acts.length = 0
    world.onExec = ([name]) => (name === 'stop' ? way() : 0)
    expect((await rig.run(id)).snapshots).toEqual([])
    expect(world.acts).toEqual(['stop', 'start'])
  }
  // with the link it waits for its host, before all else is tried again
  world.acts.length = 0
  world.onExec = ([name]) => {
    if (name !== 'stop' || world.acts.length > 1) return 0
    rig.online(false)
    return { lost: true }
  }
  rig.backups.runner.start({ backupId: id, reason: 'person', actor: 'person' })
  await rig.until(() => rig.backups.runner.running(id)?.progress?.step.startsWith('Waiting for the host'))
  rig.online(true)
  await rig.until(() => rig.backups.runner.running(id) === null)
  expect(world.acts).toEqual(['stop', 'start', 'stop', 'start'])
})

it('a backup that is removed in the last moment of its run leaves no orphan', async () => {
  const { id } = rig.add()
  onManifest(async put => {
    await put()
    rig.backups.remove(id)
  })
  rig.backups.runner.start({ backupId: id, reason: 'person', actor: 'person' })
  await rig.until(() => rig.backups.runner.running(id) === null && rig.backups.list().length === 0)
  expect(await rig.backups.snapshots.orphans()).toEqual([])
  expect(rig.files()).toEqual([])
})

it('keeps what was committed also where its place cannot be told afterwards', async () => {
  const { id } = rig.add()
  rig.backups.targets.saw = () => {
    throw new Error('no room for a word')
  }
  expect(await rig.run(id)).toMatchObject({ outcome: 'good', snapshots: [expect.any(String)] })
  expect(rig.files()).toHaveLength(2)
})

it('a key that a run encrypts with outlives the change of the passphrase and the removal of another snapshot', async () => {
  const { id } = rig.add()
  const change = (passphrase: string) =>
    rig.backups.edit(id, { ...rig.backups.stored(id).backup, encryption: { kind: 'passphrase' } }, { passphrase })
  const old = (await rig.run(id)).snapshots[0] ?? ''
  await rig.run(id)
  change('correct horse')
  onManifest(async put => {
    change('battery staple')
    await rig.backups.snapshots.remove(old)
    await put()
  })
  const [made = ''] = (await rig.run(id)).snapshots
  const { signal } = new AbortController()
  const path = await rig.backups.items.extract(made, 'app', null, world.elsewhere, signal)
  expect(readFileSync(path, 'utf8')).toBe('one')
  // its key is another one: the present passphrase is not tried for it
  const keyId = rig.backups.snapshots.get(made).manifest.parts[0]?.keyId
  rig.store.secrets.remove(`backup/${id}/opens#${keyId}`)
  await expect(rig.backups.items.extract(made, 'app', null, world.elsewhere, signal)).rejects.toThrow('not stored here')
  expect(await rig.backups.snapshots.missingKeys(id)).toEqual({ [made]: 'passphrase' })
  await rig.backups.snapshots.unlock(made, 'correct horse', signal)
  expect(await rig.backups.snapshots.missingKeys(id)).toEqual({})
})

it('asks for the identity of a snapshot whose recipient is another one by now, and says so before a restore', async () => {
  const [mine, next] = [await generateX25519Identity(), await generateX25519Identity()]
  const forWhom = async (identity: string) => ({ kind: 'age' as const, recipient: await identityToRecipient(identity) })
  const { id } = rig.add({ encryption: await forWhom(mine) })
  const [old = ''] = (await rig.run(id)).snapshots
  expect(await rig.backups.snapshots.missingKeys(id)).toEqual({ [old]: 'age' })
  // the key of the new one is here, and opens nothing that is for the old one
  rig.backups.edit(id, { ...rig.backups.stored(id).backup, encryption: await forWhom(next) }, { identity: next })
  world.clock.advance(60_000)
  const [made = ''] = (await rig.run(id)).snapshots
  expect(await rig.backups.snapshots.missingKeys(id)).toEqual({ [old]: 'age' })
  const { signal } = new AbortController()
  const plan = (snapshotId: string) =>
    rig.backups.restores.plan(RestoreDraft.parse({ snapshotId, to: { kind: 'in-place' } }), signal)
  expect((await plan(made)).problems).toEqual([])
  expect((await plan(old)).problems).toEqual([expect.stringContaining('key is not stored here')])
  await expect(rig.backups.snapshots.unlock(old, next, signal)).rejects.toMatchObject({ code: 'BACKUP_BAD' })
  await rig.backups.snapshots.unlock(old, mine, signal)
  expect(await rig.backups.snapshots.missingKeys(id)).toEqual({})
  expect((await plan(old)).problems).toEqual([])
  expect(await rig.restore(old)).toMatchObject({ outcome: 'restored' })
})

it('a part whose kind knows another way is taken once more in that way, with a note; without room for it the first failure counts', async () => {
  const { id } = rig.add()
  const grew = new AppError('COMMAND_FAILED', 'the log grew')
  world.breaks = otherWay => (otherWay ? null : grew)
  expect(await rig.run(id)).toMatchObject({ outcome: 'good' })
  const [made] = rig.backups.snapshots.list(id)
  expect(made?.manifest.parts[0]).toMatchObject({ notes: ['copied first'] })
  world.breaks = otherWay => (otherWay ? new AppError('DISK_FULL', 'no room for a copy') : grew)
  const failed = await rig.run(id)
  expect(failed.outcome).toBe('failed')
  expect(failed.evidence.at(-1)?.text).toMatch(/the log grew.*no room for a copy/)
  // another failure is not tried again
  let tries = 0
  world.breaks = () => {
    tries++
    return new AppError('COMMAND_FAILED', 'something else')
  }
  expect(await rig.run(id)).toMatchObject({ outcome: 'failed' })
  expect(tries).toBe(1)
  expect(rig.files().some(path => path.endsWith('.partial'))).toBe(false)
})

it('can be cancelled, with nothing left', async () => {
  const { id } = rig.add()
  world.onVerb = (name, when) => {
    const run = rig.backups.runner.running(id)
    if (name === 'verify' && when === 'before' && run) rig.backups.runner.cancel(run.id)
  }
  expect(await rig.run(id)).toMatchObject({ outcome: 'cancelled', snapshots: [] })
  expect(rig.files()).toEqual([])
})
