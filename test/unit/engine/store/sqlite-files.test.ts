// SQLite files on a thread of their own: sound, damaged, folded, as CSV, cancelled.
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { afterAll, expect, test } from 'vitest'
import type { SqliteFiles } from '../../../../src/engine/ports.ts'
import { createSqliteFiles } from '../../../../src/engine/store/sqlite-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'quarterdeck-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true }))
const files: SqliteFiles = createSqliteFiles()

test('a copy of a database and its log becomes one file that holds all rows', async () => {
  const live = join(folder, 'live.db')
  const copy = join(folder, 'copy.db')
  const db = new SQLite(live)
  db.pragma('journal_mode = WAL')
  db.exec('CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT); CREATE INDEX i ON t (b)')
  for (let at = 0; at < 500; at++) db.prepare('INSERT INTO t (b) VALUES (?)').run(`row ${at}`)
  copyFileSync(live, copy)
  copyFileSync(`${live}-wal`, `${copy}-wal`)
  db.close()
  await files.fold(copy)
  expect(existsSync(`${copy}-wal`)).toBe(false)
  expect(await files.integrity(copy)).toEqual([])
  expect((await files.look(copy)).tables).toMatchObject([{ name: 't', rows: 500 }])
})

test('damage is found, and what is no database is refused', async () => {
  const path = join(folder, 'damaged.db')
  const db = new SQLite(path)
  db.exec('CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT); CREATE INDEX i ON t (b)')
  const add = db.prepare('INSERT INTO t (b) VALUES (?)')
  db.transaction(() => {
    for (let at = 0; at < 2_000; at++) add.run(`row ${at}`)
  })()
  db.close()
  const bytes = readFileSync(path)
  bytes.fill(0x55, 5 * 4096, 6 * 4096)
  writeFileSync(path, bytes)
  const found = await files.integrity(path).catch(error => [String(error.code)])
  expect(found.length).toBeGreaterThan(0)
  writeFileSync(path, 'not at all a database, however long it may be')
  await expect(files.look(path)).rejects.toMatchObject({ code: 'BACKUP_BAD' })
})

test('a reference to a missing row is told apart from damage', async () => {
  const path = join(folder, 'references.db')
  const db = new SQLite(path)
  db.pragma('foreign_keys = OFF')
  db.exec('CREATE TABLE p (a INTEGER PRIMARY KEY); CREATE TABLE c (b REFERENCES p (a)); INSERT INTO c VALUES (7)')
  db.close()
  expect(await files.integrity(path)).toEqual(['foreign key: row 1 of c refers to a missing row of p'])
})

test('a table becomes CSV in which nothing is lost', async () => {
  const path = join(folder, 'table.db')
  const to = join(folder, 'table.csv')
  const db = new SQLite(path)
  db.exec(`CREATE TABLE "a ""b" (n INTEGER, "t,u" TEXT, x BLOB)`)
  db.prepare('INSERT INTO "a ""b" VALUES (?, ?, ?)').run(
    9_007_199_254_740_993n,
    'say "hi",\r\nthere',
    Buffer.from([1, 255]),
  )
  db.prepare('INSERT INTO "a ""b" VALUES (NULL, ?, NULL)').run('')
  db.close()
  await files.exportTable(path, 'a "b', to)
  expect(readFileSync(to, 'utf8')).toBe('n,"t,u",x\r\n9007199254740993,"say ""hi"",\r\nthere",01ff\r\n,"",\r\n')
})

test('a definition is the same or not by its hash, whatever the rows', async () => {
  const [one, two, three] = ['one', 'two', 'three'].map(name => join(folder, `${name}.db`)) as [string, string, string]
  for (const [path, sql] of [
    [one, 'CREATE TABLE t (a); INSERT INTO t VALUES (1)'],
    [two, 'CREATE TABLE t (a)'],
    [three, 'CREATE TABLE t (a); CREATE INDEX i ON t (a)'],
  ] as const)
    new SQLite(path).exec(sql).close()
  const hash = async (path: string): Promise<string | undefined> => (await files.look(path)).tables[0]?.schemaHash
  expect(await hash(one)).toBe(await hash(two))
  expect(await hash(one)).not.toBe(await hash(three))
})

test('an abort ends the thread', async () => {
  const path = join(folder, 'endless.db')
  new SQLite(path).exec('CREATE TABLE t (a)').close()
  const abort = new AbortController()
  const work = files.integrity(path, abort.signal)
  abort.abort()
  await expect(work).rejects.toMatchObject({ code: 'CANCELLED' })
})
