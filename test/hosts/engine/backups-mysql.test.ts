// MariaDB by a password from the vault, kept in a folder on another host, through the whole engine: all databases in one snapshot, put back, proven.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BackupDraft, localTargetId } from '../../../src/shared/model/backup.ts'
import { bootHost, type TestHost } from '../lib/index.ts'
import { backedUp, restored, wholeCycle } from './backup-cycle.ts'
import { RunningEngine } from './running-engine.ts'

let host: TestHost
let other: TestHost
let app: RunningEngine
let hostId: string
let otherId: string

beforeAll(async () => {
  ;[host, other] = await Promise.all([bootHost({ suite: 'bullseye' }), bootHost({ suite: 'bullseye' })])
  await host.exec('systemctl start mariadb; until mysqladmin ping >/dev/null 2>&1; do sleep 0.2; done')
  await root(`CREATE DATABASE shop; CREATE DATABASE blog;
    CREATE TABLE shop.era (name varchar(20)); CREATE TABLE blog.era (name varchar(20));
    INSERT INTO shop.era VALUES ('then'); INSERT INTO blog.era VALUES ('then');
    CREATE USER keeper@'127.0.0.1' IDENTIFIED BY 'a pass''word'; GRANT ALL ON *.* TO keeper@'127.0.0.1'`)
  await other.exec('install -d -o deploy -m 700 /srv/backups')
  app = await RunningEngine.start()
  hostId = (await app.add(host)).id
  otherId = (await app.add(other)).id
  await app.ready(hostId)
  await app.ready(otherId)
}, 240_000)
afterAll(async () => {
  await app?.dispose()
  await host?.dispose()
  await other?.dispose()
}, 60_000)

const root = async (sql: string): Promise<string> => (await host.exec(['mysql', '-N', '-B', '-e', sql])).stdout.trim()

it('all databases of MariaDB to a folder on another host: backed up, put back, proven; a new one comes along by itself', async () => {
  const { id: target } = await app.client.call('target.add', {
    draft: { type: 'host-folder', name: 'Other host', spec: { hostId: otherId, folder: '/srv/backups' } },
    secrets: {},
  })
  // no database is named: all that are there at each run
  const sources = [{ key: 'all', type: 'mysql', spec: { address: '127.0.0.1', user: 'keeper' } }]
  const { id } = await app.client.call('backup.add', {
    draft: BackupDraft.parse({ name: 'Everything', hostId, sources, targets: [target], retention: { last: 9 } }),
    secrets: { 'all.password': "a pass'word" },
  })
  const first = await wholeCycle(app.client, id, {
    state: async () => `${await root('SELECT name FROM shop.era')} ${await root('SELECT name FROM blog.era')}`,
    change: () => root("UPDATE shop.era SET name = 'now'; DROP TABLE blog.era; CREATE TABLE blog.era (name int)"),
  })
  const files = (await other.exec('cd /srv/backups && find . -type f')).stdout.trim().split('\n')
  // two snapshots of two parts and a manifest each
  const names = files.map(path => path.replace(/^.*\//, '').replace(/\.(sql|json).*$/, '')).sort()
  expect(names).toEqual(['all.blog', 'all.blog', 'all.shop', 'all.shop', 'manifest', 'manifest'])
  const snapshots = await app.client.call('snapshot.list', { backupId: id })
  expect(snapshots.map(({ targetId }) => targetId)).toEqual([target, target])

  await root("CREATE DATABASE news; CREATE TABLE news.era (name varchar(20)); INSERT INTO news.era VALUES ('then')")
  const run = await backedUp(app.client, id)
  expect(run.outcome, JSON.stringify(run)).toBe('good')
  const [second = ''] = run.snapshots
  const newest = (await app.client.call('snapshot.list', { backupId: id })).find(one => one.id === second)
  expect(newest?.manifest.parts.map(({ key }) => key).sort()).toEqual(['all.blog', 'all.news', 'all.shop'])

  // each can be put back alone, also one that the newest run no longer finds
  await root("UPDATE news.era SET name = 'now'; UPDATE shop.era SET name = 'later'; DROP DATABASE blog")
  for (const [snapshotId, part] of [
    [second, 'all.news'],
    [first, 'all.blog'],
  ] as const) {
    const restore = await restored(app.client, { snapshotId, parts: [part] })
    expect(restore.outcome, JSON.stringify(restore)).toBe('restored')
    await app.client.call('restore.dropOld', restore.id)
  }
  expect(await root('SELECT name FROM news.era')).toBe('then')
  expect(await root('SELECT name FROM blog.era')).toBe('then')
  expect(await root('SELECT name FROM shop.era')).toBe('later')

  expect((await other.exec('find /srv/backups -name "*.partial"')).stdout).toBe('')
  expect(await root('SHOW DATABASES')).not.toContain('quarterdeck')
}, 240_000)

it('S32 where its service is the server itself, that is up again when the databases change places', async () => {
  const sources = [{ key: 'shop', type: 'mysql', spec: { address: '127.0.0.1', user: 'keeper', database: 'shop' } }]
  const unit = { scope: 'system' as const, name: 'mariadb.service' }
  const { id } = await app.client.call('backup.add', {
    draft: BackupDraft.parse({ name: 'Shop', hostId, unit, sources, targets: [localTargetId], retention: { last: 9 } }),
    secrets: { 'shop.password': "a pass'word" },
  })
  await root("UPDATE shop.era SET name = 'then'")
  const { snapshots } = await backedUp(app.client, id)
  await root("UPDATE shop.era SET name = 'now'")
  const restore = await restored(app.client, { snapshotId: snapshots[0] ?? '' })
  expect(restore.outcome, JSON.stringify(restore)).toBe('restored')
  expect(restore.evidence.map(({ text }) => text).join('\n')).toContain(
    'The databases are asked with mariadb.service running',
  )
  expect(await root('SELECT name FROM shop.era')).toBe('then')
  expect(await host.property('mariadb.service', 'ActiveState')).toBe('active')
  await app.client.call('restore.dropOld', restore.id)
  expect(await root('SHOW DATABASES')).not.toContain('quarterdeck')
}, 120_000)
