// A full disk costs no crash, no corruption and nothing that was acknowledged; it is said, and ends by itself.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { silentLogger } from '../../../../src/engine/lib/log.ts'
import { createHealth } from '../../../../src/engine/store/health.ts'
import { AppError } from '../../../../src/shared/errors.ts'

const sqliteError = (code: string): Error => Object.assign(new Error('as SQLite says it'), { code })

test('a problem is told once, tried again now and then, and ends when everything can be written', () => {
  const clock = new ManualClock()
  let room = false
  let tries = 0
  const health = createHealth({
    clock,
    log: silentLogger,
    retrySeconds: 5,
    retry: () => {
      tries++
      return room
    },
  })
  const seen: (string | null)[] = []
  health.onProblem(problem => seen.push(problem?.code ?? null))
  for (const code of ['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_SHMSIZE', 'ENOSPC'])
    expect(health.failed(sqliteError(code))).toMatchObject({ code: 'DISK_FULL' })
  expect(seen).toEqual(['DISK_FULL'])
  clock.advance(12_000)
  expect([tries, health.problem?.code]).toEqual([2, 'DISK_FULL'])
  room = true
  clock.advance(5_000)
  expect([seen, health.problem]).toEqual([['DISK_FULL', null], null])
  expect(clock.pending).toBe(0)
  health.failed(sqliteError('SQLITE_FULL'))
  health.dispose()
  expect(clock.pending).toBe(0)
})

test('other errors are no problem of the disk and pass unchanged', () => {
  const health = createHealth({ clock: new ManualClock(), log: silentLogger, retrySeconds: 5, retry: () => true })
  for (const error of [sqliteError('SQLITE_CONSTRAINT'), new AppError('NOT_FOUND', 'not there'), new Error('a bug'), 1])
    expect(health.failed(error)).toBe(error)
  expect(health.problem).toBeNull()
})

// A file system of 3 MB in a mount namespace of its own, which goes away with the process. Other systems have no such thing.
if (process.platform === 'linux')
  test('a disk that really is full: reads go on, writes are refused or held, and all is there afterwards', () => {
    const disk = mkdtempSync(join(tmpdir(), 'quarterdeck-full-'))
    const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
    const script = 'mount -t tmpfs -o size=3m tmpfs "$1" && exec "$2" "$3" "$1"'
    const child = join(import.meta.dirname, 'disk-full.child.ts')
    const { stdout, stderr } = spawnSync(
      'unshare',
      [...user, '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', disk, process.execPath, child],
      { encoding: 'utf8' },
    )
    rmSync(disk, { recursive: true, force: true })
    expect(stderr).toBe('')
    const saw = JSON.parse(stdout)
    expect(saw.before).toEqual({ problem: null, kept: 50 })
    expect(saw.during).toEqual({
      refused: 'DISK_FULL',
      problem: 'DISK_FULL',
      hosts: 'DISK_FULL',
      settings: 'DISK_FULL',
      theme: 'system',
      audit: saw.saved,
      read: ['a'],
      maintain: 'done',
      kept: saw.during.kept,
    })
    expect(saw.during.kept).toBeLessThan(1550)
    expect(saw.still).toEqual({ problem: 'DISK_FULL', problems: 1 })
    // By itself, without a restart; and what was held meanwhile is there.
    expect(saw.after).toEqual({
      problem: null,
      problems: ['DISK_FULL', null],
      kept: 1550,
      looks: 1550,
      saved: 'done',
    })
    // Starting on a full disk is refused in the same words, and harms nothing.
    expect(saw.full.timers).toBe(0)
    expect(['DISK_FULL', 'done']).toContain(saw.full.start)
    expect(saw.again).toEqual({ hosts: ['a', 'c'], kept: 1550, setAside: null })
    expect(saw.integrity).toEqual(['ok', 'ok'])
  })
