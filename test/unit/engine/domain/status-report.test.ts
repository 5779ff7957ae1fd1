// Proves when the command line has waited long enough for a host.
import { expect, it } from 'vitest'
import { isSettled } from '../../../../src/engine/domain/status-report.ts'
import type { ConnectionState, HostProblem, HostView } from '../../../../src/shared/model/host.ts'

const view = (state: ConnectionState, userUnits = true, areas: HostProblem['area'][] = []) =>
  ({
    host: { userUnits },
    connection: { state },
    problems: areas.map(area => ({ area, error: { code: 'UNSUPPORTED', message: '' } })),
  }) as unknown as HostView

it('waits for the services of both managers, or for the reason why there are none', () => {
  const watched = (...scopes: string[]) => scopes.includes.bind(scopes)
  expect(isSettled(view('ready'), watched())).toBe(false)
  expect(isSettled(view('ready'), watched('system'))).toBe(false)
  expect(isSettled(view('ready'), watched('user'))).toBe(false)
  expect(isSettled(view('ready'), watched('system', 'user'))).toBe(true)
  expect(isSettled(view('ready', false), watched('system'))).toBe(true)
  expect(isSettled(view('ready', true, ['user-units']), watched('system'))).toBe(true)
  expect(isSettled(view('ready', true, ['units']), watched())).toBe(false)
})

it('waits on the way to a host, and no longer where a person is needed', () => {
  const never = () => false
  for (const state of ['idle', 'resolve', 'tcp', 'host-key', 'auth', 'lost'] as const)
    expect([state, isSettled(view(state), never)]).toEqual([state, false])
  for (const state of ['host-key-unknown', 'host-key-changed', 'auth-failed', 'config', 'backoff'] as const)
    expect([state, isSettled(view(state), never)]).toEqual([state, true])
})
