// Proves that incidents and silences are answered as the contract has it, and that what a person does to them is audited.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { incidentHandlers } from '../../../../src/engine/api/incidents.ts'
import type { Services } from '../../../../src/engine/api/services.ts'
import { Redactor } from '../../../../src/engine/lib/log.ts'
import { AuditLog } from '../../../../src/engine/runtime/audit-log.ts'
import { engineContract } from '../../../../src/shared/contract/engine.ts'
import { AuditQuery } from '../../../../src/shared/model/audit.ts'
import { IncidentQuery, SilenceDraft } from '../../../../src/shared/model/incident.ts'
import { createRig, type Rig } from '../runtime/alerting-rig.ts'

let rig: Rig
let handlers: ReturnType<typeof incidentHandlers>
const context = { signal: new AbortController().signal }
beforeEach(() => {
  rig = createRig()
  rig.host('web')
  const { store, alerting, silences, clock } = rig
  const audit = new AuditLog(store, clock, () => {})
  const fleet = { peek: () => null }
  const services = { store, alerting, silences, fleet, audit, clock, redactor: new Redactor() }
  handlers = incidentHandlers(services as unknown as Services)
})
afterEach(() => rig.dispose())

const audited = () =>
  rig.store.audit
    .list(AuditQuery.parse({}))
    .map(entry => [entry.actor, entry.verb, entry.target])
    .toReversed()

it('lists, tells, acknowledges, notes and exports, each as the contract has it', async () => {
  rig.fire(rig.check('api'))
  const list = handlers['incident.list'](IncidentQuery.parse({ state: 'active' }))
  expect(engineContract['incident.list'].output.parse(list)).toHaveLength(1)
  const id = list[0]?.id ?? ''
  expect(handlers['incident.acknowledge'](id).state).toBe('acknowledged')
  expect(handlers['incident.acknowledge'](id).state).toBe('acknowledged')
  handlers['incident.note']({ id, text: 'Looking' })
  const story = await handlers['incident.get'](id, context)
  expect(engineContract['incident.get'].output.safeParse(story).success).toBe(true)
  expect(story.timeline.map(item => item.title)).toEqual(expect.arrayContaining(['Acknowledged', 'Note']))
  expect(await handlers['incident.export']({ id, format: 'markdown' }, context)).toMatch(/^# api is failing on web\n/)
  expect(JSON.parse(await handlers['incident.export']({ id, format: 'json' }, context)).incident.id).toBe(id)
  expect(audited()).toEqual([
    ['person', 'incident.acknowledge', 'api is failing on web'],
    ['person', 'incident.note', 'api is failing on web'],
  ])
  await expect(handlers['incident.get']('none', context)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

it('adds, edits and removes silences, and tells the windows', () => {
  const draft = SilenceDraft.parse({
    name: 'Night work',
    kind: 'maintenance',
    scope: { hostId: 'web', unit: null, checkId: null, tag: null },
    schedule: { kind: 'weekly', days: [1, 2], from: '22:00', to: '04:00', zone: 'Europe/Berlin' },
  })
  const made = handlers['silence.add'](draft)
  expect(engineContract['silence.add'].output.parse(made)).toEqual(made)
  expect(handlers['silence.edit']({ id: made.id, draft: { ...draft, name: 'Other' } }).name).toBe('Other')
  expect(engineContract['silence.list'].output.parse(handlers['silence.list']())).toHaveLength(1)
  handlers['silence.remove'](made.id)
  expect(handlers['silence.list']()).toEqual([])
  expect(() => handlers['silence.remove'](made.id)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
  expect(audited().map(([, verb, target]) => `${verb} ${target}`)).toEqual([
    'silence.add Night work',
    'silence.edit Other',
    'silence.remove Other',
  ])
  expect(rig.published.filter(each => each.name === 'silence.changed').length).toBeGreaterThanOrEqual(3)
})
