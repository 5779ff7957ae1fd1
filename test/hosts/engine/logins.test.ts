// The cookie bot's row on a real host: expired within one check, stopped, renewed, proven, taken back, rotated; and no value of a cookie anywhere it is told.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { AuditQuery } from '../../../src/shared/model/audit.ts'
import { CheckDraft } from '../../../src/shared/model/check.ts'
import { type Incident, IncidentQuery } from '../../../src/shared/model/incident.ts'
import { type Login, LoginDraft, type LoginView, type RenewalRun } from '../../../src/shared/model/login.ts'
import type { Bot } from '../lib/bots.ts'
import { cookieFiles } from '../lib/cookie-files.ts'
import { bootHost, type TestHost } from '../lib/index.ts'
import { RunningEngine, until } from './running-engine.ts'

const intervalSeconds = 2
const folder = '/opt/cookie-bot/cookies'
/** What the bot's units log in with; the watchdog looks after them all. */
const files = {
  login: 'cookies.txt',
  poster: 'cookies.json',
  scraper: 'storage-state.json',
  web: 'header.txt',
} as const
type Role = keyof typeof files
const unitOf = (role: Role | 'watchdog'): string => `cookie-bot-${role}.service`

let app: RunningEngine
let host: TestHost
let bot: Bot
let hostId: string
const logins = new Map<Role, Login>()
const canaries: string[] = []
const directory = mkdtempSync(join(tmpdir(), 'quarterdeck-logins-'))
/** What engines that ended had told. */
const told = { logs: [] as string[], notifications: [] as unknown[] }

beforeAll(async () => {
  host = await bootHost({ suite: 'bookworm' })
  bot = await host.installBot('cookie-bot')
  await host.exec(['systemctl', 'enable', '-q', unitOf('login')])
  app = await RunningEngine.start({ directory })
  hostId = (await app.add(host)).id
  await app.ready(hostId)
  await newSession()
  for (const role of Object.keys(files) as Role[]) logins.set(role, await watch(role))
  for (const role of logins.keys()) await shows(role, ({ proofs }) => proofs[0]?.verdict === 'valid')
}, 180_000)
afterAll(async () => {
  await app?.dispose()
  await host?.dispose()
  rmSync(directory, { recursive: true, force: true })
}, 60_000)

function remember(): void {
  told.logs.push(...app.logs)
  told.notifications.push(...app.notifications)
}

async function watch(role: Role): Promise<Login> {
  const draft = LoginDraft.parse({
    ...{ name: `Site of ${role}`, hostId, path: `${folder}/${files[role]}`, required: ['auth_token', 'ct0'] },
    probe: { url: 'http://127.0.0.1:8090/account', validText: 'tester' },
    consumers: [unitOf(role), ...(role === 'web' ? [unitOf('watchdog')] : [])].map(name => ({ scope: 'system', name })),
    onExpiry: role === 'login' ? 'disable' : 'nothing',
  })
  const login = await app.client.call('login.add', { draft })
  const { check } = await app.client.call('check.get', login.checkId)
  await app.client.call('check.edit', {
    ...{ id: check.id, draft: CheckDraft.parse({ ...check, intervalSeconds }), secrets: {} },
  })
  return login
}

/** A new session that the site knows, in the bot's own files or only here. */
async function newSession(inFiles = true): Promise<string> {
  const token = await bot.renewCookie({ files: inFiles })
  canaries.push(token)
  return token
}

const of = (role: Role): Login => logins.get(role) as Login
const view = (role: Role): Promise<LoginView> => app.client.call('login.get', of(role).id)
const read = (role: Role): Promise<string> => host.readFile(`${folder}/${files[role]}`)
const state = (role: Role | 'watchdog', property = 'ActiveState') => host.property(unitOf(role), property)
const incidents = async (role: Role, which: 'active' | 'resolved'): Promise<Incident[]> =>
  app.client.call('incident.list', IncidentQuery.parse({ state: which, checkId: of(role).checkId }))

function shows(role: Role, wanted: (view: LoginView) => boolean, withinMs = 60_000): Promise<LoginView> {
  return until(
    async () => {
      const seen = await view(role)
      return wanted(seen) ? seen : null
    },
    withinMs,
    async () => JSON.stringify(await view(role)),
  )
}

async function renew(role: Role, text: string): Promise<RenewalRun> {
  const candidate = await app.client.call('login.paste', { id: of(role).id, text })
  return await write(candidate.id, role)
}

async function write(candidateId: string, role: Role): Promise<RenewalRun> {
  const { id } = await app.client.call('login.renew', { candidateId, despiteProblems: false })
  const newest = async () => (await app.client.call('login.renewals', { id: of(role).id, limit: 1 }))[0]
  return await until(
    async () => {
      const run = await newest()
      return run?.id === id && run.finishedAt !== null ? run : null
    },
    150_000,
    async () => JSON.stringify(await newest()),
  )
}

it('R24 R27 R28 a rejected cookie alerts within one check and stops its bot; a paste renews it, proven', async () => {
  const expiredAt = Date.now()
  await bot.expireCookie('rejected')
  const [opened] = await until(async () => {
    const found = await incidents('login', 'active')
    return found.length > 0 ? found : null
  })
  // one interval, and the time that a probe on a machine under load takes
  expect((opened as Incident).openedAt - expiredAt).toBeLessThan(intervalSeconds * 1_000 + 8_000)
  expect(opened).toMatchObject({ cause: 'login', severity: 'critical' })
  await until(
    async () => (await state('login')) === 'inactive' && (await state('login', 'UnitFileState')) === 'disabled',
  )
  await shows('login', ({ deactivated }) => deactivated)
  // those that nobody chose it for go on
  expect(await state('poster')).toBe('active')

  const token = await newSession(false)
  const run = await renew('login', cookieFiles(token)['cookies.json'] ?? '')
  expect(run, JSON.stringify(run)).toMatchObject({ outcome: 'verified' })
  const text = await read('login')
  expect(text).toContain('# Netscape HTTP Cookie File')
  expect(text).toMatch(new RegExp(`^#HttpOnly_127\\.0\\.0\\.1\\t.*\\tauth_token\\t${token}$`, 'm'))
  const stat = await host.exec(['stat', '-c', '%U:%G %a %h', `${folder}/cookies.txt`])
  expect(stat.stdout.trim()).toBe('deploy:deploy 600 1')
  await until(async () => (await state('login')) === 'active')
  expect(await state('login', 'UnitFileState')).toBe('enabled')
  await until(async () => (await incidents('login', 'active')).length === 0)
  const [resolved] = await incidents('login', 'resolved')
  const story = await app.client.call('incident.get', (resolved as Incident).id)
  const titles = story.timeline.map(({ title }) => title)
  expect(titles).toContain('Stopped until the login is renewed')
  expect(titles).toContain('Started again: the login is proven')

  // the other units of the row, each in its own format, from the same export
  for (const role of ['poster', 'scraper', 'web'] as const) {
    const before = await state(role, 'InvocationID')
    const each = await renew(role, cookieFiles(token)['cookies.json'] ?? '')
    expect(each, JSON.stringify(each)).toMatchObject({ outcome: 'verified' })
    expect(await read(role)).toContain(token)
    expect(await state(role)).toBe('active')
    expect(await state(role, 'InvocationID')).not.toBe(before)
    await until(async () => (await incidents(role, 'active')).length === 0)
  }
  await until(async () => (await bot.health()).status === 200)
}, 400_000)

it('S28 cookies that the site refuses are taken back, and the bot runs on with the old ones', async () => {
  const before = await read('poster')
  const refused = randomBytes(20).toString('hex')
  canaries.push(refused)
  const run = await renew('poster', cookieFiles(refused)['cookies.txt'] ?? '')
  expect(run).toMatchObject({ outcome: 'rolled-back' })
  expect(run.steps.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual([
    ...['read done', 'back-up done', 'write done', 'read-back done', 'restart done', 'prove failed', 'roll-back done'],
  ])
  expect(await read('poster')).toBe(before)
  expect(await state('poster')).toBe('active')
  await shows('poster', ({ proofs, drifted }) => proofs[0]?.verdict === 'valid' && drifted === false)
}, 200_000)

it('R29 a bot that rotates its cookies is seen; what was written can be put back, or theirs be taken over', async () => {
  await bot.throwSwitch('rotate', {}, unitOf('scraper'))
  await shows('scraper', ({ drifted }) => drifted === true)
  const { id } = of('scraper')
  const old = await app.client.call('login.candidate', { id, source: 'last-push' })
  expect(old.changes.filter(({ change }) => change === 'changed').map(({ after }) => after?.name)).toEqual(['ct0'])
  expect(await write(old.id, 'scraper')).toMatchObject({ outcome: 'verified' })
  expect(await read('scraper')).toContain('csrf-1')
  await shows('scraper', ({ drifted }) => drifted === false)

  await bot.throwSwitch('rotate', {}, unitOf('scraper'))
  await shows('scraper', ({ drifted }) => drifted === true)
  await app.client.call('login.adopt', id)
  await shows('scraper', ({ drifted }) => drifted === false)
  expect(await read('scraper')).toContain('csrf-2')
}, 200_000)

it('S28 a renewal by login window, with the site down, is written and not taken back', async () => {
  const token = await newSession(false)
  await bot.answer(500, 'cookie-site.service')
  const cookie = { domain: '127.0.0.1', hostOnly: true, path: '/', secure: true, httpOnly: true }
  const ends = { sameSite: 'lax' as const, expiresAt: Date.now() + 86_400_000 * 30 }
  app.loginWindows.results.push({
    cookies: [
      { ...cookie, ...ends, name: 'auth_token', value: token },
      { ...cookie, ...ends, name: 'ct0', value: 'csrf-1' },
    ],
    reason: null,
  })
  const { id: _, checkId: __, createdAt: ___, ...draft } = of('login')
  await app.client.call('login.edit', {
    id: of('login').id,
    draft: { ...draft, loginUrl: 'http://127.0.0.1:8090/login' },
  })
  const candidate = await app.client.call('login.capture', of('login').id)
  const run = await write(candidate?.id ?? '', 'login')
  expect(run).toMatchObject({ outcome: 'written' })
  expect(await read('login')).toContain(token)
  await bot.heal('cookie-site.service')
  await shows('login', ({ proofs }) => proofs[0]?.verdict === 'valid')
}, 200_000)

it('S28 an engine that ends in the middle of a renewal finds out where it was, and ends with a whole file', async () => {
  const { id } = of('poster')
  for (const at of ['back-up', 'restart', 'prove'] as const) {
    const token = await newSession(false)
    const { id: candidateId } = await app.client.call('login.paste', {
      id,
      text: cookieFiles(token)['cookies.txt'] ?? '',
    })
    const reached = new Promise<void>(resolve => {
      app.client.on('renewal.changed', ({ loginId, steps }) => {
        if (loginId === id && steps.some(({ step }) => step === at)) resolve()
      })
    })
    const { id: runId } = await app.client.call('login.renew', { candidateId, despiteProblems: false })
    await reached
    remember()
    await app.dispose()
    app = await RunningEngine.start({ directory })
    const run = await until(
      async () => {
        const [newest] = await app.client.call('login.renewals', { id, limit: 1 })
        return newest?.id === runId && newest.finishedAt !== null ? newest : null
      },
      150_000,
      async () => JSON.stringify(await app.client.call('login.renewals', { id, limit: 1 })),
    )
    // only what was not written yet may end with the old file
    expect(run.outcome, JSON.stringify(run)).toMatch(at === 'back-up' ? /^(verified|failed)$/ : /^verified$/)
    const text = await read('poster')
    expect(text.includes(token)).toBe(run.outcome === 'verified')
    expect(JSON.parse(text)).toHaveLength(2)
    const left = (await host.exec(['ls', '-A', folder])).stdout
      .split('\n')
      .filter(name => name.includes('cookies.json'))
    const olds = left.filter(name => name !== 'cookies.json')
    expect(olds.length).toBeLessThanOrEqual(5)
    for (const name of olds) expect(JSON.parse(await host.readFile(`${folder}/${name}`))).toHaveLength(2)
    expect(await state('poster')).toBe('active')
  }
}, 400_000)

it('S28 no value of a cookie is in the log, the audit, a notification, an incident or the database', async () => {
  remember()
  const audit = await app.client.call('audit.list', AuditQuery.parse({ limit: 500 }))
  const all = await app.client.call('incident.list', IncidentQuery.parse({ state: 'all', limit: 500 }))
  const stories = await Promise.all(all.map(({ id }) => app.client.call('incident.get', id)))
  const views = await app.client.call('login.list', undefined)
  const runs = await Promise.all(
    views.map(({ login: { id } }) => app.client.call('login.renewals', { id, limit: 100 })),
  )
  const everything = JSON.stringify([told, audit, stories, views, runs])
  const disk = readdirSync(app.directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
  expect(audit.filter(({ verb }) => verb === 'login.renew').length).toBeGreaterThanOrEqual(7)
  expect(told.notifications.length).toBeGreaterThan(0)
  expect(disk.join('').length).toBeGreaterThan(10_000)
  expect(canaries.length).toBeGreaterThanOrEqual(4)
  for (const canary of canaries) for (const text of [everything, ...disk]) expect(text.includes(canary)).toBe(false)
})
