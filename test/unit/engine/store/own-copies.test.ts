// Copies of the configuration are whole, few, and a way back; an import takes over at the next start and loses nothing.
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { expect, test } from 'vitest'
import { incomingName } from '../../../../src/engine/store/own-copies.ts'
import type { Store } from '../../../../src/engine/store/store.ts'
import { createWorkplace, draft, start, type Workplace } from './lib.ts'

const addHost = (store: Store, id: string): void => {
  store.hosts.insert({ ...draft({ name: id }), id, kind: 'ssh', createdAt: 1 })
}
const hosts = (store: Store): string[] => store.hosts.list().map(({ id }) => id)
const fill = (path: string, text: string): void => {
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(200, text), 0, 200, 0)
  closeSync(file)
}
const inFolder = (place: Workplace): string[] => readdirSync(join(place.directory, 'copies')).sort()

test('a copy is taken while the database is in use, is sound, and nobody else can read it', async () => {
  const place = createWorkplace()
  const store = place.open()
  addHost(store, 'a')
  const copy = await store.ownCopies.take()
  addHost(store, 'later')
  const path = store.ownCopies.pathOf(copy.name)
  expect(store.ownCopies.look(path)).toEqual({ hosts: 1, checks: 0, secrets: 0, vault: null })
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(inFolder(place)).toEqual([copy.name])
  place.dispose()
})

test('fourteen are kept, the newest ones', async () => {
  const place = createWorkplace()
  const store = place.open()
  const names: string[] = []
  for (let day = 0; day < 17; day++) {
    names.push((await store.ownCopies.take()).name)
    place.clock.advance(86_400_000)
  }
  expect(store.ownCopies.list().map(({ name }) => name)).toEqual(names.slice(-14).reverse())
  expect(inFolder(place)).toEqual(names.slice(-14))
  place.dispose()
})

test('after damage the newest sound copy is put back, and the damaged one is kept', async () => {
  const place = createWorkplace()
  const store = place.open()
  addHost(store, 'a')
  const sound = await store.ownCopies.take()
  place.clock.advance(86_400_000)
  addHost(store, 'b')
  const broken = await store.ownCopies.take()
  fill(store.ownCopies.pathOf(broken.name), 'x')
  store.close()
  writeFileSync(join(place.directory, 'quarterdeck.db'), 'no database at all'.repeat(500))

  const again = place.open()
  expect(hosts(again)).toEqual(['a'])
  expect(again.restored).toBe(sound.name)
  expect(readFileSync(again.setAside ?? '', 'utf8')).toContain('no database at all')
  expect(again.ownCopies.list().map(({ name }) => name)).toContain(sound.name)
  place.dispose()
})

test('without a sound copy it begins afresh, as before', () => {
  const place = createWorkplace()
  place.open().close()
  writeFileSync(join(place.directory, 'quarterdeck.db'), 'no database at all'.repeat(500))
  const again = place.open()
  expect(again.restored).toBeNull()
  expect(again.setAside).not.toBeNull()
  place.dispose()
})

test('what was staged takes over at the next start, and what was there stays beside it', async () => {
  const place = createWorkplace()
  const store = place.open()
  addHost(store, 'then')
  const { name } = await store.ownCopies.take()
  addHost(store, 'now')
  await store.ownCopies.stage(store.ownCopies.pathOf(name))
  expect(hosts(store)).toEqual(['now', 'then'])
  store.close()

  const again = place.open()
  expect(hosts(again)).toEqual(['then'])
  expect(existsSync(join(place.directory, incomingName))).toBe(false)
  const [before] = readdirSync(place.directory).filter(file => file.includes('before-import'))
  expect(again.ownCopies.look(join(place.directory, before ?? '')).hosts).toBe(2)
  again.close()
  expect(hosts(place.open())).toEqual(['then'])
  place.dispose()
})

test('killed while it is taken over: the next start goes on, and the log of the old file goes with it', async () => {
  const place = createWorkplace()
  const store = place.open()
  addHost(store, 'then')
  const { name } = await store.ownCopies.take()
  await store.ownCopies.stage(store.ownCopies.pathOf(name))
  store.close()
  // as a kill between the two renames leaves it
  const path = join(place.directory, 'quarterdeck.db')
  const { renameSync } = await import('node:fs')
  renameSync(path, join(place.directory, 'quarterdeck.before-import-x.db'))
  expect(hosts(place.open())).toEqual(['then'])
  place.dispose()
})

test('what is not ours, damaged or newer is refused with nothing changed', async () => {
  const place = createWorkplace()
  const store = place.open()
  addHost(store, 'a')
  const foreign = join(place.directory, 'foreign.db')
  const db = new SQLite(foreign)
  db.exec('CREATE TABLE something (a)')
  db.close()
  const text = join(place.directory, 'text.db')
  writeFileSync(text, 'a letter to a friend'.repeat(400))
  const newer = join(place.directory, 'newer.db')
  await store.ownCopies.give(newer, null)
  const opened = new SQLite(newer)
  opened.pragma('user_version = 9999')
  opened.close()
  expect(() => store.ownCopies.look(foreign)).toThrow(/not a copy/)
  expect(() => store.ownCopies.look(text)).toThrow(/damaged/)
  await expect(store.ownCopies.stage(newer)).rejects.toMatchObject({ code: 'DATABASE_NEWER' })
  await expect(store.ownCopies.stage(join(place.directory, 'nothing.db'))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(existsSync(join(place.directory, incomingName))).toBe(false)
  expect(() => store.ownCopies.pathOf('../quarterdeck.db')).toThrow(/not there/)
  place.dispose()
})

test('what is given away replaces nothing, and without a vault holds no secret', async () => {
  const place = createWorkplace()
  const store = place.open()
  store.secrets.put('host/a/password', Buffer.from('ciphertext-of-a-password'))
  const path = join(place.directory, 'export.db')
  await store.ownCopies.give(path, null)
  await expect(store.ownCopies.give(path, null)).rejects.toMatchObject({ code: 'CONFLICT' })
  expect(store.ownCopies.look(path).secrets).toBe(0)
  expect(readFileSync(path).includes('ciphertext-of-a-password')).toBe(false)
  expect(store.secrets.count()).toBe(1)
  place.dispose()
})

test('the time of the workplace is that of the copies', async () => {
  const place = createWorkplace()
  const { name } = await place.open().ownCopies.take()
  expect(name).toBe(`quarterdeck-${new Date(start).toISOString().slice(0, 19).replaceAll(':', '-')}.db`)
  place.dispose()
})
