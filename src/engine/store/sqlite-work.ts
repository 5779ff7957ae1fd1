// What is done with SQLite files of this computer, on whichever thread; knows no backup.
import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import SQLite, { type Database } from 'better-sqlite3'

export type SqliteTask =
  | { readonly kind: 'integrity' | 'look' | 'fold'; readonly path: string }
  | { readonly kind: 'exportTable'; readonly path: string; readonly table: string; readonly to: string }

export interface TablesOfFile {
  readonly version: string
  readonly bytes: number
  readonly tables: readonly { readonly name: string; readonly rows: number; readonly schemaHash: string }[]
}

const mostFindings = 20

/** Does it; throws what SQLite says. */
export function doSqliteTask(task: SqliteTask): unknown {
  switch (task.kind) {
    case 'integrity':
      return reading(task.path, integrity)
    case 'look':
      return reading(task.path, db => look(db, task.path))
    case 'exportTable':
      return reading(task.path, db => exportTable(db, task.table, task.to))
    case 'fold':
      return fold(task.path)
  }
}

/** Opens a file that is ours alone. What its schema says is data: it may run nothing. */
function open(path: string, readonly: boolean): Database {
  const db = new SQLite(path, { readonly, fileMustExist: true })
  db.unsafeMode(false)
  db.pragma('trusted_schema = OFF')
  db.pragma('cell_size_check = ON')
  return db
}

function reading<T>(path: string, work: (db: Database) => T): T {
  const db = open(path, true)
  try {
    return work(db)
  } finally {
    db.close()
  }
}

function integrity(db: Database): string[] {
  const found: string[] = []
  for (const row of db.prepare<[], { integrity_check: string }>(`PRAGMA integrity_check(${mostFindings})`).all())
    if (row.integrity_check !== 'ok') found.push(row.integrity_check)
  if (found.length > 0) return found
  // a declared reference that cannot be checked (its parent lacks a key) is the schema's own affair, before the backup as after it
  try {
    let more = 0
    for (const row of db
      .prepare<[], { table: string; rowid: number; parent: string }>('PRAGMA foreign_key_check')
      .iterate())
      if (found.length < mostFindings)
        found.push(`foreign key: row ${row.rowid} of ${row.table} refers to a missing row of ${row.parent}`)
      else if (++more > 1_000) break
  } catch (error) {
    if (!/foreign key mismatch/.test(String(error))) throw error
  }
  return found
}

const named = (name: string): string => `"${name.replaceAll('"', '""')}"`

function look(db: Database, path: string): TablesOfFile {
  const { version } = db.prepare<[], { version: string }>('SELECT sqlite_version() AS version').get() ?? { version: '' }
  const schema = db
    .prepare<[], { name: string; tbl_name: string; type: string; sql: string | null }>(
      "SELECT name, tbl_name, type, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY tbl_name, type, name",
    )
    .all()
  const tables = schema
    .filter(({ type, sql }) => type === 'table' && !/^\s*create\s+virtual/i.test(sql ?? ''))
    .slice(0, 5_000)
    .map(({ name }) => {
      const hash = createHash('sha256')
      for (const part of schema) if (part.tbl_name === name) hash.update(`${part.type} ${part.sql ?? ''}\n`)
      const rows = db.prepare<[], { rows: number }>(`SELECT count(*) AS rows FROM ${named(name)}`).get()?.rows ?? 0
      return { name, rows, schemaHash: hash.digest('hex') }
    })
  return { version, bytes: statSync(path).size, tables }
}

/** RFC 4180; text as it is, binary as hexadecimal digits, null as nothing. */
function exportTable(db: Database, table: string, to: string): void {
  const statement = db
    .prepare(`SELECT * FROM ${named(table)}`)
    .raw(true)
    .safeIntegers(true)
  const file = openSync(to, 'wx', 0o600)
  try {
    let lines = `${statement
      .columns()
      .map(({ name }) => cell(name))
      .join(',')}\r\n`
    for (const row of statement.iterate()) {
      lines += `${(row as unknown[]).map(cell).join(',')}\r\n`
      if (lines.length < 65_536) continue
      writeSync(file, lines)
      lines = ''
    }
    writeSync(file, lines)
  } finally {
    closeSync(file)
  }
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value)
  // a text that is empty is told from nothing at all by its quotes
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Takes what stands in the WAL into the file. The file stays in the mode that its owner chose. */
function fold(path: string): void {
  const db = open(path, false)
  try {
    db.pragma('wal_checkpoint(TRUNCATE)')
    // makes SQLite read it once more, and its log be gone when it is closed
    db.prepare('SELECT count(*) FROM sqlite_master').get()
  } finally {
    db.close()
  }
  for (const ending of ['-wal', '-shm']) if (existsSync(path + ending)) rmSync(path + ending)
}
