// Proves what counts as up, as down and as neither (semantics 17, R12, R13).
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type StatusSpan, unitSpans, uptimeOf, uptimeWindowMs } from '../../../../src/engine/domain/uptime.ts'
import type { UnitTransition } from '../../../../src/shared/model/unit.ts'

const hour = 3_600_000
const now = 1000 * hour
const span = (fromHoursAgo: number, toHoursAgo: number, status: StatusSpan['status']): StatusSpan => ({
  from: now - fromHoursAgo * hour,
  to: now - toHoursAgo * hour,
  status,
})

describe('uptime', () => {
  it('S17 leaves unknown and maintenance out', () => {
    const spans = [
      span(24, 14, 'healthy'),
      span(14, 12, 'maintenance'),
      span(12, 10, 'unknown'),
      span(10, 8, 'unhealthy'),
      span(8, 0, 'degraded'),
    ]
    expect(uptimeOf(spans, '24h', now)).toEqual({
      window: '24h',
      percent: 90,
      up: 18 * hour,
      down: 2 * hour,
      unknown: 2 * hour,
      maintenance: 2 * hour,
    })
  })

  it('S17 what failed under maintenance does not count', () => {
    const spans = [span(24, 0, 'healthy'), span(6, 4, 'unhealthy'), span(7, 3, 'maintenance')]
    expect(uptimeOf(spans, '24h', now)).toMatchObject({ percent: 100, maintenance: 4 * hour, down: 0 })
  })

  it('is null where nothing is known, and time that nothing speaks of is unknown', () => {
    expect(uptimeOf([], '7d', now)).toMatchObject({ percent: null, unknown: 168 * hour })
    expect(uptimeOf([span(900, 700, 'healthy'), span(1, 0, 'unhealthy')], '30d', now)).toMatchObject({
      percent: (20 / 21) * 100,
      up: 20 * hour,
      unknown: 699 * hour,
    })
  })

  it('sums up to the window, whatever the spans', () => {
    const spans = fc.array(
      fc.record({
        from: fc.integer({ min: 0, max: now + hour }),
        to: fc.integer({ min: 0, max: now + hour }),
        status: fc.constantFrom('healthy', 'degraded', 'unhealthy', 'unknown', 'maintenance'),
      }),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(spans, fc.constantFrom('24h', '7d', '30d'), (spans, window) => {
        const { up, down, unknown, maintenance, percent } = uptimeOf(spans as StatusSpan[], window, now)
        expect(up + down + unknown + maintenance).toBe(uptimeWindowMs[window])
        for (const part of [up, down, unknown, maintenance]) expect(part).toBeGreaterThanOrEqual(0)
        if (percent !== null) expect(percent).toSatisfy((value: number) => value >= 0 && value <= 100)
      }),
    )
  })
})

describe('a unit', () => {
  const transition = (
    hoursAgo: number,
    fromState: string | null,
    toState: string,
    subState = '',
    result: string | null = 'success',
  ): UnitTransition => ({
    hostId: 'web',
    scope: 'system',
    name: 'bot.service',
    at: now - hoursAgo * hour,
    fromState,
    toState,
    subState,
    result,
    mainPid: null,
    restarts: null,
    invocationId: null,
    reconstructed: false,
  })
  const read = (spans: StatusSpan[]) =>
    spans.map(({ from, to, status }) => `${(now - from) / hour}–${(now - to) / hour} ${status}`)

  it('is up while active, down while failed or waiting to be restarted, and neither while it was stopped', () => {
    const history = [
      transition(2, 'inactive', 'active', 'running'),
      transition(20, 'active', 'failed', 'failed', 'exit-code'),
      transition(18, 'failed', 'activating', 'start'),
      transition(17, 'activating', 'active', 'running'),
      transition(10, 'active', 'activating', 'auto-restart', 'exit-code'),
      transition(9, 'activating', 'active', 'running'),
      transition(5, 'active', 'deactivating', 'stop-sigterm'),
      transition(4, 'deactivating', 'inactive', 'dead'),
    ]
    expect(read(unitSpans(history, [], now, { since: now - 30 * hour }))).toEqual([
      '30–20 healthy',
      '20–17 unhealthy',
      '17–10 healthy',
      '10–9 unhealthy',
      '9–4 healthy',
      '4–2 unknown',
      '2–0 healthy',
    ])
  })

  it('that never changed is what it is', () => {
    const current = { activeState: 'active', subState: 'running', result: 'success' }
    expect(read(unitSpans([], [], now, { since: now - 5 * hour, current }))).toEqual(['5–0 healthy'])
    expect(unitSpans([], [], now)).toEqual([])
    expect(read(unitSpans([transition(3, 'active', 'failed')], [], now))).toEqual(['3–0 unhealthy'])
    expect(read(unitSpans([transition(3, null, 'failed')], [], now, { since: now - 5 * hour }))).toEqual([
      '5–3 unknown',
      '3–0 unhealthy',
    ])
  })

  it('S2 is unknown in gaps, but for those that were filled from the host', () => {
    const gap = (from: number, to: number | null, filled: boolean) => ({
      from: now - from * hour,
      to: to === null ? null : now - to * hour,
      filled,
    })
    const history = [transition(12, 'active', 'failed')]
    const gaps = [gap(20, 18, false), gap(16, 14, true), gap(13, 11, false), gap(1, null, false)]
    expect(read(unitSpans(history, gaps, now, { since: now - 24 * hour }))).toEqual([
      '24–20 healthy',
      '20–18 unknown',
      '18–13 healthy',
      '13–11 unknown',
      '11–1 unhealthy',
      '1–0 unknown',
    ])
  })
})
