// Kills the whole engine in the middle of renewals of a login, at every step of them and while it takes them up again: each comes to an honest end on the
// host, with a whole file and a consumer that runs on it (semantics 27, 28).
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { AuditQuery } from '../../../src/shared/model/audit.ts'
import { LoginDraft, type RenewalRun } from '../../../src/shared/model/login.ts'
import type { Bot } from '../lib/bots.ts'
import { cookieFiles } from '../lib/cookie-files.ts'
import { bootHost, type TestHost } from '../lib/index.ts'
import { type EngineLife, KillableEngine } from './killable-engine.ts'
import { type At, type FileSeen, LoginFolder } from './login-folder.ts'
import { draftFor, until } from './running-engine.ts'

type Site = 'accepted' | 'refused'

interface Moment {
  readonly at: At
  /** The engine dies so long after that. */
  readonly afterMs?: number
  /** The next one dies so long after its start. */
  readonly againMs?: number
  /** So long the consumer takes to stop, so that its restart is found under way. */
  readonly stopSeconds?: number
}

const folderPath = '/opt/cookie-bot/cookies'
const file = 'cookies.json'
const expires = Math.floor(Date.now() / 1_000) + 30 * 86_400
const unit = 'cookie-bot-poster.service'
/** How the site takes the new cookies, and when the engine is killed then. What is seen on disk is of the roll-back where they are refused. */
const moments: Record<Site, readonly Moment[]> = {
  accepted: [
    { at: 'read' },
    { at: 'read', afterMs: 30, againMs: 400 },
    { at: 'back-up' },
    { at: 'back-up', afterMs: 30, againMs: 900 },
    { at: 'begun' },
    { at: 'begun', afterMs: 20, againMs: 1_200 },
    { at: 'copied' },
    { at: 'kept', afterMs: 10, againMs: 700 },
    { at: 'replaced' },
    { at: 'replaced', afterMs: 30, againMs: 1_500 },
    { at: 'read-back' },
    { at: 'restart' },
    { at: 'restart', afterMs: 200, stopSeconds: 6 },
    { at: 'restart', afterMs: 100, againMs: 1_100 },
    { at: 'prove' },
    { at: 'prove', afterMs: 40, againMs: 2_000 },
  ],
  refused: [
    { at: 'restart', againMs: 1_000 },
    { at: 'prove' },
    { at: 'roll-back', againMs: 800 },
    { at: 'begun' },
    { at: 'replaced', againMs: 1_300 },
    { at: 'replaced', afterMs: 400, againMs: 2_500, stopSeconds: 3 },
  ],
}
/** Killed then, it may end with the old file. */
const early: readonly At[] = ['read', 'back-up', 'begun', 'copied', 'kept']
const takenUp = 'Quarterdeck ended in the middle of it, and took it up again'
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

let engine: KillableEngine
let host: TestHost
let bot: Bot
let folder: LoginFolder
const canaries: string[] = []
beforeAll(async () => {
  engine = await KillableEngine.build('renewal')
  host = await bootHost({ suite: 'bookworm' })
  bot = await host.installBot('cookie-bot')
  folder = new LoginFolder(host, folderPath, file)
  canaries.push(await bot.renewCookie({ expires }))
  const stop = 'ExecStop=/bin/sh -c "sleep $(cat /run/stop-seconds)"'
  await host.writeFile(`/etc/systemd/system/${unit}.d/stop.conf`, `[Service]\n${stop}\n`)
  await host.writeFile('/run/stop-seconds', '0')
  await host.exec('systemctl daemon-reload')
}, 600_000)
afterAll(async () => {
  engine?.dispose()
  await host?.dispose()
}, 60_000)

async function prepare({ client }: EngineLife): Promise<{ hostId: string; loginId: string }> {
  for (const key of await host.hostKeys())
    await client.call('host.trustKey', { address: host.address, port: host.port, key })
  const { id: hostId } = await client.call('host.add', { draft: draftFor(host), secrets: {} })
  const draft = LoginDraft.parse({
    ...{ name: 'Site', hostId, path: folder.path, required: ['auth_token', 'ct0'] },
    probe: { url: 'http://127.0.0.1:8090/account', validText: 'tester' },
    consumers: [{ scope: 'system', name: unit }],
  })
  return { hostId, loginId: (await client.call('login.add', { draft })).id }
}

/** What a renewal makes of the file. */
const textOf = (token: string): string => cookieFiles(token, { expires })[file] ?? ''

/** One renewal that is killed, and taken up until it is over. */
async function killed(
  ids: { hostId: string; loginId: string },
  token: string,
  site: Site,
  moment: Moment,
): Promise<RenewalRun> {
  const life = await engine.start()
  const { client } = life
  await until(async () => {
    const { connection, units } = await client.call('host.get', ids.hostId)
    return connection.state === 'ready' && units !== null
  }, 60_000)
  const candidate = await client.call('login.paste', { id: ids.loginId, text: textOf(token) })
  let run: RenewalRun | null = null
  client.on('renewal.changed', changed => {
    run = changed
  })
  const reached = folder.watch(moment.at, site === 'refused', () => run)
  const { id } = await client.call('login.renew', { candidateId: candidate.id, despiteProblems: false })
  await reached
  await pause(moment.afterMs ?? 0)
  await end(life)
  if (moment.againMs !== undefined) await engine.startAndKill(moment.againMs)
  const next = await engine.start()
  const newest = async () => (await next.client.call('login.renewals', { id: ids.loginId, limit: 1 }))[0]
  const ended = await until(
    async () => {
      const one = await newest()
      return one?.id === id && one.finishedAt !== null ? one : null
    },
    180_000,
    async () => JSON.stringify(await newest()),
  )
  const audit = await next.client.call('audit.list', AuditQuery.parse({ limit: 500 }))
  const said = audit.filter(({ verb, actionRunId }) => verb === 'login.renew' && actionRunId === id)
  expect(said.map(({ outcome }) => outcome)).toEqual([ended.outcome === 'verified' ? 'verified' : 'failed'])
  await end(next)
  return ended
}

async function end(life: EngineLife): Promise<void> {
  life.kill()
  await life.gone
  life.client.dispose()
}

interface Before {
  readonly files: ReadonlyMap<string, FileSeen>
  readonly invocation: string
}

const look = async (): Promise<Before> => ({
  files: await folder.look(),
  invocation: await host.property(unit, 'InvocationID'),
})

/** What has to hold however it ended. */
async function sound(before: Before, run: RenewalRun, token: string, at: At): Promise<void> {
  const { files, invocation } = await look()
  const told = JSON.stringify(run)
  const whole = 'deploy:deploy 600 1 regular file'
  const was = before.files.get(file)?.text
  const failed = run.outcome === 'failed'
  expect(
    run.steps.filter(({ outcome }) => outcome === 'running'),
    told,
  ).toEqual([])
  // whole old or whole new, as it is told
  expect(files.get(file)?.text === (run.outcome === 'verified' ? textOf(token) : was), told).toBe(true)
  // nothing beside it but whole old files, none of them lost but the oldest of more than five
  const olds = [...files.keys()].filter(name => folder.isOld(name)).sort()
  const kept = [...before.files.keys()].filter(name => folder.isOld(name)).sort()
  const added = olds.filter(name => !kept.includes(name))
  expect([...files.keys()].sort(), told).toEqual([...olds, file].sort())
  expect([...files.values()].map(({ stat }) => stat)).toEqual([...files.keys()].map(() => whole))
  expect(added.length, told).toBe(failed ? Math.min(1, added.length) : 1)
  expect(olds, told).toEqual([...kept, ...added].slice(failed ? 0 : -5))
  for (const name of olds) expect(files.get(name)?.text === (before.files.get(name)?.text ?? was), told).toBe(true)
  // the consumer runs, on what lies there; only what was not written yet may come to nothing
  expect(await host.property(unit, 'ActiveState'), told).toBe('active')
  if (failed) expect(early, told).toContain(at)
  else {
    expect(run.steps.find(({ step }) => step === 'restart')?.outcome, told).toBe('done')
    expect(run.backup, told).toBe(`${folderPath}/${added[0]}`)
    expect(invocation).not.toBe(before.invocation)
    expect(await folder.isOlderThan(unit), told).toBe(true)
  }
}

it('S28 an engine that is killed at any moment of a renewal brings it to its end, and tells it as it is', async () => {
  const first = await engine.start()
  const ids = await prepare(first)
  await end(first)
  let kills = 0
  let cut = 0
  for (const site of ['accepted', 'refused'] as const)
    for (const moment of moments[site]) {
      // what is refused is not known to the site, which goes on knowing the old one
      const token = site === 'accepted' ? await bot.renewCookie({ files: false }) : randomBytes(20).toString('hex')
      canaries.push(token)
      await host.writeFile('/run/stop-seconds', String(moment.stopSeconds ?? 0))
      const before = await look()
      const run = await killed(ids, token, site, moment)
      kills += moment.againMs === undefined ? 1 : 2
      if (run.evidence.some(({ text }) => text === takenUp)) cut++
      await sound(before, run, token, moment.at)
      expect(run.outcome, JSON.stringify(run)).toMatch(site === 'accepted' ? /^(verified|failed)$/ : /^rolled-back$/)
    }
  // not vacuous
  expect(kills).toBeGreaterThanOrEqual(30)
  expect(cut).toBeGreaterThanOrEqual(18)

  const { client, ...life } = await engine.start()
  // what was written last is known, and the bot lives on it
  await until(
    async () => {
      const { drifted, proofs } = await client.call('login.get', ids.loginId)
      return drifted === false && proofs[0]?.verdict === 'valid'
    },
    60_000,
    async () => JSON.stringify(await client.call('login.get', ids.loginId)),
  )
  const runs = await client.call('login.renewals', { id: ids.loginId, limit: 100 })
  expect(runs.every(({ finishedAt }) => finishedAt !== null)).toBe(true)
  const audit = await client.call('audit.list', AuditQuery.parse({ limit: 500 }))
  const told = JSON.stringify([runs, audit, engine.output])
  await end({ client, ...life })
  const db = new Database(join(engine.directory, 'quarterdeck.db'), { readonly: true })
  expect(db.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }])
  db.close()
  const disk = readdirSync(engine.directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
  expect(engine.output).toContain('renewal')
  expect(disk.join('').length).toBeGreaterThan(10_000)
  for (const canary of canaries) for (const text of [told, ...disk]) expect(text.includes(canary)).toBe(false)
}, 1_200_000)
