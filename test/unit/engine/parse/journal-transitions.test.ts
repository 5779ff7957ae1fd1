// Proves on recorded journals that units' lives are reconstructed as they were (R13).
import { describe, expect, test } from 'vitest'
import { JournalExportReader } from '../../../../src/engine/parse/journal-export.ts'
import {
  type LifeEvent,
  lifeFields,
  toLifeEvent,
  unitTransitionsFromJournal,
} from '../../../../src/engine/parse/journal-transitions.ts'
import type { UnitTransition } from '../../../../src/shared/model/unit.ts'
import { type Distro, distros, fixture } from './fixtures.ts'

function recorded(distro: Distro): UnitTransition[] {
  const events: LifeEvent[] = []
  const reader = new JournalExportReader(lifeFields, values => {
    const event = toLifeEvent(values)
    if (event) events.push(event)
  })
  reader.push(fixture(distro, 'life.export'))
  return unitTransitionsFromJournal('host', 'system', events)
}

const told = (transitions: readonly UnitTransition[], unit: string): string[] =>
  transitions
    .filter(({ name }) => name === `${unit}.service`)
    .map(({ fromState, toState, subState, result }) => `${fromState ?? '?'} > ${toState}/${subState} ${result}`)

describe.each(distros)('R13 %s', distro => {
  const transitions = recorded(distro)

  test('killed, restarted by systemd, restarted by a person, stopped', () => {
    expect(told(transitions, 'qd-bot')).toEqual([
      '? > active/running success',
      'active > activating/auto-restart signal',
      'activating > active/running success',
      'active > deactivating/stop-sigterm success',
      'deactivating > inactive/dead success',
      'inactive > active/running success',
      'active > deactivating/stop-sigterm success',
      'deactivating > inactive/dead success',
    ])
    const runs = transitions.filter(({ name, toState }) => name === 'qd-bot.service' && toState === 'active')
    expect(new Set(runs.map(run => run.invocationId)).size).toBe(3)
    expect(runs.map(run => run.restarts)).toEqual([null, 1, 1])
    expect(transitions.every(({ reconstructed, scope }) => reconstructed && scope === 'system')).toBe(true)
  })

  test('given up at the start limit', () => {
    expect(told(transitions, 'qd-limit')).toEqual([
      '? > active/running success',
      'active > activating/auto-restart exit-code',
      'activating > active/running success',
      'active > activating/auto-restart exit-code',
      'activating > failed/failed exit-code',
    ])
  })

  test('one-shots: over when finished, or kept until stopped', () => {
    expect(told(transitions, 'qd-oneshot')).toEqual(['? > activating/start null', 'activating > inactive/dead success'])
    expect(told(transitions, 'qd-stays')).toEqual([
      '? > activating/start null',
      'activating > active/exited success',
      'active > inactive/dead success',
    ])
  })

  test('a start that failed, and one that was not tried because of it', () => {
    expect(told(transitions, 'qd-broken')).toEqual([
      '? > activating/start null',
      'activating > failed/failed exit-code',
    ])
    expect(told(transitions, 'qd-dependent')).toEqual([])
  })
})

test('what is not about a service, or not one of the messages, is left out', () => {
  const of = (id: string, unit: string | undefined): LifeEvent | null => toLifeEvent(['1000', id, unit])
  expect(of('39f53479d3a045ac8e11786248231fbf', 'a.service')).toMatchObject({
    message: 'started',
    unit: 'a.service',
    at: 1,
  })
  expect(of('39f53479d3a045ac8e11786248231fbf', 'a.timer')).toBeNull()
  expect(of('39f53479d3a045ac8e11786248231fbf', undefined)).toBeNull()
  for (const hostile of ['a b.service', '-a.service', `${'x'.repeat(300)}.service`, '\u001b[31m.service'])
    expect(of('39f53479d3a045ac8e11786248231fbf', hostile)).toBeNull()
  expect(of('00000000000000000000000000000000', 'a.service')).toBeNull()
})
