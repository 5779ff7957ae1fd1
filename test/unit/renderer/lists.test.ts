// What lists and selects have in common: units as keys and words, and the filter by text.
import { expect, test } from 'vitest'
import { saysAll } from '../../../src/renderer/lib/says-all.ts'
import { unitKey, unitLabel } from '../../../src/renderer/lib/unit-keys.ts'
import { unitOfKey } from '../../../src/renderer/lib/unit-of-key.ts'
import { groupWord } from '../../../src/renderer/views/incidents/timeline-groups.ts'

test('a unit comes back from its key, and nothing else does', () => {
  const unit = { scope: 'user', name: 'bot@alice.service' } as const
  expect(unitKey(unit)).toBe('user/bot@alice.service')
  expect(unitOfKey(unitKey(unit))).toEqual(unit)
  for (const key of ['', 'bot.service', '/bot.service', 'system/', 'root/bot.service', 'system/../../etc'])
    expect(unitOfKey(key), key).toBeNull()
})

test('only the units of a user say whose they are', () => {
  expect(unitLabel({ scope: 'system', name: 'nginx.service' })).toBe('nginx.service')
  expect(unitLabel({ scope: 'user', name: 'bot.service' })).toBe('bot.service (user)')
})

test('a filter wants each of its words somewhere, in any case and order', () => {
  const said = ['Trading API', null, 'web-1', undefined]
  expect(saysAll(said, 'WEB trad')).toBe(true)
  expect(saysAll(said, 'web db')).toBe(false)
  expect(saysAll(said, '')).toBe(true)
  expect(saysAll(said, 'null')).toBe(false)
})

test('the parts of a story are counted in words', () => {
  expect([groupWord('probes', 1), groupWord('probes', 2), groupWord('host', 1)]).toEqual([
    'probe',
    'probes',
    'on the host',
  ])
})
