// The trading bot's row: all that it keeps is proposed, backed up in one snapshot over a line that is cut, and put back in one go, or not at all.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { AuditQuery } from '../../../src/shared/model/audit.ts'
import { type Backup, BackupDraft, type BackupProposal, type BackupRun } from '../../../src/shared/model/backup.ts'
import type { RestoreRun } from '../../../src/shared/model/restore.ts'
import { bootHost, type TestHost } from '../lib/index.ts'
import { RunningEngine, until } from './running-engine.ts'

const name = 'trading-bot.service'

let app: RunningEngine
let host: TestHost
let hostId: string
let proposal: BackupProposal
let backup: Backup

beforeAll(async () => {
  host = await bootHost({ suite: 'bookworm' })
  await host.installBot('trading-bot')
  app = await RunningEngine.start()
  hostId = (await app.add(host)).id
  await app.ready(hostId)
}, 180_000)
afterAll(async () => {
  await app?.dispose()
  await host?.dispose()
}, 60_000)

const deploy = async (argv: string[]): Promise<string> =>
  (await host.exec(['runuser', '-u', 'deploy', '--', ...argv])).stdout.trim()
const lite = (words: string): Promise<string> =>
  deploy(['sqlite3', '-cmd', '.timeout 5000', '/opt/trading-bot/trades.db', words])
const postgres = (words: string): Promise<string> => deploy(['psql', '-qAtX', '-c', words, 'trading'])
const eras = async (): Promise<string> =>
  `${await lite('SELECT name FROM era')} ${await postgres('SELECT name FROM era')}`
async function setEras(era: string): Promise<void> {
  for (const ask of [lite, postgres])
    await ask(`CREATE TABLE IF NOT EXISTS era (name text); DELETE FROM era; INSERT INTO era VALUES ('${era}')`)
}

const ended = (id: string): Promise<BackupRun> =>
  until(
    async () =>
      (await app.client.call('backup.runs', { id: backup.id, limit: 5 })).find(
        run => run.id === id && run.finishedAt !== null,
      ),
    120_000,
    async () => JSON.stringify(await app.client.call('backup.runs', { id: backup.id, limit: 1 })),
  )
const restored = (id: string): Promise<RestoreRun> =>
  until(
    async () =>
      (await app.client.call('restore.list', { backupId: null })).find(run => run.id === id && run.finishedAt !== null),
    120_000,
    async () => JSON.stringify((await app.client.call('restore.list', { backupId: null }))[0]),
  )
async function restore(snapshotId: string): Promise<RestoreRun> {
  const draft = { snapshotId, parts: [], to: { kind: 'in-place' as const }, despiteIdentity: false }
  const plan = await app.client.call('restore.plan', draft)
  expect(plan.problems).toEqual([])
  expect(
    plan.parts.filter(({ sameIdentity }) => !sameIdentity),
    JSON.stringify(plan.parts),
  ).toEqual([])
  return restored((await app.client.call('restore.run', { draft, typed: plan.confirm })).id)
}

it('proposes all that the service keeps, with why', async () => {
  await setEras('then')
  proposal = await app.client.call('backup.propose', { hostId, scope: 'system', name })
  const { draft, reasons } = proposal
  const types = draft.sources.map(({ type }) => type)
  for (const type of ['unit', 'sqlite', 'postgres']) expect(types, JSON.stringify(proposal)).toContain(type)
  for (const { key } of draft.sources) expect(reasons[key]).toBeTruthy()
  expect(draft).toMatchObject({
    hostId,
    unit: { scope: 'system', name },
    schedule: expect.anything(),
    drill: expect.anything(),
  })
}, 60_000)

it('S31 a line that is cut in the middle of a run is waited for: one snapshot of all parts, and nothing left of the first try', async () => {
  const sources = proposal.draft.sources.filter(({ type }) => ['unit', 'sqlite', 'postgres'].includes(type))
  backup = await app.client.call('backup.add', {
    draft: BackupDraft.parse({ ...proposal.draft, sources, name: 'Trading' }),
    secrets: {},
  })
  const { id } = await app.client.call('backup.run', backup.id)
  await until(async () => (await app.client.call('backup.get', backup.id)).running?.progress?.part)
  await host.cutLink()
  await until(async () => (await app.client.call('backup.get', backup.id)).running?.outcome === 'waiting', 60_000)
  expect(await app.client.call('snapshot.list', { backupId: backup.id })).toEqual([])
  await host.restoreLink()
  const run = await ended(id)
  expect(run.outcome, JSON.stringify(run)).toBe('good')
  const [snapshot] = await app.client.call('snapshot.list', { backupId: backup.id })
  expect(snapshot?.manifest.parts.map(({ key }) => key)).toEqual(sources.map(({ key }) => key))
}, 180_000)

it('R33 a drill proves every part', async () => {
  const { id } = await app.client.call('drill.run', backup.id)
  const drill = await until(
    async () =>
      (await app.client.call('drill.list', { backupId: backup.id })).find(
        one => one.id === id && one.finishedAt !== null,
      ),
    90_000,
  )
  expect(drill.outcome, JSON.stringify(drill.evidence)).toBe('proven')
  expect(
    await postgres(
      "SELECT count(*) FROM pg_database WHERE datname NOT IN ('postgres', 'trading') AND NOT datistemplate",
    ),
  ).toBe('0')
}, 120_000)

it('S32 puts all parts back together, and back again', async () => {
  const [snapshot] = await app.client.call('snapshot.list', { backupId: backup.id })
  await setEras('now')
  const run = await restore(snapshot?.id ?? '')
  expect(run.outcome, JSON.stringify(run)).toBe('restored')
  expect(await eras()).toBe('then then')
  expect(await host.property(name, 'ActiveState')).toBe('active')
  await app.client.call('restore.dropOld', run.id)
  const back = await restore(run.before ?? '')
  expect(back.outcome, JSON.stringify(back)).toBe('restored')
  expect(await eras()).toBe('now now')
  await app.client.call('restore.dropOld', back.id)
}, 240_000)

it('S32 a line that is cut at the swap: all old or all new, by itself, once the line is back', async () => {
  const snapshots = await app.client.call('snapshot.list', { backupId: backup.id })
  const then = snapshots.find(({ manifest }) => manifest.reason === 'person')?.id ?? ''
  for (const step of ['stage', 'swap'] as const) {
    await setEras('now')
    const draft = { snapshotId: then, parts: [], to: { kind: 'in-place' as const }, despiteIdentity: false }
    const { confirm } = await app.client.call('restore.plan', draft)
    const reached = new Promise<void>(resolve => {
      const off = app.client.on('restore.changed', run => {
        if (!run.steps.some(one => one.step === step)) return
        off()
        resolve()
      })
    })
    const { id } = await app.client.call('restore.run', { draft, typed: confirm })
    await reached
    await host.cutLink()
    await until(async () => (await app.client.call('host.get', hostId)).connection.state !== 'ready', 60_000)
    await host.restoreLink()
    const run = await restored(id)
    expect(await eras(), JSON.stringify(run)).toBe(run.outcome === 'restored' ? 'then then' : 'now now')
    expect(await host.property(name, 'ActiveState')).toBe('active')
    expect((await host.exec('find /opt /etc/systemd -name "*quarterdeck-new*"')).stdout).toBe('')
    if (run.kept.length > 0) await app.client.call('restore.dropOld', id)
  }
}, 300_000)

it('restores one part to another place, and every act is in the audit log', async () => {
  const [snapshot] = await app.client.call('snapshot.list', { backupId: backup.id })
  const part = snapshot?.manifest.parts.find(({ type }) => type === 'postgres')
  const to = { kind: 'elsewhere' as const, hostId, place: 'trading_copy' }
  const draft = { snapshotId: snapshot?.id ?? '', parts: [part?.key ?? ''], to, despiteIdentity: false }
  const { confirm } = await app.client.call('restore.plan', draft)
  const { id } = await app.client.call('restore.run', { draft, typed: confirm })
  const run = await restored(id)
  expect(run.outcome, JSON.stringify(run)).toBe('restored')
  expect(await postgres("SELECT count(*) FROM pg_database WHERE datname = 'trading_copy'")).toBe('1')
  const entries = await app.client.call('audit.list', AuditQuery.parse({ limit: 200 }))
  const verbs = new Set(entries.map(({ verb }) => verb))
  for (const verb of ['backup.add', 'backup.run', 'drill.run', 'restore.run', 'restore.drop-old'])
    expect(verbs, verb).toContain(verb)
  expect(entries.filter(({ verb, finishedAt }) => verb.startsWith('backup') && finishedAt === null)).toEqual([])
}, 120_000)
