// Proves how checks are probed: within bounds, one at a time, dropped where they say nothing of now, and never blamed for the way's faults.
import { afterEach, expect, it } from 'vitest'
import { z } from 'zod'
import { type CheckType, checkType, type ProbeContext, type ProbeResult } from '../../../../src/engine/checks/check.ts'
import { silentLogger } from '../../../../src/engine/lib/log.ts'
import { createSteadyTime } from '../../../../src/engine/lib/steady-time.ts'
import type { ExecResult, UnitState } from '../../../../src/engine/ports.ts'
import { CircuitBreakers } from '../../../../src/engine/runtime/circuit-breaker.ts'
import type { HostSession } from '../../../../src/engine/runtime/host-session.ts'
import { Prober } from '../../../../src/engine/runtime/prober.ts'
import type { Check, CheckView, Probe } from '../../../../src/shared/model/check.ts'
import { createWorkplace, draft, type Workplace } from '../store/lib.ts'
import { FakeLink, fakeJournal, settle, unitState } from './fake-host.ts'

let place: Workplace
afterEach(() => place.dispose())

const well: ProbeResult = { status: 'healthy', message: 'well', cause: null }

function kind(probe: (context: ProbeContext) => Promise<ProbeResult>, changes: Partial<CheckType> = {}): CheckType {
  const defaults = { intervalSeconds: 10, timeoutSeconds: 5, failureThreshold: 3, recoveryThreshold: 2, forSeconds: 0 }
  return {
    ...checkType({
      type: 'fake',
      title: 'Fake',
      description: '',
      spec: z.object({ level: z.number().default(1) }),
      vantages: ['host', 'local', 'both'],
      needsUnit: false,
      addable: true,
      mode: 'probe',
      defaults: { ...defaults, severity: 'critical' },
      probe,
    }),
    ...changes,
  } as CheckType
}

const ran = (exit: number): ExecResult => ({
  exit,
  signal: null,
  lost: false,
  timedOut: false,
  truncated: false,
  stdout: new Uint8Array(),
  stderr: new Uint8Array(),
  generation: 1,
})

function setUp(type: CheckType, options: { heard?: boolean } = {}) {
  place = createWorkplace()
  const store = place.open()
  const { clock } = place
  store.hosts.insert({ ...draft({ name: 'web-1' }), id: 'web-1', kind: 'ssh', createdAt: 0 })
  const host = store.hosts.get('web-1')
  const link = new FakeLink()
  const execs: string[] = []
  let exec: () => Promise<ExecResult> = async () => ran(0)
  Object.assign(link, {
    exec: (argv: string[]) => {
      execs.push(argv.join(' '))
      return exec()
    },
  })
  const units = new Map<string, UnitState>()
  const session = {
    host,
    link,
    latestSample: null,
    journal: fakeJournal().journal,
    units: { manager: () => ({}), get: (_: string, name: string) => units.get(name) ?? null },
  } as unknown as HostSession
  const observed: Probe[] = []
  const views: CheckView[] = []
  const prober = new Prober({
    store,
    vault: { get: () => null },
    alerting: {
      observe: (_, __, probe) => {
        observed.push(probe)
        return probe
      },
      phase: () => ({ phase: 'ok', mutedBy: null, incidentId: null }),
      inMaintenance: () => false,
    },
    session: () => session,
    here: link,
    clock,
    log: silentLogger,
    publish: (name, payload) => {
      if (name === 'check.changed') views.push(payload as CheckView)
    },
    isHeard: () => options.heard ?? false,
    breakers: new CircuitBreakers({ store, clock, steady: createSteadyTime(clock), log: silentLogger }),
    typeOf: () => type,
  })
  const put = (id: string, changes: Partial<Check> = {}): Check => {
    const check: Check = {
      id,
      hostId: 'web-1',
      type: 'fake',
      name: id,
      spec: {},
      unit: null,
      enabled: true,
      vantage: 'host',
      intervalSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 3,
      recoveryThreshold: 2,
      forSeconds: 0,
      severity: 'critical',
      dependsOn: [],
      tags: [],
      builtIn: false,
      createdAt: 0,
      stored: [],
      ...changes,
    }
    prober.put(check)
    return check
  }
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 100) {
      clock.advance(Math.min(100, left))
      await settle()
    }
  }
  return {
    clock,
    store,
    link,
    units,
    prober,
    put,
    pass,
    observed,
    views,
    execs,
    answer: (to: typeof exec) => (exec = to),
  }
}

it('probes once per interval, with latency, heartbeats, spans and numbers', async () => {
  let value = 0
  const { link, put, pass, observed, prober, store, clock } = setUp(
    kind(async () => ({ ...well, numbers: [{ name: 'users', value: ++value }] })),
  )
  link.to('ready')
  put('a')
  await pass(100_000)
  expect(observed.length).toBeGreaterThanOrEqual(10)
  expect(observed.length).toBeLessThanOrEqual(12)
  expect(prober.view('a')).toMatchObject({ last: { status: 'healthy', message: 'well' }, phase: 'ok' })
  expect(prober.view('a')?.recent.length).toBe(observed.length)
  expect(prober.view('a')?.nextAt).toBeGreaterThan(clock.now() - 1)
  prober.dispose()
  expect(store.probeSpans.list('a', '', 0, clock.now())).toMatchObject([{ status: 'healthy' }])
  expect(store.samples.names('web-1')).toEqual(['check.a:latency', 'check.a:users'])
  store.close()
  expect(clock.pending).toBe(0)
})

it('never probes a check twice at once, and not more than 16 of a host', async () => {
  let running = 0
  let most = 0
  const per = new Map<ProbeContext['memory'], number>()
  const { link, put, pass } = setUp(
    kind(async context => {
      most = Math.max(most, ++running)
      per.set(context.memory, (per.get(context.memory) ?? 0) + 1)
      expect(per.get(context.memory)).toBe(1)
      await new Promise<void>(resolve => context.signal.addEventListener('abort', () => resolve()))
      running -= 1
      per.set(context.memory, 0)
      return { status: 'unhealthy', message: 'slow', cause: 'health' }
    }),
  )
  link.to('ready')
  for (let n = 0; n < 40; n++) put(`check-${n}`, { intervalSeconds: 1 })
  await pass(30_000)
  expect(most).toBe(16)
})

it('S9 does not probe through a link that is not there, and says that nothing is known', async () => {
  let probes = 0
  const { put, pass, observed } = setUp(
    kind(async () => {
      probes += 1
      return well
    }),
  )
  put('a')
  await pass(12_000)
  expect(probes).toBe(0)
  expect(observed[0]).toMatchObject({ status: 'unknown', cause: 'network', message: expect.stringContaining('web-1') })
})

it('a timeout is a failure only where the link has answered since (decision 8)', async () => {
  const hangs = kind(
    context =>
      new Promise(resolve =>
        context.signal.addEventListener('abort', () =>
          resolve({ status: 'unhealthy', message: 'hung', cause: 'health' }),
        ),
      ),
  )
  const { link, put, pass, observed, execs, answer } = setUp(hangs)
  link.to('ready')
  put('a', { intervalSeconds: 60 })
  await pass(6_000)
  expect(observed.at(-1)).toMatchObject({ status: 'unhealthy', message: 'hung' })
  expect(execs).toEqual(['true'])
  answer(async () => ran(255))
  await pass(66_000)
  expect(observed.at(-1)).toMatchObject({ status: 'unknown', cause: 'network' })
})

it('a kind that never ends is left to itself, and one that breaks says so', async () => {
  const { link, put, pass, observed } = setUp(kind(() => new Promise(() => {})))
  link.to('ready')
  put('a')
  await pass(7_000)
  expect(observed.at(-1)).toMatchObject({ status: 'unhealthy', message: 'No answer within 5 s' })
  place.dispose()
  const broken = setUp(
    kind(async () => {
      throw new Error('a bug')
    }),
  )
  broken.link.to('ready')
  broken.put('a')
  await broken.pass(1_000)
  expect(broken.observed.at(-1)).toMatchObject({ status: 'unknown', message: expect.stringContaining('a bug') })
})

it('S6 a result that an older connection brought is dropped', async () => {
  let finish: (result: ProbeResult) => void = () => {}
  const { link, put, pass, observed } = setUp(
    kind(
      () =>
        new Promise(resolve => {
          finish = resolve
        }),
    ),
  )
  link.to('ready')
  put('a')
  await pass(200)
  link.to('lost')
  link.to('ready')
  finish({ status: 'unhealthy', message: 'old', cause: 'health' })
  await pass(100)
  expect(observed).toEqual([])
})

it('S2 a gap drops what is in flight and asks afresh, once', async () => {
  const finish: ((result: ProbeResult) => void)[] = []
  const { link, put, pass, observed, prober } = setUp(
    kind(
      () =>
        new Promise(resolve => {
          finish.push(resolve)
        }),
    ),
  )
  link.to('ready')
  put('a')
  await pass(200)
  prober.onClockGap()
  finish[0]?.({ status: 'unhealthy', message: 'before the gap', cause: 'health' })
  await pass(300)
  expect(observed).toEqual([])
  expect(finish).toHaveLength(2)
  finish[1]?.(well)
  await pass(100)
  expect(observed.map(probe => probe.message)).toEqual(['well'])
})

it('R16 looks from both vantages and says which way is at fault', async () => {
  const { link, put, pass, observed } = setUp(
    kind(async ({ vantage }) =>
      vantage === 'host' ? well : { status: 'unhealthy', message: 'no route', cause: 'network' },
    ),
  )
  link.to('ready')
  put('a', { vantage: 'both' })
  await pass(1_000)
  expect(observed[0]).toMatchObject({ status: 'unhealthy', cause: 'network' })
  expect(observed[0]?.message).toMatch(/The way to it .*no route.*On the host: well/)
})

it('a service that somebody stopped is not in trouble, one that ended by itself is', async () => {
  const { link, put, pass, observed, units, store, clock } = setUp(
    kind(async () => ({ status: 'unhealthy', message: 'refused', cause: 'health' })),
  )
  link.to('ready')
  units.set('bot.service', unitState('bot.service', { activeState: 'inactive', subState: 'dead' }))
  const gone = (fromState: string, at: number) =>
    store.units.insertTransitions([
      {
        hostId: 'web-1',
        scope: 'system',
        name: 'bot.service',
        at,
        fromState,
        toState: 'inactive',
        subState: 'dead',
        result: 'success',
        mainPid: null,
        restarts: 0,
        invocationId: null,
        reconstructed: false,
      },
    ])
  gone('deactivating', clock.now() - 5_000)
  put('a', { unit: { scope: 'system', name: 'bot.service' } })
  await pass(1_000)
  expect(observed.at(-1)).toMatchObject({ status: 'unknown', message: 'bot.service was stopped. refused' })
  // a login is over whether or not somebody uses it
  const login = put('b', { type: 'login', unit: { scope: 'system', name: 'bot.service' } })
  await pass(1_000)
  expect(observed.at(-1)).toMatchObject({ checkId: 'b', status: 'unhealthy', message: 'refused' })
  put('b', { ...login, enabled: false })
  gone('active', clock.now())
  await pass(11_000)
  expect(observed.at(-1)).toMatchObject({ status: 'unhealthy', message: 'refused' })
})

it('tells windows of thousands of checks at a bearable pace, what changed first', async () => {
  let status: ProbeResult['status'] = 'healthy'
  const { link, put, pass, views, prober } = setUp(
    kind(async ({ memory }) => ({ ...well, status: memory.get('bad') ? status : 'healthy' })),
    { heard: true },
  )
  link.to('ready')
  for (let n = 0; n < 1_000; n++) put(`check-${n}`)
  await pass(30_000)
  views.length = 0
  await pass(10_000)
  expect(views.length).toBeLessThanOrEqual(1_000)
  expect(views.length).toBeGreaterThan(500)
  status = 'unhealthy'
  views.length = 0
  const one = prober.check('check-500') as Check
  prober.record(one, null, { status: 'unhealthy', message: 'down', cause: 'health' })
  await pass(300)
  expect(views.slice(0, 25).map(view => view.check.id)).toContain('check-500')
  prober.dispose()
})

it('says why a check cannot be probed: a kind or settings that this version does not know', async () => {
  const { link, put, pass, observed } = setUp(kind(async () => well))
  link.to('ready')
  put('a', { spec: { level: 'high' } })
  await pass(1_000)
  expect(observed[0]).toMatchObject({ status: 'unknown', message: expect.stringContaining('cannot be used') })
})

it('waiting for a session on the host is not taken from the time of a check', async () => {
  let free: (result: ExecResult) => void = () => {}
  const { link, put, pass, observed, answer } = setUp(
    kind(async context => {
      const { exit } = await context.exec(['look'])
      return { ...well, message: `exit ${exit}` }
    }),
  )
  link.to('ready')
  answer(
    () =>
      new Promise(resolve => {
        free = resolve
      }),
  )
  for (const id of ['a', 'b', 'c', 'd']) put(id, { intervalSeconds: 300, timeoutSeconds: id === 'd' ? 1 : 300 })
  await pass(3_000)
  answer(async () => ran(0))
  free(ran(0))
  await pass(200)
  expect(observed.map(probe => probe.message)).toContain('exit 0')
  expect(observed.filter(probe => probe.status === 'unhealthy')).toEqual([])
})

it('S25 a look that is cut off says nothing of the check: what failed before it still counts', async () => {
  let tries = 0
  const { link, put, pass, prober } = setUp(
    kind(async context => {
      if (++tries !== 5) throw new Error('a bug')
      await new Promise(resolve => context.signal.addEventListener('abort', resolve))
      return { status: 'healthy', message: '', cause: null }
    }),
  )
  link.to('ready')
  put('a', { intervalSeconds: 60, timeoutSeconds: 50 })
  for (let left = 40; left > 0 && tries < 5; left--) await pass(10_000)
  expect(tries).toBe(5)
  // time was lost: whatever is in flight is dropped, and asked afresh
  prober.onClockGap()
  await pass(300_000)
  expect(tries).toBe(6)
})

it('S25 a check that breaks by its own fault 5 times running is switched off for 10 minutes, then tried once', async () => {
  let tries = 0
  const { link, put, pass, observed, store } = setUp(
    kind(async () => {
      tries++
      throw new Error('a bug')
    }),
  )
  link.to('ready')
  put('a', { intervalSeconds: 60 })
  await pass(540_000)
  expect(tries).toBe(5)
  expect(observed.at(-1)).toMatchObject({ status: 'unknown', message: expect.stringContaining('switched off') })
  await pass(420_000)
  expect(tries).toBe(6)
  expect(store.errorCounts.since('2000-01-01')).toEqual([{ kind: 'task', count: 6 }])
})
