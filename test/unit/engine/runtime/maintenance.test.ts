// Maintenance tasks from their making to their removal, with a host of memory: schedules, waiting, services stopped around, kills, the breaker.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { Emitter } from '../../../../src/engine/lib/disposable.ts'
import { createLogger } from '../../../../src/engine/lib/log.ts'
import { createSteadyTime } from '../../../../src/engine/lib/steady-time.ts'
import type { RemoteProcess, SpawnOptions } from '../../../../src/engine/ports.ts'
import { AuditLog } from '../../../../src/engine/runtime/audit-log.ts'
import { CircuitBreakers } from '../../../../src/engine/runtime/circuit-breaker.ts'
import type { HostSession } from '../../../../src/engine/runtime/host-session.ts'
import { HostTurns } from '../../../../src/engine/runtime/host-turns.ts'
import { Maintenance } from '../../../../src/engine/runtime/maintenance.ts'
import { openStore, type Store } from '../../../../src/engine/store/store.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import { AuditQuery } from '../../../../src/shared/model/audit.ts'
import type { Check } from '../../../../src/shared/model/check.ts'
import type { ConnectionStatus } from '../../../../src/shared/model/host.ts'
import {
  MaintenanceDraft,
  type MaintenanceRun,
  type MaintenanceTask,
  PreviewRequest,
} from '../../../../src/shared/model/maintenance.ts'
import type { ActionRun } from '../../../../src/shared/model/unit.ts'
import { draft as hostDraft, start } from '../store/lib.ts'

const unit = { scope: 'system' as const, name: 'bot.service' }
const nightly = {
  cron: '0 4 * * *',
  zone: 'UTC',
  jitterSeconds: 0,
  catchUp: true,
  onlyOnMains: false,
  onlyOnNetworks: [],
}
const hour = 3_600_000

let directory: string
let clock: ManualClock
let store: Store
let maintenance: Maintenance
let statuses: Emitter<ConnectionStatus>
let told: { status: string; message: string }[]
let removed: string[]
/** What outlives the engine. */
let up: boolean
let mains: boolean | null
let online: boolean
let locked: boolean
/** The services of the host can be asked. */
let seen: boolean
/** Something else has its turn on the host until this is called; null where nothing does. */
let leave: (() => void) | null
let sent: string[]
/** How a command ends: its exit, null for a link that goes, `hang` for one that is never over. */
let onCommand: (argv: string) => number | null | 'hang'
let onStop: () => void
/** So long a start takes. */
let startMs: number

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'quarterdeck-maintenance-'))
  clock = new ManualClock(start)
  ;[up, online, locked, seen, sent, leave, onCommand, onStop] = [true, true, false, true, [], null, () => 0, () => {}]
  mains = null
  startMs = 0
  begin()
})
afterEach(() => {
  kill()
  rmSync(directory, { recursive: true, force: true })
})

function kill(): void {
  maintenance.dispose()
  store.close()
}

/** `busy`: before all else something takes its turn on the host. */
function begin(busy = false): void {
  const turns = new HostTurns()
  if (busy)
    void turns.take('web-1', new AbortController().signal).then(way => {
      leave = way
    })
  const log = createLogger({ sink: () => {}, now: () => clock.now(), level: 'debug' })
  store = openStore({ directory, clock, log })
  if (!store.hosts.get('web-1'))
    store.hosts.insert({ ...hostDraft({ name: 'web-1', userUnits: false }), id: 'web-1', kind: 'ssh', createdAt: 1 })
  statuses = new Emitter()
  told = []
  removed = []
  const publish = (): void => {}
  maintenance = new Maintenance({
    ...{ store, clock, log, publish, turns },
    vault: {
      get: (id: string) => {
        if (locked) throw new AppError('VAULT_LOCKED', 'The vault is locked')
        return store.secrets.has(id) ? 'secret' : null
      },
      put: (id: string) => store.secrets.put(id, Buffer.from('sealed')),
      forget: (id: string) => store.secrets.remove(id),
      onChange: () => ({ dispose: () => {} }),
    } as never,
    checks: { putOwned: () => ({ id: 'check-1' }) as Check, removeOwned: id => void removed.push(id) },
    prober: {
      check: id => ({ id, enabled: true, intervalSeconds: 300 }) as Check,
      record: (_check, _unit, { status, message }) => {
        told.push({ status, message })
        return null
      },
    },
    breakers: new CircuitBreakers({ store, clock, steady: createSteadyTime(clock), log }),
    actions: {
      run: async (_ref: unknown, verb: string) => {
        sent.push(verb)
        if (verb === 'start' && startMs > 0)
          clock.after(startMs, () => {
            up = true
          })
        else up = verb === 'start'
        if (verb === 'stop') onStop()
        const outcome = verb === 'start' && !up ? 'running' : 'verified'
        return { id: verb, outcome, evidence: [{ ok: true, text: verb }] } as unknown as ActionRun
      },
      get: () => ({ outcome: up ? 'verified' : 'running', evidence: [] }) as unknown as ActionRun,
      under: () => null,
    },
    audit: new AuditLog(store, clock, publish),
    session: () => session(),
    onMains: async () => mains,
    networks: async () => [],
  })
  maintenance.start()
  maintenance.attach(session())
}

const status = (): ConnectionStatus => ({
  ...{
    state: online ? 'ready' : 'backoff',
    since: 1,
    generation: 1,
    error: null,
    nextAttemptAt: null,
    offeredKey: null,
  },
})

function session(): HostSession {
  return {
    ...{ host: store.hosts.get('web-1'), facts: { rights: 'root' } },
    link: { status: status(), onStatus: (listener: never) => statuses.on(listener), spawn },
    units: { manager: () => (seen ? { get: async () => ({ activeState: up ? 'active' : 'inactive' }) } : null) },
  } as unknown as HostSession
}

async function spawn(argv: readonly string[], { signal }: SpawnOptions = {}): Promise<RemoteProcess> {
  // what is before it is the life-line's
  const command = argv.slice(8).join(' ')
  sent.push(command)
  const end = onCommand(command)
  let finish = (_exit: number | null): void => {}
  const ended = new Promise<Awaited<RemoteProcess['ended']>>(resolve => {
    finish = exit => resolve({ exit, signal: null, lost: exit === null })
  })
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const over = (exit: number | null): void => {
    stdout.end()
    stderr.end()
    finish(exit)
  }
  if (end !== 'hang') over(end)
  signal?.addEventListener('abort', () => over(null))
  for (const stream of [stdout, stderr]) stream.resume()
  return { generation: 1, stdin: new PassThrough().resume(), stdout, stderr, ended, dispose: () => over(null) }
}

const step = (key: string, ...argv: string[]) => ({ key, type: 'runbook', spec: { commands: [{ argv }] } })
const add = (change: Partial<MaintenanceDraft> = {}): MaintenanceTask =>
  maintenance.add(
    MaintenanceDraft.parse({
      name: 'Nightly',
      hostId: 'web-1',
      steps: [step('a', 'one'), step('b', 'two')],
      ...change,
    }),
    {},
  )
const run = (taskId: string): MaintenanceRun => maintenance.runner.start({ taskId, reason: 'person', actor: 'person' })
const newest = (id: string): MaintenanceRun | undefined => maintenance.runner.list(id, 1)[0]

/** Lets what is ready happen, and time go on, until there is an answer. */
async function until<T>(ask: () => T | null | undefined | false): Promise<T> {
  for (let turn = 0; turn < 2_000; turn++) {
    const answer = ask()
    if (answer) return answer
    await new Promise(resolve => setImmediate(resolve))
    if (turn % 10 === 9) clock.advance(500)
  }
  throw new Error('it did not happen')
}
/** Lets time go on until it is over. */
async function passes(what: Promise<void>): Promise<void> {
  let over = false
  void what.then(() => {
    over = true
  })
  await until(() => over)
}
const ended = (id: string): Promise<MaintenanceRun> =>
  until(() => {
    const last = newest(id)
    return last?.finishedAt != null && last
  })

it('does its steps in order, between a stop and a start of what runs, and writes down who did what', async () => {
  const { id, name } = add({ stopUnits: [unit] })
  run(id)
  expect(await ended(id)).toMatchObject({
    outcome: 'done',
    stopped: [],
    steps: [{ outcome: 'done' }, { outcome: 'done' }],
  })
  expect(sent).toEqual(['stop', 'one', 'two', 'start'])
  expect(store.audit.list(AuditQuery.parse({ target: name }))).toMatchObject([
    { verb: 'maintenance.run', actor: 'person', outcome: 'verified', command: 'one; two' },
  ])
  expect(told.at(-1)).toMatchObject({ status: 'healthy' })
  expect(maintenance.view(id)).toMatchObject({ running: null, problem: null, lastDoneAt: expect.any(Number) })
})

it('stops at the first step that fails, starts what it stopped, and tells the check', async () => {
  const { id } = add({ stopUnits: [unit] })
  onCommand = () => 3
  run(id)
  expect(await ended(id)).toMatchObject({ outcome: 'failed', steps: [{ outcome: 'failed' }, { outcome: 'skipped' }] })
  expect(sent).toEqual(['stop', 'one', 'start'])
  expect(told.at(-1)).toMatchObject({ status: 'unhealthy', message: expect.stringContaining('ended with 3') })
})

it('a command that takes too long is a failure and no loss: the host was there, and it was ended', async () => {
  const { id } = add({
    steps: [{ key: 'a', type: 'runbook', spec: { commands: [{ argv: ['one'], timeoutSeconds: 5 }] } }],
  })
  onCommand = () => 'hang'
  run(id)
  const { outcome, steps } = await ended(id)
  expect({ outcome, step: steps[0]?.outcome }).toEqual({ outcome: 'failed', step: 'failed' })
  expect(steps[0]?.evidence.at(-1)?.text).toContain('took too long')
})

it('S37 tells what to add to sudoers where its shell is refused, and leaves the other refusals as they are', async () => {
  const refuse = (message: string) => () => {
    throw new AppError('SUDO_MISSING', message, { hint: 'Its own.' })
  }
  const texts: string[] = []
  for (const message of [
    'sudo ended with 1 before the command began',
    "sudo asks for deploy's password",
    'deploy may not do this with sudo',
    'sudo asks for a password and none is stored',
  ]) {
    onCommand = refuse(message)
    const { id } = add({ name: message, steps: [step('a', 'one')] })
    run(id)
    texts.push((await ended(id)).steps[0]?.evidence.at(-1)?.text ?? '')
  }
  for (const text of texts.slice(0, 3))
    expect(text).toMatch(/sudo does not let \S+ run a shell\. .*visudo: \S+ ALL=\(root\) .*\/bin\/sh \(/)
  expect(texts[3]).toMatch(/none is stored\. Its own\.$/)
})

it('a service that a person had stopped stays so', async () => {
  up = false
  const { id } = add({ stopUnits: [unit] })
  run(id)
  expect((await ended(id)).outcome).toBe('done')
  expect(sent).toEqual(['one', 'two'])
})

it('S31 waits for a host that is away, over a restart of the engine, too, and runs once', async () => {
  online = false
  const { id } = add()
  run(id)
  await until(() => newest(id)?.outcome === 'waiting')
  kill()
  begin()
  expect(newest(id)).toMatchObject({ outcome: 'waiting', finishedAt: null })
  expect(sent).toEqual([])
  online = true
  statuses.emit(status())
  expect((await ended(id)).outcome).toBe('done')
  expect(sent).toEqual(['one', 'two'])
})

it('S7 what an engine was killed in is lost at its next start, is not sent again, and its services run again', async () => {
  const { id } = add({ stopUnits: [unit] })
  onCommand = () => 'hang'
  run(id)
  await until(() => sent.includes('one'))
  kill()
  expect(up).toBe(false)
  begin()
  expect(await ended(id)).toMatchObject({
    outcome: 'lost',
    stopped: [],
    steps: [{ outcome: 'lost' }, { outcome: 'skipped' }],
  })
  expect(sent).toEqual(['stop', 'one', 'start'])
  expect(told.at(-1)?.status).toBe('unhealthy')
})

it('an engine that ends in good order starts what it had stopped, and the next one tells how far the run came', async () => {
  const { id } = add({ stopUnits: [unit] })
  onCommand = () => 'hang'
  run(id)
  await until(() => sent.includes('one'))
  await maintenance.end(3_500)
  expect(sent).toEqual(['stop', 'one', 'start'])
  expect(newest(id)).toMatchObject({ finishedAt: null, stopped: [], steps: [{ outcome: 'running' }, {}] })
  expect(() => run(id)).toThrow(/ended/)
  kill()
  begin()
  expect(await ended(id)).toMatchObject({ outcome: 'lost', steps: [{ outcome: 'lost' }, { outcome: 'skipped' }] })
  expect(sent).toEqual(['stop', 'one', 'start'])
})

it('an engine that ends waits for a service that takes long to start, as long as it was given', async () => {
  const { id } = add({ stopUnits: [unit] })
  onCommand = () => 'hang'
  startMs = 10_000
  run(id)
  await until(() => sent.includes('one'))
  await passes(maintenance.end(28_500))
  expect(up).toBe(true)
  expect(newest(id)).toMatchObject({ finishedAt: null, stopped: [] })
})

it('an engine that ends waits for no host that is away, and only so long for one that says nothing of its services', async () => {
  const { id } = add({ stopUnits: [unit] })
  onCommand = () => {
    seen = false
    return 1
  }
  run(id)
  await until(() => newest(id)?.progress?.startsWith('Waiting to start'))
  const began = clock.monotonic()
  await passes(maintenance.end(9_000))
  expect(clock.monotonic() - began).toBe(9_000)
  expect(newest(id)?.stopped).toEqual([unit])
  online = false
  await maintenance.end(9_000)
})

it('what was stopped before a kill is started in its turn, so that nothing that is done there meets it', async () => {
  const { id } = add({ stopUnits: [unit] })
  onCommand = () => 'hang'
  run(id)
  await until(() => sent.includes('one'))
  kill()
  begin(true)
  await until(() => leave !== null)
  clock.advance(60_000)
  await new Promise(resolve => setImmediate(resolve))
  expect(sent).toEqual(['stop', 'one'])
  leave?.()
  expect((await ended(id)).outcome).toBe('lost')
  expect(sent).toEqual(['stop', 'one', 'start'])
})

it('a host that is there but lets nobody ask its services is not waited for without end', async () => {
  const { id } = add({ stopUnits: [unit] })
  onCommand = command => {
    seen = command !== 'two'
    return 0
  }
  run(id)
  await until(() => newest(id)?.progress?.startsWith('Waiting to start'))
  clock.advance(290_000)
  await new Promise(resolve => setImmediate(resolve))
  expect(newest(id)?.finishedAt).toBeNull()
  const last = await ended(id)
  expect(last).toMatchObject({ outcome: 'failed', stopped: [], steps: [{ outcome: 'done' }, { outcome: 'done' }] })
  expect(last.evidence.at(-1)?.text).toContain('Start bot.service on the host yourself')
  // its turn is free again
  seen = true
  run(id)
  expect((await ended(id)).outcome).toBe('done')
})

it('a cancel ends the wait for a host that is away, and says what is left to be done there', async () => {
  const { id } = add({ stopUnits: [unit] })
  onCommand = () => {
    online = false
    return 0
  }
  const { id: runId } = run(id)
  await until(() => newest(id)?.progress?.startsWith('Waiting to start'))
  await expect(maintenance.remove(id)).rejects.toThrow(/bot\.service is stopped for this task/)
  maintenance.runner.cancel(runId)
  const last = await ended(id)
  expect(last.evidence.at(-1)?.text).toContain('Start bot.service on the host yourself')
  expect(last.outcome).toBe('failed')
  await maintenance.remove(id)
})

it('S7 a link that goes in the middle is waited for only to start what was stopped', async () => {
  const { id } = add({ stopUnits: [unit] })
  onCommand = () => {
    online = false
    return null
  }
  run(id)
  await until(() => newest(id)?.progress?.startsWith('Waiting to start'))
  expect(newest(id)).toMatchObject({ finishedAt: null, stopped: [unit], steps: [{ outcome: 'lost' }, {}] })
  online = true
  expect((await ended(id)).outcome).toBe('lost')
  expect(sent).toEqual(['stop', 'one', 'start'])
})

it('no service stays down while a run waits: what was cut off at the stop is over once it runs again', async () => {
  const pg = { key: 'pg', type: 'vacuum-postgres', spec: { address: '127.0.0.1' } }
  const draft = MaintenanceDraft.parse({ name: 'Pg', hostId: 'web-1', steps: [pg], stopUnits: [unit] })
  const { id } = maintenance.add(draft, { 'pg.password': 'secret' })
  onStop = () => {
    online = false
  }
  maintenance.runner.start({ taskId: id, reason: 'schedule', actor: 'rule: schedule' })
  await until(() => newest(id)?.progress?.startsWith('Waiting to start'))
  kill()
  locked = true
  begin()
  online = true
  expect(await ended(id)).toMatchObject({ outcome: 'lost', stopped: [], steps: [{ outcome: 'skipped' }] })
  expect(sent).toEqual(['stop', 'start'])
})

it('a cancel ends the command; one that waits is called off; a removal does so first', async () => {
  const { id, checkId } = add({ stopUnits: [unit] })
  onCommand = () => 'hang'
  const { id: runId } = run(id)
  await until(() => sent.includes('one'))
  expect(() => run(id)).toThrow(/under way/)
  maintenance.runner.cancel(runId)
  expect(await ended(id)).toMatchObject({
    outcome: 'cancelled',
    steps: [{ outcome: 'cancelled' }, { outcome: 'skipped' }],
  })
  expect(sent.at(-1)).toBe('start')
  // a cancel says nothing of the task
  expect(told.at(-1)?.status).toBe('unknown')
  online = false
  run(id)
  await until(() => newest(id)?.outcome === 'waiting')
  await maintenance.remove(id)
  expect(removed).toEqual([checkId])
  expect(() => maintenance.view(id)).toThrow(/not there any more/)
})

it('runs at its time and once, makes up for one that was missed, and not while it is off', async () => {
  const { id } = add({ schedule: nightly })
  expect(maintenance.view(id).nextAt).toBe(start + 4 * hour)
  clock.advance(4 * hour - 1_000)
  await maintenance.schedules.look()
  expect(newest(id)).toBeUndefined()
  clock.advance(1_000)
  await maintenance.schedules.look()
  expect(await ended(id)).toMatchObject({ outcome: 'done', reason: 'schedule' })
  await maintenance.schedules.look()
  expect(maintenance.runner.list(id, 9)).toHaveLength(1)
  kill()
  clock.advance(70 * hour)
  begin()
  await maintenance.schedules.look()
  expect(await ended(id)).toMatchObject({ outcome: 'done' })
  expect(maintenance.runner.list(id, 9).map(({ reason }) => reason)).toEqual(['catch-up', 'schedule'])
  const { task } = maintenance.view(id)
  maintenance.edit(id, { ...task, enabled: false }, {})
  clock.advance(48 * hour)
  await maintenance.schedules.look()
  expect(maintenance.runner.list(id, 9)).toHaveLength(2)
  expect(maintenance.view(id).nextAt).toBeNull()
})

it('says that a task which is due waits for mains, and begins it once there are', async () => {
  const { id } = add({ schedule: { ...nightly, onlyOnMains: true } })
  mains = false
  clock.advance(5 * hour)
  await maintenance.schedules.look()
  expect(maintenance.view(id)).toMatchObject({ nextAt: start + 4 * hour, waitsFor: 'mains', running: null })
  mains = true
  await maintenance.schedules.look()
  expect(maintenance.view(id).waitsFor).toBeNull()
  expect(await ended(id)).toMatchObject({ outcome: 'done', reason: 'catch-up' })
})

it('S25 after five bad ends running its schedule is off for ten minutes, and then tried once', async () => {
  const { id } = add({ schedule: { ...nightly, cron: '* * * * *' } })
  onCommand = () => 1
  const runs = (): number => maintenance.runner.list(id, 99).length
  const minute = async (): Promise<void> => {
    const before = runs()
    clock.advance(60_000)
    await maintenance.schedules.look()
    await until(() => maintenance.runner.running(id) === null)
    expect(runs() - before).toBeLessThanOrEqual(1)
  }
  for (let at = 0; at < 12; at++) await minute()
  expect(runs()).toBe(5)
  for (let at = 0; at < 6; at++) await minute()
  expect(runs()).toBe(6)
})

it('a vault that is locked holds a schedule up, and fails a person at once', async () => {
  const pg = { key: 'pg', type: 'vacuum-postgres', spec: { address: '127.0.0.1' } }
  const draft = MaintenanceDraft.parse({
    name: 'Postgres',
    hostId: 'web-1',
    steps: [pg],
    stopUnits: [unit],
    schedule: nightly,
  })
  const { id } = maintenance.add(draft, { 'pg.password': 'secret' })
  locked = true
  run(id)
  expect((await ended(id)).outcome).toBe('failed')
  maintenance.runner.start({ taskId: id, reason: 'schedule', actor: 'rule: schedule' })
  await until(() => newest(id)?.outcome === 'waiting')
  // nothing was stopped for it
  expect(sent).toEqual([])
  locked = false
  maintenance.runner.onVaultUnlocked()
  await until(() => sent.some(command => command.includes('psql')))
})

it('refuses what could not work, naming the field, and takes no stored secret to another place', () => {
  const base = { name: 'x', hostId: 'web-1', steps: [step('a', 'one')] }
  const refused = (change: object, secrets = {}): unknown => {
    try {
      maintenance.add(MaintenanceDraft.parse({ ...base, ...change }), secrets)
    } catch (caught) {
      return AppError.from(caught).detail?.field
    }
    return 'taken'
  }
  expect(refused({ steps: [{ key: 'a', type: 'restart-unit', spec: {} }] })).toBe('steps.0.type')
  expect(refused({ steps: [{ key: 'a', type: 'delete-old-logs', spec: { folders: ['/etc'] } }] })).toMatch(
    /^steps\.0\.spec\.folders/,
  )
  expect(refused({ schedule: { ...nightly, cron: '0 4 30 2 *' } })).toBe('schedule.cron')
  expect(refused({ stopUnits: [unit, unit] })).toBe('stopUnits')
  expect(refused({ hostId: 'web-2' })).toBe('hostId')
  expect(refused({}, { 'a.password': 'x' })).toBe('secrets.a.password')
  expect(refused({})).toBe('taken')
  expect(refused({ name: 'X' })).toBe('name')
  const pg = (address: string) => ({ key: 'pg', type: 'vacuum-postgres', spec: { address } })
  const draft = (address: string): MaintenanceDraft =>
    MaintenanceDraft.parse({ ...base, name: 'pg', steps: [pg(address)] })
  const { id } = maintenance.add(draft('127.0.0.1'), { 'pg.password': 'secret' })
  expect(() => maintenance.edit(id, draft('10.0.0.9'), {})).toThrow(/another place/)
  // a step that goes takes its secret with it
  expect(maintenance.edit(id, MaintenanceDraft.parse({ ...base, name: 'pg' }), {}).stored).toEqual([])
  expect(maintenance.kinds().map(({ type }) => type)).not.toContain('restart-unit')
})

it('tells what would be done without a look at the host, and with one why it could not look', async () => {
  online = false
  const steps = [{ key: 'a', type: 'delete-old-logs', spec: { folders: ['/srv/logs'] } }]
  const ask = (look: boolean) =>
    maintenance.preview(PreviewRequest.parse({ hostId: 'web-1', steps, look }), {}, new AbortController().signal)
  const [planned] = await ask(false)
  expect(planned).toMatchObject({ key: 'a', found: [], problem: null })
  expect(planned?.commands.length).toBeGreaterThan(0)
  expect(planned?.consequence).not.toBeNull()
  expect((await ask(true))[0]).toMatchObject({ commands: planned?.commands, problem: expect.any(String) })
  expect(sent).toEqual([])
})
