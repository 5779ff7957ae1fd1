// Kept sessions are visited when due, once for all that was missed, and what they rotated is written as a renewal of its own.
import { chmodSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createLogger } from '../../../../src/engine/lib/log.ts'
import { createSteadyTime } from '../../../../src/engine/lib/steady-time.ts'
import { CircuitBreakers } from '../../../../src/engine/runtime/circuit-breaker.ts'
import { KeepAlive } from '../../../../src/engine/runtime/keep-alive.ts'
import type { CapturedCookie } from '../../../../src/shared/contract/native.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import type { Login, LoginDraft } from '../../../../src/shared/model/login.ts'
import { LoginRig, LoginWorld, newToken, oldToken } from './login-rig.ts'

const hourMs = 3_600_000
let world: LoginWorld
let rig: LoginRig
let keeper: KeepAlive
let lines: string[]
const open = (native = rig.windows): KeepAlive => {
  const { store, clock, logins, renewals } = rig
  lines = []
  const log = createLogger({ sink: line => lines.push(line), now: () => clock.now(), level: 'debug' })
  const breakers = new CircuitBreakers({ store, clock, steady: createSteadyTime(clock), log })
  const settings = () => ({ ...store.settings.get(), automation: rig.automation })
  return new KeepAlive({ store, logins, renewals, native, settings, breakers, clock, log, session: () => rig.session })
}
beforeEach(async () => {
  world = new LoginWorld()
  rig = await LoginRig.start(world)
  keeper = open()
})
afterEach(() => {
  keeper.dispose()
  rig.kill()
  world.dispose()
})

const loginOf = (change: Partial<LoginDraft> = {}): Login =>
  rig.login({
    loginUrl: 'https://site.test/login',
    domains: ['site.test'],
    keepSession: true,
    keepAliveHours: 6,
    ...change,
  })
const cookiesOf = (token: string): CapturedCookie[] =>
  [
    { name: 'auth_token', value: token },
    { name: 'ct0', value: `csrf-${token}` },
  ].map(cookie => ({
    ...{ ...cookie, domain: 'site.test', hostOnly: false, path: '/', secure: true, httpOnly: true },
    ...{ sameSite: 'lax', expiresAt: world.clock.now() + 30 * 86_400_000 },
  }))
const bring = (token: string): void => void rig.windows.results.push({ cookies: cookiesOf(token), reason: null })

async function visit(): Promise<void> {
  let done = false
  void keeper.look().then(() => {
    done = true
  })
  while (!done) await rig.pump(0)
}

it('visits when due, not before, and once for all visits that were missed', async () => {
  loginOf()
  await visit()
  expect(rig.windows.refreshed).toEqual([])
  world.clock.jump(5 * 24 * hourMs)
  await visit()
  await visit()
  expect(rig.windows.refreshed).toMatchObject([{ url: 'https://site.test/login', keep: true }])
  world.clock.jump(6 * hourMs)
  await visit()
  expect(rig.windows.refreshed).toHaveLength(2)
})

it('a visit is written down before it is made, so that a kill does not repeat it', async () => {
  const login = loginOf()
  world.clock.jump(7 * hourMs)
  const { refreshLogin } = rig.windows
  const seen: (number | null | undefined)[] = []
  const windows = Object.assign(rig.windows, {
    refreshLogin: async (...asked: Parameters<typeof refreshLogin>) => {
      seen.push(rig.store.logins.get(login.id)?.refreshedAt)
      return await refreshLogin(...asked)
    },
  })
  keeper = open(windows)
  await visit()
  expect(seen).toEqual([world.clock.now()])
})

it('R28 rotated cookies are written as a renewal of the rule; the same ones are not', async () => {
  const login = loginOf()
  world.clock.jump(7 * hourMs)
  bring(newToken)
  await visit()
  const run = await rig.ended(login)
  expect(run.outcome).toBe('verified')
  expect(world.text).toContain(`auth_token=${newToken}`)
  expect(rig.audited('login.renew')).toMatchObject([{ actor: 'rule: keep-alive' }])
  world.clock.jump(7 * hourMs)
  bring(newToken)
  await visit()
  expect(rig.renewals.list(login.id, 10)).toHaveLength(1)
  expect(lines.join('\n')).not.toContain('canary')
})

it('R29 what the bot itself rotated is not written over', async () => {
  const login = loginOf()
  await rig.renew(login)
  await rig.ended(login)
  writeFileSync(world.path, `auth_token=${oldToken}; ct0=rotated\n`)
  await rig.look(login)
  world.clock.jump(7 * hourMs)
  bring('canary-visit-12')
  await visit()
  expect(rig.windows.refreshed).toHaveLength(1)
  expect(world.text).toBe(`auth_token=${oldToken}; ct0=rotated\n`)
})

it('S25 a visit that fails is tried again after an hour, and switched off after five', async () => {
  loginOf()
  world.clock.jump(7 * hourMs)
  let asked = 0
  const refreshLogin = async () => {
    asked++
    throw new AppError('INTERNAL', `broke with ${newToken}`)
  }
  keeper = open(Object.assign(rig.windows, { refreshLogin }))
  await visit()
  await visit()
  expect(asked).toBe(1)
  for (let hour = 0; hour < 4; hour++) {
    world.clock.jump(hourMs)
    await visit()
  }
  expect(asked).toBe(5)
  expect(lines.filter(line => line.includes('switched off'))).toHaveLength(1)
})

it('nothing is visited without a connection, with the panic switch on, or where nobody asked for it', async () => {
  loginOf({ keepAliveHours: null })
  loginOf({ name: 'Two', path: `${world.folder}/two.txt` })
  world.clock.jump(7 * hourMs)
  rig.automation = false
  await visit()
  rig.automation = true
  rig.link.to('lost')
  await visit()
  expect(rig.windows.refreshed).toEqual([])
  rig.link.to('ready')
  await rig.pump(200)
  await visit()
  expect(rig.windows.refreshed).toHaveLength(1)
})

it('a visit that brought nothing is shown on the login, and gone after the next good one', async () => {
  const { id } = loginOf()
  expect(rig.logins.view(id).keepAlive).toEqual({ at: null, problem: null })
  world.clock.jump(7 * hourMs)
  rig.windows.results.push({ cookies: null, reason: 'The site asked to log in again' })
  await visit()
  expect(rig.logins.view(id).keepAlive).toEqual({
    ...{ at: world.clock.now(), problem: 'The site asked to log in again. Renew it in a login window.' },
  })
  expect(world.published.at(-1)).toMatchObject({
    name: 'login.changed',
    payload: { keepAlive: { at: world.clock.now() } },
  })
  world.clock.jump(7 * hourMs)
  bring(oldToken)
  await visit()
  expect(rig.logins.view(id).keepAlive).toEqual({ at: world.clock.now(), problem: null })
  rig.logins.edit(id, { ...rig.logins.view(id).login, keepAliveHours: null })
  expect(rig.logins.view(id).keepAlive).toBeNull()
})

it('how the newest visit went is still shown after a restart of the engine, with the time at which it was made', async () => {
  const { id } = loginOf()
  world.clock.jump(7 * hourMs)
  const refreshLogin = async () => {
    throw new AppError('TIMEOUT', 'The site did not answer')
  }
  keeper = open(Object.assign(rig.windows, { refreshLogin }))
  await visit()
  const shown = { at: world.clock.now(), problem: 'The site did not answer' }
  expect(rig.logins.view(id).keepAlive).toEqual(shown)
  keeper.dispose()
  rig.kill()
  rig = await LoginRig.start(world)
  keeper = open()
  expect(rig.logins.view(id).keepAlive).toEqual(shown)
})

it('what could not be written is shown, too: a bot that changed its file, a file that may not be written, no desktop', async () => {
  const login = loginOf()
  const problem = () => rig.logins.view(login.id).keepAlive?.problem
  chmodSync(world.folder, 0o777)
  world.clock.jump(7 * hourMs)
  bring(newToken)
  await visit()
  expect(problem()).toContain('New cookies were not written: Everybody may write in the folder')
  expect(rig.renewals.list(login.id, 10)).toEqual([])
  chmodSync(world.folder, 0o700)
  await rig.renew(login)
  await rig.ended(login)
  writeFileSync(world.path, `auth_token=${oldToken}; ct0=rotated\n`)
  await rig.look(login)
  world.clock.jump(7 * hourMs)
  bring(newToken)
  await visit()
  expect(problem()).toContain('the bot has changed the file')
  const none = async () => {
    throw new AppError('UNSUPPORTED', 'There is no desktop here')
  }
  keeper = open(Object.assign(rig.windows, { refreshLogin: none }))
  world.clock.jump(7 * hourMs)
  await visit()
  expect(problem()).toBe('There is no desktop here')
})

it('what breaks is shown without its words, tried again in an hour by the next engine too, and ends no engine', async () => {
  const { id } = loginOf()
  world.clock.jump(7 * hourMs)
  let asked = 0
  const refreshLogin = async () => {
    asked++
    throw new AppError('INTERNAL', `broke with ${newToken}`)
  }
  keeper = open(Object.assign(rig.windows, { refreshLogin }))
  await visit()
  expect(rig.logins.view(id).keepAlive?.problem).toBe('The visit did not come through')
  keeper = open(Object.assign(rig.windows, { refreshLogin }))
  await visit()
  expect(asked).toBe(1)
  world.clock.jump(hourMs)
  const { logins } = rig.store
  logins.setRefreshed = () => {
    throw new AppError('DISK_FULL', 'The disk is full')
  }
  await visit()
  expect(asked).toBe(1)
  expect(lines.join('\n')).toContain('DISK_FULL')
})
