// Moves a damaged database out of the way without losing it; knows nothing of what is in it.
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { stamp } from './migrate.ts'

const damageCodes = /^SQLITE_(CORRUPT|NOTADB)/

/** Is this an error that says that the file itself is broken? */
export function isDamage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && damageCodes.test(String(error.code))
}

/**
 * Renames `x.db` (with its -wal and -shm) to `x.damaged-<time>.db` and returns the new path. Never deletes and never overwrites.
 */
export function setAside(path: string, now: number): string {
  const stem = `${path.replace(/\.db$/, '')}.damaged-${stamp(now)}`
  let target = `${stem}.db`
  for (let copy = 2; existsSync(target); copy++) target = `${stem}-${copy}.db`
  for (const suffix of ['-wal', '-shm', '']) if (existsSync(path + suffix)) renameSync(path + suffix, target + suffix)
  rmSync(`${path}.suspect`, { force: true })
  return target
}

/** Remembers, beside the file, that damage was met while running, so that the next start checks every page. */
export function markSuspect(path: string): void {
  try {
    writeFileSync(`${path}.suspect`, '', { mode: 0o600 })
  } catch {
    // A disk that cannot take even this will show its damage again.
  }
}
