// Proves that the tray is never green for what is not known.
import { expect, it } from 'vitest'
import { summariseFleet } from '../../../../src/engine/domain/fleet-summary.ts'
import { compareUnits } from '../../../../src/engine/domain/unit-order.ts'
import type { HostView } from '../../../../src/shared/model/host.ts'
import type { Incident } from '../../../../src/shared/model/incident.ts'

function view(state: HostView['connection']['state'], failed: number | null): HostView {
  return {
    host: {
      id: 'web-1',
      kind: 'ssh',
      name: 'web-1',
      address: 'web-1.example',
      port: 22,
      user: 'deploy',
      auth: { kind: 'agent' },
      sudo: 'none',
      jump: null,
      userUnits: false,
      createdAt: 0,
      stored: { password: false, passphrase: false, sudoPassword: false },
    },
    connection: { state, since: 0, generation: 1, error: null, nextAttemptAt: null, offeredKey: null },
    facts: null,
    problems: [],
    units: failed === null ? null : { total: 5, failed, active: 5 - failed },
    uptimeSeconds: null,
  }
}

it('is unknown without hosts or without a connection, healthy only when all is seen', () => {
  expect(summariseFleet([]).state).toBe('unknown')
  expect(summariseFleet([view('ready', 0), view('backoff', null)]).state).toBe('unknown')
  expect(summariseFleet([view('ready', 0)])).toEqual({ state: 'healthy', lines: [] })
})

it('names failed services and hosts that wait for a person, worst state first', () => {
  const summary = summariseFleet([view('auth-failed', null), view('ready', 2)])
  expect(summary.state).toBe('unhealthy')
  expect(summary.lines.map(line => line.text)).toEqual(['web-1: waits for you', 'web-1: 2 failed services'])
  expect(summariseFleet([view('host-key-changed', null)]).state).toBe('degraded')
})

function incident(change: Partial<Incident>): Incident {
  return {
    id: 'i 1',
    hostId: 'web-1',
    hostName: 'web-1',
    checkId: 'c',
    checkName: 'api',
    checkType: 'http',
    unit: null,
    severity: 'critical',
    state: 'open',
    title: 'api is failing on web-1',
    firstMessage: '',
    lastMessage: '',
    cause: 'health',
    openedAt: 1,
    startedAt: 1,
    acknowledgedAt: null,
    acknowledgedBy: null,
    resolvedAt: null,
    mutedBy: null,
    tags: [],
    ...change,
  }
}

it('says first what fires, the worst of it first, with the way to it', () => {
  const soft = incident({ id: 'i2', severity: 'warning', title: 'disk is filling on web-1', openedAt: 2 })
  expect(summariseFleet([view('ready', 0)], [soft, incident({})])).toEqual({
    state: 'unhealthy',
    lines: [
      { text: 'api is failing on web-1', route: '/incidents/i%201' },
      { text: 'disk is filling on web-1', route: '/incidents/i2' },
    ],
  })
  expect(summariseFleet([view('ready', 0)], [soft]).state).toBe('degraded')
  const muted = incident({ mutedBy: 'maintenance' })
  expect(summariseFleet([view('ready', 0)], [muted]).state).toBe('maintenance')
  expect(summariseFleet([view('backoff', null)], [muted]).state).toBe('unknown')
})

it('says nothing twice: of a unit or a host that an incident speaks of', () => {
  const unit = { scope: 'system', name: 'bot.service' } as const
  const bot = incident({ unit, cause: 'unit', title: 'bot failed on web-1' })
  const texts = (views: HostView[], incidents: Incident[]) =>
    summariseFleet(views, incidents).lines.map(line => line.text)
  expect(texts([view('ready', 1)], [bot])).toEqual(['bot failed on web-1'])
  expect(texts([view('ready', 3)], [bot])).toEqual(['bot failed on web-1', 'web-1: 2 failed services'])
  const down = incident({ checkType: 'host-reachable', title: 'web-1 cannot be reached' })
  expect(texts([view('backoff', null)], [down])).toEqual(['web-1 cannot be reached'])
})

it('orders units: failed, restarting, pinned, A–Z', () => {
  const unit = (name: string, activeState: string, subState: string, pinned = false) => ({
    name,
    activeState,
    subState,
    pinned,
  })
  const units = [
    unit('b', 'active', 'running'),
    unit('a', 'active', 'running'),
    unit('z', 'active', 'running', true),
    unit('y', 'activating', 'auto-restart'),
    unit('x', 'failed', 'failed'),
  ]
  expect(units.sort(compareUnits).map(item => item.name)).toEqual(['x', 'y', 'z', 'a', 'b'])
})
