// The kind `sqlite` on real hosts: taken while it is written to, with and without SQLite there, restored in one step or not at all.
import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { sqliteSource } from '../../../src/engine/backups/sqlite.ts'
import { AppError } from '../../../src/shared/errors.ts'
import type { TestHost } from '../lib/index.ts'
import { sharedHost } from '../lib/vitest.ts'
import { codeOf, ready } from '../remote/support.ts'
import { killRestores } from './killed-restore.ts'
import { artefactOf, inContext, type Taken, take } from './source-support.ts'

const writer = `
import sqlite3, sys, time
path, mode = sys.argv[1], sys.argv[2]
db = sqlite3.connect(path, timeout=60, isolation_level=None)
db.execute('PRAGMA journal_mode = ' + mode)
db.execute('PRAGMA synchronous = NORMAL')
db.execute('CREATE TABLE IF NOT EXISTS trades (id INTEGER PRIMARY KEY, note TEXT NOT NULL CHECK (length(note) > 0))')
db.execute('CREATE INDEX IF NOT EXISTS notes ON trades (note)')
acked = open(path + '.acked', 'w')
beat = time.monotonic()
while True:
    cursor = db.execute('INSERT INTO trades (note) VALUES (?)', ('trade %d ' % time.time_ns() + 'x' * 300,))
    acked.seek(0); acked.write('%012d' % cursor.lastrowid); acked.flush()
    beat += 0.005
    time.sleep(max(0, beat - time.monotonic()))
`

async function startWriter(host: TestHost, path: string, mode: string): Promise<() => Promise<void>> {
  await host.writeFile('/opt/writer.py', writer)
  const unit = `writer-${mode}`
  await host.exec(['systemd-run', '-q', '--unit', unit, '--uid', 'deploy', 'python3', '/opt/writer.py', path, mode])
  for (let tries = 0; (await acked(host, path)) < 400; tries++) {
    if (tries > 200) throw new Error('the writer does not write')
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  return async () => {
    await host.exec(`systemctl stop ${unit}; rm -f ${path}*`)
  }
}

const acked = async (host: TestHost, path: string): Promise<number> =>
  Number((await host.exec(`cat ${path}.acked 2>/dev/null || echo 0`)).stdout)

/** The rows in what was taken, opened as a person would who has nothing but the file. */
async function rowsOf(taken: Taken): Promise<{ count: number; most: number; sound: unknown }> {
  const folder = mkdtempSync(join(tmpdir(), 'quarterdeck-rows-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const chunks: Buffer[] = []
  for await (const chunk of await taken.artefact.open()) chunks.push(chunk as Buffer)
  await writeFile(join(folder, 'a.tar'), Buffer.concat(chunks))
  const { execFileSync } = await import('node:child_process')
  execFileSync('tar', ['-xf', 'a.tar'], { cwd: folder })
  const db = new SQLite(join(folder, 'trades.db'))
  try {
    const row = db.prepare('SELECT count(*) AS count, max(id) AS most FROM trades').get() as never
    return { ...(row as { count: number; most: number }), sound: db.pragma('integrity_check', { simple: true }) }
  } finally {
    db.close()
  }
}

const root = { user: 'deploy', sudo: 'passwordless' } as const

describe('SQLite of a bot that writes 200 rows a second', () => {
  const host = sharedHost({ suite: 'bookworm' })
  const path = '/home/deploy/trades.db'

  for (const [mode, copyFirst] of [
    ['wal', false],
    ['wal', true],
    ['delete', false],
  ] as const)
    test(`every row that was acknowledged before the start is there: ${mode}${copyFirst ? ', copied first' : ''}`, async () => {
      const stop = await startWriter(host(), path, mode)
      onTestFinished(stop)
      const link = await ready(host(), root)
      for (let n = 0; n < 3; n++) {
        const before = await acked(host(), path)
        const taken = await take(sqliteSource, link, { path, copyFirst })
        const rows = await rowsOf(taken)
        expect(rows.count).toBeGreaterThanOrEqual(before)
        expect(rows.most).toBe(rows.count)
        expect(rows.sound).toBe('ok')
        expect(taken.artefact.part.tables).toMatchObject([{ name: 'trades', rows: rows.count }])
        expect(taken.said).toContain('integrity_check found nothing')
        expect(taken.end.notes).toHaveLength(mode === 'wal' && !copyFirst ? 0 : 1)
      }
      // it went on writing meanwhile, and nothing of ours lies around
      const now = await acked(host(), path)
      await expect.poll(() => acked(host(), path)).toBeGreaterThan(now)
      expect(
        (await host().exec('find / -xdev -name "*quarterdeck-*" -path "*dump*" 2>/dev/null; pgrep -f "[Q]D_N" || true'))
          .stdout,
      ).toBe('')
    })

  test('without python3 and sqlite3 on the host it is copied with its log, checked here, and said so', async () => {
    const stop = await startWriter(host(), path, 'wal')
    onTestFinished(stop)
    const hide = 'for f in python3 sqlite3; do mv /usr/bin/$f /usr/bin/$f.hidden; done'
    const show = 'for f in python3 sqlite3; do mv /usr/bin/$f.hidden /usr/bin/$f; done'
    await host().exec(hide)
    onTestFinished(async () => void (await host().exec(show)))
    const link = await ready(host(), root)
    for (let n = 0; n < 5; n++) {
      const before = await acked(host(), path)
      const taken = await take(sqliteSource, link, { path })
      const rows = await rowsOf(taken)
      expect(rows.count).toBeGreaterThanOrEqual(before)
      expect(rows).toMatchObject({ most: rows.count, sound: 'ok' })
      expect(taken.end.notes.join()).toMatch(/for want of python3 and sqlite3/)
    }
  })

  test('on a line that is too slow for it the log does not grow without an end: it is copied on the host first, where there is room', async () => {
    const big = '/home/deploy/big.db'
    const sql = (words: string) => host().exec(['runuser', '-u', 'deploy', '--', 'sqlite3', big, words])
    const grow = (rows: number) =>
      sql(`INSERT INTO t SELECT randomblob(100000) FROM generate_series(1, ${rows}); SELECT count(*) FROM t`)
    await sql('PRAGMA journal_mode = wal; CREATE TABLE t (x)')
    await grow(300)
    onTestFinished(async () => void (await host().exec(`rm -f ${big}* /usr/local/bin/python3 /usr/local/bin/sqlite3`)))
    const link = await ready(host(), root)
    const first = (tool: string, script: string) =>
      host().writeFile(`/usr/local/bin/${tool}`, `#!/bin/sh\n${script}\n`, { mode: '755' })
    await inContext(link, async context => {
      const spec = sqliteSource.spec.parse({ path: big, logGrowthMb: 16 })
      for (const tool of ['python3', 'sqlite3']) {
        // the log is small again as soon as the one that held it was killed, as a writer may make it
        const small = `/usr/bin/sqlite3 ${big} 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null`
        await first(tool, `/usr/bin/${tool} "$@"; r=$?; [ $r -lt 128 ] || ${small}; exit $r`)
        const { stream, ended } = await sqliteSource.dump(context, spec, { compression: 'none' })
        const how = ended.then(
          () => null,
          (caught: unknown) => AppError.from(caught),
        )
        // nobody reads, which is as slow as a line can be
        await new Promise(resolve => stream.once('readable', resolve))
        await grow(200)
        await expect.poll(async () => (await host().exec('pgrep -x tar', { check: false })).stdout).toBe('')
        stream.resume()
        const failed = await how
        expect(failed?.message).toMatch(/grew by more than 16 MB .* "copy on the host first"/)
        expect(failed && sqliteSource.hasOtherWay?.(failed)).toBe(true)
        expect((await host().exec(`find ${big}-wal -size +0`, { check: false })).stdout).toBe('')
        // from here on there is only the other one
        await first('python3', 'exit 1')
      }
      const other = await sqliteSource.dump(context, spec, { compression: 'none', otherWay: true })
      other.stream.resume()
      expect((await other.ended).notes.join()).toMatch(/log grew by more than 16 MB .* copied on the host first/)
    })
    expect((await take(sqliteSource, link, { path: big, copyFirst: true })).said).toContain('integrity_check')
  })

  test('with sqlite3 alone it is held all the same', async () => {
    const stop = await startWriter(host(), path, 'wal')
    onTestFinished(stop)
    await host().exec('mv /usr/bin/python3 /usr/bin/python3.hidden')
    onTestFinished(async () => void (await host().exec('mv /usr/bin/python3.hidden /usr/bin/python3')))
    const link = await ready(host(), root)
    const before = await acked(host(), path)
    const taken = await take(sqliteSource, link, { path })
    expect((await rowsOf(taken)).count).toBeGreaterThanOrEqual(before)
    expect(taken.end.notes).toEqual([])
    expect(taken.end.versions[0]).toMatch(/^sqlite 3\./)
    const look = await inContext(link, context => sqliteSource.look(context, sqliteSource.spec.parse({ path })))
    expect(look.tables).toMatchObject([{ name: 'trades' }])
    expect(look.tables[0]?.rows).toBeGreaterThanOrEqual(before)
  })
})

describe('a SQLite restore', () => {
  const host = sharedHost({ suite: 'bookworm' })
  const path = '/home/deploy/bot.db'
  const spec = sqliteSource.spec.parse({ path, asRoot: true })
  const sql = (text: string, at = path) => host().exec(['runuser', '-u', 'deploy', '--', 'sqlite3', at, text])
  const count = async (at = path): Promise<string> =>
    (await host().exec(`sqlite3 ${at} 'SELECT v || count(*) FROM t' 2>&1 || true`)).stdout.trim()

  /** Ten rows of the backup, and five others afterwards, of which some stand in a log that a killed bot left. */
  async function prepare(): Promise<Taken> {
    await host().exec(`rm -rf ${path}*`)
    await sql(
      "PRAGMA journal_mode = WAL; CREATE TABLE t (v TEXT); INSERT INTO t SELECT 'new' FROM generate_series(1, 10)",
    )
    const taken = await take(sqliteSource, await ready(host(), root), spec)
    await sql('DELETE FROM t')
    await host().exec([
      'runuser',
      '-u',
      'deploy',
      '--',
      'python3',
      '-c',
      `
import os, sqlite3
db = sqlite3.connect('${path}', isolation_level=None)
db.execute("INSERT INTO t VALUES ('old'), ('old'), ('old'), ('old'), ('old')")
os._exit(0)`,
    ])
    await host().exec(`rm -rf /root/old; mkdir /root/old; cp -a ${path} ${path}-wal /root/old/`)
    return taken
  }
  const reset = async (): Promise<void> => {
    await host().exec(`rm -f ${path}*; cp -a /root/old/* /home/deploy/`)
  }

  test('S32 puts the backup in place in one step, keeps the old one, and takes it back', async () => {
    const taken = await prepare()
    const link = await ready(host(), root)
    const call = <T>(work: Parameters<typeof inContext<T>>[1]): Promise<T> => inContext(link, work)
    const staging = { id: 'one' }
    await reset()
    await call(context => sqliteSource.stage(context, spec, taken.artefact, staging))
    expect(await call(context => sqliteSource.stagedState(context, spec, staging))).toBe('staged')
    const evidence = await call(context => sqliteSource.check(context, spec, taken.artefact.part, staging))
    expect(evidence.every(({ ok }) => ok)).toBe(true)
    expect(await count()).toBe('old5')
    const { kept } = await call(context => sqliteSource.swap(context, spec, staging))
    expect(await count()).toBe('new10')
    expect(kept).not.toBeNull()
    expect(await count(kept ?? '')).toBe('old5')
    expect((await host().exec(`stat -c '%U %a' ${path}`)).stdout.trim()).toBe('deploy 644')
    // the new one was used meanwhile: its log must not come upon the old one
    await sql("PRAGMA journal_mode = WAL; INSERT INTO t VALUES ('new')")
    await call(context => sqliteSource.swapBack(context, spec, staging))
    expect(await count()).toBe('old5')
    expect(await call(context => sqliteSource.stagedState(context, spec, staging))).toBe('staged')
    await call(context => sqliteSource.discard(context, spec, staging))
    expect((await host().exec('ls -A /home/deploy | grep quarterdeck || true')).stdout).toBe('')
    const to = (place: string) =>
      call(context => sqliteSource.restoreTo(context, spec, taken.artefact, place, { id: 'there' }))
    const settle = (place: string) => call(context => sqliteSource.settleTo(context, spec, place, { id: 'there' }))
    expect(await to('/home/deploy/elsewhere')).toBe('/home/deploy/elsewhere/bot.db')
    expect(await settle('/home/deploy/elsewhere')).toBe(true)
    expect(await count('/home/deploy/elsewhere/bot.db')).toBe('new10')
    // a disk that fills up on the way leaves nothing there
    await host().exec(
      'mkdir /home/deploy/small && mount -t tmpfs -o size=4k tmpfs /home/deploy/small && chmod 777 /home/deploy/small',
    )
    onTestFinished(async () => void (await host().exec('umount /home/deploy/small && rmdir /home/deploy/small')))
    await expect(to('/home/deploy/small/new')).rejects.toThrow()
    expect(await settle('/home/deploy/small/new')).toBe(false)
    expect((await host().exec('ls -A /home/deploy/small')).stdout).toBe('')
    expect(await codeOf(to('/home/deploy/elsewhere'))).toBe('COMMAND_FAILED')
    expect(await settle('/home/deploy/elsewhere')).toBe(false)
    expect(await count('/home/deploy/elsewhere/bot.db')).toBe('new10')
  })

  test('is refused while a program has the database open', async () => {
    const taken = await prepare()
    await reset()
    await host().exec(`systemd-run -q --unit opener sh -c 'exec 3<${path}; exec sleep 1000'`)
    onTestFinished(async () => void (await host().exec('systemctl stop opener')))
    const link = await ready(host(), root)
    await inContext(link, context => sqliteSource.stage(context, spec, taken.artefact, { id: 'busy' }))
    const refused = inContext(link, context => sqliteSource.swap(context, spec, { id: 'busy' }))
    await expect(refused).rejects.toThrow(/still open in process \d+/)
    expect(await count()).toBe('old5')
    await inContext(link, context => sqliteSource.discard(context, spec, { id: 'busy' }))
  })

  test('S33 a damaged database and an archive that is another one are never staged', async () => {
    const taken = await prepare()
    const link = await ready(host(), root)
    const chunks: Buffer[] = []
    for await (const chunk of await taken.artefact.open()) chunks.push(chunk as Buffer)
    const raw = Buffer.concat(chunks)
    const bad = Buffer.from(raw)
    // the second page, behind the tar header
    bad.fill(0xaa, 512 + 4096, 512 + 4096 + 300)
    const known = { ...taken.artefact.part, compression: 'none' as const }
    const { createHash } = await import('node:crypto')
    const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
    const damaged = artefactOf(bad, { ...known, rawSha256: sha(bad) })
    await reset()
    const staged = inContext(link, context => sqliteSource.stage(context, spec, damaged, { id: 'bad' }))
    await expect(staged).rejects.toMatchObject({ code: 'BACKUP_BAD' })
    const drilled = await inContext(link, context => sqliteSource.drill(context, spec, damaged))
    expect(drilled.some(({ ok }) => !ok)).toBe(true)
    expect(await count()).toBe('old5')
    expect((await host().exec('ls -A /home/deploy | grep quarterdeck || true')).stdout).toBe('')
  })

  test('S32 killed at 50 moments it is all old or all new, 50 of 50', { timeout: 900_000 }, async () => {
    const taken = await prepare()
    const present = async (): Promise<string> => {
      const found = await count()
      return found === 'old5' ? 'old' : found === 'new10' ? 'new' : found
    }
    const leftovers = async (): Promise<string> =>
      (await host().exec('ls -A /home/deploy | grep quarterdeck || true')).stdout.trim()
    const its = { host: host(), type: sqliteSource, spec, artefact: taken.artefact, options: root, times: 50 }
    const { wrong, ends } = await killRestores({ ...its, reset, present, leftovers })
    expect(wrong).toEqual([])
    expect(ends.old + ends.new).toBe(50)
    expect(ends.old).toBeGreaterThan(0)
    expect(ends.new).toBeGreaterThan(0)
  })
})
