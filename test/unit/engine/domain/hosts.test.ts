// Proves ids, jump chains, status words and the recognition of one event told twice.
import { describe, expect, it } from 'vitest'
import { newHostId } from '../../../../src/engine/domain/host-id.ts'
import { jumpChain } from '../../../../src/engine/domain/jump-chain.ts'
import { overallStatus, statusOf } from '../../../../src/engine/domain/status-report.ts'
import { sameTransition } from '../../../../src/engine/domain/transitions.ts'
import { HostId, type HostView } from '../../../../src/shared/model/host.ts'
import type { UnitTransition } from '../../../../src/shared/model/unit.ts'

describe('host ids', () => {
  it('are readable, valid, unique and never a reserved word', () => {
    const taken = ['web-1']
    expect(newHostId('Web 1', taken)).toBe('web-1-2')
    expect(newHostId('Café München', [])).toBe('cafe-mu-nchen')
    for (const name of ['local', 'new', '日本', '---', '../../etc', 'x'.repeat(64), '-a-']) {
      const id = newHostId(name, taken)
      expect(HostId.safeParse(id).success, id).toBe(true)
      expect(['local', 'new']).not.toContain(id)
    }
  })
})

describe('jump chains', () => {
  it('name the hosts on the way, nearest first, and end where they would repeat', () => {
    const hosts = [
      { id: 'a', jump: 'b' },
      { id: 'b', jump: 'c' },
      { id: 'c', jump: null },
    ]
    expect(jumpChain('a', hosts)).toEqual(['b', 'c'])
    expect(jumpChain('c', hosts)).toEqual([])
    expect(jumpChain('a', [...hosts.slice(0, 2), { id: 'c', jump: 'a' }])).toEqual(['b', 'c'])
    expect(jumpChain('x', [{ id: 'x', jump: 'gone' }])).toEqual(['gone'])
  })
})

describe('status in one word', () => {
  const view = (
    state: HostView['connection']['state'],
    units: HostView['units'],
    problems: HostView['problems'] = [],
  ) => ({ host: { id: 'h', name: 'H' }, connection: { state, error: null }, units, problems }) as unknown as HostView

  it('is never healthy for what is not known', () => {
    expect(statusOf(view('backoff', { total: 1, failed: 0, active: 1 }), []).status).toBe('unknown')
    expect(statusOf(view('ready', null), []).status).toBe('unknown')
    expect(overallStatus([])).toBe('unknown')
    expect(overallStatus([{ status: 'healthy' }, { status: 'unknown' }])).toBe('unknown')
  })

  it('names what failed', () => {
    const status = statusOf(view('ready', { total: 2, failed: 1, active: 1 }), [
      { name: 'bot.service', activeState: 'failed' },
      { name: 'ok.service', activeState: 'active' },
    ])
    expect(status).toMatchObject({ status: 'unhealthy', failed: ['bot.service'], message: 'failed: bot.service' })
    expect(overallStatus([{ status: 'unknown' }, status])).toBe('unhealthy')
  })

  it('is degraded where a part of the watching does not work', () => {
    const problem = { area: 'journal', error: { code: 'JOURNAL_RIGHTS', message: 'no rights' } } as const
    expect(statusOf(view('ready', { total: 1, failed: 0, active: 1 }, [problem]), []).status).toBe('degraded')
  })
})

describe('one event told twice', () => {
  const event: UnitTransition = {
    hostId: 'h',
    scope: 'system',
    name: 'bot.service',
    at: 10_000,
    fromState: 'activating',
    toState: 'active',
    subState: 'running',
    result: 'success',
    mainPid: 7,
    restarts: 1,
    invocationId: 'abc',
    reconstructed: true,
  }
  it('is recognised by time, or by the invocation that it began', () => {
    expect(sameTransition(event, { ...event, at: 11_500, invocationId: null })).toBe(true)
    expect(sameTransition(event, { ...event, at: 90_000 })).toBe(true)
    expect(sameTransition(event, { ...event, at: 90_000, invocationId: 'def' })).toBe(false)
    expect(sameTransition(event, { ...event, toState: 'failed' })).toBe(false)
    expect(sameTransition(event, { ...event, name: 'other.service' })).toBe(false)
  })
})
