// Keeps whole copies of the configuration, takes one over at the next start, and gives one away under a passphrase; knows no screen.
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import SQLite from 'better-sqlite3'
import { AppError } from '../../shared/errors.ts'
import { isDamage } from './damage.ts'
import type { Db } from './database.ts'
import { newestVersion, refuseNewer, stamp } from './migrate.ts'
import type { Migration } from './migrations/migration.ts'
import { createVaultMetaStore, type VaultMeta } from './secrets.ts'

const copiesKept = 14

export interface OwnCopy {
  /** File name within the folder of copies. */
  readonly name: string
  readonly at: number
  readonly bytes: number
}

/** What a copy holds, so that a person sees what would be taken over. */
export interface OwnContent {
  readonly hosts: number
  readonly checks: number
  readonly secrets: number
  /** Its vault, as it is protected there; null where it has none. */
  readonly vault: VaultMeta | null
}

export interface OwnCopies {
  /** Takes a copy while the database is in use, proves that it is sound, and lets the oldest beyond fourteen go. */
  take(): Promise<OwnCopy>
  /** Newest first. */
  list(): OwnCopy[]
  pathOf(name: string): string
  /** Writes a sound copy to `path`, in one step, with the vault's key wrapped as given. Rejects with CONFLICT where something is there. */
  give(path: string, vault: VaultMeta | null): Promise<void>
  /** Looks into a file without changing it. Throws DATABASE_DAMAGED where it is not sound or not ours, DATABASE_NEWER. */
  look(path: string): OwnContent
  /** Lays a copy of the file where the next start takes it over. */
  stage(path: string): Promise<void>
}

export const incomingName = 'quarterdeck.incoming.db'

const folderOf = (directory: string): string => join(directory, 'copies')

export function createOwnCopies(options: {
  directory: string
  db: SQLite.Database
  migrations: readonly Migration[]
  now: () => number
}): OwnCopies {
  const { directory, db, migrations } = options
  const folder = folderOf(directory)

  /** A whole copy, made in slices beside the writers and proven before it has its name. */
  async function copyTo(path: string, change?: (copy: SQLite.Database) => void): Promise<void> {
    const partial = `${path}.partial`
    rmSync(partial, { force: true })
    try {
      closeSync(openSync(partial, 'wx', 0o600))
      await db.backup(partial)
      const copy = new SQLite(partial)
      try {
        change?.(copy)
        copy.pragma('journal_mode = DELETE')
        refuseUnsound(copy, path)
      } finally {
        copy.close()
      }
      sync(partial)
      renameSync(partial, path)
    } catch (error) {
      rmSync(partial, { force: true })
      throw error
    }
  }
  const list = (): OwnCopy[] => listCopies(directory)
  return {
    list,
    pathOf: name => {
      const known = list().find(copy => copy.name === name)
      if (!known) throw new AppError('NOT_FOUND', 'This copy is not there any more')
      return join(folder, known.name)
    },
    async take() {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      const name = `quarterdeck-${stamp(options.now())}.db`
      await copyTo(join(folder, name))
      for (const old of list().slice(copiesKept)) rmSync(join(folder, old.name), { force: true })
      return { name, at: options.now(), bytes: statSync(join(folder, name)).size }
    },
    async give(path, vault) {
      if (existsSync(path))
        throw new AppError('CONFLICT', 'There is a file of this name already', { hint: 'Choose another name.' })
      await copyTo(path, copy => {
        if (vault === null) copy.exec('DELETE FROM vault; DELETE FROM secret')
        else createVaultMetaStore(bare(copy)).put(vault)
        // what was deleted must not be left in free pages
        copy.exec('VACUUM')
      })
    },
    look: path => lookInto(path, migrations),
    async stage(path) {
      lookInto(path, migrations)
      const incoming = join(directory, incomingName)
      await copyFile(path, `${incoming}.partial`)
      chmodSync(`${incoming}.partial`, 0o600)
      sync(`${incoming}.partial`)
      renameSync(`${incoming}.partial`, incoming)
    },
  }
}

/**
 * At the start: a file that was staged takes the database's place; what was there stays beside it as `quarterdeck.before-import-<time>.db`.
 * Killed in between, the next start goes on. Returns where the old one lies, null where nothing was staged or nothing was there.
 */
export function takeIncoming(directory: string, now: number): string | null {
  const incoming = join(directory, incomingName)
  if (!existsSync(incoming)) return null
  const path = join(directory, 'quarterdeck.db')
  let aside: string | null = null
  if (existsSync(path)) {
    foldLog(path)
    aside = freeName(join(directory, `quarterdeck.before-import-${stamp(now)}`))
    renameSync(path, aside)
  }
  // A log that could not be folded belongs to the old file and to no other.
  for (const suffix of ['-wal', '-shm'])
    if (existsSync(path + suffix)) {
      if (aside === null) rmSync(path + suffix)
      else renameSync(path + suffix, aside + suffix)
    }
  renameSync(incoming, path)
  return aside
}

/** After damage: the newest sound copy is laid in the place of the database. Its name, or null where there is none. */
export function putBackNewestCopy(directory: string, migrations: readonly Migration[]): string | null {
  for (const { name } of listCopies(directory)) {
    const path = join(folderOf(directory), name)
    try {
      lookInto(path, migrations)
      const target = join(directory, 'quarterdeck.db')
      copyFileSync(path, target)
      chmodSync(target, 0o600)
      sync(target)
      return name
    } catch {
      // the one before it may be sound
    }
  }
  return null
}

function listCopies(directory: string): OwnCopy[] {
  const folder = folderOf(directory)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .flatMap(name => {
      const [, day, hour, minute, second] =
        /^quarterdeck-(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2})\.db$/.exec(name) ?? []
      if (day === undefined) return []
      // its time is its name's: a restored folder has other times on its files
      return { name, at: Date.parse(`${day}T${hour}:${minute}:${second}Z`), bytes: statSync(join(folder, name)).size }
    })
    .sort((a, b) => b.name.localeCompare(a.name))
}

function lookInto(path: string, migrations: readonly Migration[]): OwnContent {
  if (!existsSync(path)) throw new AppError('NOT_FOUND', 'There is no such file')
  refuseNewer(path, migrations)
  let db: SQLite.Database | null = null
  try {
    db = new SQLite(path, { readonly: true })
    refuseUnsound(db, path)
    const version = db.pragma('user_version', { simple: true }) as number
    if (version < 1 || version > newestVersion(migrations)) throw notOurs(path)
    const known = db
    const count = (table: string): number =>
      known.prepare<[], { n: number }>(`SELECT count(*) AS n FROM ${table}`).get()?.n ?? 0
    return {
      hosts: count('host'),
      // the first version had none
      checks: version >= 2 ? count('check_definition') : 0,
      secrets: count('secret'),
      vault: createVaultMetaStore(bare(db)).get(),
    }
  } catch (error) {
    if (error instanceof AppError) throw error
    if (isDamage(error)) throw damaged(path)
    throw notOurs(path)
  } finally {
    db?.close()
  }
}

function refuseUnsound(db: SQLite.Database, path: string): void {
  if (db.pragma('integrity_check(1)', { simple: true }) !== 'ok') throw damaged(path)
}

const damaged = (path: string): AppError =>
  new AppError('DATABASE_DAMAGED', `${basename(path)} is damaged`, { hint: 'Choose another copy.' })
const notOurs = (path: string): AppError =>
  new AppError('INVALID_INPUT', `${basename(path)} is not a copy of Quarterdeck's data`)

/** Puts what the write-ahead log still holds into the file itself, so that it can be moved as one. */
function foldLog(path: string): void {
  try {
    const db = new SQLite(path)
    db.pragma('wal_checkpoint(TRUNCATE)')
    db.close()
  } catch {
    // a damaged one goes aside as it is
  }
}

/** A file of its own, for the few statements that a repository has for it. */
function bare(raw: SQLite.Database): Db {
  return { raw, prepare: sql => raw.prepare(sql), read: work => work(), write: work => work() }
}

function freeName(stem: string): string {
  let path = `${stem}.db`
  for (let number = 2; existsSync(path); number++) path = `${stem}-${number}.db`
  return path
}

function sync(path: string): void {
  const file = openSync(path, 'r')
  fsyncSync(file)
  closeSync(file)
}
