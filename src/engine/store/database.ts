// One database file as the repositories see it: opened safely, its errors translated; knows no table.
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs'
import SQLite, { type Database, type Statement } from 'better-sqlite3'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import { isDamage, setAside } from './damage.ts'
import type { StoreHealth } from './health.ts'
import { migrate, refuseNewer } from './migrate.ts'
import type { Migration } from './migrations/migration.ts'

/** What repositories write SQL against. Every access goes through `read` or `write`, so that no raw SQLite error leaves. */
export interface Db {
  prepare<P extends unknown[] = unknown[], R = unknown>(sql: string): Statement<P, R>
  /** Runs `work`; a damaged file or full disk becomes an AppError and a problem of the store. */
  read<T>(work: () => T): T
  /** Runs `work` in one transaction (nested: in a savepoint). */
  write<T>(work: () => T): T
  /** For the few who need more than statements: migrations, checkpoints, health probes. */
  readonly raw: Database
}

export interface OpenedDatabase {
  readonly db: Db
  /** Where a damaged file was put, if there was one. */
  readonly setAside: string | null
  /** The copy that took its place. */
  readonly restored: string | null
  close(): void
}

/**
 * Opens (or makes) the file with WAL and the wanted `synchronous`, brought to the newest version. A damaged file is set aside and
 * replaced by a fresh one. Throws DATABASE_NEWER.
 */
export function openDatabase(options: {
  path: string
  synchronous: 'FULL' | 'NORMAL'
  /** Read every page at opening. Where false this is done only after damage was met while running. */
  checkAlways: boolean
  migrations: readonly Migration[]
  /** Asked after damage: lays a sound copy where the file was, and says which; null where there is none. */
  putBack?: () => string | null
  health: StoreHealth
  clock: Clock
  log: Logger
}): OpenedDatabase {
  const { path, health, clock, log, migrations } = options
  let moved: string | null = null
  let restored: string | null = null
  let raw: Database
  try {
    raw = open()
  } catch (error) {
    if (!isDamage(error)) throw health.failed(error)
    moved = setAside(path, clock.now())
    log.error('database damaged, set aside', { path, movedTo: moved, reason: String(error) })
    restored = options.putBack?.() ?? null
    if (restored !== null) log.warn('database put back from a copy', { copy: restored })
    raw = open()
  }

  function open(): Database {
    refuseNewer(path, migrations)
    // Made by us first, so that nobody else can read it even for a moment; SQLite gives its -wal and -shm the same mode.
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
    chmodSync(path, 0o600)
    const db = new SQLite(path)
    try {
      db.pragma('journal_mode = WAL')
      db.pragma(`synchronous = ${options.synchronous}`)
      db.pragma('foreign_keys = ON')
      db.pragma('trusted_schema = OFF')
      db.pragma('busy_timeout = 2000')
      if (options.checkAlways || existsSync(`${path}.suspect`)) {
        const found = db.pragma('quick_check(1)', { simple: true })
        if (found !== 'ok') throw Object.assign(new Error(String(found)), { code: 'SQLITE_CORRUPT' })
      }
      const { from, to } = migrate(db, migrations, {
        now: clock.now(),
        onCopy: copy => log.info('database copied before migration', { copy }),
      })
      if (from !== to) log.info('database migrated', { path, from, to })
      return db
    } catch (error) {
      db.close()
      throw error
    }
  }

  const guarded = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw health.failed(error, path)
    }
  }
  return {
    setAside: moved,
    restored,
    db: {
      raw,
      prepare: <P extends unknown[], R>(sql: string) => raw.prepare<P, R>(sql),
      read: guarded,
      write<T>(work: () => T): T {
        return guarded(() => raw.transaction(work).immediate())
      },
    },
    close() {
      if (!raw.open) return
      try {
        raw.pragma('wal_checkpoint(TRUNCATE)')
      } catch (error) {
        log.warn('last checkpoint failed, the log stays for the next start', { path, reason: String(error) })
      }
      raw.close()
    },
  }
}
