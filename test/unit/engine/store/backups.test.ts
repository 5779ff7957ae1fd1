// What is kept of backups: each read as it was written, secrets by name only, and snapshots that outlive their configuration.
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { BackupStore } from '../../../../src/engine/store/backups.ts'
import type { Store } from '../../../../src/engine/store/store.ts'
import { Backup, BackupDraft, type BackupRun } from '../../../../src/shared/model/backup.ts'
import type { Snapshot } from '../../../../src/shared/model/snapshot.ts'
import { createWorkplace, draft, type Workplace } from './lib.ts'

let place: Workplace
let store: Store
let backups: BackupStore
beforeEach(() => {
  place = createWorkplace()
  store = place.open()
  backups = store.backups
  store.hosts.insert({ ...draft(), id: 'web', kind: 'ssh', createdAt: 1 })
  backups.insertTarget({ id: 'disk', type: 'local-folder', name: 'Disk', spec: {}, createdAt: 1 })
})
afterEach(() => place.dispose())

const backup = Backup.omit({ stored: true }).parse({
  ...BackupDraft.parse({
    ...{ name: 'App', hostId: 'web', sources: [{ key: 'app', type: 'sqlite', spec: { path: '/a.db' } }] },
    ...{ targets: ['disk'], retention: { last: 3 } },
  }),
  ...{ id: 'app-1', checkId: 'check-1', createdAt: 5 },
})
const snapshot = (name: string, startedAt: number): Snapshot => ({
  ...{ id: `disk/app-1/${name}`, targetId: 'disk', state: 'good', problem: null, hashedAt: 1, provenAt: null },
  manifest: { backupId: 'app-1', name, startedAt, parts: [{ bytes: 7 }] } as Snapshot['manifest'],
})
const run = (id: string, finishedAt: number | null): BackupRun => ({
  ...{ id, backupId: 'app-1', reason: 'person', startedAt: Number(id), finishedAt, outcome: 'running' },
  ...{ evidence: [], progress: null, snapshots: [] },
})

it('keeps a backup with the names of its secrets, and forgets them with it', () => {
  backups.insert(backup)
  backups.insert({ ...backup, id: 'app-10' })
  store.secrets.put('backup/app-1/passphrase', Buffer.from('x'))
  store.secrets.put('backup/app-1/app.password', Buffer.from('x'))
  store.secrets.put('backup/app-10/passphrase', Buffer.from('x'))
  expect(backups.get('app-1')?.backup).toEqual({ ...backup, stored: ['app.password', 'passphrase'] })
  backups.setScheduled('app-1', 9)
  backups.update('app-1', { ...backup, name: 'Other' })
  expect(backups.list()).toMatchObject([{ scheduledAt: 9, drilledAt: null, backup: { name: 'Other' } }, {}])
  backups.remove('app-1')
  expect(backups.list()).toHaveLength(1)
  expect(store.secrets.count()).toBe(1)
  expect(() => backups.update('app-1', backup)).toThrow('not there')
})

it('keeps snapshots, newest first, beyond their backup and their host, but not beyond their target', () => {
  backups.insert(backup)
  backups.putSnapshot(snapshot('one', 1))
  backups.putSnapshot(snapshot('two', 2))
  expect(backups.snapshots('app-1').map(({ manifest }) => manifest.name)).toEqual(['two', 'one'])
  backups.putSnapshot({ ...snapshot('two', 2), state: 'damaged', problem: 'cut' })
  expect(backups.snapshots('app-1')).toMatchObject([{ state: 'damaged', problem: 'cut' }, { state: 'good' }])
  store.hosts.remove('web')
  expect(backups.list()).toEqual([])
  expect(backups.snapshotsOn('disk')).toHaveLength(2)
  backups.removeSnapshot('disk/app-1/one')
  expect(backups.snapshotsOn('disk')).toHaveLength(1)
  backups.removeTarget('disk')
  expect(backups.snapshots('app-1')).toEqual([])
})

it('keeps the secrets of a backup that was removed until the last of its snapshots is gone, and tells keys by their ids', () => {
  backups.insert(backup)
  store.secrets.put('backup/app-1/passphrase', Buffer.from('x'))
  store.secrets.put('backup/app-1/opens#0a1b2c3d', Buffer.from('x'))
  expect(backups.get('app-1')?.backup.stored).toEqual(['passphrase'])
  expect(backups.keyIds('app-1')).toEqual(['0a1b2c3d'])
  for (const name of ['one', 'two']) backups.putSnapshot(snapshot(name, 1))
  expect(backups.orphans()).toEqual([])
  backups.remove('app-1')
  expect(backups.orphans().map(({ id }) => id)).toEqual(['disk/app-1/one', 'disk/app-1/two'])
  backups.removeSnapshot('disk/app-1/one')
  expect(store.secrets.count()).toBe(2)
  backups.removeTarget('disk')
  expect(store.secrets.count()).toBe(0)
})

it('keeps the newest 500 runs, and each that is not over', () => {
  backups.insertJob('backup', run('1', null))
  for (let n = 2; n <= 520; n++) backups.insertJob('backup', run(String(n), n))
  expect(backups.jobs('backup', 'app-1', 1_000)).toHaveLength(501)
  expect(backups.unfinished('backup')).toMatchObject([{ id: '1' }])
  backups.updateJob({ ...run('1', 9), outcome: 'failed' } as BackupRun)
  expect(backups.unfinished('backup')).toEqual([])
  expect(backups.jobs('drill', null, 5)).toEqual([])
})
