// Proves that what lies in a host's folder is whole or gone, by the real script in this computer's own shell; links are cut in test/hosts.
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../../src/engine/lib/clock.ts'
import { createLocalLink } from '../../../../src/engine/local/local-link.ts'
import type { Link } from '../../../../src/engine/ports.ts'
import { hostFolder } from '../../../../src/engine/targets/host-folder.ts'
import type { TargetStore } from '../../../../src/engine/targets/target.ts'

const whole = (content: Uint8Array) => ({
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
})
const content = Buffer.concat([Buffer.alloc(100_000), randomBytes(900_000), Buffer.alloc(300)])

let root: string
let folder: string
let link: Link
let store: TargetStore
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'quarterdeck-target-'))
  folder = join(root, 'back ups')
  link = createLocalLink({ clock: systemClock })
  store = await hostFolder.open(
    { clock: systemClock, defaultFolder: '/nowhere', link: async () => link, secret: async () => null },
    hostFolder.spec.parse({ hostId: 'local', folder }),
  )
})
afterEach(async () => {
  await link.dispose()
  rmSync(root, { recursive: true, force: true })
})

const settled = async (what: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 500 && !what(); tries++) await new Promise(resolve => setTimeout(resolve, 10))
  expect(what()).toBe(true)
}

describe('a folder on a host', () => {
  it('S29 gives a file its name once it was counted and hashed there', async () => {
    const writer = await store.create('shop/a/db.zst')
    for (let at = 0; at < content.length; at += 64_000) await writer.write(content.subarray(at, at + 64_000))
    expect(readdirSync(join(folder, 'shop/a'))).toEqual(['db.zst.partial'])
    await writer.finish(whole(content))
    expect(readdirSync(join(folder, 'shop/a'))).toEqual(['db.zst'])
    expect(readFileSync(join(folder, 'shop/a/db.zst')).equals(content)).toBe(true)
    expect(statSync(join(folder, 'shop/a/db.zst')).mode & 0o777).toBe(0o600)
    const parts: Buffer[] = []
    for await (const part of await store.read('shop/a/db.zst')) parts.push(part as Buffer)
    expect(Buffer.concat(parts).equals(content)).toBe(true)
  })

  it('keeps an empty file, and one that ends in newlines', async () => {
    for (const odd of [Buffer.alloc(0), Buffer.from('\n\n\n'), Buffer.alloc(200)]) {
      await store.put('odd', odd)
      expect(readFileSync(join(folder, 'odd')).equals(odd)).toBe(true)
    }
  })

  it('S29 removes what came short, with other bytes, or without an end', async () => {
    const wrong = [
      { bytes: content.length - 1, sha256: whole(content).sha256 },
      { bytes: content.length, sha256: whole(Buffer.from('x')).sha256 },
      { bytes: content.length + 1, sha256: whole(content).sha256 },
    ]
    for (const expected of wrong) {
      const writer = await store.create('shop/a/db')
      await writer.write(content)
      await expect(writer.finish(expected)).rejects.toMatchObject({ code: 'BACKUP_BAD' })
      expect(existsSync(join(folder, 'shop'))).toBe(false)
    }
  })

  it('S29 takes the end of stdin for no end of the file', async () => {
    for (const cut of [0, 1, 50_000, 900_000]) {
      const writer = await store.create('shop/a/db')
      await writer.write(content.subarray(0, cut))
      link.stop()
      await settled(() => !existsSync(join(folder, 'shop')))
      await expect(writer.finish(whole(content.subarray(0, cut)))).rejects.toThrow()
    }
  })

  it('leaves nothing of what was given up', async () => {
    const writer = await store.create('shop/a/db')
    await writer.write(content)
    await writer.abort()
    await writer.abort()
    expect(readdirSync(folder)).toEqual([])
  })

  it('an old try that ends late takes nothing of a new one with it', async () => {
    const old = await store.create('shop/a/db')
    await old.write(content)
    const fresh = await store.create('shop/a/db')
    await fresh.write(content)
    await expect(old.finish({ ...whole(content), bytes: 1 })).rejects.toMatchObject({ code: 'BACKUP_BAD' })
    await fresh.finish(whole(content))
    expect(readFileSync(join(folder, 'shop/a/db')).equals(content)).toBe(true)
  })

  it('lists what is its own, half written too, and nothing of others', async () => {
    await store.put('shop/a/manifest.json', Buffer.from('{}'))
    await store.put('shop/b/manifest.json', Buffer.from('{}'))
    const writer = await store.create('shop/c/db')
    mkdirSync(join(folder, 'shop/a/a\nfile 1 1 .'))
    writeFileSync(join(folder, 'shop/a/a\nfile 1 1 ./forged'), 'x')
    writeFileSync(join(folder, 'shop/a/.hidden'), 'x')
    const paths = async (prefix: string) => (await store.list(prefix)).map(({ path }) => path).sort()
    expect(await paths('shop/a')).toEqual(['shop/a/manifest.json'])
    expect(await paths('')).toEqual(['shop/a/manifest.json', 'shop/b/manifest.json', 'shop/c/db.partial'])
    expect(await paths('none')).toEqual([])
    expect((await store.list('shop/b'))[0]).toMatchObject({ bytes: 2 })
    await writer.abort()
  })

  it('removes files and the folders that they leave empty', async () => {
    await store.put('shop/a/one', Buffer.from('1'))
    await store.put('shop/b/two', Buffer.from('2'))
    await store.remove(['shop/a/one', 'shop/a/never-there'])
    expect(readdirSync(join(folder, 'shop'))).toEqual(['b'])
  })

  it('says that a file is not there, and how much room there is', async () => {
    await expect(store.read('no/such')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await store.freeBytes()).toBeGreaterThan(0)
    expect(await store.list('')).toEqual([])
    await store.remove(['no/such'])
  })

  it('never leaves its folder', async () => {
    for (const path of ['../x', '/etc/passwd', 'a/../../x', '.hidden', '-rf', '$(id)', 'a b']) {
      await expect(store.create(path)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
      await expect(store.read(path)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
      await expect(store.remove([path])).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    }
  })
})
