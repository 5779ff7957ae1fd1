// Checks, channels, silences, incidents, alerts, outbox and probe spans: what is put in comes out again, and goes with what it belongs to.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { NewOutboxRow } from '../../../../src/engine/store/outbox.ts'
import type { Store } from '../../../../src/engine/store/store.ts'
import { Channel } from '../../../../src/shared/model/channel.ts'
import { Check, CheckDraft } from '../../../../src/shared/model/check.ts'
import { Incident, IncidentQuery } from '../../../../src/shared/model/incident.ts'
import { createWorkplace, draft, start, type Workplace } from './lib.ts'

let place: Workplace
let store: Store
beforeEach(() => {
  place = createWorkplace()
  store = place.open()
  for (const id of ['a', 'b']) store.hosts.insert({ ...draft({ name: id }), id, kind: 'ssh', createdAt: start })
})
afterEach(() => place.dispose())
function reopen(): void {
  store.close()
  store = place.open()
}
const code = (expected: string) => expect.objectContaining({ name: 'AppError', code: expected })

function check(id: string, change: Partial<Check> = {}): Omit<Check, 'stored'> {
  const base = CheckDraft.parse({
    hostId: 'a',
    type: 'http',
    name: `Check ${id}`,
    spec: { url: 'http://x/' },
    unit: null,
  })
  return { ...base, id, builtIn: false, createdAt: start, ...change }
}
function channel(id: string, change: Partial<Channel> = {}): Omit<Channel, 'stored'> {
  const filter = { minSeverity: 'info', tags: [], hosts: [] } as const
  const base = { type: 'ntfy', name: id, spec: { topic: 'x' }, enabled: true, quietHours: null, createdAt: start }
  return { ...base, id, filter: { ...filter, tags: [], hosts: [] }, ...change }
}
function incident(id: string, change: Partial<Incident> = {}): Incident {
  return {
    id,
    hostId: 'a',
    hostName: 'a',
    checkId: 'web',
    checkName: 'Web',
    checkType: 'http',
    unit: null,
    severity: 'critical',
    state: 'open',
    title: 'Web is down on a',
    firstMessage: 'refused',
    lastMessage: 'refused',
    cause: 'health',
    openedAt: start,
    startedAt: start - 1000,
    acknowledgedAt: null,
    acknowledgedBy: null,
    resolvedAt: null,
    mutedBy: null,
    tags: ['bots'],
    ...change,
  }
}
function row(change: Partial<NewOutboxRow> = {}): NewOutboxRow {
  const news = {
    kind: 'firing',
    incidentId: 'i',
    hostId: 'a',
    hostName: 'a',
    unit: null,
    severity: 'critical',
    title: 'Down "1"; --',
    body: 'since',
    at: start,
  } as const
  return {
    channelId: 'ntfy',
    hostId: 'a',
    incidentId: 'i',
    kind: 'firing',
    severity: 'critical',
    news,
    createdAt: start,
    notBefore: start + 1000,
    held: false,
    ...change,
  }
}

test('checks live through a restart as they were entered, with the names of their stored secrets', () => {
  const full = check('web', {
    unit: { scope: 'user', name: 'bot.service' },
    dependsOn: [],
    tags: ['x', "y'"],
    timeoutSeconds: 0.5,
    builtIn: true,
    enabled: false,
  })
  store.checks.insert(full)
  store.checks.insert(check('web-2', { hostId: 'b' }))
  store.secrets.put('check/web/token', Buffer.of(1))
  store.secrets.put('check/web/header', Buffer.of(1))
  store.secrets.put('check/web-2/token', Buffer.of(1))
  reopen()
  const found = store.checks.get('web')
  expect(found).toEqual({ ...full, stored: ['header', 'token'] })
  expect(Check.parse(found)).toEqual(found)
  expect(store.checks.list('b').map(each => each.id)).toEqual(['web-2'])
  expect(store.checks.list().map(each => each.id)).toEqual(['web', 'web-2'])
  store.checks.update('web', { ...check('web'), name: 'Renamed' })
  expect(store.checks.get('web')).toMatchObject({ name: 'Renamed', unit: null, enabled: true, builtIn: true })
  expect(() => store.checks.update('web', { ...check('web'), hostId: 'b' })).toThrow(code('INVALID_INPUT'))
  expect(() => store.checks.update('none', check('none'))).toThrow(code('NOT_FOUND'))
  expect(() => store.checks.insert(check('web'))).toThrow(code('CONFLICT'))
  expect(() => store.checks.insert(check('lost', { hostId: 'zzz' }))).toThrow(code('NOT_FOUND'))
  expect(() => store.checks.remove('none')).toThrow(code('NOT_FOUND'))
})

test('a removed check takes its secrets, alerts and spans, and nothing depends on it any more', () => {
  store.checks.insert(check('db'))
  store.checks.insert(check('db-2'))
  store.checks.insert(check('bot', { dependsOn: ['db', 'db-2'] }))
  for (const id of ['db', 'db-2']) {
    store.secrets.put(`check/${id}/password`, Buffer.of(1))
    store.alerts.put(id, '', '{"n":1}')
    store.probeSpans.extend(id, '', 'healthy', 'ok', start, 1000)
  }
  store.checks.remove('db')
  expect(store.checks.get('bot')?.dependsOn).toEqual(['db-2'])
  expect(store.secrets.has('check/db/password')).toBe(false)
  expect(store.secrets.has('check/db-2/password')).toBe(true)
  expect(store.alerts.list()).toEqual([{ checkId: 'db-2', unit: '', state: { n: 1 } }])
  expect(store.probeSpans.list('db', '', 0, start * 2)).toEqual([])
  expect(store.probeSpans.list('db-2', '', 0, start * 2)).toHaveLength(1)
})

test('a removed host takes its checks with their secrets, and its incidents stay', () => {
  store.checks.insert(check('db'))
  store.checks.insert(check('bot', { hostId: 'b', dependsOn: ['db'] }))
  store.secrets.put('check/db/password', Buffer.of(1))
  store.probeSpans.extend('db', '', 'healthy', 'ok', start, 1000)
  store.checks.dismiss('a', 'k')
  store.checks.dismiss('a', 'k')
  expect(store.checks.dismissed('a')).toEqual(new Set(['k']))
  store.incidents.insert(incident('i'))
  store.hosts.remove('a')
  expect(store.checks.list().map(each => [each.id, each.dependsOn])).toEqual([['bot', []]])
  expect(store.secrets.has('check/db/password')).toBe(false)
  expect(store.probeSpans.list('db', '', 0, start * 2)).toEqual([])
  expect(store.incidents.get('i')).toEqual(incident('i'))
})

test('channels and what they remember live through a restart, and go with their secrets and messages', () => {
  const quietHours = { from: '22:00', to: '07:00', zone: 'Europe/Berlin', criticalPasses: true }
  store.channels.insert(channel('ntfy', { quietHours, filter: { minSeverity: 'warning', tags: ['t'], hosts: ['a'] } }))
  store.secrets.put('channel/ntfy/token', Buffer.of(1))
  store.channels.state('ntfy').set('offset', '41')
  store.channels.state('ntfy').set('offset', '42')
  store.outbox.insert(row())
  reopen()
  const found = store.channels.get('ntfy')
  expect(Channel.parse(found)).toEqual(found)
  expect(found).toMatchObject({ quietHours, stored: ['token'], filter: { tags: ['t'] } })
  expect(store.channels.state('ntfy').get('offset')).toBe('42')
  expect(store.channels.state('ntfy').get('other')).toBeNull()
  store.channels.update('ntfy', { ...channel('ntfy'), enabled: false })
  expect(store.channels.list()).toMatchObject([{ id: 'ntfy', enabled: false, quietHours: null }])
  store.channels.remove('ntfy')
  expect(store.secrets.has('channel/ntfy/token')).toBe(false)
  expect(store.outbox.open()).toEqual([])
  expect(() => store.channels.remove('ntfy')).toThrow(code('NOT_FOUND'))
  expect(() => store.channels.update('ntfy', channel('ntfy'))).toThrow(code('NOT_FOUND'))
})

test('silences live through a restart', () => {
  const silence = {
    id: 's',
    name: 'Night work',
    kind: 'maintenance',
    scope: { hostId: 'a', unit: { scope: 'system', name: 'bot.service' }, checkId: null, tag: null },
    schedule: { kind: 'cron', expression: '0 4 * * *', minutes: 30, zone: 'Europe/Berlin' },
    createdAt: start,
    createdBy: 'person',
  } as const
  store.silences.insert(silence)
  reopen()
  expect(store.silences.list()).toEqual([silence])
  store.silences.update('s', { ...silence, name: 'Other' })
  expect(store.silences.get('s')).toEqual({ ...silence, name: 'Other' })
  store.silences.remove('s')
  expect(store.silences.get('s')).toBeNull()
  expect(() => store.silences.remove('s')).toThrow(code('NOT_FOUND'))
})

test('incidents are found by what is asked for, newest first, and keep their story', () => {
  const unit = { scope: 'system', name: 'bot.service' } as const
  store.incidents.insert(incident('1', { openedAt: start, state: 'resolved', resolvedAt: start + 5 }))
  store.incidents.insert(incident('2', { openedAt: start + 1, unit, severity: 'warning' }))
  store.incidents.insert(incident('3', { openedAt: start + 2, hostId: 'b', title: 'ÄÖ 50% down' }))
  expect(Incident.parse(store.incidents.get('2'))).toEqual(store.incidents.get('2'))
  const ids = (query: Partial<IncidentQuery>) => store.incidents.list(IncidentQuery.parse(query)).map(found => found.id)
  expect(ids({})).toEqual(['3', '2', '1'])
  expect(ids({ state: 'active' })).toEqual(['3', '2'])
  expect(ids({ state: 'resolved' })).toEqual(['1'])
  expect(ids({ hostId: 'b' })).toEqual(['3'])
  expect(ids({ unit })).toEqual(['2'])
  expect(ids({ unit: { ...unit, scope: 'user' } })).toEqual([])
  expect(ids({ severity: 'warning' })).toEqual(['2'])
  expect(ids({ text: '50%' })).toEqual(['3'])
  expect(ids({ checkId: 'web', before: start + 2, limit: 1 })).toEqual(['2'])
  expect(ids({ since: start + 2 })).toEqual(['3'])
  expect(store.incidents.active().map(found => found.id)).toEqual(['2', '3'])
  expect(store.incidents.ofUnit('a', unit, start + 1).map(found => found.id)).toEqual(['2'])
  expect(store.incidents.ofUnit('a', unit, start + 2)).toEqual([])
  const told = { at: start, kind: 'alert', tone: 'bad', title: 'Firing', detail: null, actor: null } as const
  store.incidents.addEvent('2', { ...told, at: start + 1, title: 'Second' })
  store.incidents.addEvent('2', told)
  expect(store.incidents.events('2')).toEqual([told, { ...told, at: start + 1, title: 'Second' }])
  store.incidents.update({ ...incident('2', { unit }), state: 'acknowledged', acknowledgedBy: 'person' })
  expect(store.incidents.get('2')).toMatchObject({ state: 'acknowledged', acknowledgedBy: 'person' })
  expect(() => store.incidents.update(incident('none'))).toThrow(code('NOT_FOUND'))
  expect(store.incidents.expire(start + 10, 100)).toBe(1)
  expect(ids({})).toEqual(['3', '2'])
})

test('of one check only so many incidents that are over are kept, and none that is open goes', () => {
  for (let n = 0; n < 10; n++) store.incidents.insert(incident(`many-${n}`, { checkId: 'many', openedAt: start + n }))
  for (let n = 1; n < 10; n++)
    store.incidents.update({ ...incident(`many-${n}`), checkId: 'many', state: 'resolved', resolvedAt: start + 20 })
  for (let n = 0; n < 3; n++) store.incidents.insert(incident(`few-${n}`, { checkId: 'few', state: 'resolved' }))
  const left = () => store.incidents.list(IncidentQuery.parse({ checkId: 'many' })).map(one => one.id)
  expect(store.incidents.trim(4, 2)).toBe(2)
  expect(store.incidents.trim(4, 100)).toBe(3)
  expect(left()).toEqual(['many-9', 'many-8', 'many-7', 'many-6', 'many-0'])
  expect(store.incidents.trim(4, 100)).toBe(0)
  expect(store.incidents.list(IncidentQuery.parse({ checkId: 'few' }))).toHaveLength(3)
})

test('S19 a batch is fixed before it is sent and keeps its id over a restart', () => {
  store.channels.insert(channel('ntfy'))
  store.channels.insert(channel('mail'))
  const first = store.outbox.insert(row())
  const second = store.outbox.insert(row({ kind: 'resolved' }))
  const third = store.outbox.insert(row({ channelId: 'mail', held: true }))
  store.outbox.begin([first.seq, second.seq], 'batch', start)
  reopen()
  expect(store.outbox.open('ntfy')).toMatchObject([
    { seq: first.seq, batchId: 'batch', state: 'sending', news: { title: 'Down "1"; --' }, firstAttemptAt: start },
    { seq: second.seq, batchId: 'batch', state: 'sending', kind: 'resolved' },
  ])
  expect(store.outbox.open().map(each => each.seq)).toEqual([first.seq, second.seq, third.seq])
  store.outbox.retry('batch', { attempts: 1, nextAttemptAt: start + 5, error: 'no' })
  expect(store.outbox.open('ntfy')[0]).toMatchObject({ attempts: 1, nextAttemptAt: start + 5, error: 'no' })
  store.outbox.drop([first.seq])
  expect(store.outbox.open('ntfy')).toHaveLength(2)
  store.outbox.finish('batch', { state: 'sent', attempts: 2, at: start + 9, error: null })
  expect(store.outbox.open('ntfy')).toEqual([])
  expect(store.outbox.lastSentAt('ntfy')).toBe(start + 9)
  expect(store.outbox.lastSentAt('mail')).toBeNull()
  store.outbox.postpone([third.seq], start + 99, false)
  expect(store.outbox.open('mail')).toMatchObject([{ notBefore: start + 99, held: false }])
  store.outbox.drop([third.seq])
  expect(store.outbox.list('mail', 5)).toMatchObject([{ state: 'dropped', title: 'Down "1"; --' }])
  expect(store.outbox.list('ntfy', 5).map(each => each.state)).toEqual(['sent', 'sent'])
  expect(store.outbox.ofIncident('i')).toHaveLength(3)
  expect(store.outbox.expire(start + 1, 10)).toBe(3)
})

test('spans go on while probes come, end where they differ, and leave open what nobody saw', () => {
  store.checks.insert(check('web'))
  const extend = (status: 'healthy' | 'unhealthy' | 'maintenance', at: number, message = status as string) =>
    store.probeSpans.extend('web', '', status, message, start + at, 60)
  extend('healthy', 0)
  extend('healthy', 50)
  extend('unhealthy', 100, 'first')
  extend('unhealthy', 150, 'second')
  extend('healthy', 500)
  const spans = [
    { from: start, to: start + 100, status: 'healthy', message: 'healthy' },
    { from: start + 100, to: start + 150, status: 'unhealthy', message: 'second' },
    { from: start + 500, to: start + 500, status: 'healthy', message: 'healthy' },
  ]
  expect(store.probeSpans.list('web', '', start, start + 500)).toEqual(spans)
  expect(store.probeSpans.list('web', '', start + 120, start + 130)).toEqual([spans[1]])
  expect(store.probeSpans.list('web', 'system/bot.service', start, start + 500)).toEqual([])
  reopen()
  extend('healthy', 540)
  // the clock went back: nothing is taken back, and nothing overlaps
  extend('healthy', 300)
  extend('unhealthy', 301)
  place.clock.advance(30_000)
  expect(store.probeSpans.list('web', '', start + 200, start + 600)).toMatchObject([
    { from: start + 500, to: start + 540, status: 'healthy' },
    { from: start + 540, to: start + 540, status: 'unhealthy' },
  ])
  store.close()
  expect(place.clock.pending).toBe(0)
})
