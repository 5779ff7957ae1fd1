// Brings a database file to the newest version, or refuses it unharmed; knows no particular migration.
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import SQLite, { type Database } from 'better-sqlite3'
import { AppError } from '../../shared/errors.ts'
import type { Migration } from './migrations/migration.ts'

const copiesKept = 3

/** The newest version in the list. Throws where versions are not 1, 2, 3 … */
export function newestVersion(migrations: readonly Migration[]): number {
  migrations.forEach((migration, index) => {
    if (migration.version !== index + 1)
      throw new Error(
        `Migration ${migration.name} has version ${migration.version} where ${index + 1} belongs: versions are contiguous`,
      )
  })
  return migrations.length
}

/**
 * Throws DATABASE_NEWER where the file was written by a newer app, without changing a byte of it: the header is read first, and
 * only where a write-ahead log may hold a newer header is the database opened, read-only.
 */
export function refuseNewer(path: string, migrations: readonly Migration[]): void {
  const newest = newestVersion(migrations)
  if (!existsSync(path)) return
  let found = versionInHeader(path)
  if (found <= newest && existsSync(`${path}-wal`) && statSync(`${path}-wal`).size > 0) {
    const db = new SQLite(path, { readonly: true })
    try {
      found = db.pragma('user_version', { simple: true }) as number
    } finally {
      db.close()
    }
  }
  if (found <= newest) return
  throw new AppError('DATABASE_NEWER', `${basename(path)} was written by a newer version of Quarterdeck`, {
    hint: 'Install the newest version, or move the file away to start afresh. It was not changed.',
    detail: { path, found, newest },
  })
}

/**
 * Applies what is missing in one transaction, after copying the file; returns the versions before and after. A migration that
 * fails leaves the file as it was.
 */
export function migrate(
  db: Database,
  migrations: readonly Migration[],
  options: { now: number; onCopy?: (path: string) => void },
): { from: number; to: number } {
  const to = newestVersion(migrations)
  const from = db.pragma('user_version', { simple: true }) as number
  if (from > to)
    throw new AppError('DATABASE_NEWER', 'The database was written by a newer version of Quarterdeck', {
      detail: { found: from, newest: to },
    })
  if (from === to) return { from, to }
  if (from > 0 && !db.memory) {
    const copy = copyBefore(db, from, options.now)
    options.onCopy?.(copy)
  }
  db.transaction(() => {
    for (const migration of migrations.slice(from)) migration.up(db)
    db.pragma(`user_version = ${to}`)
  }).immediate()
  return { from, to }
}

function copyBefore(db: Database, version: number, now: number): string {
  db.pragma('wal_checkpoint(TRUNCATE)')
  const folder = dirname(db.name)
  const stem = `${basename(db.name, '.db')}.before-v${version + 1}-`
  const copy = join(folder, `${stem}${stamp(now)}.db`)
  copyFileSync(db.name, copy)
  chmodSync(copy, 0o600)
  const older = readdirSync(folder)
    .filter(name => name.startsWith(`${basename(db.name, '.db')}.before-v`) && name.endsWith('.db'))
    .sort((a, b) => statSync(join(folder, a)).mtimeMs - statSync(join(folder, b)).mtimeMs)
  for (const name of older.slice(0, -copiesKept)) rmSync(join(folder, name), { force: true })
  return copy
}

/** `2026-01-02T03-04-05`: a time that every file system takes in a name. */
export function stamp(now: number): string {
  return new Date(now).toISOString().slice(0, 19).replaceAll(':', '-')
}

/** user_version lies at byte 60 of the file, big-endian; 0 in a file too short to have one. */
function versionInHeader(path: string): number {
  const header = Buffer.alloc(100)
  const file = openSync(path, 'r')
  try {
    if (readSync(file, header, 0, 100, 0) < 100 || header.toString('latin1', 0, 15) !== 'SQLite format 3') return 0
  } finally {
    closeSync(file)
  }
  return header.readInt32BE(60)
}
