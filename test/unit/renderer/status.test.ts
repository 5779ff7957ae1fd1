// States in words: trouble first, and never green for "we do not know".
import { expect, test } from 'vitest'
import { connectionStatus, hostStatus, unitStatus } from '../../../src/renderer/lib/status.ts'
import { fleetRows, matchesText } from '../../../src/renderer/views/fleet/fleet-order.ts'
import { connectionStates } from '../../../src/shared/model/host.ts'
import { createWorld } from '../../fakes/demo/world.ts'

const now = 1_700_000_000_000
const hosts = [...createWorld('filled', now).hosts.values()]
const host = (id: string) => {
  const found = hosts.find(view => view.host.id === id)
  if (!found) throw new Error(`no ${id}`)
  return found
}

test('only a ready connection is green', () => {
  for (const state of connectionStates) {
    const view = { ...host('web-1'), connection: { ...host('web-1').connection, state } }
    expect([state, connectionStatus(view, now).tone === 'healthy']).toEqual([state, state === 'ready'])
  }
})

test('S5 the four ends that wait for the user say so', () => {
  for (const state of ['host-key-unknown', 'host-key-changed', 'auth-failed', 'config'] as const) {
    const view = { ...host('web-1'), connection: { ...host('web-1').connection, state } }
    expect(connectionStatus(view, now).detail).toMatch(/^Waits for you/)
  }
})

test('a retry counts down and never says "in 0 s"', () => {
  expect(connectionStatus(host('db-1'), now).word).toBe('Retry in 13 s')
  expect(connectionStatus(host('db-1'), now + 11_800).word).toBe('Retrying')
})

test('a ready host without knowledge of its services is not healthy yet', () => {
  expect(hostStatus({ ...host('web-1'), units: null }, now).tone).toBe('busy')
  expect(hostStatus(host('web-1'), now)).toMatchObject({ tone: 'unhealthy', word: '2 failed' })
  expect(hostStatus(host('shared-box'), now).tone).toBe('degraded')
})

test('the fleet shows trouble first', () => {
  const rows = fleetRows([...hosts].reverse(), [], now)
  expect(rows.map(row => row.tone)).toEqual([
    'unhealthy',
    'unhealthy',
    'waiting',
    'degraded',
    'degraded',
    'unknown',
    'healthy',
    'healthy',
  ])
  expect(rows[0]?.view.host.id).toBe('web-1')
  expect(rows[6]?.view.host.id).toBe('local')
})

test('a filter wants each of its words, anywhere', () => {
  const row = fleetRows([host('web-1')], [], now)[0]
  if (!row) throw new Error('no row')
  expect(matchesText(row, hostStatus(row.view, now), 'DEPLOY failed')).toBe(true)
  expect(matchesText(row, hostStatus(row.view, now), 'deploy healthy')).toBe(false)
})

test.each([
  [{ activeState: 'active', subState: 'running' }, 'Running', 'healthy'],
  [{ activeState: 'active', subState: 'exited' }, 'Done', 'healthy'],
  [{ activeState: 'failed', subState: 'failed', result: 'signal' }, 'Failed', 'unhealthy'],
  [{ activeState: 'activating', subState: 'auto-restart', result: 'exit-code' }, 'Restarting', 'degraded'],
  [{ activeState: 'inactive', subState: 'dead' }, 'Stopped', 'off'],
  [{ activeState: 'inactive', subState: 'dead', loadState: 'masked' }, 'Masked', 'off'],
  [{ activeState: 'a-state-of-the-future', subState: 'x' }, 'Unknown', 'unknown'],
])('a service that is %j reads %s', (state, word, tone) => {
  const unit = { loadState: 'loaded', result: 'success', unitFileState: 'enabled', ...state }
  expect(unitStatus(unit)).toMatchObject({ word, tone })
})
