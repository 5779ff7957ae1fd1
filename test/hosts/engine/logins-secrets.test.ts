// Logins of every other kind on a real host through a whole engine: tokens, .env values, client certificates, what each site may say, and disks and lists in the way.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../../src/engine/lib/clock.ts'
import { AuditQuery } from '../../../src/shared/model/audit.ts'
import { CheckDraft } from '../../../src/shared/model/check.ts'
import { type Incident, IncidentQuery } from '../../../src/shared/model/incident.ts'
import { type Login, LoginDraft, type LoginView, type RenewalRun } from '../../../src/shared/model/login.ts'
import { LoginSite, type SiteMood } from '../../fakes/login-site.ts'
import { type Authority, createAuthority, type KeyPair } from '../../unit/engine/lib/certificates.ts'
import { cookieFiles } from '../lib/cookie-files.ts'
import { bootHost, type TestHost } from '../lib/index.ts'
import { botsDir } from '../lib/paths.ts'
import { RunningEngine, until } from './running-engine.ts'

const folder = '/opt/secrets'
const owner = 'deploy:deploy'
const day = 86_400_000
/** Days that this computer and all that it knows of time are ahead. */
let ahead = 0
const clock: Clock = { ...systemClock, now: () => Date.now() + ahead * day }

let app: RunningEngine
let host: TestHost
let hostId: string
let authority: Authority
let stranger: Authority
const canaries: string[] = []

beforeAll(async () => {
  authority = createAuthority()
  stranger = createAuthority()
  host = await bootHost({ suite: 'bookworm' })
  const put = (name: string, text: string) => host.writeFile(`${folder}/${name}`, text, { owner, mode: '600' })
  await put('secret-site.py', readFileSync(join(botsDir, 'secret-site.py'), 'utf8'))
  await put('site.pem', pemOf(authority.issue(['localhost'], 30)))
  await put('ca.pem', authority.ca)
  await put('valid-token', 'none yet\n')
  await host.exec(['chown', owner, folder])
  const site = `WorkingDirectory=${folder}\nExecStart=/usr/bin/python3 secret-site.py`
  // what it was started with is what it uses
  const bot = `EnvironmentFile=-${folder}/bot.env\nExecStart=/bin/sh -c 'echo "$API_TOKEN" >${folder}/seen; exec sleep infinity'`
  for (const [name, lines] of Object.entries({ 'secret-site': site, 'token-bot': bot }))
    await host.writeFile(`/etc/systemd/system/${name}.service`, `[Service]\nUser=deploy\n${lines}\n`)
  await host.exec(['systemctl', 'daemon-reload'])
  await host.exec(['systemctl', 'start', 'secret-site', 'token-bot'])
  app = await RunningEngine.start({ clock })
  hostId = (await app.add(host)).id
  await app.ready(hostId)
}, 180_000)
afterAll(async () => {
  await app?.dispose()
  await host?.dispose()
  authority?.dispose()
  stranger?.dispose()
}, 60_000)

const pemOf = ({ key, cert }: KeyPair, ...above: string[]): string => [cert, ...above, key].join('\n')

function secret(): string {
  const value = randomBytes(20).toString('hex')
  canaries.push(value)
  return value
}

const put = (name: string, text: string, mode = '600') =>
  host.writeFile(`${folder}/${name}`, text, { owner, mode }).then(() => `${folder}/${name}`)
const accept = (token: string) => put('valid-token', `${token}\n`)
const bot = { scope: 'system' as const, name: 'token-bot.service' }

async function watch(change: Partial<LoginDraft>): Promise<Login> {
  const draft = LoginDraft.parse({ hostId, ...change })
  const login = await app.client.call('login.add', { draft })
  const { check } = await app.client.call('check.get', login.checkId)
  await app.client.call('check.edit', {
    ...{ id: check.id, draft: CheckDraft.parse({ ...check, intervalSeconds: 1 }), secrets: {} },
  })
  return login
}

function shows(login: Login, wanted: (view: LoginView) => boolean): Promise<LoginView> {
  const view = () => app.client.call('login.get', login.id)
  return until(
    async () => {
      const seen = await view()
      return wanted(seen) ? seen : null
    },
    60_000,
    async () => JSON.stringify(await view()),
  )
}
const says = (login: Login, verdict: string) => shows(login, ({ proofs }) => proofs[0]?.verdict === verdict)

async function active({ checkId }: Login): Promise<Incident[]> {
  return await app.client.call('incident.list', IncidentQuery.parse({ state: 'active', checkId }))
}
async function alerts(login: Login, severity: string): Promise<Incident> {
  return await until(async () => (await active(login)).find(incident => incident.severity === severity), 60_000)
}
const quiet = (login: Login) => until(async () => (await active(login)).length === 0, 60_000)

async function renew({ id }: Login, text: string): Promise<RenewalRun> {
  const candidate = await app.client.call('login.paste', { id, text })
  const { id: runId } = await app.client.call('login.renew', { candidateId: candidate.id, despiteProblems: false })
  const newest = async () => (await app.client.call('login.renewals', { id, limit: 1 }))[0]
  return await until(
    async () => {
      const run = await newest()
      return run?.id === runId && run.finishedAt !== null ? run : null
    },
    150_000,
    async () => JSON.stringify(await newest()),
  )
}

it('R27 R28 an API token alone in its file: proven by its Authorization, expired by 401, renewed', async () => {
  const [first, second] = [secret(), secret()]
  await accept(first)
  const path = await put('token', first)
  const probe = { url: 'http://127.0.0.1:8091/me' }
  const login = await watch({ name: 'API token', kind: 'token', path, probe } as Partial<LoginDraft>)
  await says(login, 'valid')
  await accept(second)
  expect(await alerts(login, 'critical')).toMatchObject({ cause: 'login' })
  expect(await renew(login, `${second}\n`)).toMatchObject({ outcome: 'verified' })
  expect(await host.readFile(path)).toBe(second)
  expect(await host.output(['stat', '-c', '%U:%G %a', path])).toBe(`${owner} 600`)
  await quiet(login)
}, 200_000)

it('R24 R28 a value of an .env file: its bot is stopped, and started with the new one; the other keys stay', async () => {
  const [first, second] = [secret(), secret()]
  await accept(first)
  const path = await put('bot.env', `# the bot's\nMODE=fast\nAPI_TOKEN='${first}'\nDATABASE_URL=postgres://x\n`, '640')
  const login = await watch({
    ...{ name: 'Token of the bot', kind: 'token', path, required: ['API_TOKEN'], consumers: [bot] },
    ...({ probe: { url: 'http://127.0.0.1:8091/me' }, onExpiry: 'stop' } as Partial<LoginDraft>),
  })
  await says(login, 'valid')
  await accept(second)
  await until(async () => (await host.property(bot.name, 'ActiveState')) === 'inactive', 60_000)
  await shows(login, ({ deactivated }) => deactivated)
  expect(await renew(login, second)).toMatchObject({ outcome: 'verified' })
  expect(await host.readFile(path)).toBe(`# the bot's\nMODE=fast\nAPI_TOKEN='${second}'\nDATABASE_URL=postgres://x\n`)
  expect(await host.output(['stat', '-c', '%U:%G %a', path])).toBe(`${owner} 640`)
  await until(async () => (await host.readFile(`${folder}/seen`)).trim() === second, 60_000)
  await quiet(login)

  // whoever no longer wants it watched has its service back
  await accept('another')
  await until(async () => (await host.property(bot.name, 'ActiveState')) === 'inactive', 60_000)
  await shows(login, ({ deactivated }) => deactivated)
  await app.client.call('login.remove', { id: login.id, startServices: true })
  expect(await host.property(bot.name, 'ActiveState')).toBe('active')
  await expect(app.client.call('login.get', login.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
}, 250_000)

it('R27 R28 a client certificate: warned of by its end, shown to the site, renewed, and taken back where the site refuses it', async () => {
  const pem = (by: Authority, days: number): string => {
    const pair = by.issue(['bot'], days)
    canaries.push(pair.key.split('\n')[1] ?? '')
    return pemOf(pair, authority.ca)
  }
  const path = await put('client.pem', pem(authority, 3))
  const login = await watch({
    ...{ name: 'Client certificate', kind: 'certificate', path },
    ...({ probe: { url: 'https://localhost:8443/' } } as Partial<LoginDraft>),
  })
  await says(login, 'valid')
  expect(await alerts(login, 'warning')).toMatchObject({
    lastMessage: expect.stringContaining('Certificate bot expires'),
  })
  const fresh = pem(authority, 40)
  expect(await renew(login, fresh)).toMatchObject({ outcome: 'verified' })
  expect(await host.readFile(path)).toBe(`${fresh}\n`.replace(/\n+$/, '\n'))
  await quiet(login)
  const refused = await renew(login, pem(stranger, 40))
  expect(refused, JSON.stringify(refused.steps)).toMatchObject({ outcome: 'rolled-back' })
  expect(await host.readFile(path)).toContain(fresh.trim())
  await says(login, 'valid')
}, 250_000)

it('S26 S27 a full disk ends a renewal with what to do, and a list of rights (ACL) outlives one', async () => {
  const [old, next] = [secret(), secret()]
  await host.mountSmallDisk('/srv/small', 64 * 1024)
  await host.exec(['install', '-d', '-o', 'deploy', '-g', 'deploy', '-m', '755', '/srv/small/bot'])
  const text = `API_TOKEN=${old}\n# ${'x'.repeat(40_000)}\n`
  const small = '/srv/small/bot/bot.env'
  await host.writeFile(small, text, { owner, mode: '600' })
  const full = await watch({
    name: 'On a full disk',
    kind: 'token',
    path: small,
    required: ['API_TOKEN'],
    consumers: [bot],
  })
  const before = await host.property(bot.name, 'InvocationID')
  const run = await renew(full, next)
  expect(run.outcome).toBe('failed')
  expect(run.steps.at(-1)?.text).toMatch(/is full.*Make room/)
  expect(await host.readFile(small)).toBe(text)
  expect(await host.output(['ls', '-A', '/srv/small/bot'])).toBe('bot.env')
  expect(await host.property(bot.name, 'InvocationID')).toBe(before)

  const list = await put('list.env', `API_TOKEN=${old}\n`)
  const python = 'import os,sys\np="system.posix_acl_access"\n'
  // user::rw-, user:norights:r--, group::---, mask::r--, other::---
  const set = `${python}import pwd,struct\nu=pwd.getpwnam("norights").pw_uid\nos.setxattr(sys.argv[1],p,struct.pack("<I",2)+b"".join(struct.pack("<HHI",*e) for e in [(1,6,2**32-1),(2,4,u),(4,0,2**32-1),(16,4,2**32-1),(32,0,2**32-1)]))`
  const get = `${python}print(os.getxattr(sys.argv[1],p).hex())`
  await host.exec(['python3', '-c', set, list])
  const rights = await host.output(['python3', '-c', get, list])
  const kept = await watch({ name: 'With a list', kind: 'token', path: list, required: ['API_TOKEN'] })
  expect(await renew(kept, next)).toMatchObject({ outcome: 'written' })
  expect(await host.output(['python3', '-c', get, list])).toBe(rights)
  expect(await host.readFile(list)).toBe(`API_TOKEN=${next}\n`)
}, 200_000)

it('R27 S9 what the site says, through the whole engine: only a refusal and a challenge are told', async () => {
  await using site = await LoginSite.start()
  const session = site.logIn()
  canaries.push(session.auth_token, session.ct0)
  const path = await put('header.txt', `auth_token=${session.auth_token}; ct0=${session.ct0}\n`)
  const probe = {
    ...{ url: site.at('127.0.0.1', '/api/me'), from: 'local' as const, validText: site.user },
    ...{ headers: [{ name: 'x-csrf-token', value: '{ct0}' }], challengeTexts: ['captcha'] },
  }
  const login = await watch({ name: 'Site', path, required: ['auth_token', 'ct0'], probe } as Partial<LoginDraft>)
  await says(login, 'valid')
  for (const [mood, verdict] of [
    ['rate-limit', 'rate-limited'],
    ['down', 'site-down'],
  ] as const) {
    site.mood = mood
    await says(login, verdict)
    // three intervals of it are nobody's alarm
    const asked = site.requests.length
    await until(() => site.requests.length >= asked + 3, 60_000)
    expect(await active(login)).toEqual([])
  }
  site.mood = 'challenge' satisfies SiteMood
  await says(login, 'challenged')
  expect(await alerts(login, 'warning')).toMatchObject({ lastMessage: expect.stringContaining('wants a person') })
  site.mood = 'normal'
  await quiet(login)
  site.expireAll()
  await says(login, 'expired')
  expect(await alerts(login, 'critical')).toMatchObject({ lastMessage: expect.stringContaining('[STATUS] (401)') })
  const { id: _, checkId: __, createdAt: ___, ...draft } = login
  const home = {
    ...probe,
    url: site.at('127.0.0.1', '/home'),
    headers: [],
    validText: 'Logged in',
    expectedStatus: '2xx',
    loginPaths: ['/login'],
  }
  await app.client.call('login.edit', { id: login.id, draft: { ...draft, probe: home } })
  await shows(login, ({ proofs }) => proofs[0]?.message.includes('to log in (/login)') === true)
  const again = site.logIn()
  canaries.push(again.auth_token, again.ct0)
  expect(await renew(login, `auth_token=${again.auth_token}; ct0=${again.ct0}`)).toMatchObject({ outcome: 'verified' })
  await quiet(login)
  await app.client.call('login.remove', { id: login.id, startServices: false })
}, 250_000)

it('R26 warned 7 days ahead, as time goes on, and not called expired while the site says valid', async () => {
  await using site = await LoginSite.start()
  const session = site.logIn()
  canaries.push(session.auth_token)
  const files = cookieFiles(session.auth_token, { expires: Math.floor(Date.now() / 1000) + 30 * 86_400 })
  const path = await put('cookies.json', files['cookies.json'] ?? '')
  const login = await watch({
    ...{ name: 'Ageing', path, required: ['auth_token'] },
    ...({ probe: { url: site.at('127.0.0.1', '/api/me'), from: 'local' } } as Partial<LoginDraft>),
  })
  await says(login, 'valid')
  const later = async (days: number): Promise<void> => {
    ahead = days
    const asked = site.requests.length
    await until(() => site.requests.length >= asked + 3, 60_000)
  }
  await later(22)
  expect(await active(login)).toEqual([])
  await later(23.5)
  expect(await alerts(login, 'warning')).toMatchObject({ lastMessage: expect.stringContaining('expires in 6 days') })
  await later(31)
  expect(await active(login)).toMatchObject([{ severity: 'warning' }])
  await shows(login, ({ proofs, expiresAt }) => proofs[0]?.verdict === 'valid' && (expiresAt ?? 0) < clock.now())
  // a site that is down proves nothing: the end that is past stays a warning
  site.mood = 'down'
  await says(login, 'site-down')
  await later(31.5)
  expect(await active(login)).toMatchObject([{ severity: 'warning' }])
}, 200_000)

it('S28 none of these secrets is in the log, the audit, an incident, a notification or on disk in clear', async () => {
  const audit = await app.client.call('audit.list', AuditQuery.parse({ limit: 500 }))
  const all = await app.client.call('incident.list', IncidentQuery.parse({ state: 'all', limit: 500 }))
  const stories = await Promise.all(all.map(({ id }) => app.client.call('incident.get', id)))
  const views = await app.client.call('login.list', undefined)
  const runs = await Promise.all(
    views.map(({ login: { id } }) => app.client.call('login.renewals', { id, limit: 100 })),
  )
  const disk = ['quarterdeck.db', 'quarterdeck.db-wal'].map(name => readFileSync(join(app.directory, name), 'latin1'))
  const told = JSON.stringify([audit, stories, views, runs, app.logs, app.notifications])
  expect(audit.filter(({ verb }) => verb === 'login.renew').length).toBeGreaterThanOrEqual(6)
  expect(canaries.length).toBeGreaterThanOrEqual(12)
  for (const canary of canaries) for (const text of [told, ...disk]) expect(text.includes(canary)).toBe(false)
})
