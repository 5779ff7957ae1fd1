// Proves that S3 storage holds whole files or none, by a server that checks signatures and hashes; needs no network but loopback.
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../../../src/engine/lib/clock.ts'
import { s3 } from '../../../../src/engine/targets/s3.ts'
import type { TargetStore } from '../../../../src/engine/targets/target.ts'
import { signatureIsGood } from '../../../fakes/s3-signature.ts'
import { bucket, credentials, type S3Storage, startS3 } from '../../../fakes/s3-storage.ts'

let storage: S3Storage
beforeAll(async () => {
  storage = await startS3()
})
afterAll(() => storage.close())
afterEach(() => {
  // nothing that was begun may be left to pay for
  expect([...storage.uploads.values()].map(({ key }) => key)).toEqual([])
  storage.fault = () => null
  storage.objects.clear()
  storage.seen.length = 0
})

/** Waits for nothing: what is tried again, is at once. */
const clock: Clock = { ...systemClock, after: (ms, task) => systemClock.after(ms > 60_000 ? ms : 0, task) }
const opened = (fields: Record<string, unknown> = {}, secret: string | null = credentials.secretAccessKey) =>
  s3.open(
    { clock, defaultFolder: '/nowhere', link: () => Promise.reject(), secret: async () => secret },
    s3.spec.parse({
      ...{ endpoint: storage.endpoint, bucket, folder: 'kept/here', accessKeyId: credentials.accessKeyId },
      ...fields,
    }),
  )

const whole = (content: Uint8Array) => ({
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
})
async function written(store: TargetStore, path: string, content: Buffer): Promise<void> {
  const writer = await store.create(path)
  try {
    for (let at = 0; at < content.length; at += 500_000) await writer.write(content.subarray(at, at + 500_000))
    await writer.finish(whole(content))
  } catch (caught) {
    // as whoever writes does
    await writer.abort()
    throw caught
  }
}
async function content(store: TargetStore, path: string): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of await store.read(path)) parts.push(part as Buffer)
  return Buffer.concat(parts)
}
const paths = async (store: TargetStore, prefix = '') => (await store.list(prefix)).map(({ path }) => path).sort()
const mib = 1024 * 1024
const large = randomBytes(17 * mib)

describe('the fake', () => {
  it("takes the signature of Amazon's own example, and no other", () => {
    const headers = {
      ...{ host: 'examplebucket.s3.amazonaws.com', range: 'bytes=0-9', 'x-amz-date': '20130524T000000Z' },
      'x-amz-content-sha256': createHash('sha256').digest('hex'),
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,' +
        'SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,' +
        'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    }
    const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
    expect(signatureIsGood({ method: 'GET', url: '/test.txt', headers }, secret)).toBe(true)
    expect(signatureIsGood({ method: 'GET', url: '/test.txt?x', headers }, secret)).toBe(false)
    expect(signatureIsGood({ method: 'GET', url: '/test.txt', headers }, `${secret}x`)).toBe(false)
  })
})

describe('S3 storage', () => {
  it('S29 keeps a large file in parts that show only once all are there', async () => {
    const store = await opened()
    const writer = await store.create('shop/a/db')
    const twice = Buffer.concat([large, large])
    await writer.write(twice.subarray(0, 20 * mib))
    expect(await store.read('shop/a/db').catch(({ code }) => code)).toBe('NOT_FOUND')
    await writer.write(twice.subarray(20 * mib))
    await writer.finish(whole(twice))
    expect(await store.list('shop')).toMatchObject([{ path: 'shop/a/db', bytes: twice.length }])
    expect((await content(store, 'shop/a/db')).equals(twice)).toBe(true)
    // all parts but the last of one size, none larger than what may be held
    expect(storage.seen.filter(({ url }) => url.includes('partNumber')).map(({ bytes }) => bytes)).toEqual([
      ...[16 * mib, 16 * mib],
      2 * mib,
    ])
  })

  it('keeps small files, empty ones and a manifest in one step', async () => {
    const store = await opened()
    await written(store, 'shop/a/small', Buffer.from('small'))
    await written(store, 'shop/a/empty', Buffer.alloc(0))
    await store.put('shop/a/manifest.json', Buffer.from('{}'))
    await store.put('shop/a/manifest.json', Buffer.from('{"version":1}'))
    expect(await paths(store)).toEqual(['shop/a/empty', 'shop/a/manifest.json', 'shop/a/small'])
    expect((await content(store, 'shop/a/manifest.json')).toString()).toBe('{"version":1}')
    expect((await content(store, 'shop/a/small')).toString()).toBe('small')
    expect(await content(store, 'shop/a/empty')).toHaveLength(0)
  })

  it('lists what is below a folder alone, over many pages, and nothing of other folders', async () => {
    const store = await opened()
    const other = await opened({ folder: 'kept/here-not' })
    await other.put('shop/a/x', Buffer.from('1'))
    await Promise.all(Array.from({ length: 30 }, (_, n) => store.put(`shop/a/${n}`, Buffer.from('1'))))
    await store.put('shop-two/x', Buffer.from('1'))
    expect(await paths(store, 'shop')).toHaveLength(30)
    expect(await paths(store)).toHaveLength(31)
    expect(await paths(store, 'none')).toEqual([])
    await other.remove(['shop/a/x', 'never/there'])
    expect(await paths(other)).toEqual([])
  })

  it('tries again where the storage is busy or the line breaks', async () => {
    const store = await opened()
    storage.fault = (_seen, count) => (count % 3 === 1 ? 'busy' : count % 3 === 2 ? 'cut' : null)
    await written(store, 'shop/a/db', large)
    storage.fault = () => null
    expect((await content(store, 'shop/a/db')).equals(large)).toBe(true)
  })

  it('S29 keeps nothing of a file whose bytes changed on the way', async () => {
    const store = await opened()
    for (const file of [large, Buffer.from('small')]) {
      storage.fault = ({ method, bytes }) => (method === 'PUT' && bytes > 0 ? 'changed' : null)
      await expect(written(store, 'shop/a/db', file)).rejects.toMatchObject({ code: 'BACKUP_BAD' })
      storage.fault = () => null
      expect(await paths(store)).toEqual([])
    }
  })

  it('S29 keeps nothing where the storage goes in the middle, or where it is given up', async () => {
    const store = await opened()
    storage.fault = ({ url }) => (url.includes('partNumber=2') ? 'busy' : null)
    await expect(written(store, 'shop/a/db', large)).rejects.toMatchObject({ code: 'UNREACHABLE' })
    expect(await paths(store)).toEqual([])
    storage.fault = () => null
    const writer = await store.create('shop/a/db')
    await writer.write(large)
    await writer.abort()
    await writer.abort()
    await expect(writer.finish(whole(large))).rejects.toThrow()
    expect(await paths(store)).toEqual([])
    const cancel = new AbortController()
    const cancelled = await store.create('shop/a/db', cancel.signal)
    await cancelled.write(large)
    cancel.abort()
    await expect(cancelled.finish(whole(large))).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await paths(store)).toEqual([])
  })

  it('S29 shows what was begun and never finished, and removes it', async () => {
    const store = await opened()
    const left = await store.create('shop/a/db')
    await left.write(large)
    expect(await paths(store)).toEqual(['shop/a/db.partial'])
    await store.remove(['shop/a/db.partial'])
    expect(await paths(store)).toEqual([])
    await expect(left.finish(whole(large))).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await paths(store)).toEqual([])
  })

  it('fails a read that ends early', async () => {
    const store = await opened()
    await written(store, 'shop/a/db', large)
    storage.fault = ({ method }) => (method === 'GET' ? 'cut answer' : null)
    await expect(content(store, 'shop/a/db')).rejects.toMatchObject({ code: 'LINK_LOST' })
  })

  it('says what is wrong with the key, the bucket and the address', async () => {
    const denied = await opened({}, 'another secret')
    await expect(denied.put('x', Buffer.from('1'))).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    await expect(denied.freeBytes()).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    const nowhere = await opened({ bucket: 'no-such-bucket' })
    await expect(nowhere.freeBytes()).rejects.toMatchObject({ code: 'CONFIG' })
    const silent = await opened({ endpoint: 'http://127.0.0.1:9' })
    await expect(silent.freeBytes()).rejects.toMatchObject({ code: 'UNREACHABLE' })
    await expect(opened({}, null)).rejects.toMatchObject({ code: 'CONFIG' })
    expect(await (await opened()).freeBytes()).toBeNull()
  })

  it('never leaves its folder, and tells no secret', async () => {
    const store = await opened()
    for (const path of ['../x', '/x', 'a/../x', 'a?b', 'a b'])
      await expect(store.put(path, Buffer.from('1'))).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    const denied = await opened({}, 'a-very-secret-key')
    const error = await denied.put('x', Buffer.from('1')).catch((caught: unknown) => caught)
    expect(JSON.stringify(error) + String(error)).not.toContain('a-very-secret-key')
    expect(s3.spec.safeParse({ endpoint: 'https://user:pass@host', bucket: 'abc', accessKeyId: 'x' }).success).toBe(
      false,
    )
  })
})
