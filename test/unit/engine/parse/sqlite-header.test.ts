// The head of a SQLite file, as SQLite itself writes it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { expect, it } from 'vitest'
import { parseSqliteHeader } from '../../../../src/engine/parse/sqlite-header.ts'

it.each([
  [512, 'delete'],
  [4_096, 'wal'],
  [65_536, 'delete'],
])('tells pages of %i bytes, the empty ones, and the way of its log (%s)', (pageBytes, mode) => {
  const folder = mkdtempSync(join(tmpdir(), 'quarterdeck-header-'))
  try {
    const path = join(folder, 'a.db')
    const db = new SQLite(path)
    db.pragma(`page_size = ${pageBytes}`)
    db.pragma(`journal_mode = ${mode}`)
    db.exec('CREATE TABLE t (x BLOB); INSERT INTO t VALUES (zeroblob(400000)); DELETE FROM t')
    const free = db.pragma('freelist_count', { simple: true })
    db.close()
    const hex = readFileSync(path).subarray(0, 40).toString('hex')
    expect(parseSqliteHeader(hex)).toEqual({ pageBytes, freePages: free, writeAheadLog: mode === 'wal' })
    expect(free).toBeGreaterThan(4)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

it('takes nothing else for one', () => {
  for (const hex of ['', '00'.repeat(40), '53514c69746520666f726d6174203300', 'zz'.repeat(40)])
    expect(parseSqliteHeader(hex), hex).toBeNull()
})
