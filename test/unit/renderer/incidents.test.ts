// Incidents and silences in words and in order; a host with a firing one is never healthy, and what is muted alarms nobody.
import { expect, test } from 'vitest'
import { putActive } from '../../../src/renderer/data/incidents.ts'
import {
  byUrgency,
  hostHealth,
  incidentStatus,
  isFiring,
  lasted,
  mendingText,
  whatIsDone,
} from '../../../src/renderer/lib/incident-words.ts'
import { fleetRows } from '../../../src/renderer/views/fleet/fleet-order.ts'
import { scopeOf } from '../../../src/renderer/views/incidents/silence-dialog.tsx'
import { silenceUntil } from '../../../src/renderer/views/incidents/silence-times.ts'
import { groupsOf, keyedItems } from '../../../src/renderer/views/incidents/timeline-groups.ts'
import { watchedWords } from '../../../src/renderer/views/incidents/watched-text.ts'
import type { Incident } from '../../../src/shared/model/incident.ts'
import { createWorld } from '../../fakes/demo/world.ts'

const now = 1_700_000_000_000
const world = createWorld('filled', now)
const incidents = [...world.stories.values()].map(story => story.incident)
const incident = (id: string): Incident => {
  const found = world.stories.get(id)?.incident
  if (!found) throw new Error(`no ${id}`)
  return found
}
const recovery = (unit: string) => {
  const found = [...world.recoveries.values()].find(view => view.policy.name === unit)
  if (!found) throw new Error(`no rule for ${unit}`)
  return found
}
const host = (id: string) => {
  const found = world.hosts.get(id)
  if (!found) throw new Error(`no ${id}`)
  return found
}

test('only what is over is green', () => {
  for (const each of incidents) {
    expect([each.id, incidentStatus(each).tone === 'healthy']).toEqual([each.id, each.state === 'resolved'])
  }
})

test('what mends by itself is said first, then why nobody is told, then who has seen it', () => {
  const rule = recovery('webhook-bot.service')
  const open = incident('inc-webhook-bot')
  expect(whatIsDone(open, rule, now)).toBe('Attempt 3 of 5 in 19 s')
  expect(whatIsDone(open, { ...rule, nextAttemptAt: now - 5 }, now)).toBe('Attempt 3 of 5 now')
  expect(whatIsDone({ ...open, mutedBy: 'silence' }, { ...rule, phase: 'idle' }, now)).toBe('Silenced')
  expect(whatIsDone(incident('inc-telegram'), undefined, now)).toBe('Acknowledged by you')
  expect(whatIsDone(open, undefined, now)).toBe('Nobody has acknowledged it')
  expect(whatIsDone(incident('inc-past-1'), rule, now)).toBe('Over')
})

test('S24 an escalated rule says that it waits for a person', () => {
  expect(mendingText(recovery('cookie-bot@bob.service'), now)).toMatch(/^Waits for you/)
})

test('the most urgent comes first: told before muted, critical before warning, unseen before acknowledged, and what is over last', () => {
  const order = [...incidents].sort(byUrgency).map(each => each.id)
  expect(order.slice(0, 8)).toEqual([
    'inc-webhook-bot',
    'inc-db-down',
    'inc-poster-bob',
    'inc-disk',
    'inc-telegram',
    'inc-memory',
    'inc-trading-slow',
    'inc-certificate',
  ])
  expect(order[8]).toBe('inc-past-1')
})

test('a host with a firing incident is not healthy, whatever its services are', () => {
  const own = incidents.filter(isFiring)
  expect(hostHealth(host('bots-1'), [], now)).toMatchObject({ tone: 'healthy' })
  expect(hostHealth(host('bots-1'), own, now)).toMatchObject({ tone: 'unhealthy', word: 'Unhealthy' })
  expect(hostHealth(host('local'), own, now)).toMatchObject({ tone: 'healthy' })
})

test('a host is not called healthy while nobody knows its incidents', () => {
  expect(hostHealth(host('bots-1'), 'failed', now)).toMatchObject({ tone: 'unknown', word: 'Not all known' })
  expect(hostHealth(host('bots-1'), 'asked', now).tone).toBe('busy')
  // what is known to be wrong is said all the same
  expect(hostHealth(host('web-1'), 'failed', now)).toEqual(hostHealth(host('web-1'), [], now))
  expect(hostHealth(host('web-1'), 'failed', now).tone).toBe('unhealthy')
  const tones = fleetRows([...world.hosts.values()], 'failed', now).map(({ tone }) => tone)
  expect(tones).toContain('unknown')
  expect(tones).not.toContain('healthy')
})

test('of incidents that could not be read again the known ones stay, and no host is called healthy by them', () => {
  const old = { old: incidents.filter(each => each.hostId === 'bots-1') }
  expect(hostHealth(host('bots-1'), old, now)).toEqual(hostHealth(host('bots-1'), incidents, now))
  expect(hostHealth(host('local'), [], now).tone).toBe('healthy')
  expect(hostHealth(host('local'), old, now)).toMatchObject({ tone: 'unknown', word: 'Not all known' })
  expect(fleetRows([host('bots-1'), host('local')], old, now)).toMatchObject([
    { tone: 'unhealthy', incidents: 2 },
    { tone: 'unknown', incidents: 0 },
  ])
})

test('the words of a lost link stay, in the colour of the incident', () => {
  expect(hostHealth(host('db-1'), incidents, now)).toMatchObject({ tone: 'unhealthy', word: 'Retry in 13 s' })
})

test('S17 a silenced incident makes no host red and is counted nowhere', () => {
  const silenced = incidents
    .filter(each => each.hostId === 'bots-1')
    .map(each => ({ ...each, mutedBy: 'silence' as const }))
  expect(silenced.some(isFiring)).toBe(false)
  expect(hostHealth(host('bots-1'), silenced, now).tone).toBe('healthy')
  expect(fleetRows([host('bots-1')], silenced, now)[0]).toMatchObject({ incidents: 0, tone: 'healthy' })
  expect(fleetRows([host('bots-1')], incidents, now)[0]).toMatchObject({ incidents: 2, tone: 'unhealthy' })
})

test('how long it lasts is counted from the first failure, and ends with it', () => {
  const open = incident('inc-telegram')
  expect(lasted(open, now)).toBe(now - open.startedAt)
  const past = incident('inc-past-1')
  expect(lasted(past, now)).toBe((past.resolvedAt ?? 0) - past.startedAt)
})

test('the list of what is active follows each change', () => {
  const [first, second] = incidents
  if (!first || !second) throw new Error('no incidents')
  expect(putActive([first], { ...first, state: 'acknowledged' })[0]?.state).toBe('acknowledged')
  expect(putActive([first], second).map(each => each.id)).toEqual([second.id, first.id])
  expect(putActive([first, second], { ...first, state: 'resolved' }).map(each => each.id)).toEqual([second.id])
})

test('a silence ends when it was said, and never before it begins', () => {
  const at = new Date('2026-03-28T22:15:00').getTime()
  expect(silenceUntil('30min', '', at)).toBe(at + 1_800_000)
  expect(silenceUntil('4h', '', at)).toBe(at + 4 * 3_600_000)
  expect(silenceUntil('tomorrow', '', at)).toBe(new Date('2026-03-29T08:00:00').getTime())
  expect(silenceUntil('time', '2026-03-28T23:00', at)).toBe(new Date('2026-03-28T23:00').getTime())
  expect(silenceUntil('time', '2026-03-28T22:00', at)).toBeNull()
  expect(silenceUntil('time', '', at)).toBeNull()
})

test('a silence mutes as much as was asked for and no more', () => {
  const about = incident('inc-webhook-bot')
  expect(scopeOf(about, 'service')).toMatchObject({ hostId: 'web-1', unit: about.unit, checkId: null })
  expect(scopeOf(about, 'check')).toMatchObject({ hostId: 'web-1', unit: null, checkId: 'web-1-failures' })
  expect(scopeOf(about, 'host')).toEqual({ hostId: 'web-1', unit: null, checkId: null, tag: null })
})

test('each step of a story belongs to one group, and equal ones have keys of their own', () => {
  const { timeline } = world.stories.get('inc-webhook-bot') ?? { timeline: [] }
  expect(groupsOf(timeline).reduce((sum, { count }) => sum + count, 0)).toBe(timeline.length)
  const [step] = timeline
  if (!step) throw new Error('no step')
  const keys = keyedItems([step, step, ...timeline.slice(1)]).map(({ key }) => key)
  expect(new Set(keys).size).toBe(keys.length)
})

test('that nothing is wrong says what is watched, and what cannot tell', () => {
  const views = [...world.checks.values()]
  const healthy = views.filter(view => view.last?.status === 'healthy')
  expect(watchedWords(views.filter(view => view.check.id === 'local-reachable'))).toEqual({
    title: 'Nothing is wrong',
    text: '1 check watches 1 host.',
  })
  expect(watchedWords(healthy)).toMatchObject({ title: 'Nothing is wrong' })
  const blind = views.filter(view => view.last?.status === 'unknown')
  expect(watchedWords([...healthy, ...blind])).toMatchObject({
    title: 'No incident is open',
    text: expect.stringContaining('3 of them cannot tell at the moment.'),
  })
  const odd = views.filter(view => view.check.id === 'poster-activity')
  expect(watchedWords(odd).text).toContain('1 of them found something that is no incident, or not yet one.')
  expect(watchedWords(views.filter(view => !view.check.enabled)).text).toMatch(/nothing would be noticed/)
})
