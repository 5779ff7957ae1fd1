// What is put in comes out again, the same after a restart; what cannot be is refused.
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Store } from '../../../../src/engine/store/store.ts'
import type { UnitState } from '../../../../src/engine/store/units.ts'
import { type AuditEntry, AuditQuery } from '../../../../src/shared/model/audit.ts'
import { Host } from '../../../../src/shared/model/host.ts'
import type { ActionRun, UnitTransition } from '../../../../src/shared/model/unit.ts'
import { auditEntry, createWorkplace, draft, start, type Workplace } from './lib.ts'

let place: Workplace
let store: Store
beforeEach(() => {
  place = createWorkplace()
  store = place.open()
})
afterEach(() => place.dispose())
function reopen(): void {
  store.close()
  store = place.open()
}
const code = (expected: string) => expect.objectContaining({ name: 'AppError', code: expected })
const add = (id: string, change: Parameters<typeof draft>[0] = {}) =>
  store.hosts.insert({ ...draft(change), id, kind: 'ssh', createdAt: start })

test('hosts live through a restart as they were entered', () => {
  const host = add('a', { auth: { kind: 'password' }, sudo: 'password', userUnits: false, name: 'Bots "1"; --' })
  expect(Host.parse(host)).toEqual(host)
  reopen()
  expect(store.hosts.get('a')).toEqual(host)
  const changed = store.hosts.update('a', draft({ name: 'Renamed', port: 2222 }))
  expect(changed).toMatchObject({ id: 'a', name: 'Renamed', port: 2222, createdAt: start, auth: { kind: 'key' } })
  expect(store.hosts.list()).toEqual([changed])
  expect(() => add('a')).toThrow(code('CONFLICT'))
  expect(() => store.hosts.update('b', draft())).toThrow(code('NOT_FOUND'))
  expect(() => store.hosts.remove('b')).toThrow(code('NOT_FOUND'))
  expect(store.hosts.get('b')).toBeNull()
})

test('jump hosts: must be there, must not lead in a circle, cannot be removed while used', () => {
  expect(() => add('a', { jump: 'gate' })).toThrow(code('NOT_FOUND'))
  add('gate', { name: 'Gate' })
  add('a', { jump: 'gate', name: 'Inner' })
  expect(() => store.hosts.update('gate', draft({ jump: 'a' }))).toThrow(code('INVALID_INPUT'))
  expect(() => store.hosts.update('gate', draft({ jump: 'gate' }))).toThrow(code('INVALID_INPUT'))
  expect(() => store.hosts.remove('gate')).toThrow(/Inner/)
  store.hosts.remove('a')
  store.hosts.remove('gate')
  expect(store.hosts.list()).toEqual([])
})

test('removing a host takes its secrets, pins, keys and history, and nothing of others', () => {
  for (const id of ['a', 'a-b', 'b']) {
    add(id, { address: id === 'b' ? 'other.example.org' : 'Shared.example.org' })
    store.secrets.put(`host/${id}/password`, Buffer.of(1))
    store.hosts.setPinned({ hostId: id, scope: 'system', name: 'bot.service' }, true)
    store.samples.write(id, start, new Map([['cpu', 1]]))
    store.units.saveStates(id, [state(id)])
    store.units.insertTransitions([transition(id, 1)])
    store.gaps.open({ hostId: id, from: 1, cause: 'link' })
  }
  const key = { type: 'ssh-ed25519', fingerprint: 'SHA256:x', key: 'AAAA' }
  store.hostKeys.add('shared.example.org', 22, key)
  expect(store.hosts.get('a')?.stored.password).toBe(true)

  store.hosts.remove('a')
  expect(store.secrets.has('host/a/password')).toBe(false)
  expect(store.samples.names('a')).toEqual([])
  expect(store.units.lastStates('a')).toEqual([])
  expect(store.units.transitions({ hostId: 'a', scope: 'system', name: 'bot.service' }, 10)).toEqual([])
  expect(store.gaps.list('a', 0, 10)).toEqual([])
  // Another host has the same address: the key that was trusted for it stays.
  expect(store.hostKeys.list('SHARED.example.org', 22)).toEqual([key])
  for (const id of ['a-b', 'b']) {
    expect(store.hosts.get(id)?.stored.password).toBe(true)
    expect(store.hosts.pins(id)).toEqual([{ scope: 'system', name: 'bot.service' }])
    expect(store.samples.names(id)).toEqual(['cpu'])
    expect(store.units.lastStates(id)).toEqual([state(id)])
    expect(store.gaps.list(id, 0, 10)).toHaveLength(1)
  }
  store.hosts.remove('a-b')
  expect(store.hostKeys.list('shared.example.org', 22)).toEqual([])
})

test('trusted keys belong to an address and port', () => {
  const key = (type: string) => ({ type, fingerprint: `SHA256:${type}`, key: type })
  store.hostKeys.add('h', 22, key('ssh-ed25519'))
  store.hostKeys.add('h', 22, key('ssh-ed25519'))
  store.hostKeys.add('h', 22, key('ecdsa-sha2-nistp256'))
  store.hostKeys.add('h', 2222, key('ssh-rsa'))
  reopen()
  expect(store.hostKeys.list('H', 22).map(({ type }) => type)).toEqual(['ecdsa-sha2-nistp256', 'ssh-ed25519'])
  store.hostKeys.remove('h', 22)
  expect(store.hostKeys.list('h', 22)).toEqual([])
  expect(store.hostKeys.list('h', 2222)).toHaveLength(1)
})

test('one broken setting has its default and a warning, the others stay', () => {
  expect(store.settings.set({ theme: 'dark', sampleSecondsIdle: 30 })).toMatchObject({ theme: 'dark' })
  expect(() => store.settings.set({ rawSampleDays: 1000 })).toThrow()
  store.close()
  const db = new SQLite(join(place.directory, 'quarterdeck.db'))
  db.exec(`UPDATE setting SET value = '"mauve"' WHERE name = 'theme';
    INSERT INTO setting VALUES ('closeToTray', '{not json'), ('fromTheFuture', '1')`)
  db.close()
  store = place.open()
  expect(store.settings.get()).toMatchObject({ theme: 'system', sampleSecondsIdle: 30, closeToTray: true })
  expect(place.lines.filter(line => line.includes('setting is broken'))).toHaveLength(2)
})

test('audit entries are found by host, target and text, newest first and page by page', () => {
  const ids = Array.from({ length: 25 }, (_, at) =>
    store.audit.insert(
      auditEntry(at, { hostId: at % 2 ? 'a' : 'b', target: `unit-${at % 5}.service`, outcome: 'running' }),
    ),
  )
  const list = (query: Partial<AuditQuery>): AuditEntry[] => store.audit.list(AuditQuery.parse(query))
  expect(list({}).map(({ id }) => id)).toEqual([...ids].reverse())
  expect(list({ limit: 3 }).map(({ at }) => at)).toEqual([24, 23, 22])
  expect(list({ limit: 3, before: ids[22] ?? 0 }).map(({ at }) => at)).toEqual([21, 20, 19])
  expect(list({ hostId: 'a' })).toHaveLength(12)
  expect(list({ target: 'unit-2.service' })).toHaveLength(5)
  expect(list({ text: 'UNIT-3' })).toHaveLength(5)
  // Not a pattern: a person may look for any character.
  expect(list({ text: '%' })).toEqual([])
  const done = store.audit.finish(ids[3] ?? 0, { finishedAt: 99, outcome: 'failed', detail: 'no such unit' })
  expect(done).toMatchObject({ at: 3, finishedAt: 99, outcome: 'failed' })
  reopen()
  expect(store.audit.get(ids[3] ?? 0)).toEqual(done)
  expect(() => store.audit.finish(9999, { finishedAt: 1, outcome: 'failed', detail: null })).toThrow(code('NOT_FOUND'))
})

test('action runs that were under way are found after a restart', () => {
  const run: ActionRun = {
    id: 'run-1',
    hostId: 'a',
    scope: 'system',
    unit: 'bot.service',
    verb: 'restart',
    command: 'systemctl restart bot.service',
    actor: 'person',
    requestedAt: 5,
    finishedAt: null,
    outcome: 'running',
    evidence: [],
    error: null,
    invocationBefore: 'abc',
    invocationAfter: null,
  }
  store.actionRuns.insert(run)
  store.actionRuns.insert({ ...run, id: 'run-2', requestedAt: 6 })
  const ended: ActionRun = {
    ...run,
    id: 'run-2',
    requestedAt: 6,
    finishedAt: 9,
    outcome: 'failed',
    evidence: [{ ok: false, text: 'no new PID' }],
    error: { code: 'COMMAND_FAILED', message: 'said no', detail: { exit: 1 } },
    invocationAfter: 'def',
  }
  store.actionRuns.update(ended)
  reopen()
  expect(store.actionRuns.unfinished()).toEqual([run])
  expect(store.actionRuns.get('run-2')).toEqual(ended)
  expect(store.actionRuns.get('run-3')).toBeNull()
  expect(() => store.actionRuns.update({ ...run, id: 'run-3' })).toThrow(code('NOT_FOUND'))
})

test('R13 transitions are kept once, however often they are filled in', () => {
  const ref = { hostId: 'a', scope: 'system', name: 'bot.service' } as const
  const crash = { ...transition('a', 10.25), fromState: 'active', toState: 'failed', subState: 'failed' }
  const life: UnitTransition[] = [crash, { ...transition('a', 20), fromState: 'failed' }, transition('a', 30)]
  expect(store.units.insertTransitions(life)).toBe(3)
  expect(store.units.insertTransitions(life.map(item => ({ ...item, reconstructed: true })))).toBe(0)
  expect(store.units.insertTransitions([{ ...crash, scope: 'user' }])).toBe(1)
  reopen()
  expect(store.units.transitions(ref, 10)).toEqual([...life].reverse())
  expect(store.units.transitions(ref, 1)).toEqual([life[2]])
  store.units.saveStates('a', [state('a'), { ...state('a'), name: 'b.service', memoryBytes: 1.5 }])
  store.units.saveStates('a', [{ ...state('a'), activeState: 'failed' }])
  store.units.removeStates([{ ...ref, name: 'b.service' }])
  expect(store.units.lastStates('a')).toEqual([{ ...state('a'), activeState: 'failed' }])
})

test('gaps are open until they are closed, and found where they touch', () => {
  const id = store.gaps.open({ hostId: 'a', from: 100, cause: 'sleep' })
  const other = store.gaps.open({ hostId: 'b', from: 50, cause: 'not-running' })
  reopen()
  expect(store.gaps.openOnes().map(gap => gap.id)).toEqual([other, id])
  expect(store.gaps.list('a', 150, 200)).toHaveLength(1)
  expect(store.gaps.close(id, 140, true)).toEqual({ hostId: 'a', from: 100, to: 140, cause: 'sleep', filled: true })
  expect(store.gaps.list('a', 150, 200)).toEqual([])
  expect(store.gaps.list('a', 0, 100)).toHaveLength(1)
  // S3 the clock went back meanwhile: never an end before the start.
  expect(store.gaps.close(other, 10, false).to).toBe(50)
  expect(() => store.gaps.close(999, 1, true)).toThrow(code('NOT_FOUND'))
})

test('a transaction is all or nothing', () => {
  expect(() =>
    store.transaction(() => {
      add('a')
      store.audit.insert(auditEntry(1))
      throw new Error('half way')
    }),
  ).toThrow('half way')
  expect([store.hosts.list(), store.audit.get(1)]).toEqual([[], null])
})

function state(hostId: string): UnitState {
  return {
    hostId,
    scope: 'system',
    name: 'bot.service',
    description: 'A bot',
    loadState: 'loaded',
    activeState: 'active',
    subState: 'running',
    unitFileState: 'enabled',
    mainPid: 4711,
    result: 'success',
    restarts: 0,
    since: 1,
    invocationId: 'abc',
    exitStatus: 0,
    fragmentPath: null,
    memoryBytes: null,
    cpuPercent: null,
  }
}

function transition(hostId: string, at: number): UnitTransition {
  return {
    hostId,
    scope: 'system',
    name: 'bot.service',
    at,
    fromState: 'activating',
    toState: 'active',
    subState: 'running',
    result: null,
    mainPid: 4711,
    restarts: 1,
    invocationId: 'abc',
    reconstructed: false,
  }
}
