// How a check is shown: never green for what is not known, and the reason why nobody is told.
import { expect, test } from 'vitest'
import { heartbeatSummary } from '../../../src/renderer/components/heartbeat.tsx'
import { checkStatus, intervalText } from '../../../src/renderer/lib/check-status.ts'
import { addCheckPath } from '../../../src/renderer/lib/places.ts'
import { checkRows, checksOfUnit, matchesCheck } from '../../../src/renderer/views/checks/checks-order.ts'
import { formatUptime } from '../../../src/renderer/views/checks/uptime-panel.tsx'
import { findChecks } from '../../../src/renderer/views/palette/palette-search.ts'
import type { CheckView, Probe } from '../../../src/shared/model/check.ts'

const probe = (status: Probe['status']): Probe => ({
  checkId: 'a',
  at: 1,
  status,
  latencyMs: 3,
  message: `it is ${status}`,
  cause: null,
  numbers: [],
})
const view = (parts: Partial<CheckView> = {}, enabled = true): CheckView => ({
  check: {
    id: 'a',
    hostId: 'web',
    type: 'http',
    name: 'Health',
    spec: {},
    unit: null,
    enabled,
    vantage: 'host',
    intervalSeconds: 30,
    timeoutSeconds: 10,
    failureThreshold: 3,
    recoveryThreshold: 2,
    forSeconds: 0,
    severity: 'critical',
    dependsOn: [],
    tags: ['bots'],
    builtIn: false,
    createdAt: 0,
    stored: [],
  },
  last: probe('healthy'),
  phase: 'ok',
  mutedBy: null,
  incidentId: null,
  nextAt: 1,
  recent: [],
  ...parts,
})

test('what is not known is never green', () => {
  expect(checkStatus(view({ last: null })).tone).toBe('unknown')
  expect(checkStatus(view({ last: probe('unknown') })).tone).toBe('unknown')
  expect(checkStatus(view({}, false)).tone).toBe('off')
  expect(checkStatus(view()).tone).toBe('healthy')
})

test('an alert shows in its own words, and a muted one says why nobody is told', () => {
  expect(checkStatus(view({ phase: 'firing', last: probe('unhealthy') }))).toMatchObject({
    tone: 'unhealthy',
    word: 'Alerting',
    detail: 'it is unhealthy',
  })
  expect(checkStatus(view({ phase: 'pending', last: probe('unhealthy') })).word).toBe('Failing')
  expect(checkStatus(view({ phase: 'recovering' })).word).toBe('Recovering')
  expect(checkStatus(view({ mutedBy: 'maintenance' })).tone).toBe('maintenance')
  expect(checkStatus(view({ mutedBy: 'host-down', last: probe('unknown') })).detail).toContain('cannot be reached')
})

test('trouble comes first, and every word of the filter has to be said', () => {
  const other = view({ last: probe('unhealthy') })
  const rows = checkRows([view(), { ...other, check: { ...other.check, id: 'b', name: 'Ping' } }], [], [])
  expect(rows.map(row => row.view.check.id)).toEqual(['b', 'a'])
  const [ping] = rows
  expect(ping && matchesCheck(ping, 'PING bots')).toBe(true)
  expect(ping && matchesCheck(ping, 'ping web nothing')).toBe(false)
})

test('a service has the checks that speak of it and of no other, worst first', () => {
  const of = (id: string, hostId: string, name: string | null, status: Probe['status']): CheckView => {
    const { check, ...rest } = view({ last: probe(status) })
    return { ...rest, check: { ...check, id, hostId, unit: name === null ? null : { scope: 'system', name } } }
  }
  const views = [
    of('well', 'web', 'bot.service', 'healthy'),
    of('ill', 'web', 'bot.service', 'unhealthy'),
    of('elsewhere', 'db', 'bot.service', 'unhealthy'),
    of('another', 'web', 'nginx.service', 'unhealthy'),
    of('none', 'web', null, 'unhealthy'),
  ]
  const found = checksOfUnit(views, { hostId: 'web', scope: 'system', name: 'bot.service' })
  expect(found.map(each => each.check.id)).toEqual(['ill', 'well'])
  expect(checksOfUnit(views, { hostId: 'web', scope: 'user', name: 'bot.service' })).toEqual([])
})

test('the palette finds checks by name, kind and service, and nothing without a text', () => {
  expect(findChecks([view()], 'heal', 5)).toHaveLength(1)
  expect(findChecks([view()], 'http', 5)).toHaveLength(1)
  expect(findChecks([view()], 'ping', 5)).toEqual([])
  expect(findChecks([view()], '', 5)).toEqual([])
})

test('a new check is known by what its address says', () => {
  expect(
    addCheckPath({
      hostId: 'web',
      type: 'journal-pattern',
      unit: { scope: 'system', name: 'bot@a.service' },
      pattern: 'a+b & \\d',
    }),
  ).toBe('/checks/new?host=web&type=journal-pattern&unit=system%2Fbot%40a.service&pattern=a%2Bb+%26+%5Cd')
})

test('a heartbeat is summed up in words', () => {
  const beats = (['healthy', 'healthy', 'unhealthy', 'unknown'] as const).map((status, index) => ({
    at: index,
    status,
    latencyMs: null,
    message: '',
  }))
  expect(heartbeatSummary(beats)).toBe('2 of the last 4 probes healthy, 1 unhealthy, 1 unknown')
  expect(heartbeatSummary([])).toBe('No probe yet')
  expect(heartbeatSummary(beats.slice(0, 1))).toMatch(/^One probe so far: [a-z]+$/)
})

test('an uptime is never rounded up to a hundred, and an interval reads as it was chosen', () => {
  expect([100, 99.9999, 99.5, null].map(formatUptime)).toEqual(['100 %', '99.99 %', '99.50 %', '–'])
  expect([15, 300, 3600, 86_400, 90].map(intervalText)).toEqual(['15 s', '5 min', '1 h', '1 d', '90 s'])
})
