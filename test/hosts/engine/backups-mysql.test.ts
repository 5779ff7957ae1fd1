// MariaDB by a password from the vault, kept in a folder on another host, through the whole engine: all databases in one snapshot, put back, proven.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BackupDraft } from '../../../src/shared/model/backup.ts'
import { bootHost, type TestHost } from '../lib/index.ts'
import { wholeCycle } from './backup-cycle.ts'
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

it('two databases of MariaDB to a folder on another host: backed up, put back, proven; nothing else is left there or here', async () => {
  const { id: target } = await app.client.call('target.add', {
    draft: { type: 'host-folder', name: 'Other host', spec: { hostId: otherId, folder: '/srv/backups' } },
    secrets: {},
  })
  const spec = { address: '127.0.0.1', user: 'keeper' }
  const sources = ['shop', 'blog'].map(database => ({ key: database, type: 'mysql', spec: { ...spec, database } }))
  const { id } = await app.client.call('backup.add', {
    draft: BackupDraft.parse({ name: 'Shop', hostId, sources, targets: [target], retention: { last: 9 } }),
    secrets: { 'shop.password': "a pass'word", 'blog.password': "a pass'word" },
  })
  await wholeCycle(app.client, id, {
    state: async () => `${await root('SELECT name FROM shop.era')} ${await root('SELECT name FROM blog.era')}`,
    change: () => root("UPDATE shop.era SET name = 'now'; DROP TABLE blog.era; CREATE TABLE blog.era (name int)"),
  })
  const files = (await other.exec('cd /srv/backups && find . -type f')).stdout.trim().split('\n')
  // two snapshots of two parts and a manifest each
  expect(files.map(path => path.replace(/^.*\//, '').replace(/\..*$/, '')).sort()).toEqual([
    'blog',
    'blog',
    'manifest',
    'manifest',
    'shop',
    'shop',
  ])
  expect(files.filter(path => path.endsWith('.partial'))).toEqual([])
  expect(await root('SHOW DATABASES')).not.toContain('quarterdeck')
  expect((await app.client.call('snapshot.list', { backupId: id })).map(({ targetId }) => targetId)).toEqual([
    target,
    target,
  ])
}, 240_000)
