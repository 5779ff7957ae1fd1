// R24: services of a login that is proven expired stop, and start again once it is proven; remembered before it is done, and never against a person.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { HostRemoval } from '../../../../src/engine/runtime/host-removal.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import type { Host } from '../../../../src/shared/model/host.ts'
import type { Login, LoginDraft } from '../../../../src/shared/model/login.ts'
import { bot, fileOf, LoginRig, LoginWorld, newToken } from './login-rig.ts'

let world: LoginWorld
let rig: LoginRig
beforeEach(async () => {
  world = new LoginWorld()
  rig = await LoginRig.start(world)
})
afterEach(() => {
  rig.kill()
  world.dispose()
})
const stored = (login: Login) => rig.store.logins.get(login.id)?.deactivated

async function expired(change: Partial<LoginDraft> = { onExpiry: 'stop' }): Promise<Login> {
  const login = rig.login(change)
  world.site = () => 'expired'
  await rig.look(login)
  rig.open()
  await rig.pump(0)
  return login
}

it('R24 stops what uses an expired login once its alert fires, once, and says so', async () => {
  const login = await expired()
  expect(world.acts).toEqual(['stop bot.service'])
  expect(rig.logins.view(login.id).deactivated).toBe(true)
  expect(rig.audited('login.deactivate')).toMatchObject([{ actor: 'rule: login', target: 'Site', outcome: 'verified' }])
  expect(world.events).toMatchObject([{ title: 'Stopped until the login is renewed', actor: 'rule: login' }])
  await rig.look(login)
  await rig.look(login)
  expect(world.acts).toEqual(['stop bot.service'])
})

it('R24 the order of look and alert does not matter', async () => {
  const login = rig.login({ onExpiry: 'stop' })
  world.site = () => 'expired'
  rig.open()
  await rig.pump(0)
  expect(world.acts).toEqual([])
  await rig.look(login)
  expect(world.acts).toEqual(['stop bot.service'])
})

it('R24 disables, too, where that was chosen, and enables again what was enabled', async () => {
  const login = await expired({ onExpiry: 'disable' })
  expect(world.acts).toEqual(['disable bot.service', 'stop bot.service'])
  world.site = () => 'valid'
  await rig.look(login)
  expect(world.acts.slice(2)).toEqual(['enable bot.service', 'start bot.service'])
  expect(world.units.get(bot.name)).toMatchObject({ activeState: 'active', unitFileState: 'enabled' })
  expect(stored(login)).toBeNull()
  expect(rig.audited('login.reactivate')).toMatchObject([{ outcome: 'verified' }])
  expect(world.events.map(({ title }) => title).at(-1)).toBe('Started again: the login is proven')
  await rig.look(login)
  expect(world.acts).toHaveLength(4)
})

it('R24 is opt-in, needs the proof, and heeds the panic switch and silences', async () => {
  await expired({ onExpiry: 'nothing' })
  const login = rig.login({ name: 'Two', path: `${world.folder}/two.txt`, onExpiry: 'stop' })
  world.site = () => 'challenged'
  await rig.look(login)
  world.site = () => 'expired'
  rig.automation = false
  await rig.look(login)
  rig.automation = true
  rig.mutedBy = 'maintenance'
  await rig.look(login)
  expect(world.acts).toEqual([])
  rig.mutedBy = null
  await rig.look(login)
  expect(world.acts).toEqual(['stop bot.service'])
})

it('R24 what a person stopped is never started, whenever that was', async () => {
  rig.put({ activeState: 'inactive', subState: 'dead', mainPid: null })
  const login = await expired()
  expect(stored(login)).toEqual([])
  world.site = () => 'valid'
  await rig.look(login)
  expect(world.acts).toEqual([])
  expect(stored(login)).toBeNull()
})

it('R24 a person who starts a stopped one and stops it again has the last word', async () => {
  const login = await expired()
  await rig.pump(1_000)
  rig.put({ activeState: 'active', subState: 'running', invocationId: 'b'.repeat(32) })
  await rig.pump(1_000)
  rig.put({ activeState: 'inactive', subState: 'dead' })
  await rig.pump(1_000)
  world.site = () => 'valid'
  await rig.look(login)
  expect(world.acts).toEqual(['stop bot.service'])
  expect(stored(login)).toBeNull()
})

it('R24 S2 killed before the stop was sent: it is sent after the start, once', async () => {
  let sent = 0
  world.onAct = () => {
    sent++
    expect(rig.store.logins.list()[0]?.deactivated).toMatchObject([{ name: bot.name, stoppedAt: null }])
    rig.kill()
    return { kind: 'lost' }
  }
  const login = await expired()
  expect(sent).toBe(1)
  world.onAct = () => null
  rig = await LoginRig.start(world)
  rig.firing = true
  await rig.look(login)
  await rig.look(login)
  expect(world.acts).toEqual(['stop bot.service', 'stop bot.service'])
  expect(stored(login)?.[0]?.stoppedAt).not.toBeNull()
  expect(rig.audited('login.deactivate')).toMatchObject([{ outcome: 'verified' }])
})

it('R24 killed after the stop, before that was recorded: it is started again after the proof', async () => {
  world.onAct = () => {
    rig.put({ activeState: 'inactive', subState: 'dead', mainPid: null })
    rig.kill()
    return { kind: 'lost' }
  }
  const login = await expired()
  world.onAct = () => null
  rig = await LoginRig.start(world)
  world.site = () => 'valid'
  await rig.look(login)
  expect(world.acts).toEqual(['stop bot.service', 'start bot.service'])
  expect(stored(login)).toBeNull()
})

it('R24 R28 a proven renewal starts what was stopped, with the panic switch on, too', async () => {
  const login = await expired()
  rig.automation = false
  world.site = text => (text === fileOf(newToken) ? 'valid' : 'expired')
  await rig.renew(login)
  const run = await rig.ended(login)
  expect(run.outcome).toBe('verified')
  expect(world.acts).toEqual(['stop bot.service', 'start bot.service'])
  expect(run.evidence.map(({ text }) => text)).toEqual([
    'bot.service: is started again once the login is proven',
    'bot.service was started again',
  ])
  expect(stored(login)).toBeNull()
})

it('R24 one that could not be stopped is not called stopped, nor started later', async () => {
  world.onAct = () => ({ kind: 'done', job: 'failed' })
  const login = await expired()
  expect(stored(login)).toEqual([])
  expect(rig.logins.view(login.id).deactivated).toBe(false)
  expect(world.events).toMatchObject([{ tone: 'bad', detail: expect.stringContaining('stop bot.service') }])
  world.onAct = () => null
  world.site = () => 'valid'
  await rig.look(login)
  expect(world.acts).toEqual(['stop bot.service'])
})

it('R24 one that somebody restarted meanwhile, and stopped later, is not started', async () => {
  world.onAct = () => {
    rig.kill()
    return { kind: 'lost' }
  }
  const login = await expired()
  world.onAct = () => null
  rig = await LoginRig.start(world)
  rig.firing = true
  rig.put({ activeState: 'active', subState: 'running', invocationId: 'c'.repeat(32) })
  await rig.look(login)
  await rig.pump(1_000)
  rig.put({ activeState: 'inactive', subState: 'dead', mainPid: null })
  await rig.pump(1_000)
  world.site = () => 'valid'
  await rig.look(login)
  expect(world.acts).toEqual(['stop bot.service'])
  expect(stored(login)).toBeNull()
})

it('R24 who no longer wants it so has them started again, though nothing is proven; else nothing is forgotten', async () => {
  const login = await expired({ onExpiry: 'disable' })
  rig.link.to('lost')
  await expect(rig.deactivation.release(login.id, 'person')).rejects.toThrow('the host is not connected')
  rig.link.to('ready')
  await rig.pump(200)
  world.onAct = verb => (verb === 'start' ? { kind: 'done', job: 'failed' } : null)
  await expect(rig.deactivation.release(login.id, 'person')).rejects.toThrow('start bot.service')
  expect(stored(login)).toMatchObject([{ name: bot.name }])
  world.onAct = () => null
  await rig.deactivation.release(login.id, 'person')
  expect(world.units.get(bot.name)).toMatchObject({ activeState: 'active', unitFileState: 'enabled' })
  expect(stored(login)).toBeNull()
  expect(rig.audited('login.reactivate').map(({ actor, outcome }) => `${actor} ${outcome}`)).toEqual([
    ...['person verified', 'person failed'],
  ])
  expect(world.events.at(-1)).toMatchObject({ title: 'Started again, though the login is not proven', actor: 'person' })
})

it('R24 a host that is removed has them running when its link closes, whatever a look says meanwhile', async () => {
  const login = await expired()
  let removed = 0
  const removal = new HostRemoval({
    fleet: {
      judgeRemoval: () => {},
      remove: async () => {
        removed++
        await rig.look(login)
        expect(world.units.get(bot.name)).toMatchObject({ activeState: 'active' })
        throw new AppError('CONFLICT', 'It stays')
      },
      ...{ peek: () => null, host: () => rig.store.hosts.get(login.hostId) as Host },
    },
    ...{ store: rig.store, restores: { underWay: () => [] }, maintenance: { running: () => null } },
    renewals: rig.renewals,
    deactivation: rig.deactivation,
  })
  const { hostId: id } = login
  world.onAct = () => ({ kind: 'done', job: 'failed' })
  const choice = { id, startServices: true, despiteUnfinished: false }
  await expect(removal.remove(choice)).rejects.toMatchObject({ code: 'COMMAND_FAILED' })
  expect(removed).toBe(0)
  world.onAct = () => null
  await expect(removal.remove(choice)).rejects.toThrow('It stays')
  expect(stored(login)).toBeNull()
  // the host stays, and so does what a login that is expired means for it
  await rig.look(login)
  expect(world.units.get(bot.name)).toMatchObject({ activeState: 'inactive' })
  expect(removed).toBe(1)
})

it('R24 R28 where nothing can prove it any more, a renewal starts what was stopped', async () => {
  const login = await expired()
  const { id, checkId: _, createdAt: __, ...draft } = login
  rig.logins.edit(id, { ...draft, probe: null })
  await rig.renew(rig.logins.view(id).login)
  expect((await rig.ended(login)).outcome).toBe('written')
  expect(world.acts).toEqual(['stop bot.service', 'start bot.service'])
  expect(stored(login)).toBeNull()
})

it('R24 R28 a renewal that is taken back leaves it stopped', async () => {
  const login = await expired()
  await rig.renew(login)
  expect((await rig.ended(login)).outcome).toBe('rolled-back')
  expect(world.acts).toEqual(['stop bot.service'])
  expect(stored(login)).toMatchObject([{ name: bot.name }])
})
