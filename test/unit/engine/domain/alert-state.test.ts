// Proves the alert machine's numbered lines one by one, on histories small enough to read.
import { describe, expect, it } from 'vitest'
import {
  initialAlert,
  mutedBy,
  nextAlertStepAt,
  phaseOf,
  stepAlert,
} from '../../../../src/engine/domain/alert-state.ts'
import { AlertPlay, hour, minute, policy } from './alert-play.ts'

const fired = (change = {}): AlertPlay =>
  new AlertPlay({ failureThreshold: 1, recoveryThreshold: 1, ...change }).probe('x')

describe('thresholds', () => {
  it('S10 two failures are pending, the third in a row is one new incident that began with the first', () => {
    const play = new AlertPlay().probe('oxx')
    expect(phaseOf(play.state)).toBe('pending')
    expect(play.log).toEqual([])
    play.pass(10_000).probe('xxxx')
    expect(phaseOf(play.state)).toBe('firing')
    expect(play.log).toEqual(['30 open critical', '30 tell firing critical'])
    const pending = new AlertPlay().until(7).probe('xx').state
    const { effects } = stepAlert(pending, { type: 'result', status: 'unhealthy' }, policy(), 99)
    expect(effects[0]).toEqual({ kind: 'open', severity: 'critical', startedAt: 7 })
  })

  it('S10 a success while pending ends it without a word, and the count starts anew', () => {
    const play = new AlertPlay().probe('xxoxxo')
    expect(phaseOf(play.state)).toBe('ok')
    expect(play.log).toEqual([])
    expect(nextAlertStepAt(play.state, play.policy)).toBeNull()
  })

  it('S10 with `for`, it fires when that has passed since the first failure, though no probe comes then', () => {
    const play = new AlertPlay({ failureThreshold: 2, forMs: 2 * minute }).probe('xx')
    expect(nextAlertStepAt(play.state, play.policy)).toBe(2 * minute)
    expect(play.until(2 * minute - 1).log).toEqual([])
    expect(play.until(hour).told).toEqual(['120 firing critical'])
  })

  it('S10 `for` alone is not enough where failures are missing', () => {
    const play = new AlertPlay({ forMs: minute }).probe('xx').pass(hour)
    expect(play.log).toEqual([])
    expect(play.probe('x').told).toEqual(['3610 firing critical'])
  })

  it('S11 one success is recovering, the second in a row resolves', () => {
    const play = new AlertPlay().probe('xxxo')
    expect(phaseOf(play.state)).toBe('recovering')
    play.take()
    play.pass(10_000).probe('o')
    expect(phaseOf(play.state)).toBe('ok')
    expect(play.take()).toEqual(['40 resolve', '40 tell resolved critical'])
  })

  it('S11 a failure while recovering is the same incident and no message', () => {
    const play = new AlertPlay().probe('xxxoxoxox')
    expect(phaseOf(play.state)).toBe('firing')
    expect(play.log).toEqual(['20 open critical', '20 tell firing critical'])
    expect(play.pass(10_000).probe('ooo').told).toEqual(['20 firing critical', '100 resolved critical'])
  })

  it('S9 an unknown result moves no counter: neither towards firing nor out of it', () => {
    const play = new AlertPlay().probe('xx????')
    expect(phaseOf(play.state)).toBe('pending')
    play.pass(10_000).probe('x??o??')
    expect(phaseOf(play.state)).toBe('recovering')
    play.pass(10_000).probe('?o')
    expect(play.told).toEqual(['60 firing critical', '130 resolved critical'])
  })

  it('says with the same state that nothing changed, so that nothing need be written', () => {
    const play = fired()
    const again = stepAlert(play.state, { type: 'result', status: 'unhealthy' }, play.policy, 5)
    expect(again.state).toBe(play.state)
    expect(again.effects).toEqual([])
    for (const event of [
      { type: 'result', status: 'healthy' },
      { type: 'tick' },
      { type: 'gap' },
      { type: 'acknowledge' },
    ] as const)
      expect(stepAlert(initialAlert, event, policy(), 5).state).toBe(initialAlert)
  })
})

describe('severity', () => {
  it('degraded counts as a failure of at most warning', () => {
    expect(new AlertPlay().probe('ddd').told).toEqual(['20 firing warning'])
    expect(new AlertPlay({ severity: 'info' }).probe('ddd').told).toEqual(['20 firing info'])
  })

  it('S13 a rise in severity passes the cool-down, after as many failures as it takes to alert', () => {
    const play = new AlertPlay().probe('dddxx')
    expect(play.told).toEqual(['20 firing warning'])
    play.take()
    expect(play.pass(10_000).probe('x').take()).toEqual(['50 severity critical', '50 tell firing critical'])
    expect(play.pass(10_000).probe('dddxxx').take()).toEqual([])
  })

  it('one failure among degraded ones does not make it worse', () => {
    expect(new AlertPlay().probe('dxdxdxdxdxxd').told).toEqual(['20 firing warning'])
  })

  it('S13 a new incident worse than what was told last passes the cool-down, too', () => {
    const play = new AlertPlay({ failureThreshold: 1, recoveryThreshold: 1 }).probe('dox')
    expect(play.told).toEqual(['0 firing warning', '10 resolved warning', '20 firing critical'])
  })

  it('a rise waits for `for`, too, and comes without a probe', () => {
    const play = new AlertPlay({ failureThreshold: 1, forMs: minute })
      .probe('d')
      .pass(2 * minute)
      .probe('x')
    expect(play.told).toEqual(['60 firing warning'])
    expect(play.pass(hour).told).toEqual(['60 firing warning', '180 firing critical'])
  })

  it('a rise is told although the incident was acknowledged', () => {
    const play = new AlertPlay({ failureThreshold: 1 }).probe('d').step({ type: 'acknowledge' }).pass(minute).probe('x')
    expect(play.told).toEqual(['0 firing warning', '60 firing critical'])
    expect(play.pass(9 * hour).told).toHaveLength(2)
  })
})

describe('R20 unhealthy for too long', () => {
  const rising = { failureThreshold: 1, severity: 'warning', riseMs: 10 * minute } as const

  it('is critical after 10 min: the same incident, one message more', () => {
    const play = new AlertPlay(rising).probe('x').pass(10 * minute)
    expect(play.take()).toEqual([
      '0 open warning',
      '0 tell firing warning',
      '600 severity critical',
      '600 tell firing critical',
    ])
    expect(play.pass(minute).probe('oo').take()).toEqual(['670 resolve', '670 tell resolved critical'])
  })

  it('counts only what failed outright and without a pause', () => {
    expect(
      new AlertPlay(rising)
        .probe('x')
        .pass(9 * minute)
        .probe('d')
        .pass(9 * minute).told,
    ).toHaveLength(1)
    expect(
      new AlertPlay(rising)
        .probe('x')
        .pass(9 * minute)
        .probe('ox', 1_000)
        .pass(9 * minute).told,
    ).toHaveLength(1)
    expect(new AlertPlay(rising).probe('d').pass(hour).told).toEqual(['0 firing warning'])
  })

  it('S2 time that was lost does not count', () => {
    const play = new AlertPlay(rising)
      .probe('x')
      .pass(9 * minute)
      .step({ type: 'gap' })
      .probe('x')
    expect(play.pass(9 * minute).told).toEqual(['0 firing warning'])
    expect(play.pass(2 * minute).told).toEqual(['0 firing warning', '1140 firing critical'])
  })

  it('leaves alone what somebody has taken on, and what is critical anyway', () => {
    const taken = new AlertPlay(rising).probe('x').step({ type: 'acknowledge' }).pass(hour)
    expect(taken.told).toEqual(['0 firing warning'])
    expect(new AlertPlay({ ...rising, severity: 'critical' }).probe('x').pass(hour).told).toEqual(['0 firing critical'])
  })

  it('S17 is told once when the silence ends in which it became critical', () => {
    const play = new AlertPlay(rising)
      .probe('x')
      .mute('silence')
      .pass(20 * minute)
      .mute(null)
    expect(play.told).toEqual(['0 firing warning', '1200 firing critical'])
  })

  it('S16 what flaps is not told again for having lasted', () => {
    const play = new AlertPlay({ ...rising, failureThreshold: 1, recoveryThreshold: 1 }).probe('xoxox', minute)
    expect(play.pass(20 * minute).told.slice(-1)).toEqual(['240 flapping warning'])
  })
})

describe('cool-down', () => {
  it('S13 a new incident within 5 min is recorded and deferred, and sent if it still fires at the end', () => {
    const play = new AlertPlay({ failureThreshold: 1, recoveryThreshold: 1 }).probe('xo', minute)
    play.take()
    play.pass(minute).probe('x')
    expect(play.take()).toEqual(['120 open critical', '120 muted cool-down'])
    expect(mutedBy(play.state)).toBe('cool-down')
    play.until(5 * minute - 1).step({ type: 'tick' })
    expect(play.take()).toEqual([])
    play.until(10 * minute)
    expect(play.take()).toEqual(['300 tell firing critical', '300 muted null'])
  })

  it('S13 what is over before the end of the cool-down is never told, nor its end (S12)', () => {
    const play = new AlertPlay({ failureThreshold: 1, recoveryThreshold: 1 }).probe('xoxo', minute).pass(hour)
    expect(play.told).toEqual(['0 firing critical', '60 resolved critical'])
    expect(play.log.filter(line => line.endsWith('resolve'))).toHaveLength(2)
  })

  it('S13 what is recovering at the end of the cool-down waits for how that ends', () => {
    const play = new AlertPlay({ failureThreshold: 1 }).probe('xooxo', 70_000)
    expect(play.until(6 * minute).told).toEqual(['0 firing critical', '140 resolved critical'])
    expect(play.probe('x').told.at(-1)).toBe('360 firing critical')
  })

  it('S13 after 5 min a new incident is told at once', () => {
    const play = new AlertPlay({ failureThreshold: 1, recoveryThreshold: 1 })
      .probe('xo')
      .until(5 * minute)
      .probe('x')
    expect(play.told.at(-1)).toBe('300 firing critical')
  })
})

describe('repeat', () => {
  it('S15 every 4 h while it fires and nobody acknowledged it', () => {
    const play = fired()
      .pass(4 * hour - 1)
      .step({ type: 'tick' })
    expect(play.told).toHaveLength(1)
    play.until(9 * hour)
    expect(play.told).toEqual(['0 firing critical', '14400 repeat critical', '28800 repeat critical'])
    play.step({ type: 'acknowledge' }).pass(24 * hour)
    expect(play.told).toHaveLength(3)
    expect(nextAlertStepAt(play.state, play.policy)).toBeNull()
    expect(play.probe('o').told.at(-1)).toBe('118800 resolved critical')
  })

  it('an incident that is acknowledged before anybody was told is not told', () => {
    const play = new AlertPlay({ failureThreshold: 1, recoveryThreshold: 1 }).probe('xox', minute)
    play
      .step({ type: 'acknowledge' })
      .pass(9 * hour)
      .probe('o')
    expect(play.told).toEqual(['0 firing critical', '60 resolved critical'])
  })
})

describe('flapping', () => {
  const flapping = (): AlertPlay =>
    new AlertPlay({ failureThreshold: 1, recoveryThreshold: 1 }).probe('xoxox', 5 * minute)

  it('S16 the third incident in 30 min is one flapping message, then nothing', () => {
    const play = flapping()
    expect(play.told).toEqual([
      '0 firing critical',
      '300 resolved critical',
      '600 firing critical',
      '900 resolved critical',
      '1200 flapping critical',
    ])
    play.take()
    expect(
      play
        .pass(5 * minute)
        .probe('oxoxoxoxox', 5 * minute)
        .take(),
    ).toEqual([])
    expect(mutedBy(play.state)).toBe('flapping')
  })

  it('S16 after 30 min without a change it is told that it is well', () => {
    const play = flapping()
      .pass(5 * minute)
      .probe('o')
    play.take()
    expect(phaseOf(play.state)).toBe('ok')
    expect(
      play
        .pass(30 * minute - 1)
        .step({ type: 'tick' })
        .take(),
    ).toEqual([])
    expect(play.pass(hour).take()).toEqual(['3300 resolve', '3300 tell resolved critical'])
    expect(play.state.flapping).toBeNull()
  })

  it('S16 if it fires all that time its state has not changed: no message but the repeat', () => {
    const play = flapping()
    play.take()
    expect(play.pass(30 * minute).take()).toEqual(['3000 muted null'])
    expect(play.pass(4 * hour).take()).toEqual(['15600 tell repeat critical'])
    expect(play.probe('o').told).toEqual(['17400 resolved critical'])
  })

  it('S16 each change starts the 30 min anew, a blip below the threshold does not', () => {
    const play = new AlertPlay({ failureThreshold: 2, recoveryThreshold: 1 }).probe('xxoxxoxx', minute)
    expect(play.told.at(-1)).toBe('420 flapping critical')
    play
      .pass(20 * minute)
      .probe('o')
      .pass(20 * minute)
      .probe('xo')
    expect(play.pass(10 * minute).told.at(-1)).toMatch(/resolved/)
    expect(play.now / 1000).toBeGreaterThan(play.told.map(Number.parseFloat).at(-1) ?? Number.NaN)
  })

  it('S16 three incidents in more than 30 min are not flapping', () => {
    const play = new AlertPlay({ failureThreshold: 1, recoveryThreshold: 1 }).probe('xoxox', 8 * minute)
    expect(play.told.at(-1)).toBe('1920 firing critical')
  })

  it('S16 what was flapping within a silence is told as such when that ends', () => {
    const play = new AlertPlay({ failureThreshold: 1, recoveryThreshold: 1 }).mute('silence').probe('xoxox')
    expect(play.told).toEqual([])
    expect(play.pass(minute).mute(null).told).toEqual(['100 flapping critical'])
  })

  it('S13 a check flipping every 30 s for an hour at thresholds 1/1 sends at most 3 messages', () => {
    const play = new AlertPlay({ failureThreshold: 1, recoveryThreshold: 1 }).probe('xo'.repeat(60), 30_000)
    expect(play.now).toBe(119 * 30_000)
    expect(play.told).toEqual(['0 firing critical', '30 resolved critical', '120 flapping critical'])
    expect(play.log.filter(line => line.includes(' open '))).toHaveLength(3)
  })
})
