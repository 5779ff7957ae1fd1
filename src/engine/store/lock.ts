// Lets one engine at a time use a data directory; knows nothing of what is in it.
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { AppError } from '../../shared/errors.ts'
import { type Disposable, disposable } from '../lib/disposable.ts'

/**
 * Takes the directory's lock or throws CONFLICT. SQLite's own exclusive lock on an empty file is used: the kernel drops it when the
 * process dies in whatever way, and it works alike on every system.
 */
export function lockDirectory(directory: string): Disposable {
  const path = join(directory, 'quarterdeck.lock')
  // Only where it is not there: closing any descriptor of a file drops the locks that this process holds on it.
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
  chmodSync(path, 0o600)
  const db = new SQLite(path, { timeout: 0 })
  try {
    db.pragma('journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY'))
      throw new AppError('CONFLICT', 'Another Quarterdeck already uses this data directory', {
        hint: `Close it first, or name another directory than ${directory}.`,
        detail: { directory },
      })
    throw error
  }
  return disposable(() => db.close())
}
