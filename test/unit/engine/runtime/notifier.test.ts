// From the outbox to the channels, with a real store: grouping, order, tries, quiet hours, and what outlives a kill.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SendResult } from '../../../../src/engine/channels/index.ts'
import type { Channel } from '../../../../src/shared/model/channel.ts'
import type { Check } from '../../../../src/shared/model/check.ts'
import { createRig, type Rig } from './alerting-rig.ts'

let rig: Rig
let api: Check
let bot: Check
beforeEach(() => {
  rig = createRig()
  rig.settings.notifications = false
  rig.host('web')
  rig.host('db')
  api = rig.check('api')
  bot = rig.check('bot')
})
afterEach(() => rig.dispose())

const no = (change: Partial<Extract<SendResult, { ok: false }>> = {}): SendResult => ({
  ok: false,
  retry: true,
  retryAfterMs: null,
  message: 'Service unavailable',
  ...change,
})
const filter = (change: Partial<Channel['filter']>): Channel['filter'] => ({
  minSeverity: 'info',
  tags: [],
  hosts: [],
  ...change,
})
const states = (channel = 'a') => rig.notifier.outbox(channel, 100).map(entry => `${entry.kind} ${entry.state}`)
const ids = (channel = 'a') => rig.attempts.filter(each => each.channel === channel).map(each => each.notification.id)

describe('grouping', () => {
  beforeEach(() => rig.channel('a'))

  test('S14 the first news waits 1 s, so that what breaks together comes together', async () => {
    rig.fire(api)
    await rig.pass(750)
    expect(rig.sent).toEqual([])
    rig.fire(bot)
    await rig.pass(500)
    expect(rig.messages('a')).toHaveLength(1)
    expect(rig.messages('a')[0]).toMatchObject({ title: '2 alerts on web', severity: 'critical' })
    expect(rig.said('a')).toEqual(['firing: api is failing on web', 'firing: bot is failing on web'])
  })

  test('S14 what follows within 10 s of the first news becomes one message at their end, and never more than one in 10 s', async () => {
    const checks = Array.from({ length: 30 }, (_, n) => rig.check(`c${n}`))
    const began = rig.clock.now()
    for (const check of checks) {
      rig.fire(check)
      await rig.pass(1_000)
    }
    await rig.pass(20_000)
    const times = rig.sent.map(each => each.at - began)
    expect(times[0]).toBeLessThanOrEqual(1_250)
    expect(times[1]).toBeGreaterThanOrEqual(10_000)
    expect(times[1]).toBeLessThanOrEqual(10_500)
    for (const [index, at] of times.entries())
      if (index > 1) expect(at - (times[index - 1] ?? 0)).toBeGreaterThanOrEqual(9_500)
    expect(rig.said('a')).toHaveLength(30)
  })

  test('S14 hosts do not wait for each other, nor share messages', async () => {
    const other = rig.check('pg', { hostId: 'db' })
    rig.fire(api)
    await rig.pass(2_000)
    rig.fire(bot)
    rig.fire(other)
    await rig.pass(1_500)
    expect(rig.said('a')).toEqual(['firing: api is failing on web', 'firing: pg is failing on db'])
    await rig.pass(10_000)
    expect(rig.said('a').at(-1)).toBe('firing: bot is failing on web')
    expect(rig.messages('a')).toHaveLength(3)
  })

  test('S12 S14 what fires and resolves while it waits is not sent, and "resolved" does not follow', async () => {
    rig.fire(api)
    rig.heal(api)
    await rig.pass(30_000)
    expect(rig.sent).toEqual([])
    expect(states()).toEqual(['firing dropped'])
  })

  test('S12 "resolved" goes only to the channels where "firing" went', async () => {
    rig.channel('picky', { filter: filter({ minSeverity: 'critical' }) })
    rig.channel('other', { filter: filter({ tags: ['else'] }) })
    const soft = rig.check('soft', { severity: 'warning' })
    rig.fire(soft)
    await rig.pass(11_000)
    rig.channel('late')
    rig.heal(soft)
    await rig.pass(11_000)
    expect(rig.said('a')).toEqual(['firing: soft is failing on web', 'resolved: soft is well again on web'])
    for (const channel of ['picky', 'other', 'late']) expect(rig.said(channel)).toEqual([])
  })
})

describe('filters', () => {
  test('severity, tags and hosts', async () => {
    rig.channel('critical', { filter: filter({ minSeverity: 'critical' }) })
    rig.channel('bots', { filter: filter({ tags: ['bots'] }) })
    rig.channel('db', { filter: filter({ hosts: ['db'] }) })
    rig.channel('off', { enabled: false })
    rig.fire(rig.check('one', { severity: 'warning', tags: ['bots', 'x'] }))
    rig.fire(rig.check('two', { hostId: 'db', severity: 'info' }))
    rig.fire(rig.check('three', { severity: 'critical' }))
    await rig.pass(2_000)
    expect(rig.said('critical')).toEqual(['firing: three is failing on web'])
    expect(rig.said('bots')).toEqual(['firing: one is failing on web'])
    expect(rig.said('db')).toEqual(['firing: two is failing on db'])
    expect(rig.said('off')).toEqual([])
  })

  test('with notifications switched off the desktop stays silent, also for what waits already', async () => {
    rig.settings.notifications = true
    rig.channel('a')
    rig.fire(api)
    rig.settings.notifications = false
    rig.fire(bot)
    await rig.pass(11_000)
    expect(rig.said('desktop')).toEqual([])
    expect(rig.said('a')).toHaveLength(2)
    rig.settings.notifications = true
    rig.heal(api)
    rig.fire(rig.check('third'))
    await rig.pass(20_000)
    expect(rig.said('desktop')).toEqual(['firing: third is failing on web'])
  })
})

describe('tries', () => {
  beforeEach(() => rig.channel('a'))

  test('S19 back-off 5, 10, 20 … 300 s, the same id each time, and then the rest in order', async () => {
    let well = false
    rig.answer('a', () => (well ? { ok: true } : no()))
    rig.fire(api)
    await rig.pass(2_000)
    const other = rig.check('pg', { hostId: 'db' })
    rig.fire(other)
    await rig.pass(1_500_000, 1_000)
    const times = rig.attempts.map(each => each.at)
    const waits = times.slice(1).map((at, index) => Math.round((at - (times[index] ?? 0)) / 1_000))
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300])
    expect(new Set(ids()).size).toBe(1)
    expect(rig.notifier.get('a')).toMatchObject({ waiting: 2, problem: 'Service unavailable', lastSentAt: null })
    expect(rig.notifier.get('a').nextAttemptAt).toBeGreaterThan(rig.clock.now())
    well = true
    await rig.pass(310_000, 1_000)
    expect(rig.said('a')).toEqual(['firing: api is failing on web', 'firing: pg is failing on db'])
    expect(rig.notifier.get('a')).toMatchObject({ waiting: 0, problem: null, nextAttemptAt: null })
    expect(rig.notifier.get('a').lastSentAt).not.toBeNull()
    expect(rig.published.filter(each => each.name === 'channel.changed').length).toBeGreaterThan(5)
  })

  test('S19 Retry-After is honoured, and a pause that the service asks for after what arrived', async () => {
    rig.answer('a', (_, attempt) => (attempt === 1 ? no({ retryAfterMs: 42_000 }) : { ok: true, pauseMs: 30_000 }))
    rig.fire(api)
    await rig.pass(43_500, 250)
    expect(rig.attempts).toHaveLength(2)
    expect((rig.attempts[1]?.at ?? 0) - (rig.attempts[0]?.at ?? 0)).toBeGreaterThanOrEqual(42_000)
    rig.fire(rig.check('pg', { hostId: 'db' }))
    await rig.pass(25_000)
    expect(rig.attempts).toHaveLength(2)
    await rig.pass(6_000)
    expect(rig.attempts).toHaveLength(3)
  })

  test('what trying again cannot mend is failed at once, with why; and its "resolved" does not go', async () => {
    rig.answer('a', (_, attempt) =>
      attempt === 1 ? no({ retry: false, message: 'The token is wrong' }) : { ok: true },
    )
    rig.fire(api)
    await rig.pass(2_000)
    expect(rig.notifier.get('a')).toMatchObject({ waiting: 0, problem: 'The token is wrong' })
    expect(rig.notifier.outbox('a', 10)).toMatchObject([{ state: 'failed', error: 'The token is wrong', attempts: 1 }])
    rig.heal(api)
    await rig.pass(20_000)
    expect(rig.attempts).toHaveLength(1)
  })

  test('S12 "resolved" that waits behind a firing goes with it where that arrives, and is dropped where it never does', async () => {
    let answer: SendResult = no()
    rig.answer('a', () => answer)
    rig.fire(api)
    await rig.pass(2_000)
    rig.heal(api)
    await rig.pass(60_000)
    expect(states()).toEqual(['resolved waiting', 'firing sending'])
    answer = no({ retry: false })
    await rig.pass(300_000, 1_000)
    expect(states()).toEqual(['resolved dropped', 'firing failed'])
    answer = no()
    rig.fire(bot)
    await rig.pass(2_000)
    rig.heal(bot)
    await rig.pass(20_000)
    answer = { ok: true }
    await rig.pass(300_000, 1_000)
    expect(rig.said('a')).toEqual(['firing: bot is failing on web', 'resolved: bot is well again on web'])
  })

  test('what was tried for 24 h is given up, and recorded so', async () => {
    rig.answer('a', () => no())
    rig.fire(api)
    await rig.pass(24 * 3_600_000 + 400_000, 10_000)
    expect(rig.notifier.outbox('a', 10).at(-1)).toMatchObject({
      state: 'failed',
      error: 'Given up after 24 h: Service unavailable',
    })
  })

  test('what waited behind it for as long is given up with it, and what is newer is still sent', async () => {
    let answer: SendResult = no()
    rig.answer('a', () => answer)
    rig.fire(api)
    await rig.pass(30_000)
    rig.fire(rig.check('old', { hostId: 'db' }))
    await rig.pass(12 * 3_600_000, 10_000)
    rig.fire(bot)
    await rig.pass(12 * 3_600_000 + 200_000, 10_000)
    expect(states().filter(state => state.startsWith('firing'))).toEqual([
      'firing sending',
      'firing failed',
      'firing failed',
    ])
    answer = { ok: true }
    await rig.pass(400_000, 1_000)
    // of what was told again meanwhile only the newest goes
    expect(rig.said('a')).toContain('repeat: bot is still failing on web')
    expect(rig.said('a')).not.toContain('firing: old is failing on db')
  })

  test('S19 one channel that never answers delays no other, and is tried again after a minute', async () => {
    rig.channel('slow')
    rig.answer('slow', () => new Promise(() => {}))
    for (let n = 0; n < 5; n++) {
      rig.fire(rig.check(`c${n}`))
      await rig.pass(11_000)
    }
    expect(rig.said('a')).toHaveLength(5)
    await rig.pass(70_000, 1_000)
    expect(ids('slow').length).toBeGreaterThanOrEqual(2)
    expect(new Set(ids('slow')).size).toBe(1)
    expect(rig.notifier.get('slow').problem).toBe('No answer within 60 s')
  })

  test('a channel that throws is tried again like any that failed', async () => {
    rig.answer('a', (_, attempt) => {
      if (attempt === 1) throw new Error('bug')
      return { ok: true }
    })
    rig.fire(api)
    await rig.pass(10_000)
    expect(rig.said('a')).toHaveLength(1)
  })

  test('what a person changed about a channel is tried at once; one that is switched off forgets what waits', async () => {
    let well = false
    rig.answer('a', () => (well ? { ok: true } : no({ retryAfterMs: 3_600_000 })))
    rig.fire(api)
    await rig.pass(2_000)
    well = true
    const { channel } = rig.notifier.get('a')
    rig.notifier.edit('a', { ...channel, name: 'Renamed' }, {})
    await rig.pass(500)
    expect(rig.said('a')).toHaveLength(1)
    well = false
    rig.fire(bot)
    await rig.pass(20_000)
    rig.notifier.edit('a', { ...channel, enabled: false }, {})
    expect(rig.notifier.get('a').waiting).toBe(0)
    await rig.notifier.remove('a')
    expect(() => rig.notifier.get('a')).toThrow(/not there/)
    expect(rig.store.outbox.open()).toEqual([])
    await expect(rig.notifier.remove('desktop')).rejects.toThrow(/cannot be removed/)
  })
})

describe('killed', () => {
  beforeEach(() => rig.channel('a'))

  test('S19 killed while it is sent: it goes again under the same id, and what waited after it', async () => {
    rig.answer('a', (_, attempt) => (attempt === 1 ? new Promise(() => {}) : { ok: true }))
    rig.fire(api)
    await rig.pass(2_000)
    expect(rig.attempts).toHaveLength(1)
    rig.fire(rig.check('pg', { hostId: 'db' }))
    await rig.kill()
    await rig.pass(3_000)
    expect(ids()[1]).toBe(ids()[0])
    expect(rig.attempts[1]?.notification).toEqual(rig.attempts[0]?.notification)
    expect(rig.said('a')).toEqual(['firing: api is failing on web', 'firing: pg is failing on db'])
  })

  test('S19 at random points: nothing is lost, and a duplicate is known by its id', async () => {
    // a small generator with a fixed seed: the same points each time
    let seed = 7
    const random = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      return seed / 2 ** 31
    }
    rig.answer('a', () => (random() < 0.3 ? no() : { ok: true }))
    for (let n = 0; n < 40; n++) {
      rig.fire(rig.check(`k${n}`, { hostId: random() < 0.5 ? 'web' : 'db' }))
      await rig.pass(Math.floor(random() * 6_000) + 1, 1_000)
      if (random() < 0.5) await rig.kill()
    }
    rig.answer('a', () => ({ ok: true }))
    await rig.pass(400_000, 5_000)
    const told = new Map<string, Set<string>>()
    for (const { notification } of rig.attempts)
      for (const item of notification.items) {
        const batches = told.get(item.title) ?? new Set()
        told.set(item.title, batches.add(notification.id))
      }
    expect(told.size).toBe(40)
    for (const batches of told.values()) expect(batches.size).toBe(1)
    expect(rig.store.outbox.open()).toEqual([])
    const arrived = new Set(rig.sent.flatMap(each => each.notification.items.map(item => item.title)))
    expect(arrived.size).toBe(40)
  })

  test('S3 a wait that lies further ahead than any counts as now', async () => {
    rig.fire(api)
    rig.clock.jump(-30 * 86_400_000)
    await rig.kill()
    await rig.pass(2_000)
    expect(rig.said('a')).toHaveLength(1)
  })
})

describe('quiet hours', () => {
  const night = { from: '22:00', to: '07:00', zone: 'UTC', criticalPasses: true }
  const untilSeven = 7 * 3_600_000

  test('hold messages back and give one summary at their end; critical ones pass', async () => {
    rig.channel('a', { quietHours: night })
    const soft = [rig.check('one', { severity: 'warning' }), rig.check('two', { severity: 'warning', hostId: 'db' })]
    for (const check of soft) rig.fire(check)
    const passing = rig.check('gone', { severity: 'warning' })
    rig.fire(passing)
    rig.fire(api)
    await rig.pass(60_000)
    rig.heal(passing)
    expect(rig.said('a')).toEqual(['firing: api is failing on web'])
    await rig.kill()
    for (const check of soft) rig.fire(check)
    await rig.pass(untilSeven - 62_000, 60_000)
    expect(rig.said('a').filter(line => !line.includes('api'))).toEqual([])
    await rig.pass(5_000)
    const summary = rig.messages('a').at(-1)
    expect(summary?.title).toBe('2 messages from quiet hours')
    expect(summary?.items.map(item => item.title)).toEqual([
      'one is still failing on web',
      'two is still failing on db',
    ])
    // what a repeat says anew is said once
    expect(rig.messages('a').filter(each => each.items.some(item => item.title.startsWith('one')))).toHaveLength(1)
  })

  test('hold critical ones, too, where the channel says so', async () => {
    rig.channel('a', { quietHours: { ...night, criticalPasses: false } })
    rig.fire(api)
    await rig.pass(3_600_000)
    expect(rig.said('a')).toEqual([])
    await rig.pass(untilSeven - 3_600_000, 60_000)
    await rig.pass(5_000)
    expect(rig.messages('a')).toHaveLength(1)
  })

  test('what waits when they begin waits for their end', async () => {
    rig.clock.jump(22 * 3_600_000 - 5_000)
    rig.channel('a', { quietHours: night })
    let well = false
    rig.answer('a', () => (well ? { ok: true } : no()))
    const [one, two] = [rig.check('one', { severity: 'warning' }), rig.check('two', { severity: 'warning' })]
    rig.fire(one)
    await rig.pass(2_000)
    rig.fire(two)
    await rig.pass(20_000)
    well = true
    await rig.pass(20_000)
    // the one that was tried before goes on being tried
    expect(rig.said('a')).toEqual(['firing: one is failing on web'])
    await rig.pass(9 * 3_600_000, 60_000)
    expect(rig.said('a').at(-1)).toContain('two is still failing')
  })
})

describe('channels', () => {
  test('a test goes at once, past filters and quiet hours, and nothing is saved', async () => {
    const draft = {
      type: 'fake',
      name: 'a',
      spec: { name: 'a' },
      enabled: false,
      filter: filter({ minSeverity: 'critical' }),
      quietHours: { from: '00:00', to: '23:59', zone: 'UTC', criticalPasses: false },
    }
    expect(await rig.notifier.test(null, draft, {})).toEqual({ problem: null })
    expect(rig.messages('a')[0]).toMatchObject({ title: 'A test of a', items: [{ kind: 'test' }] })
    expect(rig.store.channels.list().map(channel => channel.id)).toEqual(['desktop'])
    rig.answer('a', () => no({ message: 'Chat not found' }))
    expect(await rig.notifier.test(null, draft, {})).toEqual({ problem: 'Chat not found' })
    rig.answer('a', () => new Promise(() => {}))
    const waiting = rig.notifier.test(null, draft, {})
    await rig.pass(31_000)
    expect((await waiting).problem).toMatch(/No answer within 30 s/)
  })

  test('are refused where they cannot be', () => {
    const draft = { type: 'fake', name: 'x', spec: {}, enabled: true, filter: filter({}), quietHours: null }
    const refused = expect.objectContaining({ code: 'INVALID_INPUT' })
    expect(() => rig.notifier.add(draft, {})).toThrow(refused)
    expect(() => rig.notifier.add({ ...draft, type: 'none' }, {})).toThrow(refused)
    expect(() => rig.notifier.add({ ...draft, type: 'desktop' }, {})).toThrow(refused)
    rig.channel('a')
    expect(() => rig.notifier.edit('a', { ...draft, type: 'desktop' }, {})).toThrow(refused)
    rig.channel('a')
    expect(rig.notifier.list().map(view => view.channel.id)).toEqual(['desktop', 'a', 'a-2'])
  })
})

describe('a host that is removed', () => {
  beforeEach(() => {
    rig.settings.notifications = true
  })

  test('is taken out of the filters of channels; one that was for it alone is switched off and that is said, never told of everything', async () => {
    rig.channel('both', { filter: filter({ hosts: ['web', 'db'] }) })
    rig.channel('web only', { filter: filter({ hosts: ['web'], tags: ['night'] }) })
    rig.channel('all')
    rig.notifier.hostRemoved('web')
    rig.store.hosts.remove('web')
    const channels = Object.fromEntries(rig.notifier.list().map(({ channel }) => [channel.name, channel]))
    expect(channels).toMatchObject({
      both: { enabled: true, filter: { hosts: ['db'] } },
      'web only': { enabled: false, filter: { hosts: [], tags: ['night'] } },
      all: { enabled: true, filter: { hosts: [] } },
    })
    await rig.pass(2_000)
    expect(rig.said()).toEqual(['notice: web only is switched off'])
    expect(rig.messages('desktop')[0]?.items[0]?.body).toContain('It was for web alone')
    const other = rig.check('other', { hostId: 'db' })
    rig.fire(other)
    await rig.pass(15_000)
    expect(rig.said('web only')).toEqual([])
    expect(rig.said('both')).toEqual(['firing: other is failing on db'])
  })

  test('and was left in a filter by a version before this one is taken out at the start', async () => {
    const old = { type: 'fake', spec: { name: 'old' }, enabled: true, quietHours: null, createdAt: 5 }
    rig.store.channels.insert({ ...old, id: 'old', name: 'old', filter: filter({ hosts: ['long-gone'] }) })
    rig.store.channels.insert({ ...old, id: 'kept', name: 'kept', filter: filter({ hosts: ['long-gone', 'db'] }) })
    await rig.kill()
    expect(rig.store.channels.get('old')).toMatchObject({ enabled: false, filter: { hosts: [] } })
    expect(rig.store.channels.get('kept')).toMatchObject({ enabled: true, filter: { hosts: ['db'] } })
    await rig.pass(2_000)
    expect(rig.said('desktop')).toEqual(['notice: old is switched off'])
  })

  test('and was all that the desktop was told of is said on another channel', async () => {
    rig.channel('phone')
    const desktop = rig.store.channels.get('desktop')
    if (desktop) rig.notifier.edit('desktop', { ...desktop, filter: filter({ hosts: ['web'] }) }, {})
    rig.notifier.hostRemoved('web')
    await rig.pass(2_000)
    expect(rig.said()).toEqual(['notice: This desktop is switched off'])
    expect(rig.said('phone')).toHaveLength(1)
  })
})
