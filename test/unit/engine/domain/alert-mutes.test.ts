// Proves what an alert does while nobody may be told of it, while it cannot be judged, and over gaps, restarts and its check's removal.
import { describe, expect, it } from 'vitest'
import { initialAlert, nextAlertStepAt, phaseOf } from '../../../../src/engine/domain/alert-state.ts'
import { AlertPlay, hour, minute } from './alert-play.ts'

const fired = (change = {}): AlertPlay =>
  new AlertPlay({ failureThreshold: 1, recoveryThreshold: 1, ...change }).probe('x')

describe('silence and maintenance', () => {
  it('S17 the machine runs, messages do not go; at the end one message if it still fires', () => {
    const play = new AlertPlay().mute('maintenance').probe('xxx')
    expect(play.take()).toEqual(['20 open critical', '20 muted maintenance'])
    play.pass(9 * hour).mute(null)
    expect(play.take()).toEqual(['32420 tell firing critical', '32420 muted null'])
    expect(play.pass(10_000).probe('oo').told).toEqual(['32440 resolved critical'])
  })

  it('S17 what began and ended within it is never told', () => {
    const play = new AlertPlay().mute('silence').probe('xxxoo').pass(hour).mute(null).pass(hour)
    expect(play.told).toEqual([])
    expect(play.log.at(-1)).toBe('40 resolve')
  })

  it('S17 what was told before it and still fires at its end is told once more, unless acknowledged', () => {
    const play = fired()
      .mute('silence')
      .pass(9 * hour)
    expect(play.told).toHaveLength(1)
    expect(play.mute(null).told).toEqual(['0 firing critical', '32400 repeat critical'])
    const known = fired().step({ type: 'acknowledge' }).mute('silence').pass(hour).mute(null)
    expect(known.told).toHaveLength(1)
  })

  it('S17 one silence after the other is one silence', () => {
    const play = fired().mute('silence').pass(minute).mute('maintenance').pass(minute)
    expect(play.told).toHaveLength(1)
    expect(play.mute(null).mute(null).told).toHaveLength(2)
  })

  it('S17 what is recovering at its end is told if it fails again', () => {
    const play = new AlertPlay().mute('silence').probe('xxxo').mute(null)
    expect(play.told).toEqual([])
    expect(play.pass(10_000).probe('x').told).toEqual(['40 firing critical'])
  })

  it('S12 what resolves within it is not told as resolved', () => {
    expect(fired().mute('silence').probe('o').mute(null).told).toEqual(['0 firing critical'])
  })
})

describe('inhibition', () => {
  it('S18 while the host is down its results move nothing, and what was pending needs fresh failures', () => {
    const play = new AlertPlay().probe('xx').mute('host-down')
    expect(phaseOf(play.state)).toBe('ok')
    play.probe('xxxxx').mute(null)
    expect(play.log).toEqual([])
    play.probe('xx')
    expect(play.log).toEqual([])
    expect(play.pass(10_000).probe('x').told).toEqual(['70 firing critical'])
  })

  it('S18 what fired before and was told stays firing, without another word', () => {
    const play = fired().mute('host-down')
    expect(play.take().at(-1)).toBe('0 muted host-down')
    expect(play.pass(hour).mute(null).take()).toEqual(['3600 muted null'])
    expect(play.probe('xxx').take()).toEqual([])
    expect(play.probe('o').told).toEqual(['3620 resolved critical'])
  })

  it('S18 what was still to be told needs fresh failures afterwards', () => {
    for (const by of ['host-down', 'dependency', 'offline'] as const) {
      const play = new AlertPlay().mute('silence').probe('xxx').mute(by).pass(minute).mute(null)
      expect(play.probe('xx').told).toEqual([])
      expect(play.probe('x').told).toEqual(['90 firing critical'])
    }
  })

  it('S18 a repeat that fell due meanwhile waits for fresh failures, too', () => {
    const play = new AlertPlay()
      .probe('xxx')
      .mute('dependency')
      .pass(5 * hour)
      .mute(null)
      .pass(minute)
    expect(play.told).toHaveLength(1)
    expect(play.probe('xxx').told).toEqual(['20 firing critical', '18100 repeat critical'])
  })

  it('S18 a recovery starts anew', () => {
    const play = new AlertPlay().probe('xxxo').mute('host-down').mute(null)
    expect(phaseOf(play.state)).toBe('recovering')
    expect(play.probe('o').told).toHaveLength(1)
    expect(play.probe('o').told).toHaveLength(2)
  })

  it('S18 flapping does not end by what nobody could see', () => {
    const play = new AlertPlay({ failureThreshold: 1, recoveryThreshold: 1 })
      .probe('xoxoxo', 30_000)
      .mute('host-down')
      .pass(hour)
      .mute(null)
    expect(play.told.at(-1)).toBe('120 flapping critical')
    expect(play.pass(31 * minute).told.at(-1)).toBe('5550 resolved critical')
  })
})

describe('gaps', () => {
  it('S2 pending and recovering counters start anew, and the gap itself tells nothing', () => {
    const play = new AlertPlay().probe('xx').step({ type: 'gap' })
    expect(play.probe('xx').log).toEqual([])
    expect(play.probe('x').told).toEqual(['20 firing critical'])
    play.pass(10_000).probe('o').step({ type: 'gap' })
    expect(phaseOf(play.state)).toBe('recovering')
    expect(play.probe('o').told).toHaveLength(1)
    expect(play.probe('o').told).toEqual(['20 firing critical', '30 resolved critical'])
  })

  it('S2 neither `for`, cool-down nor repeat that fell due in it speaks before fresh failures', () => {
    const waiting = new AlertPlay({ failureThreshold: 2, forMs: minute }).probe('xx').step({ type: 'gap' })
    expect(waiting.pass(hour).log).toEqual([])
    const cooling = new AlertPlay({ failureThreshold: 2, recoveryThreshold: 1 }).probe('xxoxx').step({ type: 'gap' })
    expect(cooling.pass(hour).told).toHaveLength(2)
    expect(cooling.probe('x').told).toHaveLength(2)
    expect(cooling.probe('x').told).toHaveLength(3)
    const repeating = new AlertPlay({ failureThreshold: 2 })
      .probe('xx')
      .step({ type: 'gap' })
      .pass(8 * hour)
    expect(repeating.told).toHaveLength(1)
    expect(repeating.probe('xx').told).toHaveLength(2)
  })

  it('S2 failures before it do not make an incident worse after it', () => {
    const play = new AlertPlay({ failureThreshold: 2 }).probe('ddx').step({ type: 'gap' }).probe('x')
    expect(play.told).toEqual(['10 firing warning'])
    expect(play.probe('x').told.at(-1)).toBe('20 firing critical')
  })

  it('S2 a restart of the engine is a gap, and forgets no incident', () => {
    const play = new AlertPlay().probe('xxx').restart(5 * minute)
    expect(phaseOf(play.state)).toBe('firing')
    expect(play.probe('oo').told).toEqual(['20 firing critical', '310 resolved critical'])
    expect(new AlertPlay().probe('xx').restart().probe('xx').log).toEqual([])
  })

  it('S2 flapping needs 30 min that somebody saw', () => {
    const play = new AlertPlay({ failureThreshold: 1, recoveryThreshold: 1 }).probe('xoxoxo').restart(hour)
    expect(play.pass(29 * minute).told.at(-1)).toMatch(/flapping/)
    expect(play.pass(minute).told.at(-1)).toBe('5400 resolved critical')
  })

  it('S3 persisted times that lie in the future count as now', () => {
    const play = new AlertPlay({ failureThreshold: 1 })
      .until(10 * hour)
      .probe('x')
      .restart(hour)
    expect(play.state.incident?.toldAt).toBe(hour)
    expect(play.state.spoke?.at).toBe(hour)
    expect(play.state.opened).toEqual([hour])
    play.probe('x')
    expect(nextAlertStepAt(play.state, play.policy)).toBe(5 * hour)
  })
})

describe('a check that is removed or switched off', () => {
  it('S12 ends its incident, told where its firing went', () => {
    expect(fired().step({ type: 'close' }).log.slice(-2)).toEqual(['0 resolve', '0 tell resolved critical'])
    const untold = new AlertPlay().mute('silence').probe('xxx').step({ type: 'close' })
    expect(untold.log.at(-1)).toBe('20 resolve')
    expect(new AlertPlay().probe('xx').step({ type: 'close' }).state).toEqual(initialAlert)
  })

  it('S13 S16 does not get round cool-down and flapping by being switched off and on', () => {
    const play = new AlertPlay({ failureThreshold: 1, recoveryThreshold: 1 })
    for (let round = 0; round < 2; round++) play.probe('x').step({ type: 'close' })
    expect(play.told).toEqual(['0 firing critical', '0 resolved critical'])
    expect(play.probe('x').told.at(-1)).toBe('0 flapping critical')
    play.step({ type: 'close' })
    expect(play.told.at(-1)).toBe('0 resolved critical')
  })
})
