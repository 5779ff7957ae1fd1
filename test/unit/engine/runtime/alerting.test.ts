// From probes to incidents and news, with a real store: every rule of the alerts that the machine alone cannot show.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { IncidentQuery } from '../../../../src/shared/model/incident.ts'
import { MaintenanceDraft, type MaintenanceRun } from '../../../../src/shared/model/maintenance.ts'
import { createRig, type Rig } from './alerting-rig.ts'

let rig: Rig
beforeEach(() => {
  rig = createRig()
  rig.host('web')
  rig.channel('a')
})
afterEach(() => rig.dispose())

const incidents = () => rig.store.incidents.list(IncidentQuery.parse({}))
const unit = (name: string) => ({ scope: 'system', name: `${name}.service` }) as const
const everything = { hostId: null, unit: null, checkId: null, tag: null }
const once = (until: number | null) => ({ kind: 'once', from: 0, until }) as const

describe('from the first failure to resolved', () => {
  test('S10 the third failure opens one incident and tells it; an earlier success ends it without a word', async () => {
    const check = rig.check('api')
    rig.times(check, 'unhealthy', 2)
    rig.probe(check, 'healthy')
    rig.times(check, 'unhealthy', 2)
    await rig.pass(15_000)
    expect(incidents()).toEqual([])
    expect(rig.alerting.phase('api', null).phase).toBe('pending')
    rig.probe(check, 'unhealthy')
    await rig.pass(1_100)
    expect(incidents()).toMatchObject([
      {
        hostId: 'web',
        hostName: 'web',
        checkId: 'api',
        state: 'open',
        severity: 'critical',
        title: 'api is failing on web',
        firstMessage: '[STATUS] (500) == 200',
        cause: 'health',
      },
    ])
    expect(rig.said('a')).toEqual(['firing: api is failing on web'])
    const [message] = rig.messages('a')
    expect(message?.items[0]?.body).toMatch(
      /^\[STATUS\] \(500\) == 200\nSince 2026-01-01 .*, for 15 s\. It is checked every 30 s\.$/,
    )
    expect(rig.changes.map(change => change.what)).toEqual(['opened'])
    rig.times(check, 'unhealthy', 50)
    await rig.pass(20_000)
    expect(rig.said('a')).toHaveLength(1)
    expect(rig.said('desktop')).toEqual(rig.said('a'))
  })

  test('R20 what is unhealthy for more than 10 min becomes critical: one incident, one message more, also past a channel that takes only that', async () => {
    rig.channel('critical', { filter: { minSeverity: 'critical', tags: [], hosts: [] } })
    const check = rig.check('api', { severity: 'warning', riseSeconds: 600 })
    expect(rig.store.checks.get('api')).toMatchObject({ riseSeconds: 600 })
    rig.fire(check)
    await rig.pass(590_000)
    expect(rig.said('a')).toHaveLength(1)
    await rig.pass(20_000)
    expect(incidents()).toMatchObject([{ severity: 'critical', state: 'open' }])
    expect(rig.store.incidents.events(incidents()[0]?.id ?? '').at(-1)).toMatchObject({
      title: 'Severity rose to critical',
      detail: expect.stringContaining('failed for too long'),
    })
    expect(rig.said('a')).toHaveLength(2)
    expect(rig.said('critical')).toEqual(['firing: api is failing on web'])
    expect(rig.messages('critical')[0]?.items[0]?.body).toContain('for 10 min')
    rig.heal(check)
    await rig.pass(20_000)
    expect(rig.said('critical').at(-1)).toBe('resolved: api is well again on web')
    expect(incidents()).toHaveLength(1)
  })

  test('S11 S12 two successes resolve it, told where firing was told', async () => {
    rig.channel('late')
    const check = rig.check('api')
    rig.fire(check)
    await rig.pass(11_000)
    rig.probe(check, 'healthy')
    rig.probe(check, 'unhealthy')
    rig.probe(check, 'healthy')
    await rig.pass(11_000)
    expect(incidents()).toMatchObject([{ state: 'open' }])
    expect(rig.alerting.phase('api', null).phase).toBe('recovering')
    rig.probe(check, 'healthy')
    await rig.pass(11_000)
    expect(incidents()).toMatchObject([{ state: 'resolved', resolvedAt: expect.any(Number) }])
    expect(rig.said('a')).toEqual(['firing: api is failing on web', 'resolved: api is well again on web'])
    expect(rig.messages('a')[1]?.items[0]?.body).toMatch(/^It was so for 22 s\.\n\[STATUS\] \(200\)/)
    expect(rig.alerting.phase('api', null)).toMatchObject({ phase: 'ok', incidentId: null })
  })

  test('S9 unknown moves nothing and writes nothing', async () => {
    const check = rig.check('api')
    rig.times(check, 'unhealthy', 2)
    rig.times(check, 'unknown', 20)
    await rig.pass(2_000)
    expect(incidents()).toEqual([])
    rig.probe(check, 'unhealthy')
    expect(incidents()).toHaveLength(1)
    expect(rig.store.alerts.list()).toHaveLength(1)
  })

  test('a rise from degraded to failed is told, past the cool-down', async () => {
    const check = rig.check('api')
    rig.times(check, 'degraded', 3)
    await rig.pass(11_000)
    expect(rig.said('a')).toEqual(['firing: api is degraded on web'])
    rig.times(check, 'unhealthy', 3)
    await rig.pass(11_000)
    expect(rig.said('a')).toEqual(['firing: api is degraded on web', 'firing: api is failing on web'])
    expect(incidents()).toMatchObject([{ severity: 'critical', title: 'api is failing on web' }])
    expect(rig.store.incidents.events(incidents()[0]?.id ?? '').map(event => event.title)).toEqual([
      'Firing, warning',
      'Severity rose to critical',
    ])
  })

  test('a unit that failed speaks for itself, each of its host for its own incident', async () => {
    const check = rig.check('units', { type: 'unit-failures', name: 'Services', failureThreshold: 1 })
    rig.probe(check, 'unhealthy', { unit: unit('bot'), message: 'Its process exited with code 1.', cause: 'unit' })
    rig.probe(check, 'unhealthy', { unit: unit('web'), message: 'It was killed.', cause: 'unit' })
    rig.times(check, 'healthy', 40, { unit: unit('fine') })
    await rig.pass(1_100)
    expect(incidents().map(each => [each.title, each.unit?.name])).toEqual(
      expect.arrayContaining([
        ['bot failed on web', 'bot.service'],
        ['web failed', 'web.service'],
      ]),
    )
    expect(rig.messages('a')).toHaveLength(1)
    expect(rig.messages('a')[0]?.title).toBe('2 alerts on web')
    expect(rig.alerting.phases('units')).toHaveLength(2)
    expect(rig.alerting.firingFor('web', unit('bot'))).toMatchObject([
      { cause: 'unit', incident: { title: 'bot failed on web' } },
    ])
    expect(rig.alerting.firingFor('web', unit('fine'))).toEqual([])
  })

  test('10 events a second of the same alert write nothing while nothing changes', async () => {
    const check = rig.check('units', { type: 'unit-failures', failureThreshold: 1 })
    const failing = { unit: unit('bot'), message: 'failed', cause: 'unit' } as const
    rig.probe(check, 'unhealthy', failing)
    const writes = { alerts: 0, incidents: 0 }
    const { alerts, incidents: rows } = rig.store
    const put = alerts.put
    const update = rows.update
    alerts.put = (...row) => {
      writes.alerts++
      put(...row)
    }
    rows.update = row => {
      writes.incidents++
      update(row)
    }
    for (let n = 0; n < 600; n++) {
      rig.clock.advance(100)
      rig.probe(check, 'unhealthy', failing)
    }
    expect(writes).toEqual({ alerts: 0, incidents: 0 })
    // a message that changes all the time is written now and then
    for (let n = 0; n < 600; n++) {
      rig.clock.advance(100)
      rig.probe(check, 'unhealthy', { ...failing, message: `failed ${n}` })
    }
    expect(writes.alerts).toBe(0)
    expect(writes.incidents).toBeGreaterThan(0)
    expect(writes.incidents).toBeLessThanOrEqual(3)
  })

  test('S13 a second incident within 5 min is recorded, and told only if it still fires at their end', async () => {
    const check = rig.check('api')
    rig.fire(check)
    await rig.pass(11_000)
    rig.heal(check)
    await rig.pass(11_000)
    rig.fire(check)
    await rig.pass(60_000)
    expect(incidents().map(each => [each.state, each.mutedBy])).toEqual([
      ['open', 'cool-down'],
      ['resolved', null],
    ])
    expect(rig.said('a')).toHaveLength(2)
    await rig.pass(240_000)
    expect(rig.said('a').slice(2)).toEqual(['firing: api is failing on web'])
    expect(incidents()[0]?.mutedBy).toBeNull()
  })

  test('S15 acknowledged, it is not repeated; the story has who and when', async () => {
    const check = rig.check('api')
    rig.fire(check)
    await rig.pass(4 * 3_600_000 + 20_000)
    expect(rig.said('a')).toEqual(['firing: api is failing on web', 'repeat: api is still failing on web'])
    const [incident] = incidents()
    const acknowledged = rig.alerting.acknowledge(incident?.id ?? '', 'person')
    expect(acknowledged).toMatchObject({ state: 'acknowledged', acknowledgedBy: 'person' })
    expect(rig.alerting.acknowledge(incident?.id ?? '', 'another').acknowledgedBy).toBe('person')
    await rig.pass(9 * 3_600_000)
    expect(rig.said('a')).toHaveLength(2)
    rig.alerting.note(incident?.id ?? '', 'Looking', 'person')
    const story = rig.store.incidents.events(incident?.id ?? '')
    expect(story.map(event => [event.kind, event.actor])).toEqual([
      ['alert', null],
      ['person', 'person'],
      ['note', 'person'],
    ])
    expect(() => rig.alerting.acknowledge('none', 'person')).toThrow(/not known/)
    expect(() => rig.alerting.note('none', 'x', 'person')).toThrow(/not known/)
  })

  test('S16 three incidents in 30 min are one flapping message, and then silence', async () => {
    const check = rig.check('api')
    for (let n = 0; n < 30; n++) {
      rig.fire(check)
      await rig.pass(60_000, 5_000)
      rig.heal(check)
      await rig.pass(60_000, 5_000)
    }
    expect(rig.said('a').filter(line => line.startsWith('flapping'))).toEqual([
      'flapping: api keeps failing and recovering on web',
    ])
    expect(rig.messages('a').length).toBeLessThanOrEqual(5)
    await rig.pass(31 * 60_000)
    expect(rig.said('a').at(-1)).toBe('resolved: api is well again on web')
    expect(incidents().every(each => each.state === 'resolved')).toBe(true)
  })
})

test('S13 S16 a check that flips every 30 s for an hour: at most 3 messages', async () => {
  const check = rig.check('api', { failureThreshold: 1, recoveryThreshold: 1 })
  for (let n = 0; n < 60; n++) {
    rig.fire(check)
    await rig.pass(30_000, 5_000)
    rig.heal(check)
    await rig.pass(30_000, 5_000)
  }
  expect(rig.said('a')).toEqual([
    'firing: api is failing on web',
    'resolved: api is well again on web',
    'flapping: api keeps failing and recovering on web',
  ])
})

describe('gaps and restarts', () => {
  test('S2 a gap resets what is pending, and alerts nothing', async () => {
    const check = rig.check('api')
    rig.times(check, 'unhealthy', 2)
    rig.alerting.onClockGap()
    rig.times(check, 'unhealthy', 2)
    await rig.pass(11_000)
    expect(incidents()).toEqual([])
  })

  test('S2 S3 S19 after kill -9 it goes on firing: nothing is told twice, nothing is forgotten, and it needs fresh failures', async () => {
    const check = rig.check('api', { unit: unit('bot') })
    rig.fire(check)
    await rig.pass(11_000)
    await rig.kill()
    expect(rig.alerting.phase('api', null)).toMatchObject({ phase: 'firing', incidentId: incidents()[0]?.id })
    // a restart of ours is no reason to restart anything
    expect(rig.alerting.firingFor('web', unit('bot'))).toEqual([])
    rig.fire(check)
    expect(rig.alerting.firingFor('web', unit('bot'))).toHaveLength(1)
    await rig.pass(11_000)
    expect(rig.said('a')).toHaveLength(1)
    await rig.kill()
    rig.heal(check)
    await rig.pass(11_000)
    expect(rig.said('a')).toEqual(['firing: api is failing on web', 'resolved: api is well again on web'])
    expect(incidents()).toHaveLength(1)
  })

  test('S19 killed between the change and the sending, the news goes at the next start', async () => {
    const check = rig.check('api')
    rig.fire(check)
    await rig.kill()
    await rig.pass(2_000)
    expect(rig.said('a')).toEqual(['firing: api is failing on web'])
  })

  test('S19 what cannot be written has not happened, and is observed again', async () => {
    const check = rig.check('api')
    const { insert } = rig.store.incidents
    rig.store.incidents.insert = () => {
      throw new Error('no room')
    }
    rig.fire(check)
    await rig.pass(11_000)
    expect(incidents()).toEqual([])
    expect(rig.store.outbox.open()).toEqual([])
    rig.store.incidents.insert = insert
    rig.probe(check, 'unhealthy')
    await rig.pass(2_000)
    expect(incidents()).toHaveLength(1)
    expect(rig.said('a')).toEqual(['firing: api is failing on web'])
  })

  test('S19 what was due while nothing could be written is told when it can', async () => {
    const check = rig.check('api')
    rig.fire(check)
    await rig.pass(11_000)
    rig.heal(check)
    await rig.pass(11_000)
    rig.fire(check)
    const { insert } = rig.store.outbox
    rig.store.outbox.insert = () => {
      throw new Error('no room')
    }
    // the cool-down ends meanwhile
    await rig.pass(320_000, 1_000)
    expect(rig.said('a')).toHaveLength(2)
    rig.store.outbox.insert = insert
    await rig.pass(10_000)
    expect(rig.said('a').slice(2)).toEqual(['firing: api is failing on web'])
  })

  test('an incident whose check went while the engine did not run is closed at the next start', async () => {
    const check = rig.check('api')
    rig.fire(check)
    rig.store.checks.remove('api')
    await rig.kill()
    expect(incidents()).toMatchObject([{ state: 'resolved' }])
  })
})

describe('silences and maintenance', () => {
  test('S17 in a silence the machine runs and nothing goes; when it ends and it still fires, one message', async () => {
    const check = rig.check('api')
    rig.silences.add(
      { name: 'work', kind: 'silence', scope: everything, schedule: once(rig.clock.now() + 60_000) },
      'person',
    )
    rig.fire(check)
    await rig.pass(50_000)
    expect(incidents()).toMatchObject([{ state: 'open', mutedBy: 'silence' }])
    expect(rig.sent).toEqual([])
    await rig.pass(20_000)
    expect(rig.said('a')).toEqual(['firing: api is failing on web'])
    expect(incidents()).toMatchObject([{ mutedBy: null }])
    await rig.pass(60_000)
    expect(rig.said('a')).toHaveLength(1)
  })

  test('S17 what fires and resolves in a silence is never told', async () => {
    const check = rig.check('api')
    rig.silences.add(
      { name: 'work', kind: 'silence', scope: everything, schedule: once(rig.clock.now() + 60_000) },
      'person',
    )
    rig.fire(check)
    await rig.pass(20_000)
    rig.heal(check)
    await rig.pass(120_000)
    expect(rig.sent).toEqual([])
    expect(incidents()).toMatchObject([{ state: 'resolved' }])
  })

  test('S17 a silence speaks only of what it names; maintenance counts for more, and says when its time is left out', () => {
    const scoped = rig.check('api', { tags: ['bots'], unit: unit('bot') })
    const other = rig.check('other')
    const add = (kind: 'silence' | 'maintenance', scope: Partial<typeof everything>) =>
      rig.silences.add({ name: kind, kind, scope: { ...everything, ...scope }, schedule: once(null) }, 'person')
    add('silence', { tag: 'bots' } as object)
    expect(rig.alerting.phase('api', null).mutedBy).toBe('silence')
    expect(rig.alerting.phase('other', null).mutedBy).toBeNull()
    expect(rig.alerting.inMaintenance(scoped, null)).toBe(false)
    const window = add('maintenance', { unit: unit('bot') } as object)
    expect(rig.alerting.phase('api', null).mutedBy).toBe('maintenance')
    expect(rig.alerting.inMaintenance(scoped, null)).toBe(true)
    expect(rig.alerting.inMaintenance(other, null)).toBe(false)
    expect(rig.alerting.inMaintenance(other, unit('bot'))).toBe(true)
    rig.silences.remove(window.id)
    expect(rig.alerting.inMaintenance(scoped, null)).toBe(false)
  })

  test('S1 S17 a cron window opens and closes by the wall clock, wherever that jumps', async () => {
    const draft = {
      name: 'night',
      kind: 'maintenance',
      scope: everything,
      schedule: { kind: 'cron', expression: '0 4 * * *', minutes: 30, zone: 'UTC' },
    } as const
    const made = rig.silences.add(draft, 'person')
    expect(made).toMatchObject({ active: false, changesAt: Date.UTC(2026, 0, 1, 4) })
    rig.clock.jump(Date.UTC(2026, 0, 1, 4, 10) - rig.clock.now())
    rig.silences.onClockGap()
    expect(rig.silences.list()).toMatchObject([{ active: true, changesAt: Date.UTC(2026, 0, 1, 4, 30) }])
    await rig.pass(21 * 60_000)
    expect(rig.silences.list()).toMatchObject([{ active: false, changesAt: Date.UTC(2026, 0, 2, 4) }])
    const bad = { ...draft, schedule: { ...draft.schedule, expression: '99 99 * * *' } }
    expect(() => rig.silences.add(bad, 'person')).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    expect(() => rig.silences.edit(made.id, bad)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    expect(() => rig.silences.edit('none', draft)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
    expect(rig.silences.edit(made.id, { ...draft, name: 'day' }).name).toBe('day')
  })

  test('S17 a silence that ended while the engine did not run ends at its start', async () => {
    const check = rig.check('api')
    rig.silences.add(
      { name: 'work', kind: 'silence', scope: everything, schedule: once(rig.clock.now() + 60_000) },
      'person',
    )
    rig.fire(check)
    await rig.pass(10_000)
    await rig.kill()
    rig.clock.jump(120_000)
    await rig.kill()
    rig.fire(check)
    await rig.pass(2_000)
    expect(rig.said('a')).toEqual(['firing: api is failing on web'])
  })
})

describe('what rests on something else', () => {
  const services = (count: number) =>
    Array.from({ length: count }, (_, index) => rig.check(`service-${index}`, { unit: unit(`s${index}`) }))

  test('S18 a host down with 40 services: 1 firing, 1 resolved', async () => {
    const host = rig.check('reach', { type: 'host-reachable', name: 'Reachable' })
    const checks = services(40)
    rig.times(host, 'unhealthy', 1, { cause: 'network' })
    expect(rig.alerting.hostInTrouble('web')).toBe(true)
    for (const check of checks)
      expect(rig.probe(check, 'unhealthy')).toMatchObject({
        status: 'unknown',
        message: 'Not judged while web cannot be reached',
      })
    rig.times(host, 'unhealthy', 2, { cause: 'network' })
    for (let n = 0; n < 10; n++) {
      for (const check of checks) rig.probe(check, 'unhealthy')
      await rig.pass(15_000, 1_000)
    }
    expect(rig.alerting.phase('service-1', null)).toMatchObject({ phase: 'ok', mutedBy: 'host-down' })
    rig.heal(host)
    for (const check of checks) rig.heal(check)
    await rig.pass(15_000)
    expect(rig.said('a')).toEqual(['firing: web cannot be reached', 'resolved: web can be reached again'])
    expect(incidents()).toHaveLength(1)
  })

  test('S18 a service that fired already is muted while its host is down, and needs fresh failures afterwards', async () => {
    const host = rig.check('reach', { type: 'host-reachable' })
    const [check] = services(1)
    if (!check) throw new Error('no check')
    rig.fire(check)
    await rig.pass(11_000)
    rig.fire(host)
    await rig.pass(11_000)
    expect(rig.alerting.phase(check.id, null)).toMatchObject({ phase: 'firing', mutedBy: 'host-down' })
    expect(rig.alerting.firingFor('web', unit('s0'))).toEqual([])
    rig.heal(host)
    expect(rig.alerting.phase(check.id, null)).toMatchObject({ phase: 'firing', mutedBy: null })
    rig.times(check, 'unhealthy', 2)
    expect(rig.alerting.firingFor('web', unit('s0'))).toEqual([])
    rig.times(check, 'unhealthy', 1)
    expect(rig.alerting.firingFor('web', unit('s0'))).toHaveLength(1)
  })

  test('S18 a declared dependency works the same way, however far, and on other hosts', async () => {
    rig.host('db')
    const database = rig.check('db', { hostId: 'db', name: 'Postgres' })
    const api = rig.check('api', { dependsOn: ['db'] })
    const bot = rig.check('bot', { dependsOn: ['api'] })
    rig.probe(database, 'unhealthy')
    expect(rig.probe(api, 'unhealthy')).toMatchObject({
      status: 'unknown',
      message: 'Not judged while Postgres is in trouble',
    })
    expect(rig.probe(bot, 'unhealthy').status).toBe('unknown')
    rig.times(database, 'unhealthy', 2)
    for (const check of [api, bot]) rig.fire(check)
    await rig.pass(11_000)
    expect(rig.said('a')).toEqual(['firing: Postgres is failing on db'])
    rig.heal(database)
    rig.fire(bot)
    await rig.pass(11_000)
    expect(rig.said('a').at(-1)).toBe('firing: bot is failing on web')
  })

  test('R36 a service that maintenance or a restore stopped is not judged, nor what depends on it, and needs fresh failures afterwards', async () => {
    const { maintenance, backups } = rig.store
    const draft = { name: 'Nightly', hostId: 'web', steps: [{ key: 'a', type: 'vacuum-sqlite', spec: {} }] }
    maintenance.insert({ ...MaintenanceDraft.parse(draft), id: 'nightly', checkId: 'c', createdAt: 1 })
    const run: MaintenanceRun = {
      ...{ id: 'run', taskId: 'nightly', reason: 'person', startedAt: 1, finishedAt: null, outcome: 'running' },
      ...{ steps: [], evidence: [], progress: null, stopped: [unit('db')] },
    }
    const database = rig.check('db', { unit: unit('db') })
    const bot = rig.check('bot', { unit: unit('bot'), dependsOn: ['db'] })
    const login = rig.check('login', { type: 'login', unit: unit('db') })
    const other = rig.check('other', { unit: unit('other') })
    rig.host('elsewhere')
    const namesake = rig.check('namesake', { hostId: 'elsewhere', unit: unit('db') })
    const judged = () => [database, bot, login, other, namesake].map(check => rig.probe(check, 'unhealthy').status)
    maintenance.insertRun(run)
    for (let n = 0; n < 3; n++) expect(judged()).toEqual(['unknown', 'unknown', 'unhealthy', 'unhealthy', 'unhealthy'])
    expect(rig.probe(bot, 'degraded').message).toBe('Not judged while db.service is stopped for the task Nightly')
    // what answers all the same is well
    expect(rig.probe(database, 'healthy').status).toBe('healthy')
    expect(
      incidents()
        .map(({ checkId }) => checkId)
        .sort(),
    ).toEqual(['login', 'namesake', 'other'])
    maintenance.updateRun({ ...run, stopped: [], finishedAt: 2, outcome: 'done' })
    expect(rig.probe(bot, 'unhealthy').status).toBe('unhealthy')
    rig.times(database, 'unhealthy', 2)
    expect(rig.alerting.phase('db', null).phase).toBe('pending')
    rig.heal(database)
    const restore = { id: 'r', backupId: 'app', startedAt: 1, finishedAt: null, hostId: 'web', unit: unit('db') }
    for (const [state, seen] of [
      [{ wasUp: false, reached: 'check' }, 'unhealthy'],
      [{ wasUp: true, reached: 'check' }, 'unknown'],
      [{ wasUp: true, reached: 'start' }, 'unknown'],
      [{ wasUp: true, reached: 'verify' }, 'unhealthy'],
      [{ wasUp: true, reached: 'roll-back' }, 'unknown'],
    ] as const) {
      if (backups.job('r')) backups.updateJob({ ...restore, ...state } as never)
      else backups.insertJob('restore', { ...restore, ...state } as never)
      expect(rig.probe(database, 'unhealthy').status, JSON.stringify(state)).toBe(seen)
      rig.heal(database)
    }
  })

  test('S18 hosts behind a jump host that is down are not called down', async () => {
    rig.host('inner', { jump: 'web' })
    const gate = rig.check('gate', { type: 'host-reachable' })
    const inner = rig.check('inner', { type: 'host-reachable', hostId: 'inner' })
    const api = rig.check('api', { hostId: 'inner' })
    rig.fire(gate)
    rig.fire(inner)
    expect(rig.probe(api, 'unhealthy').status).toBe('unknown')
    await rig.pass(11_000)
    expect(rig.said('a')).toEqual(['firing: web cannot be reached'])
  })

  test('R18 offline: one notice on the desktop, nothing else, whatever cannot be reached', async () => {
    rig.host('local')
    const hosts = Array.from({ length: 20 }, (_, n) => {
      rig.host(`h${n}`)
      return rig.check(`r${n}`, { type: 'host-reachable', hostId: `h${n}` })
    })
    for (const check of hosts) rig.times(check, 'unhealthy', 2)
    rig.alerting.setOnline(false, 'No network interface of this computer is up')
    rig.alerting.setOnline(false, 'again')
    for (const check of hosts) {
      expect(rig.probe(check, 'unhealthy').status).toBe('unknown')
      rig.fire(check)
    }
    await rig.pass(60_000)
    expect(rig.said()).toEqual(['notice: This computer is offline'])
    expect(rig.sent[0]?.channel).toBe('desktop')
    expect(incidents()).toEqual([])
    // what this computer knows of itself needs no network
    const own = rig.check('own', { hostId: 'local', type: 'unit-failures', failureThreshold: 1 })
    expect(rig.probe(own, 'unhealthy', { unit: unit('bot'), cause: 'unit' }).status).toBe('unhealthy')
    rig.alerting.setOnline(true, '')
    rig.alerting.setOnline(false, 'wifi')
    await rig.pass(20_000)
    expect(rig.said('desktop').filter(line => line.startsWith('notice'))).toHaveLength(1)
    rig.alerting.setOnline(true, '')
    for (const check of hosts) rig.times(check, 'unhealthy', 2)
    await rig.pass(20_000)
    expect(incidents()).toHaveLength(1)
  })
})

test('R18 offline: this computer’s own services count, what it asks of a network does not, nor what was counted before', async () => {
  rig.host('local')
  const site = rig.check('site', { hostId: 'local', failureThreshold: 2, forSeconds: 60 })
  const shop = rig.check('shop', { hostId: 'local', failureThreshold: 1 })
  const disk = rig.check('disk', { hostId: 'local', type: 'disk-space', failureThreshold: 1 })
  rig.times(site, 'unhealthy', 2, { cause: 'network' })
  rig.fire(shop, { cause: 'network' })
  await rig.pass(15_000)
  const told = rig.said('a').length
  rig.alerting.setOnline(false, 'wifi')
  expect(rig.alerting.phase('shop', null)).toMatchObject({ phase: 'firing', mutedBy: 'offline' })
  // a failure and a success alike: a page that answers may be that of the hotel
  for (const status of ['unhealthy', 'healthy'] as const) expect(rig.probe(shop, status).status).toBe('unknown')
  // long enough for `for`, and for a repeat
  await rig.pass(5 * 3_600_000, 60_000)
  expect(rig.said('a')).toHaveLength(told)
  expect(incidents().map(one => one.checkId)).toEqual(['shop'])
  expect(rig.probe(disk, 'unhealthy', { cause: 'disk' }).status).toBe('unhealthy')
  await rig.pass(15_000)
  expect(rig.said('a').at(-1)).toBe('firing: disk is failing on local')
  rig.alerting.setOnline(true, '')
  rig.heal(shop)
  await rig.pass(15_000)
  expect(rig.said('a').at(-1)).toBe('resolved: shop is well again on local')
})

describe('checks that change', () => {
  test('a check that is switched off is closed, and told where firing was', async () => {
    const check = rig.check('api')
    rig.fire(check)
    await rig.pass(11_000)
    rig.store.checks.update('api', { ...check, enabled: false })
    const off = rig.store.checks.get('api')
    if (off) rig.alerting.checkChanged(off)
    await rig.pass(11_000)
    expect(rig.said('a').at(-1)).toBe('resolved: No longer watched: api is failing on web')
    expect(incidents()).toMatchObject([{ state: 'resolved' }])
    if (off) rig.fire(off)
    expect(incidents()).toHaveLength(1)
  })

  test('a probe that was under way when its check was edited does not bring back what the check was', () => {
    const before = rig.check('api')
    rig.store.checks.update('api', { ...before, failureThreshold: 5 })
    const after = rig.store.checks.get('api')
    if (after) rig.alerting.checkChanged(after)
    rig.times(before, 'unhealthy', 4)
    expect(incidents()).toEqual([])
    rig.probe(before, 'unhealthy')
    expect(incidents()).toHaveLength(1)
  })

  test('a removed check closes its incident, whether its rows went before or after', async () => {
    for (const [id, first] of [
      ['before', true],
      ['after', false],
    ] as const) {
      const check = rig.check(id)
      rig.fire(check)
      if (first) rig.store.checks.remove(id)
      rig.alerting.checkRemoved(id)
      if (!first) rig.store.checks.remove(id)
    }
    expect(incidents().map(each => each.state)).toEqual(['resolved', 'resolved'])
    expect(rig.store.alerts.list()).toEqual([])
    rig.fire(rig.check('third'))
    rig.alerting.hostRemoved('web')
    expect(incidents().map(each => each.state)).toEqual(['resolved', 'resolved', 'resolved'])
  })

  test('S24 giving up is told once as critical, in a silence only written down', async () => {
    const check = rig.check('api', { severity: 'warning' })
    rig.fire(check)
    await rig.pass(11_000)
    const id = incidents()[0]?.id ?? ''
    rig.alerting.tellEscalated(id, '5 attempts did not help.')
    await rig.pass(2_000)
    expect(rig.said('a').at(-1)).toBe('escalated: api could not be mended on web')
    expect(rig.messages('a').at(-1)).toMatchObject({ severity: 'critical' })
    rig.silences.add({ name: 'work', kind: 'silence', scope: everything, schedule: once(null) }, 'person')
    rig.alerting.tellEscalated(id, 'again')
    await rig.pass(20_000)
    expect(rig.said('a')).toHaveLength(2)
    expect(rig.store.incidents.events(id).filter(event => event.kind === 'recovery')).toHaveLength(2)
  })
})

test('what could not be written is no news any more once something else was seen', async () => {
  const check = rig.check('api', { failureThreshold: 1 })
  const { insert } = rig.store.incidents
  const full = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
  Object.assign(rig.store.incidents, {
    insert: () => {
      throw full
    },
  })
  rig.probe(check, 'unhealthy')
  rig.probe(check, 'healthy')
  Object.assign(rig.store.incidents, { insert })
  expect(rig.store.problem?.code).toBe('DISK_FULL')
  await rig.pass(20_000)
  expect(rig.store.problem).toBeNull()
  expect(incidents()).toEqual([])
  expect(rig.said('a')).toEqual([])
})
