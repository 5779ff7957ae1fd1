// Proves what holds of the alert machine whatever happens to it: results, gaps, kills, clock jumps, mutes and people in any order.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type AlertEffect,
  type AlertEvent,
  type AlertPolicy,
  type AlertState,
  coolDownMs,
  flappingMs,
  initialAlert,
  nextAlertStepAt,
  restoreAlert,
  stepAlert,
} from '../../../../src/engine/domain/alert-state.ts'
import { MutedBy, type Severity } from '../../../../src/shared/model/check.ts'

const ranks: Record<Severity, number> = { info: 0, warning: 1, critical: 2 }
const inhibiting = ['host-down', 'dependency', 'offline']

type Happening =
  | { kind: 'event'; event: AlertEvent }
  | { kind: 'pass'; ms: number }
  /** The engine is killed and starts again `ms` later by the wall, or earlier. */
  | { kind: 'restart'; ms: number }

const event = (event: AlertEvent): Happening => ({ kind: 'event', event })
const result = fc
  .constantFrom('healthy', 'healthy', 'unhealthy', 'unhealthy', 'degraded', 'unknown')
  .map(status => event({ type: 'result', status } as AlertEvent))
const pass = fc
  .oneof(
    fc.integer({ min: 0, max: 60_000 }),
    fc.integer({ min: 0, max: 2_400_000 }),
    fc.integer({ min: 0, max: 20_000_000 }),
  )
  .map((ms): Happening => ({ kind: 'pass', ms }))
const burst = fc.tuple(result, fc.integer({ min: 1, max: 5 })).map(([one, times]) => Array<Happening>(times).fill(one))
const single = fc.oneof(
  { weight: 4, arbitrary: result },
  { weight: 6, arbitrary: pass },
  { weight: 1, arbitrary: fc.constant(event({ type: 'gap' })) },
  { weight: 1, arbitrary: fc.constant(event({ type: 'acknowledge' })) },
  { weight: 1, arbitrary: fc.constant(event({ type: 'close' })) },
  {
    weight: 2,
    arbitrary: fc
      .option(fc.constantFrom('silence', 'maintenance', 'host-down', 'dependency', 'offline'))
      .map(by => event({ type: 'mute', by } as AlertEvent)),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: -10_000_000, max: 10_000_000 }).map((ms): Happening => ({ kind: 'restart', ms })),
  },
)
const happening = fc.oneof({ weight: 2, arbitrary: burst }, { weight: 1, arbitrary: single.map(one => [one]) })
const policies: fc.Arbitrary<AlertPolicy> = fc.record({
  failureThreshold: fc.integer({ min: 1, max: 4 }),
  recoveryThreshold: fc.integer({ min: 1, max: 3 }),
  riseMs: fc.constantFrom(undefined, undefined, 60_000, 600_000),
  forMs: fc.constantFrom(0, 0, 30_000, 300_000),
  severity: fc.constantFrom('info', 'warning', 'critical'),
})

/** Watches the effects as somebody would who only reads messages and incidents. */
class Witness {
  open: { severity: Severity; told: Severity | null; heard: boolean; acknowledged: boolean } | null = null
  /** Failures since the last gap or inhibition, or since it was well. */
  failures = 0
  lastFiring: { at: number; severity: Severity } | null = null
  lastFlapping: number | null = null
  messages = 0

  see(effects: readonly AlertEffect[], state: AlertState, policy: AlertPolicy, now: number): void {
    let resolved: Witness['open'] = null
    for (const effect of effects) {
      switch (effect.kind) {
        case 'open':
          expect(this.open, 'at most one open incident').toBeNull()
          expect(effect.startedAt).toBeLessThanOrEqual(now)
          this.open = { severity: effect.severity, told: null, heard: false, acknowledged: false }
          break
        case 'resolve':
          expect(this.open, 'only what is open is resolved').not.toBeNull()
          resolved = this.open
          this.open = null
          break
        case 'severity':
          expect(ranks[effect.severity]).toBeGreaterThan(ranks[this.open?.severity ?? 'critical'])
          if (this.open) this.open.severity = effect.severity
          break
        case 'muted':
          expect(this.open).not.toBeNull()
          break
        case 'tell':
          this.messages++
          expect(state.muted, 'what is muted tells nothing').toBeNull()
          if (effect.what === 'resolved') {
            expect(resolved?.heard, 'no resolved without firing').toBe(true)
            resolved = null
          } else this.#news(effect.what, effect.severity, policy, now)
      }
    }
    expect(state.incident !== null, 'the machine and its effects agree on what is open').toBe(this.open !== null)
    if (this.open) expect(state.incident?.severity).toBe(this.open.severity)
  }

  #news(what: 'firing' | 'repeat' | 'flapping', severity: Severity, policy: AlertPolicy, now: number): void {
    const { open } = this
    expect(open, 'news is of an open incident').not.toBeNull()
    if (!open) return
    expect(severity).toBe(open.severity)
    expect(this.failures, 'a gap or an inhibition alone tells nothing').toBeGreaterThanOrEqual(policy.failureThreshold)
    const worse = open.told !== null && ranks[severity] > ranks[open.told]
    if (what === 'firing') {
      // Told twice only because it became worse; deferred where another incident was told just before.
      if (open.told !== null) expect(worse, 'firing twice').toBe(true)
      else if (this.lastFiring && ranks[severity] <= ranks[this.lastFiring.severity])
        expect(now - this.lastFiring.at).toBeGreaterThanOrEqual(coolDownMs)
    }
    if (what === 'repeat') {
      expect(open.heard, 'only what was told is repeated').toBe(true)
      expect(open.acknowledged).toBe(false)
    }
    if (what === 'flapping') {
      expect(open.heard).toBe(false)
      if (this.lastFlapping !== null) expect(now - this.lastFlapping).toBeGreaterThanOrEqual(flappingMs)
      this.lastFlapping = now
    }
    open.told = severity
    open.heard = true
    this.lastFiring = { at: now, severity }
  }
}

function play(policy: AlertPolicy, happenings: readonly Happening[]): Witness {
  const witness = new Witness()
  let state = initialAlert
  let now = 1_000_000_000_000
  const step = (event: AlertEvent): void => {
    const inhibited = state.muted !== null && inhibiting.includes(state.muted)
    if (event.type === 'result' && !inhibited) {
      if (event.status === 'degraded' || event.status === 'unhealthy') witness.failures++
    }
    if (event.type === 'gap') witness.failures = 0
    if (event.type === 'mute' && event.by !== state.muted)
      if (inhibited || (event.by !== null && inhibiting.includes(event.by))) witness.failures = 0
    if (event.type === 'acknowledge' && witness.open && !witness.open.acknowledged) {
      witness.open.acknowledged = true
      witness.open.told = witness.open.severity
    }
    const after = stepAlert(state, event, policy, now)
    // A flapping alert that is closed may flap anew; the key's own memory is what bounds it.
    if (event.type === 'close') witness.lastFlapping = null
    state = after.state
    witness.see(after.effects, state, policy, now)
    if (event.type === 'result' && event.status === 'unknown') return
    if (event.type === 'tick') {
      const next = nextAlertStepAt(state, policy)
      if (next !== null) expect(next, 'a step that was taken is not asked for again').toBeGreaterThan(now)
    }
  }
  for (const happening of happenings) {
    switch (happening.kind) {
      case 'event':
        step(happening.event)
        break
      case 'pass': {
        const until = now + happening.ms
        for (let next = nextAlertStepAt(state, policy); next !== null && next <= until; ) {
          now = Math.max(now, next)
          step({ type: 'tick' })
          next = nextAlertStepAt(state, policy)
        }
        now = until
        break
      }
      case 'restart': {
        const before = state
        now += happening.ms
        state = restoreAlert(JSON.parse(JSON.stringify(state)), now)
        expect(state.incident === null).toBe(before.incident === null)
        expect(restoreAlert(JSON.parse(JSON.stringify(state)), now)).toEqual(state)
        witness.failures = 0
        // A clock that is set back takes no time away from what had passed.
        const back = Math.min(0, happening.ms)
        if (witness.lastFiring) witness.lastFiring.at += back
        if (witness.lastFlapping !== null) witness.lastFlapping += back
      }
    }
  }
  return witness
}

test('S12 S13 S16 S17 S18 whatever happens: no resolved without firing, one open incident at most, no tale twice, and no word where it is muted', () => {
  let told = 0
  fc.assert(
    fc.property(policies, fc.array(happening, { maxLength: 80, size: 'max' }), (policy, happenings) => {
      told += play(policy, happenings.flat()).messages
    }),
    { numRuns: 1000 },
  )
  // Not vacuous: the random histories do make messages.
  expect(told).toBeGreaterThan(1000)
})

test('S9 an unknown result is nothing but the passing of time', () => {
  fc.assert(
    fc.property(
      policies,
      fc.array(result, { maxLength: 30, size: 'max' }),
      fc.nat(20_000_000),
      (policy, results, later) => {
        let state = initialAlert
        let now = 0
        for (const item of results) {
          now += 10_000
          if (item.kind === 'event') state = stepAlert(state, item.event, policy, now).state
        }
        const unknown = stepAlert(state, { type: 'result', status: 'unknown' }, policy, now + later)
        expect(unknown).toEqual(stepAlert(state, { type: 'tick' }, policy, now + later))
      },
    ),
  )
})

test('S16 an hour of any comings and goings at thresholds 1/1 is at most ten messages, one without calm at most five', () => {
  const flips = fc.array(fc.boolean(), { minLength: 120, maxLength: 120 })
  fc.assert(
    fc.property(flips, ups => {
      const happenings = ups.flatMap((up): Happening[] => [
        event({ type: 'result', status: up ? 'healthy' : 'unhealthy' }),
        { kind: 'pass', ms: 30_000 },
      ])
      const policy: AlertPolicy = { failureThreshold: 1, recoveryThreshold: 1, forMs: 0, severity: 'critical' }
      expect(play(policy, happenings).messages).toBeLessThanOrEqual(10)
      const half = happenings.slice(0, 120)
      expect(play(policy, half).messages).toBeLessThanOrEqual(5)
    }),
  )
})

test('S3 whatever was kept of an alert is read as an alert with no time in the future', () => {
  const kept = fc.oneof(
    fc.anything(),
    fc.record(
      Object.fromEntries(
        Object.keys(initialAlert).map(key => [
          key,
          fc.oneof(
            fc.jsonValue(),
            fc.constantFrom('ok', 'firing', 'pending', 'silence'),
            fc.record({
              at: fc.double(),
              severity: fc.constantFrom('critical', 'x'),
              since: fc.double(),
              told: fc.boolean(),
            }),
          ),
        ]),
      ),
    ),
  )
  fc.assert(
    fc.property(kept, policies, (json, policy) => {
      const state = restoreAlert(json, 1000)
      const times = [
        state.since,
        state.worse?.since,
        state.incident?.toldAt,
        state.spoke?.at,
        state.flapping?.changedAt,
        ...state.opened,
      ]
      for (const time of times) if (time !== null && time !== undefined) expect(time).toBeLessThanOrEqual(1000)
      expect([null, ...MutedBy.options]).toContain(state.muted)
      stepAlert(state, { type: 'result', status: 'unhealthy' }, policy, 2000)
    }),
  )
})
