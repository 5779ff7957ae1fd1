// Proves how a found value is held against what a person expects.
import { expect, it } from 'vitest'
import { explain, meets } from '../../../../src/engine/parse/expectation.ts'

it.each([
  ['5', '> 4', true],
  ['5', '> 5', false],
  ['5', '>= 5', true],
  ['10', '< 9', false],
  ['10', '<=10', true],
  ['5.0', '5', true],
  ['5', '== 5.0', true],
  ['5', '!= 5', false],
  ['ok', 'ok', true],
  [' ok\n', '= ok', true],
  ['bad', 'ok', false],
  ['bad', '!= ok', true],
  ['many', '> 1', false],
  ['', '> 0', false],
  ['', '', true],
  ['anything', '  ', true],
])('%j meets %j: %s', (found, expected, met) => {
  expect(meets(found, expected)).toBe(met)
})

it('says what was found and what was expected, and cuts what is long', () => {
  expect(explain('RESULT', '3', '> 5')).toBe('[RESULT] (3) > 5')
  expect(explain('RESULT', 'bad', 'ok')).toBe('[RESULT] (bad) == ok')
  expect(explain('RESULT', '3', '')).toBe('[RESULT] (3)')
  expect(explain('RESULT', 'x'.repeat(900), '')).toHaveLength(211)
})
