// An incident's story from all that keeps a part of it, and what of it may leave this computer.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Redactor } from '../../../../src/engine/lib/log.ts'
import type { JournalReader } from '../../../../src/engine/ports.ts'
import { exportIncident, knownTo } from '../../../../src/engine/runtime/incident-export.ts'
import { incidentStory, type StoryOptions } from '../../../../src/engine/runtime/incident-story.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import { IncidentStory } from '../../../../src/shared/model/incident.ts'
import type { JournalEntry, JournalPageQuery } from '../../../../src/shared/model/journal.ts'
import { createRig, type Rig } from './alerting-rig.ts'

const bot = { scope: 'system', name: 'bot.service' } as const

let rig: Rig
let began: number
let pages: JournalPageQuery[]
beforeEach(() => {
  rig = createRig()
  rig.host('web', { address: 'vps.example.org', user: 'deploy' })
  rig.channel('Phone')
  rig.settings.notifications = false
  began = rig.clock.now()
  pages = []
})
afterEach(() => rig.dispose())

const entry = (message: string): JournalEntry => ({
  hostId: 'web',
  cursor: 's=abc;b=def',
  at: began,
  priority: 3,
  unit: 'bot.service',
  identifier: 'bot',
  pid: 1,
  message,
  truncated: false,
})

function about(journal: (query: JournalPageQuery) => Promise<readonly JournalEntry[]>, state = 'ready'): StoryOptions {
  const reader = {
    page: async (query: JournalPageQuery) => {
      pages.push(query)
      return { entries: await journal(query), more: false }
    },
  }
  const session = { journal: reader as unknown as JournalReader, link: { status: { state } } as never }
  return { store: rig.store, clock: rig.clock, session: () => session }
}

/** A crash, a restart by hand that was verified, a gap, and the end of it. */
async function crash(): Promise<string> {
  const check = rig.check('units', { type: 'unit-failures', failureThreshold: 1, name: 'Services' })
  const { store, clock } = rig
  const transition = { hostId: 'web', ...bot, mainPid: null, restarts: 0, invocationId: null, reconstructed: false }
  store.units.insertTransitions([
    {
      ...transition,
      at: clock.now() - 3_600_000,
      fromState: 'inactive',
      toState: 'active',
      subState: 'running',
      result: null,
    },
    { ...transition, at: clock.now(), fromState: 'active', toState: 'failed', subState: 'failed', result: 'exit-code' },
  ])
  const message = 'Its process exited with code 1. password=hunter22 from 10.1.2.3'
  store.probeSpans.extend('units', 'system/bot.service', 'unhealthy', message, clock.now(), 60_000)
  rig.probe(check, 'unhealthy', { unit: bot, message, cause: 'unit' })
  const gap = store.gaps.open({ hostId: 'web', from: clock.now() + 500, cause: 'link' })
  await rig.pass(5_000)
  store.gaps.close(gap, clock.now(), true)
  store.audit.insert({
    at: clock.now(),
    finishedAt: clock.now() + 1,
    actor: 'person',
    verb: 'unit.restart',
    hostId: 'web',
    target: 'bot.service',
    command: 'sudo systemctl restart bot.service',
    outcome: 'verified',
    detail: null,
    actionRunId: null,
  })
  store.audit.insert({
    at: clock.now(),
    finishedAt: clock.now(),
    actor: 'person',
    verb: 'unit.restart',
    hostId: 'web',
    target: 'other.service',
    command: 'other',
    outcome: 'verified',
    detail: null,
    actionRunId: null,
  })
  rig.heal(check, { unit: bot, message: 'bot.service is running' })
  await rig.pass(12_000)
  const [change] = rig.changes
  const id = change?.incident.id ?? ''
  rig.alerting.note(id, 'Looked into /home/deploy/bot.log', 'person')
  return id
}

test('R25 the timeline has what was probed, told and done, in order, and the journal around the beginning', async () => {
  const id = await crash()
  const story = await incidentStory(
    about(async () => [entry('Traceback')]),
    id,
  )
  expect(IncidentStory.parse(story)).toEqual(story)
  expect(story.timeline.map(item => [item.kind, item.title])).toEqual([
    ['alert', 'Firing, critical'],
    ['probe', 'Probed unhealthy'],
    ['transition', 'bot.service: active → failed (failed)'],
    ['connection', 'Link to the host lost'],
    ['notification', 'Told through Phone'],
    ['alert', 'Resolved'],
    ['connection', 'Watched again'],
    ['action', 'sudo systemctl restart bot.service'],
    ['notification', 'Told through Phone'],
    ['note', 'Note'],
  ])
  expect(story.timeline.map(item => item.at)).toEqual(story.timeline.map(item => item.at).toSorted((a, b) => a - b))
  expect(story.timeline.find(item => item.kind === 'action')).toMatchObject({ tone: 'good', actor: 'person' })
  expect(pages).toMatchObject([
    { units: ['bot.service'], scope: 'system', since: began - 60_000, until: began + 60_000, direction: 'after' },
  ])
  expect(story.journal).toHaveLength(1)
  expect(story.journalProblem).toBeNull()
})

test('a journal that cannot be read is said to be, in words', async () => {
  const id = await crash()
  const none = { store: rig.store, clock: rig.clock, session: () => null }
  expect((await incidentStory(none, id)).journalProblem).toBe(
    'web is not connected, so its journal cannot be read now.',
  )
  expect(
    (
      await incidentStory(
        about(async () => [], 'backoff'),
        id,
      )
    ).journalProblem,
  ).toMatch(/not connected/)
  const rights = new AppError('JOURNAL_RIGHTS', 'deploy may not read the system journal', {
    hint: 'Join systemd-journal.',
  })
  const refused = await incidentStory(
    about(async () => Promise.reject(rights)),
    id,
  )
  expect(refused).toMatchObject({
    journal: [],
    journalProblem: 'deploy may not read the system journal. Join systemd-journal.',
  })
  const waiting = incidentStory(
    about(() => new Promise(() => {})),
    id,
  )
  await rig.pass(11_000)
  expect((await waiting).journalProblem).toBe('The journal did not come in time.')
  await expect(incidentStory(none, 'none')).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('R25 an export tells the story without addresses, user names and secrets', async () => {
  const id = await crash()
  const redactor = new Redactor()
  redactor.add('s3cr3t-value')
  const lines = ['login of anna from 198.51.100.9', '``` <b>s3cr3t-value</b>', 'deploy@vps.example.org \u001b[31mred']
  const story = await incidentStory(
    about(async () => lines.map(entry)),
    id,
  )
  const known = knownTo(rig.store, story.incident)
  const markdown = exportIncident(story, 'markdown', known, redactor)
  const json = exportIncident(story, 'json', known, redactor)
  for (const text of [markdown, json])
    for (const secret of ['hunter22', '10.1.2.3', '198.51.100.9', 's3cr3t-value', 'vps.example.org', 'deploy', 's=abc'])
      expect(text).not.toContain(secret)
  expect(markdown).toMatch(/^# bot failed on web\n\n- \*\*Host\*\*: web\n/)
  expect(markdown).toContain('**Firing, critical**')
  expect(markdown).toContain('sudo systemctl restart bot.service')
  expect(markdown).toContain('/home/\\[user\\]/bot.log')
  expect(markdown).toMatch(/\n````text\n[\s\S]*\n````\n/)
  expect(markdown).not.toContain('\u001b')
  const told = IncidentStory.parse(JSON.parse(json))
  expect(told.incident.id).toBe(id)
  expect(told.timeline).toHaveLength(story.timeline.length)
  expect(told.incident.firstMessage).toBe('Its process exited with code 1. password=[secret] from [ip]')
})
