// The recovery machine, line by line of its specification, and over random lives in which the engine dies and clocks jump.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { budgetLeft, delayBefore, windowMs } from '../../../../src/engine/domain/recovery-budget.ts'
import type { RecoveryAlert, RecoverySituation } from '../../../../src/engine/domain/recovery-situation.ts'
import {
  initialRecovery,
  nextRecoveryStepAt,
  type RecoveryEffect,
  type RecoveryEvent,
  type RecoveryState,
  restoreRecovery,
  stepRecovery,
} from '../../../../src/engine/domain/recovery-state.ts'
import { ProbeCause } from '../../../../src/shared/model/check.ts'
import { RecoveryPolicy } from '../../../../src/shared/model/recovery.ts'

const policy = RecoveryPolicy.parse({ hostId: 'h', scope: 'system', name: 'bot.service', enabled: true })
const restart = {
  restart: 'no',
  restartSeconds: 1,
  startLimitBurst: 5,
  startLimitIntervalSeconds: 10,
  dropIns: [],
  needsReload: false,
}
const crashed = {
  loadState: 'loaded',
  unitFileState: 'enabled',
  activeState: 'failed',
  subState: 'failed',
  result: 'exit-code',
}
const running = { ...crashed, activeState: 'active', subState: 'running', result: 'success' }
const firing: RecoveryAlert = { incidentId: 'i1', phase: 'firing', status: 'unhealthy', cause: 'unit', mutedBy: null }
const plain: RecoverySituation = {
  automation: true,
  alerts: [firing],
  host: { ready: true, inTrouble: false, uptimeSeconds: 5_000 },
  unit: crashed,
  restart,
  stoppedByPerson: false,
  silenced: false,
  personActs: false,
  hostBusy: false,
  mends: new Set<ProbeCause>(['unit', 'health', 'resource']),
  leavesStopped: false,
  attempts: [],
}

/** A unit, its machine and what was persisted of it. */
class Life {
  state: RecoveryState = initialRecovery
  now = 1_000_000
  situation = plain
  policy = policy
  chance = 0.5
  attempts: { incidentId: string; at: number }[] = []
  readonly effects: RecoveryEffect[] = []

  step(event: RecoveryEvent = { type: 'look' }, change: Partial<RecoverySituation> = {}): RecoveryEffect[] {
    this.situation = { ...this.situation, ...change }
    const situation = { ...this.situation, attempts: this.attempts }
    const { state, effects } = stepRecovery(this.state, event, situation, this.policy, this.now, this.chance)
    this.state = state
    for (const effect of effects)
      if (effect.kind === 'act') this.attempts.push({ incidentId: effect.incidentId, at: this.now })
    this.effects.push(...effects)
    return [...effects]
  }

  pass(ms: number): RecoveryEffect[] {
    this.now += ms
    return this.step()
  }

  /** Lets time pass until it acts; returns how long that took. */
  untilAct(): number {
    const from = this.now
    this.step()
    const due = nextRecoveryStepAt(this.state)
    if (this.state.phase !== 'wait' || due === null) throw new Error(`${this.state.phase}: ${this.state.reason}`)
    this.pass(due - this.now - 1)
    expect(this.state.phase).toBe('wait')
    this.pass(1)
    expect(this.state.phase).toBe('act')
    return this.now - from
  }

  fail(): void {
    this.step({ type: 'acted', outcome: 'done' })
    expect(this.state.phase).toBe('verify')
    this.step({ type: 'verified', ok: false, why: 'it failed again' })
  }

  escalations(): number {
    return this.effects.filter(effect => effect.kind === 'escalate').length
  }
}

describe('S20 what it acts on', () => {
  const acts = (change: Partial<RecoverySituation>): boolean => {
    const life = new Life()
    life.step({ type: 'look' }, change)
    for (let n = 0; n < 20; n++) life.pass(60_000)
    return life.effects.some(effect => effect.kind === 'act')
  }

  it('S20 acts on a failed unit, a failed health check and a resource limit', () => {
    for (const cause of ['unit', 'health', 'resource'] as const)
      expect(acts({ alerts: [{ ...firing, cause }] }), cause).toBe(true)
  })
  it('S20 never acts on a cause that is not local, or not known', () => {
    for (const cause of [
      null,
      'network',
      'dns',
      'certificate',
      'auth',
      'rate-limit',
      'disk',
      'login',
      'webhook',
      'host',
      'other',
      'start-limit',
    ] as const)
      expect(acts({ alerts: [{ ...firing, cause }] }), String(cause)).toBe(false)
  })
  it('S20 never acts for UNKNOWN, nor for what is only degraded', () => {
    expect(acts({ alerts: [{ ...firing, status: 'unknown' }] })).toBe(false)
    expect(acts({ alerts: [{ ...firing, status: 'degraded' }] })).toBe(false)
  })
  it('S20 acts only while the alert is firing', () => {
    expect(acts({ alerts: [] })).toBe(false)
    expect(acts({ alerts: [{ ...firing, phase: 'recovering' }] })).toBe(false)
  })
  it('S20 acts only while the host is ready and well', () => {
    expect(acts({ host: { ready: false, inTrouble: false, uptimeSeconds: 5_000 } })).toBe(false)
    expect(acts({ host: { ready: true, inTrouble: true, uptimeSeconds: 5_000 } })).toBe(false)
    expect(acts({ alerts: [{ ...firing, mutedBy: 'dependency' }] })).toBe(false)
  })
  it('S20 leaves a host alone that is up for less than 120 s, or nobody knows how long', () => {
    expect(acts({ host: { ready: true, inTrouble: false, uptimeSeconds: 119 } })).toBe(false)
    expect(acts({ host: { ready: true, inTrouble: false, uptimeSeconds: null } })).toBe(false)
    expect(acts({ host: { ready: true, inTrouble: false, uptimeSeconds: 121 } })).toBe(true)
  })
  it('S20 leaves masked, missing and starting units, and what a person stopped or silenced', () => {
    expect(acts({ unit: { ...crashed, loadState: 'masked' } })).toBe(false)
    expect(acts({ unit: { ...crashed, unitFileState: 'masked-runtime' } })).toBe(false)
    expect(acts({ unit: { ...crashed, loadState: 'not-found' } })).toBe(false)
    expect(acts({ unit: { ...crashed, activeState: 'activating', subState: 'start' } })).toBe(false)
    expect(acts({ unit: null })).toBe(false)
    expect(acts({ stoppedByPerson: true })).toBe(false)
    expect(acts({ silenced: true })).toBe(false)
    expect(acts({ personActs: true })).toBe(false)
  })
  it('S20 takes an expired login, refused rights and a full disk for the cause of what fails beside them', () => {
    for (const cause of ['login', 'auth', 'disk', 'rate-limit'] as const)
      expect(acts({ alerts: [firing, { ...firing, incidentId: 'i2', cause }] }), cause).toBe(false)
    // what a step was made for is done, of course
    const mends = new Set<ProbeCause>(['login'])
    expect(acts({ alerts: [{ ...firing, cause: 'login' }], mends, unit: running })).toBe(true)
    expect(acts({ alerts: [{ ...firing, cause: 'login' }], mends, leavesStopped: true })).toBe(false)
  })
  it('S20 acts for nobody who did not ask for it, and not past the panic switch', () => {
    expect(acts({ automation: false })).toBe(false)
    const life = new Life()
    life.policy = { ...policy, enabled: false }
    life.pass(600_000)
    expect(life.effects).toEqual([])
    expect(life.state).toMatchObject({ phase: 'idle', reason: 'The rule is switched off' })
  })
  it('S20 begins its delay anew when what spoke against it is gone', () => {
    const life = new Life()
    life.step()
    life.pass(4_000)
    life.step({ type: 'look' }, { host: { ready: false, inTrouble: false, uptimeSeconds: null } })
    expect(life.state).toMatchObject({ phase: 'wait', dueAt: null, reason: 'Waits for the host to be connected' })
    life.pass(60_000)
    life.step({ type: 'look' }, { host: plain.host })
    expect(life.state.dueAt).toBe(life.now + 5_000)
  })
  it('S20 says in a sentence why it does not act', () => {
    const reason = (change: Partial<RecoverySituation>): string => {
      const life = new Life()
      life.step({ type: 'look' }, change)
      return life.state.reason
    }
    expect(reason({ alerts: [{ ...firing, cause: 'rate-limit' }] })).toBe(
      'It is being rate limited (429), which none of its steps mends',
    )
    expect(reason({ stoppedByPerson: true })).toBe('A person stopped it')
    expect(reason({ automation: false })).toBe('Mending by rule is switched off')
    expect(reason({ restart: null })).toMatch(/^Waits to learn from systemd/)
    expect(reason({ alerts: [] })).toBe('Nothing is wrong')
  })
})

describe('S21 beside systemd', () => {
  it('S21 waits until the unit own settings were read', () => {
    const life = new Life()
    life.step({ type: 'look' }, { restart: null })
    life.pass(600_000)
    expect(life.effects).toEqual([])
    life.step({ type: 'look' }, { restart })
    expect(life.untilAct()).toBeCloseTo(5_000)
  })
  it('S21 waits while systemd itself restarts it, and acts where that ends in failure', () => {
    for (const subState of ['auto-restart', 'auto-restart-queued']) {
      const life = new Life()
      life.step({ type: 'look' }, { unit: { ...crashed, activeState: 'activating', subState } })
      expect(life.pass(600_000)).toEqual([])
      expect(life.state).toMatchObject({
        phase: 'wait',
        reason: 'Waits: systemd restarts it by itself (Restart=no, every 1 s)',
      })
      life.step({ type: 'look' }, { unit: crashed })
      life.untilAct()
    }
  })
  it('S21 start-limit-hit escalates once and nothing is sent', () => {
    for (const change of [
      { unit: { ...crashed, result: 'start-limit-hit' } },
      { alerts: [{ ...firing, cause: 'start-limit' as const }] },
    ]) {
      const life = new Life()
      life.step({ type: 'look' }, change)
      expect(life.state.phase).toBe('escalated')
      for (let n = 0; n < 100; n++) life.pass(60_000)
      expect(life.effects).toEqual([
        { kind: 'escalate', incidentId: 'i1', text: expect.stringContaining('start-limit-hit') },
      ])
      life.step({ type: 'acknowledge' })
      for (let n = 0; n < 100; n++) life.pass(60_000)
      expect(life.effects).toHaveLength(1)
    }
  })
})

describe('S22 delays and budget', () => {
  it('S22 waits min(300, 5·2^(n−1)) s ± 10 %', () => {
    const seconds = (n: number, chance: number): number => delayBefore(n, policy, chance) / 1_000
    expect([1, 2, 3, 4, 5, 6, 7, 8, 20].map(n => seconds(n, 0.5))).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300])
    expect(seconds(1, 0)).toBeCloseTo(4.5)
    expect(seconds(1, 1)).toBeCloseTo(5.5)
    const life = new Life()
    const waits = [life.untilAct()]
    life.fail()
    waits.push(life.untilAct())
    life.fail()
    waits.push(life.untilAct())
    expect(waits.map(ms => Math.round(ms / 1_000))).toEqual([5, 10, 20])
  })
  it('S22 at most 3 attempts in any 10 minutes, also over several incidents', () => {
    const life = new Life()
    for (const incidentId of ['i1', 'i2', 'i3']) {
      life.step({ type: 'look' }, { alerts: [{ ...firing, incidentId }] })
      expect(life.untilAct()).toBeCloseTo(5_000)
      life.step({ type: 'acted', outcome: 'done' })
      life.step({ type: 'verified', ok: true }, { alerts: [] })
      expect(life.state.phase).toBe('idle')
      life.pass(60_000)
    }
    life.step({ type: 'look' }, { alerts: [{ ...firing, incidentId: 'i4' }] })
    expect(life.state.phase).toBe('escalated')
    expect(life.escalations()).toBe(1)
  })
  it('S22 at most 5 attempts in an incident, however slow', () => {
    const life = new Life()
    for (let n = 1; n <= 5; n++) {
      life.untilAct()
      expect(life.state.attempt).toBe(n)
      life.now += 400_000
      life.fail()
    }
    expect(life.state.phase).toBe('escalated')
    expect(life.attempts).toHaveLength(5)
  })
  it('S24 a budget of one is told as one', () => {
    for (const [budget, words] of [
      [{ attemptsPerTenMinutes: 1 }, 'It was tried once within 10 minutes'],
      [{ attemptsPerIncident: 1 }, 'The one attempt of this incident was used'],
    ] as const) {
      const life = new Life()
      life.policy = { ...policy, ...budget }
      life.untilAct()
      life.fail()
      expect(life.state).toMatchObject({ phase: 'escalated', reason: expect.stringContaining(words) })
    }
  })
  it('S22 one at a time per host: the next waits for its turn, not for another delay', () => {
    const life = new Life()
    life.step({ type: 'look' }, { hostBusy: true })
    life.pass(10_000)
    expect(life.state).toMatchObject({ phase: 'wait', reason: expect.stringContaining('another service') })
    expect(life.step({ type: 'look' }, { hostBusy: false })).toMatchObject([{ kind: 'act', number: 1 }])
  })
  it('S22 counts what lies in the future as now (S3)', () => {
    const now = 1_000_000
    const left = budgetLeft([{ incidentId: 'i1', at: now + 5_000_000 }], 'i1', policy, now)
    expect(left).toEqual({ incident: 4, window: 2, windowFreeAt: now })
    expect(budgetLeft([{ incidentId: 'i1', at: now - windowMs }], null, policy, now).window).toBe(3)
  })
})

describe('S23 what follows an attempt', () => {
  it('S23 verified is the end of it; its checks have a minute to see that', () => {
    const life = new Life()
    life.untilAct()
    life.step({ type: 'acted', outcome: 'done' })
    life.step({ type: 'verified', ok: true }, { unit: running })
    expect(life.state.phase).toBe('idle')
    life.pass(59_000)
    expect(life.state.phase).toBe('idle')
    life.pass(1_000)
    expect(life.state).toMatchObject({ phase: 'wait', attempt: 2 })
  })
  it('S23 a lost one is verified, never sent again', () => {
    const life = new Life()
    life.untilAct()
    expect(life.step({ type: 'acted', outcome: 'lost' })).toEqual([])
    expect(life.state).toMatchObject({ phase: 'verify', reason: expect.stringContaining('connection was lost') })
    expect(life.pass(300_000)).toEqual([])
    expect(life.attempts).toHaveLength(1)
  })
  it('S23 one that did not help is followed by the next, after its delay', () => {
    const life = new Life()
    life.untilAct()
    life.fail()
    expect(life.state).toMatchObject({ phase: 'wait', attempt: 2, dueAt: life.now + 10_000 })
    expect(life.state.reason).toMatch(/^Attempt 1 did not help \(it failed again\)/)
    life.step({ type: 'look' }, { alerts: [] })
    expect(life.state).toMatchObject({ phase: 'idle', reason: 'It was well again before anything was done' })
  })
})

describe('S24 at the limit', () => {
  const escalated = (): Life => {
    const life = new Life()
    for (let n = 0; n < 3; n++) {
      life.untilAct()
      life.fail()
    }
    expect(life.state.phase).toBe('escalated')
    return life
  }
  it('S24 one critical message, then nothing', () => {
    const life = escalated()
    for (let n = 0; n < 1_000; n++) life.pass(30_000)
    life.step({ type: 'look' }, { alerts: [{ ...firing, incidentId: 'i2' }] })
    expect(life.escalations()).toBe(1)
    expect(life.attempts).toHaveLength(3)
  })
  it('S24 someone acknowledges: it goes on within its budget, and tells nothing more of this incident', () => {
    const life = escalated()
    life.step({ type: 'acknowledge' })
    expect(life.state).toMatchObject({ phase: 'wait', attempt: 4, dueAt: (life.attempts[0]?.at ?? 0) + windowMs })
    life.untilAct()
    life.fail()
    life.untilAct()
    life.fail()
    expect(life.state).toMatchObject({ phase: 'idle', reason: expect.stringContaining('All 5 attempts') })
    for (let n = 0; n < 100; n++) life.pass(60_000)
    expect(life.escalations()).toBe(1)
    expect(life.attempts).toHaveLength(5)
  })
  it('S24 10 minutes of OK end it; what is not known is not OK', () => {
    const life = escalated()
    life.step({ type: 'look' }, { alerts: [] })
    life.pass(599_000)
    expect(life.state.phase).toBe('escalated')
    life.step({ type: 'look' }, { host: { ready: false, inTrouble: true, uptimeSeconds: null } })
    life.pass(10_000)
    life.step({ type: 'look' }, { host: plain.host })
    life.pass(599_000)
    expect(life.state.phase).toBe('escalated')
    life.pass(1_000)
    expect(life.state.phase).toBe('idle')
    life.step({ type: 'look' }, { alerts: [{ ...firing, incidentId: 'i9' }] })
    expect(life.untilAct()).toBeCloseTo(5_000)
  })
})

describe('The panic switch', () => {
  it('stops what waits at once', () => {
    const life = new Life()
    life.step()
    life.step({ type: 'look' }, { automation: false })
    expect(life.state).toMatchObject({ phase: 'idle', dueAt: null })
    expect(nextRecoveryStepAt(life.state)).toBeNull()
  })
  it('cancels what is under way, once', () => {
    const life = new Life()
    life.untilAct()
    expect(life.step({ type: 'look' }, { automation: false })).toEqual([{ kind: 'cancel' }])
    expect(life.step()).toEqual([])
    life.step({ type: 'cancelled' })
    expect(life.state.phase).toBe('idle')
  })
})

it('S2 a gap begins the delay anew and by itself restarts nothing', () => {
  const life = new Life()
  life.step()
  life.now += 3_600_000
  expect(life.step({ type: 'gap' })).toEqual([])
  expect(life.state.dueAt).toBe(life.now + 5_000)
})

it('S2 a start of the engine is a gap; nonsense on disk is a fresh machine', () => {
  const life = new Life()
  life.step()
  const again = restoreRecovery(JSON.parse(JSON.stringify(life.state)), life.now + 60_000)
  expect(again).toEqual({ ...life.state, dueAt: null })
  for (const nonsense of [null, 1, 'x', {}, { phase: 'dance' }, []])
    expect(restoreRecovery(nonsense, 1)).toEqual(initialRecovery)
  expect(restoreRecovery({ phase: 'idle', settleUntil: 9e15 }, 1_000).settleUntil).toBe(61_000)
})

// ── random lives ─────────────────────────────────────────────────────────────────────────────────────────────────────

const causes = [null, ...ProbeCause.options]
const alertArbitrary = fc.record({
  incident: fc.nat(3),
  phase: fc.constantFrom('firing', 'firing', 'firing', 'recovering'),
  status: fc.constantFrom('unhealthy', 'unhealthy', 'unhealthy', 'unknown', 'degraded'),
  cause: fc.oneof(fc.constantFrom('unit', 'health', 'resource'), fc.constantFrom(...causes)),
})
const changeArbitrary = fc.record(
  {
    alerts: fc.uniqueArray(alertArbitrary, { maxLength: 2, selector: alert => alert.incident }),
    automation: fc.constantFrom(true, true, true, false),
    ready: fc.constantFrom(true, true, true, false),
    uptimeSeconds: fc.constantFrom(10, 5_000, 5_000, null),
    unit: fc.constantFrom(
      crashed,
      crashed,
      running,
      { ...crashed, activeState: 'activating', subState: 'auto-restart' },
      { ...crashed, result: 'start-limit-hit' },
      { ...crashed, loadState: 'masked' },
      null,
    ),
    stoppedByPerson: fc.constantFrom(false, false, true),
    silenced: fc.constantFrom(false, false, true),
    hostBusy: fc.constantFrom(false, false, true),
  },
  { requiredKeys: [] },
)
const eventArbitrary = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.constantFrom(100, 1_000, 5_000, 11_000, 60_000, 300_000, 700_000),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('change' as const), change: changeArbitrary }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      ok: fc.boolean(),
      outcome: fc.constantFrom('done', 'failed', 'lost'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('gap' as const), ms: fc.nat(10_000_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('kill' as const),
      down: fc.nat(100_000),
      jump: fc.integer({ min: -10_000_000, max: 0 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('acknowledge' as const) }) },
)
type Happening = typeof eventArbitrary extends fc.Arbitrary<infer T> ? T : never

it('S22 S24 over random lives with gaps, kills and clock jumps: budget held, never for UNKNOWN, escalates once', () => {
  fc.assert(
    fc.property(
      fc.array(eventArbitrary, { minLength: 20, maxLength: 120 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (happenings, chance) => live(happenings, chance),
    ),
    { numRuns: 400 },
  )
})

function live(happenings: readonly Happening[], chance: number): void {
  const life = new Life()
  life.chance = chance
  // what really passes, whatever the clocks say
  let real = 0
  const acted: { real: number; incidentId: string }[] = []
  let quietSince: number | null = null
  let waitingSince: { real: number; steady: number } | null = null
  const judge = (before: RecoveryState, effects: RecoveryEffect[], freed: boolean): void => {
    for (const effect of effects) {
      if (effect.kind === 'act') {
        const alert = life.situation.alerts.find(each => each.incidentId === effect.incidentId)
        expect(alert).toMatchObject({ phase: 'firing', status: 'unhealthy' })
        expect(['unit', 'health', 'resource']).toContain(alert?.cause)
        expect(life.situation).toMatchObject({
          automation: true,
          silenced: false,
          stoppedByPerson: false,
          hostBusy: false,
        })
        expect(life.situation.host.ready).toBe(true)
        acted.push({ real, incidentId: effect.incidentId })
        expect(acted.filter(each => each.real > real - windowMs).length).toBeLessThanOrEqual(3)
        expect(acted.filter(each => each.incidentId === effect.incidentId).length).toBeLessThanOrEqual(5)
        expect(before.phase).toBe('wait')
        const least = delayBefore(effect.number, policy, 0) - 1
        if (waitingSince) expect(real - waitingSince.real).toBeGreaterThanOrEqual(least)
      }
      if (effect.kind === 'escalate') {
        expect(before.phase).not.toBe('escalated')
        expect(quietSince, 'escalated twice without an acknowledgement or 10 min of OK').toBeNull()
        quietSince = real
      }
    }
    if (freed || (before.phase === 'escalated' && life.state.phase !== 'escalated')) quietSince = null
    if (life.state.phase !== 'wait') waitingSince = null
    else if (before.phase !== 'wait' || life.state.dueAt === null) waitingSince = { real, steady: life.now }
    if (life.state.phase !== 'wait' && life.state.phase !== 'act') expect(life.state.dueAt).toBeNull()
    expect(life.state.reason).not.toBe('')
  }
  for (const happening of happenings) {
    const before = life.state
    switch (happening.kind) {
      case 'pass': {
        // as the runtime does: stepped when due, and at the end
        const end = life.now + happening.ms
        for (let turn = 0; turn < 50; turn++) {
          const due = nextRecoveryStepAt(life.state)
          if (due === null || due > end || due <= life.now) break
          const state = life.state
          real += due - life.now
          life.now = due
          judge(state, life.step(), false)
        }
        const state = life.state
        real += end - life.now
        life.now = end
        judge(state, life.step(), false)
        break
      }
      case 'change': {
        const { alerts, ready, uptimeSeconds, ...rest } = happening.change
        const change: Partial<RecoverySituation> = { ...rest }
        const host = { ...life.situation.host }
        if (ready !== undefined) host.ready = ready
        if (uptimeSeconds !== undefined) host.uptimeSeconds = uptimeSeconds
        const mapped = alerts?.map(
          ({ incident, ...alert }) => ({ ...alert, incidentId: `i${incident}`, mutedBy: null }) as RecoveryAlert,
        )
        judge(before, life.step({ type: 'look' }, { ...change, host, ...(mapped ? { alerts: mapped } : {}) }), false)
        break
      }
      case 'end': {
        const cancelling = life.state.cancelling
        judge(
          life.state,
          life.step(cancelling ? { type: 'cancelled' } : { type: 'acted', outcome: happening.outcome as 'done' }),
          false,
        )
        judge(life.state, life.step({ type: 'verified', ok: happening.ok }), false)
        break
      }
      case 'gap':
        real += happening.ms
        life.now += happening.ms
        judge(before, life.step({ type: 'gap' }), false)
        break
      case 'kill': {
        real += happening.down
        life.now += happening.down + happening.jump
        life.state = restoreRecovery(JSON.parse(JSON.stringify(life.state)), life.now)
        // what was under way is reconciled by the runtime; times in the future count as now from the start on
        life.attempts = life.attempts.map(attempt => ({ ...attempt, at: Math.min(attempt.at, life.now) }))
        waitingSince = null
        judge(life.state, life.step({ type: 'gap' }), false)
        if (life.state.phase === 'act') judge(life.state, life.step({ type: 'acted', outcome: 'lost' }), false)
        break
      }
      case 'acknowledge':
        judge(before, life.step({ type: 'acknowledge' }), true)
        break
    }
  }
}
