// Proves that a folder of this computer holds whole files under good names and nothing else; on a real disk.
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../../src/engine/lib/clock.ts'
import { localFolder } from '../../../../src/engine/targets/local-folder.ts'
import type { TargetStore } from '../../../../src/engine/targets/target.ts'

const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')
const content = Buffer.alloc(3_000_000, 'what is to be kept')

let root: string
let store: TargetStore
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'quarterdeck-target-'))
  store = await openAt('')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const openAt = (folder: string): Promise<TargetStore> =>
  localFolder.open(
    { clock: systemClock, defaultFolder: join(root, 'kept'), link: () => Promise.reject(), secret: async () => null },
    localFolder.spec.parse({ folder }),
  )

describe('a folder of this computer', () => {
  it('S29 shows a file under its name only once it is whole', async () => {
    const writer = await store.create('shop/20261122T132000Z-4f2a/db.zst')
    await writer.write(content)
    expect((await store.list('')).map(({ path }) => path)).toEqual(['shop/20261122T132000Z-4f2a/db.zst.partial'])
    await writer.finish({ bytes: content.length, sha256: sha256(content) })
    expect(await store.list('shop')).toMatchObject([
      { path: 'shop/20261122T132000Z-4f2a/db.zst', bytes: content.length },
    ])
    const file = join(root, 'kept/shop/20261122T132000Z-4f2a/db.zst')
    expect(readFileSync(file).equals(content)).toBe(true)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(root, 'kept')).mode & 0o777).toBe(0o700)
    const parts: Buffer[] = []
    for await (const part of await store.read('shop/20261122T132000Z-4f2a/db.zst')) parts.push(part as Buffer)
    expect(Buffer.concat(parts).equals(content)).toBe(true)
  })

  it('S29 keeps nothing where the disk holds something else than was written', async () => {
    const writer = await store.create('shop/a/db')
    await writer.write(content)
    truncateSync(join(root, 'kept/shop/a/db.partial'), content.length - 1)
    await expect(writer.finish({ bytes: content.length, sha256: sha256(content) })).rejects.toMatchObject({
      code: 'BACKUP_BAD',
    })
    expect(readdirSync(join(root, 'kept'))).toEqual([])
  })

  it('leaves nothing of what was given up, not even the folder', async () => {
    const writer = await store.create('shop/a/db')
    await writer.write(content)
    await writer.abort()
    await writer.abort()
    expect(readdirSync(join(root, 'kept'))).toEqual([])
  })

  it('writes a manifest in one step', async () => {
    await store.put('shop/a/manifest.json', Buffer.from('{}'))
    await store.put('shop/a/manifest.json', Buffer.from('{"version":1}'))
    expect(readFileSync(join(root, 'kept/shop/a/manifest.json'), 'utf8')).toBe('{"version":1}')
    expect(await store.list('')).toHaveLength(1)
  })

  it('removes files and the folders that they leave empty', async () => {
    await store.put('shop/a/one', Buffer.from('1'))
    await store.put('shop/b/two', Buffer.from('2'))
    await store.remove(['shop/a/one', 'shop/a/never-there'])
    expect(readdirSync(join(root, 'kept/shop'))).toEqual(['b'])
    expect(await store.list('shop/a')).toEqual([])
  })

  it('never leaves its folder', async () => {
    for (const path of ['../x', '/etc/passwd', 'a/../../x', 'a//b', '.hidden', '-rf', 'a\\b', 'a/b\n', '']) {
      await expect(store.create(path)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
      await expect(store.read(path)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
      await expect(store.remove([path])).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    }
    await expect(store.list('../x')).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  it('says that a file is not there, and how much room there is', async () => {
    await expect(store.read('no/such')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await store.freeBytes()).toBeGreaterThan(0)
  })

  it('takes a folder that a person chose, and no relative one', async () => {
    const other = await openAt(join(root, 'disk'))
    await other.put('x', Buffer.from('1'))
    expect(readdirSync(join(root, 'disk'))).toEqual(['x'])
    expect(localFolder.spec.safeParse({ folder: 'relative' }).success).toBe(false)
  })
})
