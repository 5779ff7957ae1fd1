// The two kinds of action that vacuum: what they plan, what they make of a host's words, and what they refuse.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { ExecResult } from '../../../../src/engine/ports.ts'
import type { HostActionContext } from '../../../../src/engine/recovery/action.ts'
import { actionTypes, hostActionTypeOf, hostActionTypes } from '../../../../src/engine/recovery/index.ts'
import { vacuumPostgres } from '../../../../src/engine/recovery/vacuum-postgres.ts'
import { readLook, readWork, roomProblem, vacuumSqlite } from '../../../../src/engine/recovery/vacuum-sqlite.ts'
import type { Host } from '../../../../src/shared/model/host.ts'

const head = `head 53514c69746520666f726d617420330010000101${'00'.repeat(16)}00000010`
const look = `tool python3\nbytes 40960\nlog 4096\n${head}\nroom 100000000\n`

interface Sent {
  readonly argv: readonly string[]
  readonly sudo: boolean
  readonly stdin: string
}

function context(answers: Partial<ExecResult>[], password: string | null = null) {
  const sent: Sent[] = []
  const its: HostActionContext = {
    ...{ host: { user: 'deploy' } as Host, sudo: true, clock: {} as never, signal: new AbortController().signal },
    async exec(argv, { sudo = false, stdin } = {}) {
      sent.push({ argv, sudo, stdin: Buffer.from(stdin ?? []).toString() })
      const nothing = { exit: 0, signal: null, lost: false, timedOut: false, truncated: false, generation: 1 }
      return { ...nothing, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), ...answers.shift() }
    },
    connect: () => Promise.reject(new Error('nothing is connected to')),
    secret: async () => password,
    progress: () => {},
  }
  return { its, sent }
}
const out = (text: string): Partial<ExecResult> => ({ stdout: Buffer.from(text) })
const sqlite = vacuumSqlite.spec.parse({ path: '/srv/app.db' })

it('kinds that need no unit are told apart from those that do, and these two are for maintenance alone', () => {
  expect(hostActionTypes.map(({ type }) => type)).toEqual(
    expect.arrayContaining([
      'runbook',
      'http-call',
      'vacuum-journal',
      'delete-old-logs',
      'vacuum-sqlite',
      'vacuum-postgres',
    ]),
  )
  for (const type of ['restart-unit', 'deactivate-unit']) expect(hostActionTypeOf(type), type).toBeUndefined()
  expect(actionTypes.filter(({ mends }) => mends.length === 0).map(({ type }) => type)).toEqual([
    'vacuum-sqlite',
    'vacuum-postgres',
  ])
})

it('refuses a file that is no database, may not be written to, or has no room beside it', () => {
  expect(readLook(look, '/srv/app.db')).toEqual({
    ...{ bytes: 45_056, freeBytes: 65_536, room: 100_000_000, temp: null },
  })
  expect(() => readLook('missing\n', '/a')).toThrow(/There is no \/a/)
  expect(() => readLook('denied\n', '/a')).toThrow(/may not be written/)
  expect(() => readLook('tool python3\nbytes 3\nhead 616263\nroom 9\n', '/a')).toThrow(/no SQLite database/)
  expect(() => readLook(look.replace('python3', 'none'), '/a')).toThrow(/No program on the host knows SQLite/)
  const large = { bytes: 1e9, freeBytes: 0, room: 2e9, temp: null }
  expect(roomProblem(sqlite, large)).toMatch(/needs 2016\.8 MB beside it, and 2000\.0 MB are free: make room there/)
  // where it may not write beside the file, half of it lies on another disk
  const { temp } = readLook(`${look}tempdir /var/tmp\ntemp 900\n`, '/srv/app.db')
  expect(roomProblem(sqlite, { ...large, temp })).toMatch(/needs 1016\.8 MB in \/var\/tmp, and 0\.0 MB are free/)
  expect(roomProblem(sqlite, { ...large, temp: { path: '/var/tmp', room: 2e9 } })).toBeNull()
  expect(roomProblem({ ...sqlite, work: 'analyze' }, large)).toBeNull()
  expect(roomProblem(sqlite, { ...large, room: null })).toBeNull()
})

it('says what was done, and of a damaged file that nothing was', () => {
  expect(readWork('sound\ndid VACUUM\ndid ANALYZE\nend\n', '/a')).toEqual([
    { ok: true, text: 'integrity_check: it is whole' },
    { ok: true, text: 'VACUUM done' },
    { ok: true, text: 'ANALYZE done' },
  ])
  for (const words of ['damaged Tree 2 page 3: btreeInitPage', 'error database disk image is malformed'])
    expect(readWork(`${words}\n`, '/a')).toEqual([{ ok: false, text: expect.stringContaining('nothing was done') }])
  expect(readWork('sound\nerror database is locked\n', '/a').at(-1)).toMatchObject({
    ok: false,
    text: expect.stringContaining('stop the service around it'),
  })
  // one that was killed says nothing more
  expect(readWork('sound\n', '/a').at(-1)).toMatchObject({ ok: false })
})

it('S7 a SQLite file whose link was lost in the middle is lost, and nothing of it is sent again', async () => {
  const { its, sent } = context([out(look), { exit: null, lost: true }])
  const result = await vacuumSqlite.run(its, sqlite)
  expect(result.outcome).toBe('lost')
  expect(sent).toHaveLength(2)
})

it('works on a SQLite file only after it was looked at', async () => {
  const full = context([out(look.replace('room 100000000', 'room 100'))])
  expect((await vacuumSqlite.run(full.its, sqlite)).outcome).toBe('failed')
  expect(full.sent).toHaveLength(1)
  const good = context([out(look), out('sound\ndid VACUUM\ndid ANALYZE\nend\n'), out(look.replace('40960', '8192'))])
  const done = await vacuumSqlite.run(good.its, sqlite)
  expect(done).toMatchObject({ outcome: 'done' })
  expect(done.evidence.at(-1)?.text).toBe('0.0 MB before, 0.0 MB after')
})

it('makes no SQLite file, and works on no other, where the one that was looked at is gone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'quarterdeck-vacuum-'))
  try {
    for (const path of [join(folder, 'gone.db'), join(folder, 'no-folder', 'gone.db')]) {
      const { its } = context([out(look)])
      const exec: HostActionContext['exec'] = async (argv, more) => {
        const answer = await its.exec(argv, more)
        const [program = '', ...rest] = argv
        // only the look is made up
        return answer.stdout.length > 0 ? answer : { ...answer, stdout: spawnSync(program, rest).stdout }
      }
      const { outcome, evidence } = await vacuumSqlite.run({ ...its, exec }, { ...sqlite, path })
      expect(outcome).toBe('failed')
      expect(evidence.at(-1)?.text).toContain('it is gone')
    }
    expect(readdirSync(folder)).toEqual([])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

it('gives a password for Postgres on stdin alone, and becomes another account only for a socket', async () => {
  const secret = 'p:a\\ss'
  const spec = vacuumPostgres.spec.parse({ address: '127.0.0.1', user: 'keeper', databases: ['a'] })
  const { its, sent } = context([out('{"name":"a","bytes":9000000}\n'), out('{"bytes":5000000}\n')], secret)
  const done = await vacuumPostgres.run(its, spec)
  expect(done).toEqual({ outcome: 'done', evidence: [{ ok: true, text: 'a: 9.0 MB before, 5.0 MB after' }] })
  for (const { argv, sudo, stdin } of sent) {
    expect(argv.join(' ')).not.toContain(secret)
    expect(sudo).toBe(false)
    expect(stdin.split('\n')[0]).toBe('*:*:*:*:p\\:a\\\\ss')
  }
  expect(sent[1]?.stdin).toContain('VACUUM (ANALYZE);')
  const local = context([out(''), out('')])
  await vacuumPostgres.run(local.its, vacuumPostgres.spec.parse({}))
  expect(local.sent[0]).toMatchObject({ sudo: true })
  expect(vacuumPostgres.plan(vacuumPostgres.spec.parse({ databases: ['a'], full: true }))).toMatchObject({
    commands: ["sudo -u postgres psql -d a -c 'VACUUM (FULL, ANALYZE)'"],
    risk: 'confirm',
    consequence: expect.stringContaining('locked'),
  })
})

it('refuses FULL before anything is locked where a disk is too small, sums what lies on one, and goes on to what has room', async () => {
  const spec = vacuumPostgres.spec.parse({ full: true, analyze: false })
  const answers = (): Partial<ExecResult>[] => [
    out('{"name":"a","bytes":1}\n{"name":"b","bytes":2}\n{"name":"c","bytes":3}\n'),
    out('30000000\t8\t50000000\t/data\n9000000\t8\t50000000\t/data/pg_wal\n1\t9\t90000000\t/other\n'),
    // where the data lies cannot be seen
    out(''),
  ]
  const { its, sent } = context([
    ...answers(),
    out('{"bytes":1}\n'),
    out('30000000\t8\t60000000\t/data\n'),
    out('{"bytes":1}\n'),
  ])
  const { outcome, evidence } = await vacuumPostgres.run(its, spec)
  expect(outcome).toBe('failed')
  expect(evidence.map(({ ok, text }) => `${ok} ${text}`)).toEqual([
    'false a: FULL needs 55.8 MB on the disk of /data, and 50.0 MB are free, so nothing was done to it. Make room there, or vacuum it without FULL, which needs none.',
    expect.stringMatching(/^true b/),
    expect.stringMatching(/^true c/),
  ])
  expect(sent.filter(({ stdin }) => stdin.includes('VACUUM (FULL);'))).toHaveLength(2)
  const look = await vacuumPostgres.preview?.(context([...answers(), out('')]).its, spec)
  expect(look?.evidence.map(({ ok, text }) => `${ok} ${text}`)).toEqual([
    'false a: 0.0 MB; FULL needs 55.8 MB on the disk of /data, and 50.0 MB are free',
    'true b: 0.0 MB; whether there is room for FULL could not be seen',
    'true c: 0.0 MB; whether there is room for FULL could not be seen',
  ])
  // the disks of another machine are not asked for
  const away = context([out('{"name":"a","bytes":1}\n'), out('{"bytes":1}\n')])
  await vacuumPostgres.run(away.its, { ...spec, address: '10.0.0.9' })
  expect(away.sent).toHaveLength(2)
})

it('takes all databases but those that are left out and its own, renews statistics alone, and refuses to do nothing', async () => {
  const spec = vacuumPostgres.spec.parse({ except: ['big'], vacuum: false })
  const names = ['app', 'big', 'app_qd_abc_old', 'quarterdeck_drill_1']
  const { its, sent } = context([
    out(names.map(name => `{"name":"${name}","bytes":1}\n`).join('')),
    out('{"bytes":1}\n'),
  ])
  const { evidence } = await vacuumPostgres.run(its, spec)
  expect(evidence).toEqual([{ ok: true, text: 'app: 0.0 MB before, 0.0 MB after' }])
  expect(sent[1]?.stdin).toContain('\nANALYZE;\n')
  expect(vacuumPostgres.plan(spec).title).toBe('ANALYZE of all databases without big')
  for (const [wrong, path] of [
    [{ vacuum: false, analyze: false }, 'vacuum'],
    [{ vacuum: false, full: true }, 'full'],
  ] as const)
    expect(vacuumPostgres.spec.safeParse(wrong).error?.issues).toMatchObject([{ path: [path] }])
})

it('goes on to the next database where one cannot be vacuumed, and says which tables were left out', async () => {
  const spec = vacuumPostgres.spec.parse({})
  const { its } = context([
    out('{"name":"a","bytes":1}\n{"name":"b","bytes":2000000}\n{"name":"c","bytes":1}\n'),
    { exit: 3, stderr: Buffer.from('psql:<stdin>:3: ERROR:  could not read block 7 in file "base/1/2"\n') },
    out('{"bytes":1000000}\n'),
    // in whatever language the server warns of it
    { ...out('{"bytes":1,"left":["orders"]}\n'), stderr: Buffer.from('WARNUNG:  überspringe »orders«\n') },
  ])
  const result = await vacuumPostgres.run(its, spec)
  expect(result.outcome).toBe('failed')
  expect(result.evidence.map(({ ok, text }) => `${ok} ${text}`)).toEqual([
    expect.stringMatching(/^false a: .*could not read block/),
    'true b: 2.0 MB before, 1.0 MB after',
    expect.stringMatching(/^false c: not allowed for orders/),
  ])
})
