// The stats bot's row with the whole engine: its database backed up while it writes, kept here and on the host, restored in place, drilled; and killed in the middle.
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { type Backup, BackupDraft, type BackupRun, localTargetId } from '../../../src/shared/model/backup.ts'
import { RestoreDraft, type RestoreRun } from '../../../src/shared/model/restore.ts'
import type { Snapshot } from '../../../src/shared/model/snapshot.ts'
import type { Bot } from '../lib/bots.ts'
import { bootHost, type TestHost } from '../lib/index.ts'
import { type EngineLife, KillableEngine } from './killable-engine.ts'
import { draftFor, until } from './running-engine.ts'

const database = '/opt/stats-bot/stats.db'
/** With a service around it, and of a database that nothing has open, which takes no stop and no start. */
const kills = { service: 14, alone: 36 }

let host: TestHost
let bot: Bot
let engine: KillableEngine
let life: EngineLife
let hostId: string
let backup: Backup
let snapshot: Snapshot

beforeAll(async () => {
  host = await bootHost({ suite: 'bookworm' })
  bot = await host.installBot('stats-bot')
  engine = await KillableEngine.build('backups')
  life = await engine.start()
  for (const key of await host.hostKeys())
    await life.client.call('host.trustKey', { address: host.address, port: host.port, key })
  hostId = (await life.client.call('host.add', { draft: draftFor(host), secrets: {} })).id
  await ready()
}, 240_000)
afterAll(async () => {
  life?.client.dispose()
  engine?.dispose()
  await host?.dispose()
}, 60_000)

const ready = () =>
  until(async () => {
    const { connection, units } = await life.client.call('host.get', hostId)
    return connection.state === 'ready' && units !== null
  }, 60_000)

async function again(): Promise<void> {
  life.client.dispose()
  life = await engine.start()
}

async function sql(words: string, path = database): Promise<string> {
  const { stdout } = await host.exec(['runuser', '-u', 'deploy', '--', 'sqlite3', '-cmd', '.timeout 5000', path, words])
  return stdout.trim()
}

const rows = async (): Promise<number> => Number(await sql('SELECT count(*) FROM sessions'))
const era = (): Promise<string> => sql('SELECT name FROM era')
const beside = async (): Promise<string[]> =>
  (await host.exec(['ls', '-A', '/opt/stats-bot'])).stdout
    .split('\n')
    .filter(name => /quarterdeck|\.qd|staged/i.test(name))
const files = (): string[] => {
  const root = join(engine.directory, 'backups')
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(path => statSync(join(root, path)).isFile())
}

async function run(id: string): Promise<BackupRun> {
  const { id: runId } = await life.client.call('backup.run', id)
  return until(
    async () =>
      (await life.client.call('backup.runs', { id, limit: 5 })).find(
        one => one.id === runId && one.finishedAt !== null,
      ),
    60_000,
    async () => JSON.stringify(await life.client.call('backup.runs', { id, limit: 1 })),
  )
}

const inPlace = (snapshotId: string): RestoreDraft => RestoreDraft.parse({ snapshotId, to: { kind: 'in-place' } })

const restored = (id: string): Promise<RestoreRun> =>
  until(
    async () =>
      (await life.client.call('restore.list', { backupId: null })).find(
        one => one.id === id && one.finishedAt !== null,
      ),
    90_000,
    async () => JSON.stringify((await life.client.call('restore.list', { backupId: null }))[0]),
  )

it('S29 keeps a verified snapshot here and on the host, while the bot writes', async () => {
  await sql("CREATE TABLE era (name TEXT NOT NULL); INSERT INTO era VALUES ('then')")
  await host.exec('install -d -o deploy -m 700 /srv/backups')
  const place = await life.client.call('target.add', {
    draft: { type: 'host-folder', name: 'On the host', spec: { hostId, folder: '/srv/backups' } },
    secrets: {},
  })
  const trial = {
    id: null,
    draft: { type: 'host-folder', name: 'Nowhere', spec: { hostId, folder: '/proc/no' } },
    secrets: {},
  }
  expect((await life.client.call('target.test', trial)).problem).not.toBeNull()
  const unit = { scope: 'system' as const, name: bot.unit }
  backup = await life.client.call('backup.add', {
    draft: BackupDraft.parse({
      ...{ name: 'Stats', hostId, unit, sources: [{ key: 'db', type: 'sqlite', spec: { path: database } }] },
      ...{ targets: [localTargetId, place.id], retention: { last: 100 } },
      schedule: { cron: '0 3 * * *', zone: 'UTC' },
    }),
    secrets: {},
  })
  const before = await rows()
  const done = await run(backup.id)
  expect(done, JSON.stringify(done)).toMatchObject({
    outcome: 'good',
    snapshots: [expect.any(String), expect.any(String)],
  })
  const after = await rows()
  const [here, there] = await Promise.all(done.snapshots.map(async id => (await list()).find(one => one.id === id)))
  snapshot = here as Snapshot
  expect(there?.manifest).toEqual(here?.manifest)
  const [part] = snapshot.manifest.parts
  const counted = part?.tables.find(({ name }) => name === 'sessions')?.rows ?? 0
  // every row that was acknowledged before it began, and none from the future
  expect(counted).toBeGreaterThanOrEqual(before)
  expect(counted).toBeLessThanOrEqual(after)
  expect(part?.identity).toMatchObject({ hostKey: expect.stringMatching(/^SHA256:/), machineId: expect.any(String) })
  const onHost = (await host.exec('find /srv/backups -type f')).stdout.trim().split('\n')
  expect(onHost).toHaveLength(2)
  expect(onHost.some(path => path.endsWith('.partial'))).toBe(false)
  expect(await beside()).toEqual([])
  const check = await until(async () => {
    const view = await life.client.call('check.get', backup.checkId)
    return view.last?.status === 'healthy' ? view : null
  })
  expect(check.check).toMatchObject({ type: 'backup-age', builtIn: true })
}, 120_000)

const list = (): Promise<Snapshot[]> => life.client.call('snapshot.list', { backupId: backup.id })

it('R33 a drill proves it, and what lies in it can be listed and taken out', async () => {
  const { id } = await life.client.call('drill.run', backup.id)
  const drill = await until(
    async () =>
      (await life.client.call('drill.list', { backupId: backup.id })).find(
        one => one.id === id && one.finishedAt !== null,
      ),
    60_000,
  )
  expect(drill.outcome, JSON.stringify(drill)).toBe('proven')
  expect((await life.client.call('backup.get', backup.id)).provenAt).not.toBeNull()
  const items = await life.client.call('snapshot.items', { id: snapshot.id, part: 'db' })
  expect(items.map(({ path, kind }) => `${kind} ${path}`)).toContain('table sessions')
  const folder = join(engine.directory, 'taken')
  const path = await life.client.call('snapshot.extract', { id: snapshot.id, part: 'db', path: 'era', folder })
  expect(path).toBe(join(folder, 'era.csv'))
}, 90_000)

it('S32 restores in place: plan, typed words, backup before it, swap, restart, and the old one kept until it is dropped', async () => {
  await sql("UPDATE era SET name = 'now'; DELETE FROM sessions WHERE id <= 300")
  const draft = inPlace(snapshot.id)
  const plan = await life.client.call('restore.plan', draft)
  expect(plan).toMatchObject({ problems: [], unit: { name: bot.unit } })
  expect(plan.parts[0]).toMatchObject({ sameIdentity: true })
  const table = plan.parts[0]?.tables.find(({ name }) => name === 'sessions')
  expect(table?.schema).toBe('same')
  expect((table?.rowsThen ?? 0) - (table?.rowsNow ?? 0)).toBeGreaterThan(0)
  await expect(life.client.call('restore.run', { draft, typed: 'yes' })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  })
  const pid = await host.pid(bot.unit)
  const { id } = await life.client.call('restore.run', { draft, typed: plan.confirm })
  const done = await restored(id)
  expect(done.outcome, JSON.stringify(done)).toBe('restored')
  expect(await era()).toBe('then')
  expect(await host.property(bot.unit, 'ActiveState')).toBe('active')
  expect(await host.pid(bot.unit)).not.toBe(pid)
  const before = (await list()).find(one => one.id === done.before)
  expect(before).toMatchObject({ state: 'good', manifest: { reason: 'before-restore' } })
  expect(done.kept).toHaveLength(1)
  const dropped = await life.client.call('restore.dropOld', id)
  expect(dropped.kept).toEqual([])
  expect(await beside()).toEqual([])
  // and what was there before it can be had again
  const back = await life.client.call('restore.run', { draft: inPlace(done.before ?? ''), typed: plan.confirm })
  expect((await restored(back.id)).outcome).toBe('restored')
  expect(await era()).toBe('now')
  await life.client.call('restore.dropOld', back.id)
}, 180_000)

it(`S32 killed ${kills.service + kills.alone} times in a restore, at all of its steps: all old or all new, a good backup of what was there, the service runs, and nothing is left`, async () => {
  const alone = '/opt/stats-bot/alone.db'
  await sql("CREATE TABLE era (name TEXT NOT NULL); INSERT INTO era VALUES ('then')", alone)
  const other = await life.client.call('backup.add', {
    draft: BackupDraft.parse({
      ...{ name: 'Alone', hostId, sources: [{ key: 'db', type: 'sqlite', spec: { path: alone } }] },
      ...{ targets: [localTargetId], retention: { last: 100 } },
    }),
    secrets: {},
  })
  const [taken = ''] = (await run(other.id)).snapshots
  const untouched = ['back-up', 'stage', 'check'] as const
  const struck = new Map<string, number>()
  const strike = async (snapshotId: string, path: string, wanted: RestoreRun['steps'][number]['step'], ms: number) => {
    const draft = inPlace(snapshotId)
    await sql("UPDATE era SET name = 'now'", path)
    const { confirm } = await life.client.call('restore.plan', draft)
    const { id } = await life.client.call('restore.run', { draft, typed: confirm })
    const present = await until(async () => {
      const [newest] = await life.client.call('restore.list', { backupId: null })
      return newest?.finishedAt !== null || newest.steps.some(({ step }) => step === wanted) ? newest : null
    }, 60_000)
    await new Promise(resolve => setTimeout(resolve, ms))
    life.kill()
    await life.gone
    const at = present?.steps.at(-1)?.step ?? 'none'
    struck.set(at, (struck.get(at) ?? 0) + 1)
    await again()
    const done = await restored(id)
    await ready()
    const how = `${path} at ${at} + ${ms} ms: ${JSON.stringify(done)}`
    const [era, check] = (await sql('SELECT name FROM era; PRAGMA integrity_check', path)).split('\n')
    expect([era, check], how).toEqual([done.outcome === 'restored' ? 'then' : 'now', 'ok'])
    // whatever came to be staged had a good backup of what was there before
    if (done.steps.some(({ step }) => step === 'stage'))
      expect(await life.client.call('snapshot.verify', done.before ?? 'none'), how).toMatchObject({
        state: 'good',
        manifest: { reason: 'before-restore' },
      })
    if (done.kept.length > 0) await life.client.call('restore.dropOld', id)
    expect(await beside(), how).toEqual([])
  }
  const steps = [...untouched, 'stop', 'swap', 'start', 'verify'] as const
  for (let round = 0; round < kills.service; round++) {
    await strike(snapshot.id, database, steps[round % steps.length] ?? 'swap', (round * 37) % 60)
    expect(await host.property(bot.unit, 'ActiveState')).toBe('active')
  }
  const fewer = [...untouched, 'swap', 'verify'] as const
  for (let round = 0; round < kills.alone; round++)
    await strike(taken, alone, fewer[round % fewer.length] ?? 'swap', (round * 37) % 60)
  expect(struck.size, JSON.stringify([...struck])).toBeGreaterThanOrEqual(6)
  await life.client.call('backup.remove', other.id)
}, 900_000)

it('S32 quit in a restore, with the service stopped for it: it says so, and leaves it running, all old or all new', async () => {
  // whatever became of the one before
  life.kill()
  await life.gone
  await again()
  await ready()
  // it takes its time to stop and to start, so that the quit comes in the middle however slow this machine is
  const folder = `/etc/systemd/system/${bot.unit}.d`
  await host.exec(`mkdir -p ${folder} && cat >${folder}/slow.conf && systemctl daemon-reload`, {
    input: '[Service]\nExecStartPre=/bin/sleep 3\nExecStop=/bin/sleep 3\n',
  })
  onTestFinished(async () => {
    await host.exec(`rm ${folder}/slow.conf && systemctl daemon-reload`)
  })
  for (const wanted of ['stop', 'swap'] as const) {
    // what was not up is not stopped either
    await until(async () => (await host.property(bot.unit, 'ActiveState')) === 'active', 30_000)
    await sql("UPDATE era SET name = 'now'")
    const draft = inPlace(snapshot.id)
    const { confirm } = await life.client.call('restore.plan', draft)
    const stopped = new Promise<void>((resolve, reject) => {
      life.client.on('restore.changed', run => {
        if (run.steps.some(({ step, outcome }) => step === wanted && outcome === 'running')) resolve()
        else if (run.finishedAt !== null) reject(new Error(`Over before ${wanted}: ${JSON.stringify(run)}`))
      })
    })
    const { id } = await life.client.call('restore.run', { draft, typed: confirm })
    await stopped
    expect(await life.client.call('engine.unfinished', undefined)).toEqual([
      { what: 'a restore of Stats', hostName: expect.any(String), units: [bot.unit] },
    ])
    await expect(life.client.call('host.remove', { id: hostId })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('A restore of Stats is under way'),
    })
    life.end()
    await life.gone
    expect(await host.property(bot.unit, 'ActiveState')).toBe('active')
    const left = await era()
    await again()
    const done = await restored(id)
    expect(done.outcome, JSON.stringify(done)).toBe(wanted === 'stop' ? 'cancelled' : 'restored')
    expect(left).toBe(wanted === 'stop' ? 'now' : 'then')
    await ready()
    if (done.kept.length > 0) await life.client.call('restore.dropOld', id)
    expect(await beside()).toEqual([])
  }
}, 120_000)

it('killed in a restore to another place: the next engine removes what is half-done, or names what is whole', async () => {
  const [place, mine] = ['/opt/stats-bot/there', '/opt/stats-bot/there-mine']
  await host.exec(['runuser', '-u', 'deploy', '--', 'mkdir', mine])
  const seen = new Set<string>()
  // it takes longer than most of these
  for (const ms of [0, 60, 120, 180, 260, 400]) {
    const draft = RestoreDraft.parse({ snapshotId: snapshot.id, to: { kind: 'elsewhere', hostId, place } })
    const { confirm } = await life.client.call('restore.plan', draft)
    const { id } = await life.client.call('restore.run', { draft, typed: confirm })
    await new Promise(resolve => setTimeout(resolve, ms))
    life.kill()
    await life.gone
    await again()
    const done = await restored(id)
    const how = `after ${ms} ms: ${JSON.stringify(done)}`
    seen.add(done.outcome)
    const { stdout } = await host.exec('ls -dA /opt/stats-bot/*there* /opt/stats-bot/.*there* 2>/dev/null || true')
    const whole = done.outcome === 'restored'
    expect(stdout.trim().split('\n'), how).toEqual(whole ? [place, mine] : [mine])
    expect(
      done.evidence.some(({ text }) => text.startsWith(`db is at ${place}`)),
      how,
    ).toBe(whole)
    if (whole) expect(await sql('PRAGMA integrity_check', `${place}/stats.db`), how).toBe('ok')
    await host.exec(['rm', '-rf', place])
    await ready()
    expect(await beside(), how).toEqual([])
  }
  expect([...seen], 'killed only before or only after').toContain('failed')
}, 180_000)

it('S29 killed in the middle of a backup: no partial one is listed, and the next run sweeps', async () => {
  const known = (await list()).map(({ id }) => id)
  for (const ms of [5, 40, 90, 160, 300]) {
    await life.client.call('backup.run', backup.id)
    await new Promise(resolve => setTimeout(resolve, ms))
    life.kill()
    await life.gone
    await again()
    await ready()
    const [last] = await life.client.call('backup.runs', { id: backup.id, limit: 1 })
    expect(last?.finishedAt).not.toBeNull()
    for (const { state, id } of await list()) if (known.includes(id)) expect(state).toBe('good')
  }
  expect((await run(backup.id)).outcome).toBe('good')
  const all = await list()
  const mine = files().filter(path => path.startsWith(`${backup.id}/`))
  const folders = new Set(mine.map(path => path.split('/').slice(0, 2).join('/')))
  const kept = all.filter(({ targetId }) => targetId === localTargetId)
  expect([...folders].sort()).toEqual(kept.map(({ manifest }) => `${backup.id}/${manifest.name}`).sort())
  const { signal } = new AbortController()
  for (const { id } of kept) expect((await life.client.call('snapshot.verify', id, signal)).state).toBe('good')
  expect(await beside()).toEqual([])
}, 240_000)

it('damage that a hash finds alerts by the backup’s check', async () => {
  const path = files().find(one => one.includes(snapshot.manifest.name) && !one.endsWith('manifest.json')) ?? ''
  writeFileSync(join(engine.directory, 'backups', path), 'not what it was')
  expect(await life.client.call('snapshot.verify', snapshot.id)).toMatchObject({ state: 'damaged' })
  await until(async () => {
    const { phase, last } = await life.client.call('check.get', backup.checkId)
    return phase === 'firing' && last?.status === 'unhealthy'
  })
  await expect(life.client.call('restore.plan', inPlace(snapshot.id))).resolves.toMatchObject({
    problems: [expect.stringContaining('damaged')],
  })
}, 60_000)
