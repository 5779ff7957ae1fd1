// Proves what is told of services and hosts as things happen, and what is not: by real checks and alerts over a host made of memory.
import { afterEach, describe, expect, it } from 'vitest'
import { fakeJournal, settle, unitState } from './fake-host.ts'
import { createWatched } from './watching-rig.ts'

let rig: Awaited<ReturnType<typeof createWatched>>
afterEach(() => rig.dispose())

const dead = { activeState: 'failed', subState: 'failed', result: 'signal', exitStatus: 9, mainPid: null }
const alive = { activeState: 'active', subState: 'running', result: 'success' }
const stopping = { activeState: 'deactivating', subState: 'stop-sigterm', result: 'success' }
const stopped = { activeState: 'inactive', subState: 'dead', result: 'success', mainPid: null }
const restarting = { activeState: 'activating', subState: 'auto-restart' }
const firing = () => rig.incidents().filter(one => one.state === 'open')
const stateOf = (name: string) => rig.incidents().find(one => one.unit?.name === name)?.state

describe('a service that nobody configured anything for', () => {
  it('is told at once when it crashes: what failed, where and why', async () => {
    rig = await createWatched()
    await rig.sees('bot.service', dead)
    expect(rig.incidents()).toMatchObject([
      {
        hostName: 'web-1',
        checkType: 'unit-failures',
        unit: { scope: 'system', name: 'bot.service' },
        cause: 'unit',
        severity: 'critical',
        firstMessage: 'bot.service failed: its process was killed by signal 9',
      },
    ])
    const view = rig.watching.prober.view(rig.builtIn('unit-failures').id)
    expect(view).toMatchObject({ phase: 'firing', incidentId: rig.incidents()[0]?.id })
  })

  it('S11 S12 is well again only after it was so for 10 s', async () => {
    rig = await createWatched()
    await rig.sees('bot.service', dead)
    await rig.pass(60_000)
    await rig.sees('bot.service', alive)
    await rig.pass(9_500)
    expect(stateOf('bot.service')).toBe('open')
    await rig.pass(500)
    expect(stateOf('bot.service')).toBe('resolved')
  })

  it('S9 nothing is said of one that is not seen: its proof starts anew when it is', async () => {
    rig = await createWatched()
    await rig.sees('bot.service', dead)
    await rig.pass(20_000)
    rig.link.to('lost')
    await settle()
    rig.changedUnseen('bot.service', { ...alive, invocationId: 'b'.repeat(32) })
    await rig.pass(20_000)
    expect(stateOf('bot.service')).toBe('open')
    rig.link.to('ready')
    await settle()
    await rig.pass(9_500)
    expect(stateOf('bot.service')).toBe('open')
    await rig.pass(21_000)
    expect(stateOf('bot.service')).toBe('resolved')
  })

  it('S2 a gap starts the proof anew', async () => {
    rig = await createWatched()
    await rig.sees('bot.service', dead)
    await rig.sees('bot.service', alive)
    await rig.pass(9_000)
    rig.alerting.onClockGap()
    rig.watching.onClockGap()
    await rig.pass(9_500)
    expect(stateOf('bot.service')).toBe('open')
    await rig.pass(11_000)
    expect(stateOf('bot.service')).toBe('resolved')
  })

  it('S11 a crash loop is one incident', async () => {
    rig = await createWatched()
    for (let n = 0; n < 40; n++) {
      await rig.sees('bot.service', dead)
      await rig.sees('bot.service', restarting)
      await rig.sees('bot.service', { ...alive, invocationId: String(n).padStart(32, '0') })
      await rig.pass(2_000)
    }
    expect(rig.incidents()).toHaveLength(1)
    await rig.pass(10_000)
    expect(stateOf('bot.service')).toBe('resolved')
  })

  it('start-limit-hit is a cause of its own', async () => {
    rig = await createWatched()
    await rig.sees('bot.service', { ...dead, result: 'start-limit-hit' })
    expect(firing()).toMatchObject([{ cause: 'start-limit', firstMessage: expect.stringContaining('gave up') }])
  })

  it('a person starts, stops, or it ends to be restarted by design: no failure', async () => {
    rig = await createWatched()
    for (const change of [stopping, stopped, { ...restarting, result: 'success' }, alive]) {
      await rig.sees('bot.service', change)
      await rig.pass(1_000)
    }
    await rig.pass(60_000)
    expect(rig.incidents()).toEqual([])
  })

  it('a stop that ends badly is no failure where somebody asked for it, also after a restart of the engine', async () => {
    rig = await createWatched()
    await rig.sees('bot.service', { ...stopping, result: 'success' }, true)
    await rig.sees('bot.service', { ...dead, result: 'exit-code', exitStatus: 143 }, true)
    await rig.pass(60_000)
    await rig.restart()
    await rig.pass(60_000)
    expect(rig.incidents()).toEqual([])
    const shown = () => rig.watching.prober.view(rig.builtIn('unit-failures').id)?.last
    expect(shown()).toMatchObject({ status: 'healthy', message: 'No service is failed' })
    // cleared by hand, started, and crashed by itself
    await rig.sees('bot.service', stopped)
    await rig.sees('bot.service', { ...alive, invocationId: 'b'.repeat(32) })
    await rig.sees('bot.service', { ...stopping, result: 'signal' }, false)
    await rig.sees('bot.service', dead, false)
    expect(firing()).toMatchObject([{ unit: { name: 'bot.service' }, cause: 'unit' }])
  })

  it('a crash that systemd restarts without passing through failed is one (RestartMode=direct)', async () => {
    rig = await createWatched()
    await rig.sees('bot.service', { ...restarting, result: 'signal', exitStatus: 11 })
    expect(firing()[0]?.firstMessage).toContain('systemd restarts it')
  })

  it('what is stopped after it failed is over, and what was failed before it was watched is no news', async () => {
    rig = await createWatched([unitState('bot.service'), unitState('old.service', dead)])
    await rig.pass(60_000)
    expect(rig.incidents()).toEqual([])
    const { last } = rig.watching.prober.view(rig.builtIn('unit-failures').id) ?? {}
    expect(last).toMatchObject({ status: 'degraded', message: expect.stringContaining('old.service') })
    await rig.sees('bot.service', dead)
    await rig.sees('bot.service', stopped)
    await rig.pass(10_500)
    expect(stateOf('bot.service')).toBe('resolved')
  })

  it('S3 what was told before a restart of the engine is ended after it', async () => {
    rig = await createWatched()
    await rig.sees('bot.service', dead)
    await rig.pass(3_000)
    rig.changedUnseen('bot.service', { ...alive, invocationId: 'c'.repeat(32) })
    await rig.restart()
    await rig.pass(10_500)
    expect(rig.incidents()).toMatchObject([{ state: 'resolved' }])
  })

  it('what fell unseen is told at once, however long the journal takes to say what else happened', async () => {
    const { journal } = fakeJournal()
    let told: () => void = () => {}
    rig = await createWatched(undefined, journal)
    await rig.pass(3_000)
    rig.link.to('lost')
    rig.changedUnseen('bot.service', dead)
    journal.transitions = () =>
      new Promise(resolve => {
        told = () => resolve([])
      })
    await rig.pass(5_000)
    rig.link.to('ready')
    await settle()
    expect(stateOf('bot.service')).toBe('open')
    // it is well again by the time that the journal has answered: that it fell is no news then
    await rig.sees('bot.service', { ...alive, invocationId: 'd'.repeat(32) })
    told()
    await rig.pass(10_500)
    expect(rig.incidents()).toMatchObject([{ state: 'resolved' }])
  })

  it.each([
    ['the link went again', async () => rig.link.to('lost')],
    ['the engine ended', async () => rig.restart()],
  ])('what ended by itself unseen is told also where %s before the journal told how', async (_, interrupt) => {
    const { journal } = fakeJournal()
    rig = await createWatched(undefined, journal)
    const own = rig.add({})
    await rig.pass(16_000)
    rig.link.to('lost')
    rig.changedUnseen('bot.service', stopped)
    const answer = journal.transitions
    journal.transitions = (_scope, _from, _to, signal) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', reject))
    await rig.pass(5_000)
    rig.link.to('ready')
    await rig.pass(3_000)
    journal.transitions = answer
    await interrupt()
    await rig.pass(1_000)
    rig.link.to('ready')
    await settle()
    const history = rig.store.units.transitions({ hostId: 'web-1', scope: 'system', name: 'bot.service' }, 5)
    expect(history).toMatchObject([{ fromState: 'active', toState: 'inactive', reconstructed: true }])
    expect(firing()).toMatchObject([{ checkId: own.id }])
  })

  it('one that came and fell while nobody looked is told on a host that was watched before', async () => {
    rig = await createWatched()
    await rig.pass(3_000)
    rig.link.to('lost')
    rig.changedUnseen('run-r1.service', dead)
    await rig.pass(5_000)
    rig.link.to('ready')
    await settle()
    expect(firing()).toMatchObject([{ unit: { name: 'run-r1.service' } }])
  })

  it('what was still to be told when the engine ended is told by the next one', async () => {
    rig = await createWatched()
    const { id, builtIn: _, createdAt: __, stored: ___, ...draft } = rig.builtIn('unit-failures')
    rig.watching.checks.edit(id, { ...draft, failureThreshold: 3, intervalSeconds: 15 }, {})
    await rig.sees('bot.service', dead)
    await rig.pass(5_000)
    await rig.restart()
    expect(rig.incidents()).toEqual([])
    await rig.pass(60_000)
    expect(firing()).toMatchObject([{ unit: { name: 'bot.service' } }])
  })

  it('S18 what fails while its host cannot be reached is told afterwards, once it still fails', async () => {
    rig = await createWatched()
    rig.link.to('lost')
    rig.link.status = { ...rig.link.status, error: { code: 'LINK_LOST', message: 'gone' } }
    rig.link.to('backoff')
    await rig.pass(40_000)
    expect(firing().map(one => one.checkType)).toEqual(['host-reachable'])
    rig.changedUnseen('bot.service', dead)
    rig.link.status = { ...rig.link.status, error: null }
    rig.link.to('ready')
    await settle()
    expect(stateOf('bot.service')).toBeUndefined()
    await rig.pass(40_000)
    expect(firing().map(one => one.checkType)).toEqual(['unit-failures'])
  })

  it('is left out where the person says so', async () => {
    rig = await createWatched([unitState('bot.service'), unitState('session-4.service')])
    const { id, builtIn: _, createdAt: __, stored: ___, ...draft } = rig.builtIn('unit-failures')
    rig.watching.checks.edit(id, { ...draft, spec: { ignore: ['bot', 'session-*'] } }, {})
    await rig.sees('bot.service', dead)
    await rig.sees('session-4.service', dead)
    expect(rig.incidents()).toEqual([])
    rig.watching.checks.edit(id, { ...draft, enabled: false }, {})
    await rig.sees('other.service', dead)
    expect(rig.incidents()).toEqual([])
  })

  it('is over where the person leaves it out after it was told', async () => {
    rig = await createWatched()
    await rig.sees('bot.service', dead)
    const { id, builtIn: _, createdAt: __, stored: ___, ...draft } = rig.builtIn('unit-failures')
    rig.watching.checks.edit(id, { ...draft, spec: { ignore: ['bot'] } }, {})
    expect(stateOf('bot.service')).toBe('resolved')
    await rig.restart()
    await rig.pass(60_000)
    expect(firing()).toEqual([])
  })
})

describe('a service with a check of its own', () => {
  it('is told by that check alone, and taken over from the built-in one', async () => {
    rig = await createWatched()
    await rig.sees('bot.service', dead)
    // an edit of the built-in one forgets what it tracked, not what it told
    const { id, builtIn: _, createdAt: __, stored: ___, ...draft } = rig.builtIn('unit-failures')
    rig.watching.checks.edit(id, { ...draft, name: 'Failures' }, {})
    expect(stateOf('bot.service')).toBe('open')
    const own = rig.add({})
    expect(stateOf('bot.service')).toBe('resolved')
    await rig.pass(16_000)
    expect(firing()).toMatchObject([{ checkId: own.id }])
    await rig.sees('bot.service', alive)
    await rig.pass(11_000)
    expect(firing()).toEqual([])
    expect(rig.watching.prober.view(own.id)).toMatchObject({ phase: 'ok', last: { status: 'healthy' } })
  })

  it('tells a stop from an end, and a start after a stop', async () => {
    rig = await createWatched()
    const own = rig.add({})
    await rig.pass(15_000)
    await rig.sees('bot.service', stopping)
    await rig.sees('bot.service', stopped)
    await rig.pass(30_000)
    expect(rig.incidents()).toEqual([])
    expect(rig.watching.prober.view(own.id)?.last).toMatchObject({
      status: 'unknown',
      message: 'bot.service was stopped',
    })
    await rig.sees('bot.service', alive)
    expect(rig.watching.prober.view(own.id)?.last).toMatchObject({ status: 'healthy' })
    await rig.sees('bot.service', stopped)
    expect(firing()).toMatchObject([{ cause: 'unit', firstMessage: expect.stringContaining('ended by itself') }])
  })

  it.each(['seen', 'unseen'])('S20 a stop stays one when systemd forgets the run of what it unloads, %s', async way => {
    rig = await createWatched()
    const own = rig.add({})
    await rig.sees('bot.service', stopping)
    await rig.sees('bot.service', stopped)
    await rig.pass(15_000)
    const unloaded = { loadState: 'not-loaded', invocationId: null, since: null }
    if (way === 'seen') await rig.sees('bot.service', unloaded)
    else {
      rig.link.to('lost')
      rig.changedUnseen('bot.service', unloaded)
      await rig.pass(5_000)
      rig.link.to('ready')
    }
    await rig.pass(30_000)
    expect(rig.incidents()).toEqual([])
    expect(rig.watching.prober.view(own.id)?.last).toMatchObject({ message: 'bot.service was stopped' })
  })

  it('is looked at on its interval, and told where the host does not have it', async () => {
    rig = await createWatched()
    const own = rig.add({ name: 'Absent', unit: { scope: 'system', name: 'absent.service' } })
    await rig.pass(16_000)
    expect(firing()).toMatchObject([
      { checkId: own.id, firstMessage: 'There is no service absent.service on this host' },
    ])
  })
})

it('a service that should run, was stopped and ended badly is not called down, nor when somebody clears its failure', async () => {
  rig = await createWatched()
  const check = rig.add({})
  const status = () => rig.watching.prober.view(check.id)?.last
  await rig.sees('bot.service', stopping, true)
  await rig.sees('bot.service', { ...dead, result: 'exit-code', exitStatus: 3 }, true)
  await rig.pass(60_000)
  expect(status()).toMatchObject({ status: 'unknown', message: expect.stringContaining('was stopped') })
  await rig.sees('bot.service', stopped)
  await rig.pass(60_000)
  expect(status()).toMatchObject({ status: 'unknown', message: 'bot.service was stopped' })
  expect(rig.incidents()).toEqual([])
})

describe('a host', () => {
  const lose = () => {
    rig.link.to('lost')
    rig.link.status = { ...rig.link.status, error: { code: 'UNREACHABLE', message: 'no route' } }
    rig.link.to('backoff')
  }
  it('is told when it cannot be reached three times, however quick the attempts are', async () => {
    rig = await createWatched()
    await rig.pass(12_000)
    lose()
    for (let n = 0; n < 10; n++) {
      rig.link.to('resolve')
      rig.link.to('tcp')
      rig.link.to('backoff')
    }
    await rig.pass(5_000)
    expect(rig.incidents()).toEqual([])
    await rig.pass(20_000)
    expect(firing()).toMatchObject([{ checkType: 'host-reachable', cause: 'network' }])
    rig.link.status = { ...rig.link.status, error: null }
    rig.link.to('ready')
    await rig.pass(12_000)
    expect(firing()).toEqual([])
  })

  it('what could not be judged meanwhile is looked at as soon as it is back, however seldom it is due', async () => {
    rig = await createWatched()
    const own = rig.add({ intervalSeconds: 3_600 })
    const status = () => rig.watching.prober.view(own.id)?.last?.status
    await rig.pass(12_000)
    expect(status()).toBe('healthy')
    lose()
    await rig.pass(40_000)
    rig.watching.prober.probeNow(own.id)
    await rig.pass(500)
    expect(status()).toBe('unknown')
    rig.link.status = { ...rig.link.status, error: null }
    rig.link.to('ready')
    await rig.pass(15_000)
    expect(status()).toBe('healthy')
  })

  it('an sshd that restarts is no incident', async () => {
    rig = await createWatched()
    await rig.pass(12_000)
    lose()
    await rig.pass(3_000)
    rig.link.status = { ...rig.link.status, error: null }
    rig.link.to('ready')
    await rig.pass(60_000)
    expect(rig.incidents()).toEqual([])
  })

  it.each([
    ['auth-failed', 'AUTH_FAILED', 'auth', 'web-1 refuses the login'],
    ['host-key-changed', 'HOST_KEY_CHANGED', 'host', 'web-1 waits for you'],
  ] as const)('%s is a failure, and is not called out of reach', async (state, code, cause, title) => {
    rig = await createWatched()
    rig.link.status = { ...rig.link.status, error: { code, message: 'refused' } }
    rig.link.to(state)
    await rig.pass(31_000)
    expect(firing()).toMatchObject([{ checkType: 'host-reachable', cause, title }])
  })

  it.each([
    ['idle', null],
    ['host-key-unknown', 'HOST_KEY_UNKNOWN'],
    ['config', 'VAULT_LOCKED'],
  ] as const)('%s is not known', async (state, code) => {
    rig = await createWatched()
    rig.link.status = { ...rig.link.status, error: code ? { code, message: 'waits' } : null }
    rig.link.to(state)
    await rig.pass(60_000)
    expect(rig.incidents()).toEqual([])
    const { last } = rig.watching.prober.view(rig.builtIn('host-reachable').id) ?? {}
    expect(last?.status).toBe('unknown')
  })

  it('R18 is not called down while this computer is offline', async () => {
    rig = await createWatched()
    rig.watching.onPower('offline')
    lose()
    await rig.pass(60_000)
    expect(rig.incidents()).toEqual([])
    rig.watching.onPower('online')
    await rig.pass(60_000)
    expect(firing()).toMatchObject([{ checkType: 'host-reachable' }])
  })
})

describe('checks as a person keeps them', () => {
  it('has each built-in once, also after a restart', async () => {
    rig = await createWatched()
    await rig.restart()
    expect(
      rig.watching.prober
        .checksOf('web-1')
        .map(check => check.type)
        .sort(),
    ).toEqual(['host-reachable', 'unit-failures'])
  })

  it('keeps secrets in the vault and with their address', async () => {
    rig = await createWatched()
    const { checks } = rig.watching
    const { id: _, builtIn: __, createdAt: ___, stored: ____, ...draft } = rig.add({ name: 'Other' })
    const http = {
      ...draft,
      type: 'http',
      name: 'Api',
      unit: null,
      spec: { url: 'https://api.example.org/', token: 'in clear' },
    }
    const check = checks.add(http, { token: 'secret' })
    expect(check).toMatchObject({ stored: ['token'], spec: expect.not.objectContaining({ token: expect.anything() }) })
    expect([...rig.secrets.values()]).toEqual(['secret'])
    const elsewhere = { ...http, spec: { url: 'https://elsewhere.example.org/' } }
    expect(() => checks.edit(check.id, elsewhere, {})).toThrow(/address changed/)
    expect(checks.edit(check.id, elsewhere, { token: 'another' }).stored).toEqual(['token'])
    expect(checks.edit(check.id, elsewhere, { token: null }).stored).toEqual([])
    expect(() => checks.add(http, { nothing: 'x' })).toThrow(/no secret field/)
    const careless = { ...http, spec: { ...http.spec, verifyCertificate: false } }
    const sure = checks.add(http, { token: 'more' })
    expect(() => checks.edit(sure.id, careless, {})).toThrow(/address changed/)
    checks.remove(check.id)
    expect(() => checks.get(check.id)).toThrow(/not there/)
  })

  it('forgets what a check depended on where that went with its host', async () => {
    rig = await createWatched()
    const host = rig.store.hosts.get('web-1')
    if (!host) throw new Error('the host is not there')
    rig.store.hosts.insert({ ...host, id: 'db-1', name: 'db-1' })
    const database = rig.add({ hostId: 'db-1', name: 'Database', type: 'tcp', unit: null, spec: { port: 5432 } })
    const { id, builtIn: _, createdAt: __, stored: ___, ...draft } = rig.add({ dependsOn: [database.id] })
    const { checks } = rig.watching
    checks.hostRemoved('db-1')
    rig.store.hosts.remove('db-1')
    expect(checks.edit(id, { ...draft, name: 'Bot' }, {}).dependsOn).toEqual([])
    expect(() => checks.edit(id, { ...draft, dependsOn: ['never-there'] }, {})).toThrow(/is not there/)
  })

  it('closes the incident of a check that is removed or switched off', async () => {
    rig = await createWatched()
    const own = rig.add({})
    await rig.sees('bot.service', dead)
    expect(firing()).toHaveLength(1)
    rig.watching.checks.remove(own.id)
    expect(firing()).toEqual([])
    expect(rig.events.filter(event => event.name === 'check.removed')).toHaveLength(1)
  })

  it('R12 tells how much of the known time a check and a service were up', async () => {
    rig = await createWatched()
    const own = rig.add({})
    await rig.pass(60_000)
    await rig.sees('bot.service', dead)
    await rig.pass(60_000)
    const [day] = rig.watching.checks.uptime(own.id)
    expect(day).toMatchObject({ window: '24h' })
    expect(day?.percent).toBeGreaterThan(30)
    expect(day?.percent).toBeLessThan(70)
    const [unit] = rig.watching.checks.unitUptime({ hostId: 'web-1', scope: 'system', name: 'bot.service' })
    expect(unit?.down).toBeGreaterThan(59_999)
    expect(unit?.percent).toBeLessThan(100)
  })

  it('keeps alarms of a host bounded that makes up failing services without end', async () => {
    rig = await createWatched()
    const isOwn = (_scope: string, name: string): boolean => name === 'made-up-650.service'
    for (let n = 0; n < 700; n++)
      rig.watching.units.observe(
        // the session is the rig's own: only its host, its manager and what is the person's own are asked
        { host: { id: 'web-1', name: 'web-1' }, units: { manager: () => ({}), get: () => null, isOwn } } as never,
        unitState(`made-up-${n}.service`, dead),
      )
    const check = rig.builtIn('unit-failures')
    // a hundred are told one by one, the others as one, but for what the person cares for
    expect(rig.incidents()).toHaveLength(102)
    expect(rig.alerting.phases(check.id)).toHaveLength(102)
    expect(stateOf('made-up-650.service')).toBe('open')
    const [rest] = rig.incidents().filter(one => one.unit === null)
    expect(rest).toMatchObject({ title: 'More services failed on web-1', cause: 'other', state: 'open' })
    await rig.pass(600_000)
    // none of them is there any more when the host is looked at
    expect(firing()).toEqual([])
  }, 60_000)

  it('keeps what a host can make of services that fail and vanish for days to so many incidents in an hour', async () => {
    rig = await createWatched()
    const made = (n: number) => rig.sees(`made-up-${n}.service`, dead)
    for (let n = 0; n < 400; n++) {
      await made(n)
      await rig.pass(3_000)
      // it is gone from the host as soon as it was told
      rig.units.delete(`made-up-${n}.service`)
      await rig.sees(`made-up-${n}.service`, stopped)
    }
    expect(rig.incidents().filter(one => one.unit !== null).length).toBeLessThanOrEqual(200)
    expect(rig.incidents().filter(one => one.unit === null).length).toBeLessThanOrEqual(20)
    // what really breaks in the next hour is told by its name
    await rig.pass(3_600_000)
    await rig.sees('bot.service', dead)
    expect(stateOf('bot.service')).toBe('open')
  }, 60_000)
})
