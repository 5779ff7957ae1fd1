// S3 as a place for backups, on a real server that checks signatures, hashes and parts (OpenStack Swift): alone, and through the whole engine, encrypted.
import { createHash, randomBytes } from 'node:crypto'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { S3Client } from '../../../src/engine/lib/bulk/s3-client.ts'
import { type Clock, systemClock } from '../../../src/engine/lib/clock.ts'
import { s3 } from '../../../src/engine/targets/s3.ts'
import type { TargetStore } from '../../../src/engine/targets/target.ts'
import { BackupDraft, type Target } from '../../../src/shared/model/backup.ts'
import { bootHost, createTcpProxy, type Swift, startSwift, type TestHost } from '../lib/index.ts'
import { backedUp, drilled, restored, wholeCycle } from './backup-cycle.ts'
import { RunningEngine } from './running-engine.ts'

const mib = 1024 * 1024
/** Two parts, the second of them small. */
const large = randomBytes(17 * mib)
const lite = '/home/deploy/app.db'

let host: TestHost
let swift: Swift
let app: RunningEngine
let hostId: string
let place: Target

beforeAll(async () => {
  host = await bootHost({ suite: 'trixie' })
  await host.exec('systemctl start redis-server')
  swift = await startSwift(host)
  app = await RunningEngine.start()
  hostId = (await app.add(host)).id
  const { secretAccessKey, ...rest } = swift
  await new S3Client({ ...rest, secretAccessKey, bucket: 'backups', pathStyle: true }, systemClock).send({
    method: 'PUT',
  })
  const spec = { ...rest, bucket: 'backups', folder: 'quarterdeck' }
  place = await app.client.call('target.add', {
    draft: { type: 's3', name: 'Bucket', spec },
    secrets: { secretAccessKey },
  })
  await app.ready(hostId)
}, 240_000)
afterAll(async () => {
  await app?.dispose()
  await host?.dispose()
}, 60_000)

/** Tries again at once; a storage that does not answer is waited for as ever. */
const impatient: Clock = { ...systemClock, after: (ms, act) => systemClock.after(ms < 60_000 ? 1 : ms, act) }

const opened = (changes: object = {}, secret = swift.secretAccessKey): Promise<TargetStore> =>
  s3.open(
    {
      clock: impatient,
      secret: async () => secret,
      defaultFolder: '/',
      link: () => Promise.reject(new Error('none')),
    },
    s3.spec.parse({ ...swift, bucket: 'backups', folder: 'kept/here', ...changes }),
  )
const whole = (content: Uint8Array) => ({
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
})
async function content(store: TargetStore, path: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of await store.read(path)) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
const paths = async (store: TargetStore): Promise<string[]> => (await store.list('')).map(({ path }) => path).sort()
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    ({ code }: { code: string }) => code,
  )

it('S29 a real storage keeps files in parts that show only once all are there, and gives back what was written', async () => {
  const store = await opened()
  expect(await store.freeBytes()).toBeNull()
  const writer = await store.create('shop/a/db')
  await writer.write(large)
  expect(await paths(store)).toEqual(['shop/a/db.partial'])
  expect(await codeOf(content(store, 'shop/a/db'))).toBe('NOT_FOUND')
  await writer.finish(whole(large))
  await store.put('shop/a/manifest.json', Buffer.from('{}'))
  await store.put('shop/a/manifest.json', Buffer.from('{"version":1}'))
  const empty = await store.create('shop/a/empty')
  await empty.finish(whole(Buffer.alloc(0)))
  expect(await paths(store)).toEqual(['shop/a/db', 'shop/a/empty', 'shop/a/manifest.json'])
  expect(await store.list('shop')).toMatchObject([{ path: 'shop/a/db', bytes: large.length }, {}, {}])
  expect((await content(store, 'shop/a/db')).equals(large)).toBe(true)
  expect((await content(store, 'shop/a/manifest.json')).toString()).toBe('{"version":1}')
  await store.remove(['shop/a/db', 'shop/a/empty', 'shop/a/manifest.json', 'shop/never/there'])
  expect(await paths(store)).toEqual([])
}, 60_000)

it('S29 a real storage keeps nothing of what was given up, cut or left, and what was left is seen and removed', async () => {
  const store = await opened()
  const given = await store.create('shop/a/given-up')
  await given.write(large)
  await given.abort()
  expect(await paths(store)).toEqual([])
  const left = await store.create('shop/a/left')
  await left.write(large)
  expect(await paths(store)).toEqual(['shop/a/left.partial'])
  await store.remove(['shop/a/left.partial'])
  expect(await codeOf(left.finish(whole(large)))).toBe('NOT_FOUND')
  const proxy = await createTcpProxy({ target: { address: host.address, port: Number(new URL(swift.endpoint).port) } })
  try {
    const through = await opened({ endpoint: `http://127.0.0.1:${proxy.port}` })
    const cut = await through.create('shop/a/cut')
    await cut.write(large)
    await proxy.dispose()
    expect(await codeOf(cut.finish(whole(large)))).toBe('UNREACHABLE')
  } finally {
    await proxy.dispose()
  }
  // what the line kept it from taking back is told as what it is
  expect(await paths(store)).toEqual(['shop/a/cut.partial'])
  await store.remove(['shop/a/cut.partial'])
  expect(await paths(store)).toEqual([])
}, 90_000)

it('a real storage lists many pages, and nothing of another folder', async () => {
  const store = await opened()
  const other = await opened({ folder: 'kept/here-not' })
  await other.put('shop/x', Buffer.from('1'))
  const client = new S3Client({ ...swift, bucket: 'backups', pathStyle: true }, systemClock)
  await Promise.all(Array.from({ length: 12 }, (_, n) => store.put(`shop/a/${n}`, Buffer.from('1'))))
  const { text } = await client.send({
    method: 'GET',
    query: { 'list-type': '2', 'max-keys': '5', prefix: 'kept/here/' },
  })
  expect(text).toContain('<IsTruncated>true</IsTruncated>')
  expect(await paths(store)).toHaveLength(12)
  await store.remove(await paths(store))
  await other.remove(['shop/x'])
}, 60_000)

it('says of a real storage what is wrong with the key, the bucket, the region and the address', async () => {
  const one = Buffer.from('1')
  for (const [changes, secret, code] of [
    [{}, 'another secret', 'ACCESS_DENIED'],
    [{ accessKeyId: 'backups:nobody' }, swift.secretAccessKey, 'ACCESS_DENIED'],
    [{ bucket: 'no-such-bucket' }, swift.secretAccessKey, 'CONFIG'],
    [{ region: 'eu-west-1' }, swift.secretAccessKey, 'CONFIG'],
  ] as const) {
    const store = await opened(changes, secret)
    expect(await codeOf(store.freeBytes()), JSON.stringify(changes)).toBe(code)
    expect(await codeOf(store.put('x', one)), JSON.stringify(changes)).toBe(code)
  }
  const draft = { type: 's3', name: 'Trial', spec: { ...place.spec, folder: 'trial' } }
  const { secretAccessKey } = swift
  expect(await app.client.call('target.test', { id: null, draft, secrets: { secretAccessKey } })).toEqual({
    problem: null,
  })
  const wrong = await app.client.call('target.test', { id: null, draft, secrets: { secretAccessKey: 'wrong' } })
  expect(wrong.problem).toContain('SignatureDoesNotMatch')
}, 60_000)

const draftOf = (name: string, type: string, spec: object, encryption: object): BackupDraft =>
  BackupDraft.parse({
    ...{
      name,
      hostId,
      sources: [{ key: 'data', type, spec }],
      targets: [place.id],
      retention: { last: 9 },
      encryption,
    },
  })

it('Redis under a passphrase in a bucket: backed up, put back, proven; and after the passphrase was changed', async () => {
  const cli = async (words: string): Promise<string> => (await host.exec(`redis-cli ${words}`)).stdout.trim()
  await cli('set era then')
  const draft = draftOf('Keys', 'redis', {}, { kind: 'passphrase' })
  const backup = await app.client.call('backup.add', { draft, secrets: { passphrase: 'correct horse' } })
  const first = await wholeCycle(app.client, backup.id, {
    state: () => cli('get era'),
    change: () => cli('set era now'),
  })
  await app.client.call('backup.edit', { id: backup.id, draft, secrets: { passphrase: 'battery staple' } })
  await cli('set era later')
  expect((await backedUp(app.client, backup.id)).outcome).toBe('good')
  const all = await app.client.call('snapshot.list', { backupId: backup.id })
  expect(new Set(all.flatMap(({ manifest }) => manifest.parts.map(({ keyId }) => keyId))).size).toBe(2)
  expect((await restored(app.client, { snapshotId: first })).outcome).toBe('restored')
  expect(await cli('get era')).toBe('then')
  // what lies there is what age reads, and the bytes there are those of the manifest
  const store = await opened({ folder: 'quarterdeck' })
  const stored = (await paths(store)).filter(path => path.startsWith(backup.id))
  expect(stored.some(path => path.endsWith('.partial'))).toBe(false)
  const [file = ''] = stored.filter(path => path.endsWith('.age'))
  expect((await content(store, file)).subarray(0, 21).toString()).toBe('age-encryption.org/v1')
}, 240_000)

it('for an age recipient whose key is not here only the hash is proven, and said so; with the key it goes elsewhere', async () => {
  const lines = (path: string): Promise<string> =>
    host.exec(['runuser', '-u', 'deploy', '--', 'sqlite3', path, 'SELECT v FROM t']).then(({ stdout }) => stdout.trim())
  await host.exec([
    'runuser',
    '-u',
    'deploy',
    '--',
    'sqlite3',
    lite,
    "CREATE TABLE t (v); INSERT INTO t VALUES ('then')",
  ])
  const identity = await generateIdentity()
  const encryption = { kind: 'age', recipient: await identityToRecipient(identity) }
  const draft = draftOf('Sealed', 'sqlite', { path: lite }, encryption)
  const backup = await app.client.call('backup.add', { draft, secrets: {} })
  const run = await backedUp(app.client, backup.id)
  expect(run, JSON.stringify(run)).toMatchObject({ outcome: 'good' })
  const [snapshot] = await app.client.call('snapshot.list', { backupId: backup.id })
  expect(snapshot?.manifest.parts[0]).toMatchObject({
    encryption: 'age',
    verified: expect.stringContaining('hash is the same'),
  })
  const snapshotId = snapshot?.id ?? ''
  const to = { kind: 'elsewhere' as const, hostId, place: '/home/deploy/elsewhere' }
  const plan = await app.client.call('restore.plan', { snapshotId, to })
  expect(plan.problems).toEqual([expect.stringContaining('not stored here')])
  expect(await drilled(app.client, backup.id)).toMatchObject({ outcome: 'failed' })
  await app.client.call('backup.remove', backup.id)
  expect(await app.client.call('snapshot.orphans', undefined)).toMatchObject([
    { missingKey: 'age', targetName: 'Bucket', snapshot: { id: snapshotId } },
  ])
  const other = await generateIdentity()
  await expect(app.client.call('snapshot.unlock', { id: snapshotId, key: other })).rejects.toMatchObject({
    code: 'BACKUP_BAD',
  })
  await app.client.call('snapshot.unlock', { id: snapshotId, key: identity })
  expect((await restored(app.client, { snapshotId, to })).outcome).toBe('restored')
  expect(await lines('/home/deploy/elsewhere/app.db')).toBe('then')
  await app.client.call('snapshot.remove', snapshotId)
  const there = await paths(await opened({ folder: 'quarterdeck' }))
  expect(there.filter(path => path.startsWith(backup.id))).toEqual([])
}, 120_000)
