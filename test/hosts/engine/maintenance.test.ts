// Maintenance (R36) with whole engines on a real host: SQLite and Postgres in use, logs, cron lines, turns with backups, links and engines that go in the middle.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../../src/engine/lib/clock.ts'
import { AuditQuery } from '../../../src/shared/model/audit.ts'
import { BackupDraft, localTargetId } from '../../../src/shared/model/backup.ts'
import type { FieldSecrets } from '../../../src/shared/model/check.ts'
import {
  MaintenanceDraft,
  type MaintenanceRun,
  type MaintenanceTask,
  PreviewRequest,
} from '../../../src/shared/model/maintenance.ts'
import { bootHost, type TestHost } from '../lib/index.ts'
import { type EngineLife, KillableEngine } from './killable-engine.ts'
import { draftFor, RunningEngine, until } from './running-engine.ts'

const database = '/srv/app/app.db'
const unit = { scope: 'system' as const, name: 'trading-bot.service' }
/** Wall time is what a schedule goes by; the rest of the engine keeps its own pace. */
let shift = 0
const clock = { ...systemClock, now: () => Date.now() + shift }

let host: TestHost
let app: RunningEngine
let hostId: string

// as a bot does that is in a hurry: a row, its number acknowledged, the next one
const writer = `
import sqlite3
db = sqlite3.connect('${database}', timeout=60, isolation_level=None)
acknowledged = open('/srv/app/acknowledged', 'w', 1)
while True:
    row = db.execute("INSERT INTO trades (price) VALUES ('1')").lastrowid
    acknowledged.write('%d\\n' % row)
`

beforeAll(async () => {
  host = await bootHost({ suite: 'bookworm' })
  await host.installBot('trading-bot')
  await host.exec('install -d -o deploy /srv/app /srv/logs /srv/marks')
  await host.writeFile('/srv/writer.py', writer)
  app = await RunningEngine.start({ clock })
  hostId = (await app.add(host)).id
  await app.ready(hostId)
}, 240_000)
afterAll(async () => {
  await app?.dispose()
  await host?.dispose()
}, 60_000)

const deploy = async (argv: readonly string[]): Promise<string> =>
  (await host.exec(['runuser', '-u', 'deploy', '--', ...argv])).stdout.trim()
const lite = (words: string, file = database): Promise<string> =>
  deploy(['sqlite3', '-cmd', '.timeout 60000', file, words])
const bytes = async (file: string): Promise<number> => Number(await host.output(['stat', '-c', '%s', file]))
const marks = (): Promise<string> => host.output('cat /srv/marks/* 2>/dev/null || true')
const shell = (words: string) => ({ type: 'runbook', spec: { commands: [{ argv: ['sh', '-c', words] }] } })
const alive = async (words: string): Promise<boolean> =>
  (await host.output(`pgrep -f '^${words}$' || true`)).trim() !== ''

type Client = RunningEngine['client']

async function add(
  name: string,
  steps: { type: string; spec: Record<string, unknown> }[],
  more: Partial<MaintenanceDraft> = {},
  secrets: FieldSecrets = {},
  client: Client = app.client,
): Promise<MaintenanceTask> {
  const keyed = steps.map((step, at) => ({ key: `step-${at}`, ...step }))
  return client.call('maintenance.add', {
    draft: MaintenanceDraft.parse({ name, hostId, steps: keyed, ...more }),
    secrets,
  })
}

const newest = async (id: string, client: Client = app.client): Promise<MaintenanceRun | undefined> =>
  (await client.call('maintenance.runs', { id, limit: 1 }))[0]

const state = (id: string, wanted: (run: MaintenanceRun) => boolean, client: Client = app.client) =>
  until(
    async () => {
      const run = await newest(id, client)
      return run && wanted(run) ? run : null
    },
    60_000,
    async () => JSON.stringify(await newest(id, client)),
  )
const ended = (id: string, client: Client = app.client) => state(id, run => run.finishedAt !== null, client)
async function run(id: string): Promise<MaintenanceRun> {
  await app.client.call('maintenance.run', id)
  return ended(id)
}
const words = ({ steps, evidence }: MaintenanceRun): string =>
  [...steps.flatMap(step => step.evidence), ...evidence].map(({ text }) => text).join('\n')
const status = (task: MaintenanceTask, wanted: string) =>
  until(async () => (await app.client.call('check.get', task.checkId)).last?.status === wanted)

it.each(['delete', 'wal'])(
  'a SQLite file that is written to all the time (%s) gives space back and loses no row',
  async mode => {
    await host.exec('systemctl stop writer 2>/dev/null; rm -f /srv/app/*')
    await lite(`PRAGMA journal_mode = ${mode}; CREATE TABLE trades (id INTEGER PRIMARY KEY, price TEXT); CREATE TABLE ballast (text TEXT);
    INSERT INTO ballast SELECT hex(randomblob(2000)) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) SELECT i FROM n);
    DELETE FROM ballast;`)
    await host.exec('systemd-run --quiet --unit=writer -p User=deploy python3 /srv/writer.py')
    await until(async () => Number(await lite('SELECT count(*) FROM trades')) > 100)
    const before = await bytes(database)
    expect(before).toBeGreaterThan(12_000_000)
    // as root, so that it also shows that nothing is left there that the bot may not use
    const steps = [{ type: 'vacuum-sqlite', spec: { path: database, sudo: true } }]
    const request = PreviewRequest.parse({ hostId, steps: steps.map(step => ({ key: 'a', ...step })) })
    const [preview] = await app.client.call('maintenance.preview', { ...request, secrets: {} })
    expect(preview).toMatchObject({
      problem: null,
      found: [{ ok: true, text: expect.stringContaining('empty pages') }],
    })
    expect(preview?.commands.join(' ')).toContain('VACUUM')
    expect(await bytes(database)).toBeGreaterThanOrEqual(before)
    const task = await add(`SQLite ${mode}`, steps)
    const done = await run(task.id)
    expect(done, words(done)).toMatchObject({ outcome: 'done' })
    expect(words(done)).toMatch(/it is whole\nVACUUM done\nANALYZE done\n.* MB before, .* MB after/)
    const rows = Number(await lite('SELECT count(*) FROM trades'))
    await until(async () => Number(await lite('SELECT count(*) FROM trades')) > rows + 20)
    await host.exec('systemctl stop writer')
    if (mode === 'wal') await lite('PRAGMA wal_checkpoint(TRUNCATE)')
    expect(await bytes(database)).toBeLessThan(before / 4)
    const acknowledged = (await host.readFile('/srv/app/acknowledged')).trim().split('\n').length
    expect(Number(await lite('SELECT count(*) FROM trades'))).toBeGreaterThanOrEqual(acknowledged)
    expect(await lite('PRAGMA integrity_check')).toBe('ok')
    expect(await lite('SELECT count(*) > 0 FROM sqlite_stat1')).toBe('1')
    expect(new Set((await host.output('stat -c %U /srv/app/*')).trim().split('\n'))).toEqual(new Set(['deploy']))
    await status(task, 'healthy')
    const audit = await app.client.call('audit.list', AuditQuery.parse({ target: task.name }))
    expect(audit.map(({ verb, outcome }) => [verb, outcome])).toEqual([
      ['maintenance.run', 'verified'],
      ['maintenance.add', 'verified'],
    ])
  },
  120_000,
)

it('a damaged SQLite file is left as it is, and the person is told', async () => {
  await lite(
    `CREATE TABLE t (x TEXT); INSERT INTO t SELECT hex(randomblob(500)) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT i FROM n);`,
    '/srv/app/bad.db',
  )
  await host.exec('dd if=/dev/urandom of=/srv/app/bad.db bs=4096 seek=5 count=20 conv=notrunc 2>/dev/null')
  const hash = await host.output('sha256sum /srv/app/bad.db')
  const task = await add('Damaged', [
    { type: 'vacuum-sqlite', spec: { path: '/srv/app/bad.db' } },
    shell('touch /srv/marks/after-damage'),
  ])
  const failed = await run(task.id)
  expect(failed).toMatchObject({ outcome: 'failed', steps: [{ outcome: 'failed' }, { outcome: 'skipped' }] })
  expect(words(failed)).toContain('is damaged, so nothing was done to it')
  expect(await host.output('sha256sum /srv/app/bad.db')).toBe(hash)
  expect(await host.output('ls /srv/marks')).not.toContain('after-damage')
  await status(task, 'unhealthy')
  const [incident] = await until(async () => {
    const all = await app.client.call('incident.list', { state: 'active', checkId: task.checkId })
    return all.length > 0 ? all : null
  })
  expect(incident).toMatchObject({ severity: 'warning' })
  await app.client.call('maintenance.remove', task.id)
  await expect(app.client.call('check.get', task.checkId)).rejects.toMatchObject({ code: 'NOT_FOUND' })
}, 60_000)

it('Postgres is vacuumed over the socket as the right account, and with a password that is seen nowhere', async () => {
  const canary = `canary-${Math.random().toString(36).slice(2)}:\\x`
  const psql = (sql: string): Promise<string> => deploy(['psql', '-qAtX', '-c', sql, 'trading'])
  await psql(
    `CREATE TABLE ballast AS SELECT repeat(md5(i::text), 20) AS text FROM generate_series(1, 20000) i; DELETE FROM ballast`,
  )
  const owner = (sql: string): Promise<string> =>
    host.output(['runuser', '-u', 'postgres', '--', 'psql', '-qAtX', '-c', sql])
  await owner(`CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '${canary}'`)
  const size = async (): Promise<number> => Number(await psql("SELECT pg_database_size('trading')"))
  const before = await size()
  const socket = await add('Postgres', [{ type: 'vacuum-postgres', spec: { databases: ['trading'], full: true } }])
  const done = await run(socket.id)
  expect(done, words(done)).toMatchObject({ outcome: 'done' })
  expect(words(done)).toMatch(/trading: [\d.]+ MB before, [\d.]+ MB after/)
  expect(await size()).toBeLessThan(before - 10_000_000)
  // one more on a disk that is too small for a second copy: it is said before anything is locked, and without FULL it is done
  await host.mountSmallDisk('/srv/small', 64 * 1024 * 1024)
  await host.exec('install -d -o postgres -m 700 /srv/small/pg')
  await owner("CREATE TABLESPACE small OWNER deploy LOCATION '/srv/small/pg'")
  await psql(
    'CREATE TABLE tight TABLESPACE small AS SELECT repeat(md5(i::text), 60) AS text FROM generate_series(1, 17000) i',
  )
  const lies = (): Promise<string> => psql("SELECT pg_relation_filepath('tight')")
  const file = await lies()
  const wanted = { address: '', user: 'postgres', account: 'postgres', databases: ['trading'] }
  const tight = await add('Too tight', [{ type: 'vacuum-postgres', spec: { ...wanted, full: true } }])
  const refused = await run(tight.id)
  expect(refused.outcome).toBe('failed')
  expect(words(refused)).toMatch(
    /^trading: FULL needs [\d.]+ MB on the disk of \/srv\/small\/pg, and [\d.]+ MB are free, so nothing was done to it\. Make room/,
  )
  expect(await lies()).toBe(file)
  // statistics alone need none, and nor does the VACUUM of all below
  const only = await add('Statistics', [{ type: 'vacuum-postgres', spec: { ...wanted, vacuum: false } }])
  const analyzed = await run(only.id)
  expect(analyzed, words(analyzed)).toMatchObject({ outcome: 'done' })
  expect(await psql("SELECT reltuples FROM pg_class WHERE relname = 'tight'")).toBe('17000')
  await owner('CREATE DATABASE huge')
  const spec = { address: '127.0.0.1', user: 'keeper', account: '', except: ['huge'] }
  const named = await add('Postgres by name', [{ type: 'vacuum-postgres', spec }], {}, { 'step-0.password': canary })
  expect(named.stored).toEqual(['step-0.password'])
  // a lock keeps it waiting while all processes are looked through
  await host.exec(
    "systemd-run --quiet --unit=lock -p User=deploy psql -d trading -c 'BEGIN; LOCK TABLE ballast; SELECT pg_sleep(300)'",
  )
  await until(
    async () =>
      (await psql(
        "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'ballast'::regclass",
      )) === '1',
  )
  await app.client.call('maintenance.run', named.id)
  await until(
    async () =>
      (await owner("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'VACUUM%' AND wait_event_type = 'Lock'")) ===
      '1',
  )
  const needle = canary.slice(0, 14)
  // one process of the search itself has it in its environment, so that it is known to find it
  const hidden = `${needle.slice(0, 7)}[${needle.slice(7, 8)}]${needle.slice(8)}`
  const seen = await host.output(
    `X=$(echo ${Buffer.from(needle).toString('base64')} | base64 -d) sleep 1 & sleep 0.2
    cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -c -- '${hidden}'`,
  )
  expect(seen).toBe('1')
  await owner("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK%'")
  const all = await ended(named.id)
  expect(all, words(all)).toMatchObject({ outcome: 'done' })
  for (const name of ['trading', 'postgres']) expect(words(all)).toContain(`${name}: `)
  expect(words(all)).not.toContain('huge')
  expect(`${app.logs.join('\n')}${JSON.stringify(all)}`).not.toContain(needle)
  // another place does not get what was stored for this one
  const moved = {
    ...named,
    steps: [{ key: 'step-0', type: 'vacuum-postgres', spec: { ...spec, address: '10.0.0.9' } }],
  }
  await expect(app.client.call('maintenance.edit', { id: named.id, draft: moved, secrets: {} })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  })
  const wrong = await add('Wrong password', [{ type: 'vacuum-postgres', spec }], {}, { 'step-0.password': 'no' })
  expect(words(await run(wrong.id))).toMatch(/password authentication failed/)
}, 120_000)

it('old logs are shown first, and then they and no others go', async () => {
  await host.exec(
    `cd /srv/logs && touch new.log keep.txt && touch -d '40 days ago' old.log old.log.1 other.txt && ln -s /srv/app link.log && mkdir sub && touch -d '50 days ago' sub/deep.log`,
  )
  const spec = { folders: ['/srv/logs'], olderThanDays: 30, sudo: true }
  const request = PreviewRequest.parse({ hostId, steps: [{ key: 'a', type: 'delete-old-logs', spec }] })
  const [preview] = await app.client.call('maintenance.preview', { ...request, secrets: {} })
  expect(preview?.found[0]?.text).toMatch(/\/srv\/logs: 3 files.*old\.log/)
  expect((await host.output('find /srv/logs -name "*.log*"')).trim().split('\n')).toHaveLength(5)
  const done = await run((await add('Logs', [{ type: 'delete-old-logs', spec }])).id)
  expect(done, words(done)).toMatchObject({ outcome: 'done' })
  expect((await host.output('cd /srv/logs && find . ! -type d | sort')).trim().split('\n')).toEqual([
    './keep.txt',
    './link.log',
    './new.log',
    './other.txt',
  ])
}, 60_000)

it('S37 a sudo rule for one command is told what to add, and then it is enough', async () => {
  const allow = (what: string): Promise<unknown> =>
    host.writeFile('/etc/sudoers.d/zz-narrow', `watcher ALL=(root) NOPASSWD: ${what}\n`, { mode: '440' })
  await allow('/usr/bin/journalctl *')
  const { id } = await app.add(host, { name: 'narrow', user: 'watcher' })
  await app.ready(id)
  const steps = [
    { key: 'a', type: 'vacuum-journal', spec: { keepMegabytes: 1_000 } },
    { key: 'b', type: 'delete-old-logs', spec: { folders: ['/srv/logs'], sudo: true } },
  ]
  const told = expect.stringMatching(
    /sudo does not let watcher run a shell\. .*visudo: watcher ALL=\(root\) NOPASSWD: \/bin\/sh /,
  )
  const task = await add('Narrow', steps, { hostId: id })
  const refused = await run(task.id)
  expect(refused).toMatchObject({ outcome: 'failed', steps: [{ evidence: [{ ok: false, text: told }] }, {}] })
  const request = PreviewRequest.parse({ hostId: id, steps })
  const previews = await app.client.call('maintenance.preview', { ...request, secrets: {} })
  expect(previews[1]?.found).toEqual([{ ok: false, text: told }])
  await allow('/bin/sh')
  const done = await run(task.id)
  expect(done, words(done)).toMatchObject({ outcome: 'done' })
  await app.client.call('host.remove', { id, startServices: false, despiteUnfinished: false })
}, 60_000)

it('a runbook on a cron line runs at its time in its zone, once', async () => {
  const { schedules } = app.engine.services.maintenance
  // 04:00 in Kathmandu is 22:15 the day before in UTC
  const schedule = {
    cron: '0 4 * * *',
    zone: 'Asia/Kathmandu',
    jitterSeconds: 0,
    catchUp: true,
    onlyOnMains: false,
    onlyOnNetworks: [],
  }
  const task = await add('By night', [shell('echo night >> /srv/marks/night')], { schedule })
  const { nextAt } = await app.client.call('maintenance.get', task.id)
  expect(new Date(nextAt ?? 0).toISOString()).toContain('T22:15:00.000Z')
  shift = (nextAt ?? 0) - Date.now() - 60_000
  await schedules.look()
  expect(await newest(task.id)).toBeUndefined()
  shift += 61_000
  await schedules.look()
  const done = await ended(task.id)
  expect(done).toMatchObject({ outcome: 'done', reason: 'schedule' })
  await schedules.look()
  expect(await host.output('cat /srv/marks/night')).toBe('night')
  expect(await app.client.call('maintenance.runs', { id: task.id, limit: 5 })).toHaveLength(1)
  shift = 0
}, 60_000)

it('maintenance and backups of a host wait for each other', async () => {
  const hold = (name: string): string =>
    `echo ${name} >> /srv/marks/order; until [ -e /srv/marks/go-${name} ]; do sleep 0.05; done; echo end-${name} >> /srv/marks/order`
  const task = await add('Turns', [shell(hold('task'))])
  const backup = await app.client.call('backup.add', {
    draft: BackupDraft.parse({
      ...{ name: 'Turns', hostId, targets: [localTargetId], retention: {} },
      sources: [{ key: 'files', type: 'files', spec: { path: '/srv/logs' } }],
      before: { argv: ['sh', '-c', hold('backup')] },
    }),
    secrets: {},
  })
  const backupRun = async () => (await app.client.call('backup.get', backup.id)).running
  const order = (): Promise<string> => host.output('cat /srv/marks/order 2>/dev/null || true')
  await app.client.call('maintenance.run', task.id)
  await until(async () => (await order()).includes('task'))
  await app.client.call('backup.run', backup.id)
  await until(async () => (await backupRun())?.progress?.step === 'Waiting for its turn on this host')
  expect(await order()).toBe('task')
  await host.exec('touch /srv/marks/go-task')
  await until(async () => (await order()).includes('backup'))
  expect(await order()).toBe('task\nend-task\nbackup')
  await ended(task.id)
  await app.client.call('maintenance.run', task.id)
  await state(task.id, ({ progress }) => progress === 'Waiting for its turn on this host')
  expect(await order()).toBe('task\nend-task\nbackup')
  await host.exec('touch /srv/marks/go-backup')
  await until(async () => (await order()).endsWith('end-backup\ntask\nend-task'))
  expect((await ended(task.id)).outcome).toBe('done')
}, 60_000)

it('a cancel ends what runs on the host, and the services that were stopped run again', async () => {
  const task = await add('Cancelled', [shell('exec sleep 98761'), shell('touch /srv/marks/late')], {
    stopUnits: [unit],
  })
  const { id } = await app.client.call('maintenance.run', task.id)
  await until(() => alive('sleep 98761'))
  expect(await host.property(unit.name, 'ActiveState')).toBe('inactive')
  await app.client.call('maintenance.cancel', id)
  const run = await ended(task.id)
  expect(run, words(run)).toMatchObject({
    outcome: 'cancelled',
    stopped: [],
    steps: [{ outcome: 'cancelled' }, { outcome: 'skipped' }],
  })
  expect(await host.property(unit.name, 'ActiveState')).toBe('active')
  await until(async () => !(await alive('sleep 98761')))
  expect(await marks()).not.toContain('late')
}, 90_000)

it('S31 a host that is away is waited for; S7 what was lost in the middle is not sent again, and its services run again', async () => {
  const away = async (): Promise<void> => {
    await host.exec("systemctl stop ssh.socket ssh 2>/dev/null; pkill -KILL -f '^sshd: deploy' || true")
    await app.view(hostId, ({ connection }) => connection.state !== 'ready')
  }
  const back = (): Promise<unknown> => host.exec('systemctl start ssh')
  await away()
  const task = await add('Away', [shell('echo once >> /srv/marks/away')])
  await app.client.call('maintenance.run', task.id)
  expect(await state(task.id, ({ outcome }) => outcome === 'waiting')).toMatchObject({
    steps: [{ outcome: 'pending' }],
  })
  await back()
  await app.client.call('host.connect', hostId)
  expect((await ended(task.id)).outcome).toBe('done')
  expect(await host.output('cat /srv/marks/away')).toBe('once')
  const cut = await add('Cut', [shell('echo begun >> /srv/marks/cut; exec sleep 98762')], { stopUnits: [unit] })
  await app.client.call('maintenance.run', cut.id)
  await until(() => alive('sleep 98762'))
  await away()
  await until(async () => !(await alive('sleep 98762')))
  await back()
  await app.client.call('host.connect', hostId)
  const lost = await ended(cut.id)
  expect(lost, words(lost)).toMatchObject({ outcome: 'lost', stopped: [], steps: [{ outcome: 'lost' }] })
  expect(await host.output('cat /srv/marks/cut')).toBe('begun')
  expect(await host.property(unit.name, 'ActiveState')).toBe('active')
  await status(cut, 'unhealthy')
}, 120_000)

it('an engine that is killed in the middle says so at its next start, repeats nothing, and starts what it had stopped', async () => {
  const engine = await KillableEngine.build('maintenance')
  let life: EngineLife = await engine.start()
  try {
    for (const key of await host.hostKeys())
      await life.client.call('host.trustKey', { address: host.address, port: host.port, key })
    const id = (await life.client.call('host.add', { draft: draftFor(host, { name: 'killed' }), secrets: {} })).id
    const ready = (): Promise<unknown> =>
      until(async () => (await life.client.call('host.get', id)).units !== null, 60_000)
    await ready()
    const steps = [shell('echo begun >> /srv/marks/killed; exec sleep 98763')]
    const task = await add('Killed', steps, { hostId: id, stopUnits: [unit] }, {}, life.client)
    await life.client.call('maintenance.run', task.id)
    await until(() => alive('sleep 98763'))
    life.kill()
    await life.gone
    life.client.dispose()
    await until(async () => !(await alive('sleep 98763')))
    expect(await host.property(unit.name, 'ActiveState')).toBe('inactive')
    life = await engine.start()
    await ready()
    const run = await ended(task.id, life.client)
    expect(run, words(run)).toMatchObject({ outcome: 'lost', stopped: [], steps: [{ outcome: 'lost' }] })
    expect(words(run)).toContain('Quarterdeck ended in the middle of it')
    expect(await host.property(unit.name, 'ActiveState')).toBe('active')
    expect(await host.output('cat /srv/marks/killed')).toBe('begun')
    const [entry] = await life.client.call('audit.list', AuditQuery.parse({ target: 'Killed' }))
    expect(entry).toMatchObject({ verb: 'maintenance.run', outcome: 'lost' })
  } finally {
    life.client.dispose()
    engine.dispose()
  }
}, 180_000)
