// Proves when a person is told about a failed unit, and that a crash loop does not spam.
import { describe, expect, it } from 'vitest'
import {
  afterGap,
  coolDownMs,
  initialUnitFailure,
  nextStepAt,
  recoveryMs,
  stepUnitFailure,
  type UnitFailure,
  type UnitFailureMessage,
  type UnitObservation,
} from '../../../../src/engine/domain/unit-failure.ts'

const failed = { activeState: 'failed', subState: 'failed', result: 'exit-code' }
const restarting = { activeState: 'activating', subState: 'auto-restart', result: 'success' }
const active = { activeState: 'active', subState: 'running', result: 'success' }
const inactive = { activeState: 'inactive', subState: 'dead', result: 'success' }

function play(steps: readonly (readonly [number, UnitObservation | null])[]): {
  messages: [number, UnitFailureMessage][]
  end: UnitFailure
} {
  let failure = initialUnitFailure
  const messages: [number, UnitFailureMessage][] = []
  for (const [at, observed] of steps) {
    const { next, message } = stepUnitFailure(failure, observed, at)
    failure = next
    if (message) messages.push([at, message])
  }
  return { messages, end: failure }
}

describe('unit failure messages', () => {
  it('tells once when a unit enters failed', () => {
    expect(
      play([
        [0, active],
        [5, failed],
        [6, failed],
      ]).messages,
    ).toEqual([[5, { kind: 'failed', restarting: false }]])
  })

  it('S12 recovery is told only after it lasted, and only if the failure was', () => {
    const { messages } = play([
      [0, failed],
      [1_000, active],
      [1_000 + recoveryMs - 1, null],
      [1_000 + recoveryMs, null],
    ])
    expect(messages).toEqual([
      [0, { kind: 'failed', restarting: false }],
      [1_000 + recoveryMs, { kind: 'recovered', afterMs: 1_000 + recoveryMs }],
    ])
  })

  it('S13 a crash loop speaks once per cool-down', () => {
    const steps: [number, UnitObservation][] = []
    for (let at = 0; at < coolDownMs; at += 2_000) steps.push([at, failed], [at + 1, restarting], [at + 2, active])
    expect(play(steps).messages).toHaveLength(1)
  })

  it('S13 a failure inside the cool-down is told at its end if it still stands', () => {
    const steps: [number, UnitObservation | null][] = [
      [0, failed],
      [1_000, active],
      [1_000 + recoveryMs, null],
      [20_000, failed],
    ]
    const { messages, end } = play(steps)
    expect(messages.map(([, message]) => message.kind)).toEqual(['failed', 'recovered'])
    expect(nextStepAt(end)).toBe(coolDownMs)
    expect(stepUnitFailure(end, null, coolDownMs).message).toEqual({ kind: 'failed', restarting: false })
  })

  it('S12 nothing is said of the recovery of a failure that was never told', () => {
    const { messages } = play([
      [0, failed],
      [1_000, active],
      [12_000, null],
      [20_000, failed],
      [21_000, active],
      [40_000, null],
    ])
    expect(messages.map(([, message]) => message.kind)).toEqual(['failed', 'recovered'])
  })

  it('a unit that a person starts, stops or that exits to be restarted by design is not a failure', () => {
    expect(
      play([
        [0, active],
        [1, inactive],
        [2, restarting],
        [3, active],
        [60_000, null],
      ]).messages,
    ).toEqual([])
  })

  it('a crash that systemd restarts without passing through failed is one (RestartMode=direct)', () => {
    const direct = { ...restarting, result: 'signal' }
    expect(
      play([
        [0, active],
        [5, direct],
      ] as const).messages,
    ).toEqual([[5, { kind: 'failed', restarting: true }]])
  })

  it('S2 a gap starts the proof of recovery anew', () => {
    const { end } = play([
      [0, failed],
      [1_000, active],
    ])
    const resumed = afterGap(end, 90_000)
    expect(stepUnitFailure(resumed, null, 90_001).message).toBeNull()
    expect(stepUnitFailure(resumed, null, 90_000 + recoveryMs).message?.kind).toBe('recovered')
  })
})
