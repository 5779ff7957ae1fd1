// Databases come to the newest version whole, or stay as they were.
import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { migrate, newestVersion, refuseNewer } from '../../../../src/engine/store/migrate.ts'
import { configurationMigrations, historyMigrations } from '../../../../src/engine/store/migrations/index.ts'
import type { Migration } from '../../../../src/engine/store/migrations/migration.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import { createWorkplace } from './lib.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quarterdeck-migrate-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const first: Migration = { version: 1, name: 'first', up: db => db.exec('CREATE TABLE a (x INTEGER) STRICT') }
const second: Migration = {
  version: 2,
  name: 'second',
  up: db => db.exec('ALTER TABLE a ADD COLUMN y TEXT; UPDATE a SET y = x * 2'),
}
const broken: Migration = {
  version: 3,
  name: 'broken',
  up(db) {
    db.exec('DELETE FROM a')
    db.exec('CREATE TABLE a (again INTEGER)')
  },
}
const now = Date.UTC(2026, 0, 2, 3, 4, 5)
const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')

test('the real lists are contiguous', () => {
  expect(newestVersion(configurationMigrations)).toBe(configurationMigrations.length)
  expect(newestVersion(historyMigrations)).toBe(historyMigrations.length)
})

test('versions with a hole or out of order are refused before anything is done', () => {
  const db = new SQLite(join(folder, 'x.db'))
  expect(() => migrate(db, [second, first], { now })).toThrow(/contiguous/)
  expect(() => migrate(db, [first, broken], { now })).toThrow(/contiguous/)
  expect(db.pragma('user_version', { simple: true })).toBe(0)
  db.close()
})

test('what is missing is applied, with a private copy of the file as it was', () => {
  const path = join(folder, 'x.db')
  const db = new SQLite(path)
  expect(migrate(db, [first], { now })).toEqual({ from: 0, to: 1 })
  db.prepare('INSERT INTO a VALUES (21)').run()
  const copies: string[] = []
  expect(migrate(db, [first, second], { now, onCopy: copy => copies.push(copy) })).toEqual({ from: 1, to: 2 })
  expect(db.prepare('SELECT * FROM a').all()).toEqual([{ x: 21, y: '42' }])
  expect(copies).toEqual([join(folder, 'x.before-v2-2026-01-02T03-04-05.db')])
  const copy = new SQLite(copies[0] as string, { readonly: true })
  expect(copy.prepare('SELECT * FROM a').all()).toEqual([{ x: 21 }])
  copy.close()
  expect(statSync(copies[0] as string).mode & 0o777).toBe(0o600)
  expect(migrate(db, [first, second], { now })).toEqual({ from: 2, to: 2 })
  db.close()
})

test('a migration that fails leaves everything as it was, also what the ones before it did', () => {
  const db = new SQLite(join(folder, 'x.db'))
  migrate(db, [first], { now })
  db.prepare('INSERT INTO a VALUES (1)').run()
  expect(() => migrate(db, [first, second, broken], { now })).toThrow(/already exists/)
  expect(db.pragma('user_version', { simple: true })).toBe(1)
  expect(db.prepare('SELECT * FROM a').all()).toEqual([{ x: 1 }])
  db.close()
})

test('only the newest three copies are kept', () => {
  const db = new SQLite(join(folder, 'x.db'))
  migrate(db, [first], { now })
  for (let day = 0; day < 5; day++) {
    migrate(db, [first, second], { now: now + day * 86_400_000 })
    db.exec('ALTER TABLE a DROP COLUMN y; PRAGMA user_version = 1')
  }
  db.close()
  expect(readdirSync(folder).filter(name => name.includes('.before-'))).toHaveLength(3)
})

test('a newer database is refused and not a byte of it changes', () => {
  const path = join(folder, 'x.db')
  const db = new SQLite(path)
  migrate(db, [first, second], { now })
  db.close()
  const before = digest(path)
  const refuse = (): void => refuseNewer(path, [first])
  expect(refuse).toThrow(AppError)
  expect(refuse).toThrow(expect.objectContaining({ code: 'DATABASE_NEWER' }))
  expect(digest(path)).toBe(before)
  expect(readdirSync(folder)).toEqual(['x.db'])
})

test('a newer version that is only in the write-ahead log is seen too', () => {
  const path = join(folder, 'x.db')
  const db = new SQLite(path)
  db.pragma('journal_mode = WAL')
  migrate(db, [first], { now })
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.pragma('wal_autocheckpoint = 0')
  migrate(db, [first, second], { now })
  // As a killed process leaves them.
  for (const suffix of ['', '-wal']) copyFileSync(path + suffix, join(folder, `killed.db${suffix}`))
  db.close()
  const before = digest(join(folder, 'killed.db'))
  const log = digest(join(folder, 'killed.db-wal'))
  expect(() => refuseNewer(join(folder, 'killed.db'), [first])).toThrow(
    expect.objectContaining({ code: 'DATABASE_NEWER' }),
  )
  expect(digest(join(folder, 'killed.db'))).toBe(before)
  expect(digest(join(folder, 'killed.db-wal'))).toBe(log)
})

test('the store refuses a newer configuration or history, untouched, and lets go of the directory', () => {
  for (const name of ['quarterdeck.db', 'history.db']) {
    const place = createWorkplace()
    place.open().close()
    const path = join(place.directory, name)
    const db = new SQLite(path)
    db.pragma('user_version = 999')
    db.pragma('wal_checkpoint(TRUNCATE)')
    db.close()
    const before = digest(path)
    // Twice: the first refusal must have released the lock.
    for (let attempt = 0; attempt < 2; attempt++)
      expect(() => place.open()).toThrow(expect.objectContaining({ code: 'DATABASE_NEWER' }))
    expect(digest(path)).toBe(before)
    expect(place.clock.pending).toBe(0)
    place.dispose()
  }
})

test('files are for their owner only, also those made readable by somebody', () => {
  const place = createWorkplace()
  chmodSync(place.directory, 0o755)
  const store = place.open()
  store.samples.write('a', 1, new Map([['cpu', 1]]))
  expect(statSync(place.directory).mode & 0o777).toBe(0o700)
  for (const name of readdirSync(place.directory))
    expect([name, (statSync(join(place.directory, name)).mode & 0o777).toString(8)]).toEqual([name, '600'])
  store.close()
  store.close()
  expect(existsSync(join(place.directory, 'history.db-wal'))).toBe(false)
  chmodSync(join(place.directory, 'quarterdeck.db'), 0o644)
  place.open()
  expect(statSync(join(place.directory, 'quarterdeck.db')).mode & 0o777).toBe(0o600)
  place.dispose()
})
