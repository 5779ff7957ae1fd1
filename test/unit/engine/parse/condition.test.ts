// Proves that conditions are read, judged and said as a person expects, and that no body and no text can break or stall them (R15, R17).
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { conditionProblem, parseCondition } from '../../../../src/engine/parse/condition.ts'
import { type ConditionFacts, evaluateCondition } from '../../../../src/engine/parse/condition-result.ts'
import { matchesGlob, timeOf } from '../../../../src/engine/parse/condition-value.ts'
import { jsonAt, parseJsonPath, readJson } from '../../../../src/engine/parse/json-path.ts'

const now = Date.parse('2026-03-01T12:00:00Z')

function facts(body: unknown, changes: Partial<ConditionFacts> = {}): ConditionFacts {
  const bodyText = typeof body === 'string' ? body : JSON.stringify(body)
  return { status: 200, responseMs: 120, headers: {}, bodyText, json: () => readJson(bodyText), now, ...changes }
}

function judge(text: string, of: ConditionFacts): { outcome: string; text: string } {
  const parsed = parseCondition(text)
  if (!parsed.ok) throw new Error(conditionProblem(text) ?? '')
  const { outcome, text: said } = evaluateCondition(parsed.condition, of)
  return { outcome, text: said }
}

const day = 86_400_000
const health = {
  name: 'bot-7',
  updates: 42,
  ready: true,
  note: null,
  empty: '',
  items: [{ id: 7 }, { id: 8 }],
  'odd key': { deep: ['x', ['y', 'z']] },
  last_update: '2026-03-01T11:48:00.000+00:00',
  epoch: now / 1000 - 60,
  version: '3',
}

describe('R17 a condition says what it found', () => {
  const cases: [string, ConditionFacts, string, string][] = [
    ['[STATUS] == 200', facts({}), 'met', '[STATUS] (200) == 200'],
    ['[STATUS] == 200', facts({}, { status: 500 }), 'failed', '[STATUS] (500) == 200'],
    ['[STATUS]==any(200, 204)', facts({}, { status: 204 }), 'met', '[STATUS] (204) == any(200, 204)'],
    ['[STATUS] != any(500, 502)', facts({}, { status: 502 }), 'failed', '[STATUS] (502) != any(500, 502)'],
    ['[STATUS] == pat(2*)', facts({}, { status: 301 }), 'failed', '[STATUS] (301) == pat(2*)'],
    ['[STATUS] == 200', facts({}, { status: undefined as never }), 'failed', '[STATUS] (not known) == 200'],
    ['[RESPONSE_TIME] < 500', facts({}, { responseMs: 812 }), 'failed', '[RESPONSE_TIME] (812 ms) < 500'],
    ['[RESPONSE_TIME] < 2s', facts({}, { responseMs: 812 }), 'met', '[RESPONSE_TIME] (812 ms) < 2s'],
    [
      '[CERTIFICATE_EXPIRATION] > 14d',
      facts({}, { certificateMs: 13.2 * day }),
      'failed',
      '[CERTIFICATE_EXPIRATION] (13.2 d) > 14d',
    ],
    ['[CERTIFICATE_EXPIRATION] > 14d', facts({}), 'failed', '[CERTIFICATE_EXPIRATION] (no certificate) > 14d'],
    ['[HEADERS].X-Version == 3', facts({}, { headers: { 'x-version': '3' } }), 'met', '[HEADERS].X-Version (3) == 3'],
    ['[HEADERS].x-version == 3', facts({}), 'failed', '[HEADERS].x-version (missing) == 3'],
    ['[HEADERS].constructor == 3', facts({}), 'failed', '[HEADERS].constructor (missing) == 3'],
    ['[BODY].updates >= 42', facts(health), 'met', '[BODY].updates (42) >= 42'],
    ['[BODY].version == 3', facts(health), 'met', '[BODY].version (3) == 3'],
    ['[BODY].version > 4', facts(health), 'failed', '[BODY].version (3) > 4'],
    ['[BODY].name == pat(bot*)', facts(health), 'met', '[BODY].name (bot-7) == pat(bot*)'],
    ['[BODY].name == pat(*z)', facts(health), 'failed', '[BODY].name (bot-7) == pat(*z)'],
    ['[BODY].name > 3', facts(health), 'failed', '[BODY].name (bot-7 is not a number) > 3'],
    ['[BODY].ready == true', facts(health), 'met', '[BODY].ready (true) == true'],
    ['[BODY].note == null', facts(health), 'met', '[BODY].note (null) == null'],
    ['[BODY].empty == ""', facts(health), 'met', '[BODY].empty ("") == ""'],
    ['[BODY].nothing == null', facts(health), 'failed', '[BODY].nothing (missing) == null'],
    ['[BODY].nothing != 3', facts(health), 'failed', '[BODY].nothing (missing) != 3'],
    ['[BODY].items[1].id == 8', facts(health), 'met', '[BODY].items[1].id (8) == 8'],
    [
      '[BODY].items[0].id == [BODY].items[1].id',
      facts(health),
      'failed',
      '[BODY].items[0].id (7) == [BODY].items[1].id (8)',
    ],
    ['[BODY].items == 2', facts(health), 'failed', '[BODY].items (2 items) == 2'],
    ['[BODY]["odd key"].deep[1][0] == y', facts(health), 'met', '[BODY]["odd key"].deep[1][0] (y) == y'],
    ['[BODY][0] == "a b"', facts(['a b']), 'met', '[BODY][0] (a b) == "a b"'],
    ['[BODY].__proto__ == 1', facts(health), 'failed', '[BODY].__proto__ (missing) == 1'],
    ['[BODY].items.length == 2', facts(health), 'failed', '[BODY].items.length (missing) == 2'],
    ['len([BODY].items) > 0', facts(health), 'met', 'len([BODY].items) (2) > 0'],
    ['len([BODY].items) > 0', facts({ items: [] }), 'failed', 'len([BODY].items) (0) > 0'],
    ['len([BODY].nothing) == 0', facts(health), 'failed', 'len([BODY].nothing) (missing) == 0'],
    ['len([BODY].updates) == 0', facts(health), 'failed', 'len([BODY].updates) (42 has no length) == 0'],
    ['len([BODY]) == 2', facts([1, 2]), 'met', 'len([BODY]) (2) == 2'],
    ['has([BODY].items[1])', facts(health), 'met', 'has([BODY].items[1]) (true)'],
    ['has([BODY].items[2])', facts(health), 'failed', 'has([BODY].items[2]) (false)'],
    ['has([BODY].error) == false', facts(health), 'met', 'has([BODY].error) (false) == false'],
    ['[BODY] == pat(*pong*)', facts('<p>pong</p>'), 'met', '[BODY] (<p>pong</p>) == pat(*pong*)'],
    ['[BODY].x == 1', facts('<p>'), 'failed', '[BODY].x (not JSON) == 1'],
    ['[BODY].last_update age < 5m', facts(health), 'failed', '[BODY].last_update age (12 min) < 5m'],
    ['[BODY].last_update age < 1h30m', facts(health), 'met', '[BODY].last_update age (12 min) < 1h30m'],
    ['[BODY].epoch age <= 60s', facts(health), 'met', '[BODY].epoch age (60 s) <= 60s'],
    ['[BODY].name age < 5m', facts(health), 'failed', '[BODY].name age (bot-7 is not a time) < 5m'],
  ]
  test.each(cases)('%s', (condition, of, outcome, said) => {
    expect(judge(condition, of)).toEqual({ outcome, text: said })
  })

  test('S3 a time a little ahead of our clock is now, one far ahead is a wrong clock', () => {
    const at = (ms: number) => facts({ at: new Date(now + ms).toISOString() })
    expect(judge('[BODY].at age < 5m', at(60_000)).text).toBe('[BODY].at age (0 ms) < 5m')
    expect(judge('[BODY].at age < 5m', at(60_000)).outcome).toBe('met')
    expect(judge('[BODY].at age < 5m', at(3 * day))).toEqual({
      outcome: 'failed',
      text: '[BODY].at age (3 d ahead of now) < 5m',
    })
  })

  test('a value is cut and cannot bend the message', () => {
    const { text } = judge('[BODY].a == 1', facts({ a: `\u001b[31mred\u202e\n${'x'.repeat(5000)}` }))
    expect(text.length).toBeLessThan(120)
    for (const char of ['\u001b', '\n', '\u202e']) expect(text).not.toContain(char)
  })
})

describe('R47 rates and growth', () => {
  const grown = (by: Record<string, number>, overMs: number): ConditionFacts =>
    facts({ updates: 100, errors: 7 }, { growth: place => ({ by: by[place.text] ?? 0, overMs }) })
  const minutes = 60_000
  test.each([
    ['growth([BODY].updates, 5m) > 0', { '[BODY].updates': 0 }, 5, 'failed', 'growth([BODY].updates, 5m) (0) > 0'],
    ['growth([BODY].updates, 5m) > 0', { '[BODY].updates': 0 }, 2, 'undecided', 'growth([BODY].updates, 5m) (0) > 0'],
    ['growth([BODY].updates, 5m) > 0', { '[BODY].updates': 3 }, 1, 'met', 'growth([BODY].updates, 5m) (3) > 0'],
    ['rate([BODY].errors, 10m) < 3/m', { '[BODY].errors': 40 }, 10, 'failed', 'rate([BODY].errors, 10m) (4/m) < 3/m'],
    ['rate([BODY].errors, 10m) < 300/h', { '[BODY].errors': 40 }, 10, 'met', 'rate([BODY].errors, 10m) (4/m) < 300/h'],
    [
      'share([BODY].errors, [BODY].updates, 10m) < 5%',
      { '[BODY].errors': 7, '[BODY].updates': 100 },
      10,
      'failed',
      'share([BODY].errors, [BODY].updates, 10m) (7 %) < 5%',
    ],
    [
      'share([BODY].errors, [BODY].updates + [BODY].errors, 10m) < 5%',
      { '[BODY].errors': 4, '[BODY].updates': 96 },
      10,
      'met',
      'share([BODY].errors, [BODY].updates + [BODY].errors, 10m) (4 %) < 5%',
    ],
    [
      'share([BODY].errors, [BODY].updates, 10m) < 5%',
      {},
      10,
      'undecided',
      'share([BODY].errors, [BODY].updates, 10m) (nothing happened) < 5%',
    ],
    [
      'share([BODY].errors, [BODY].updates, 10m) < 5%',
      { '[BODY].errors': 7 },
      4,
      'undecided',
      'share([BODY].errors, [BODY].updates, 10m) (not known yet) < 5%',
    ],
  ] as const)('%s', (condition, by, over, outcome, said) => {
    expect(judge(condition, grown(by, over * minutes))).toEqual({ outcome, text: said })
  })
  test('a number that is not there has no growth', () => {
    expect(judge('growth([BODY].gone, 5m) > 0', grown({}, 1e9))).toEqual({
      outcome: 'failed',
      text: 'growth([BODY].gone, 5m) (missing) > 0',
    })
  })
})

describe('R15 a wrong condition is refused with the place', () => {
  test.each([
    ['', 'At the beginning (character 1): a condition begins with [STATUS]'],
    ['200 == [STATUS]', 'At the beginning (character 1): a condition begins with'],
    ['[STATSU] == 200', 'At the beginning (character 1): [STATSU] is not known; there are [STATUS]'],
    ['[STATUS]', 'After "[STATUS]" (character 9): a comparison is wanted'],
    ['[STATUS] = 200', 'After "[STATUS] " (character 10): equality is written =='],
    ['[STATUS] ==', 'After "[STATUS] ==" (character 12): a value is wanted'],
    ['[STATUS] == ok', 'After "[STATUS] == " (character 13): a number is wanted'],
    ['[STATUS] == 200 or 201', 'After "[STATUS] == 200 " (character 17): nothing may follow here'],
    ['[STATUS].x == 1', 'After "[STATUS]" (character 9): [STATUS] has no parts'],
    ['[STATUS] < any(1, 2)', 'any() goes with == and !='],
    ['[STATUS] == any(1, 2', '"," or ")" is wanted'],
    ['[HEADERS] == 1', 'one header is named'],
    ['[BODY].a. == 1', 'After "[BODY].a." (character 10): a name must follow the dot'],
    ['[BODY].a[x] == 1', 'an index such as [0]'],
    ['[BODY].a == pat(x', 'the pattern must end with ")"'],
    ['[BODY].a == "x', 'the closing quote is missing'],
    ['[BODY].a < x', 'only numbers are compared'],
    ['[BODY].a < 5m', 'write age before the comparison'],
    ['[BODY].a age < 5', 'a length of time is wanted'],
    ['[STATUS] age < 5m', 'age is of a time in [BODY] or [HEADERS]'],
    ['[CERTIFICATE_EXPIRATION] > 14', 'a length of time is wanted'],
    ['[RESPONSE_TIME] < fast', 'milliseconds are wanted'],
    ['len([STATUS]) > 0', 'After "len(" (character 5): len() takes a place in [BODY]'],
    ['len([BODY].a) > x', 'a number is wanted'],
    ['has([BODY].a) == 1', 'has() is == true or == false'],
    ['has([BODY].a', '")" is wanted'],
    ['growth([BODY].a) > 0', 'a length of time is wanted'],
    ['growth([BODY].a, 5) > 0', 'a length of time such as 30s'],
    ['growth([BODY].a, 9w) > 0', 'between a second and a day'],
    ['share([BODY].a, 10m) < 5%', 'a place such as [BODY].path is wanted'],
    ['share([BODY].a, [BODY].b, 10m) < 5', 'a percentage is wanted'],
    ['rate([BODY].a, 10m) < 5', 'a rate is wanted'],
    [`[BODY].${'a'.repeat(600)} == 1`, 'at most 500 characters'],
  ])('%s', (condition, message) => {
    expect(conditionProblem(condition)).toContain(message)
  })
})

describe('S34 S36 hostile input', () => {
  const conditions = [
    '[BODY].a == 1',
    'len([BODY].a) > 0',
    'has([BODY].a.b)',
    '[BODY].a age < 5m',
    '[BODY].a[0] < 3',
    'len([BODY]) > 1',
  ].map(text => {
    const parsed = parseCondition(text)
    if (!parsed.ok) throw new Error(text)
    return parsed.condition
  })

  test('any text is a condition or a problem with a place inside it', () => {
    const piece = fc.constantFrom(
      '[',
      ']',
      '(',
      ')',
      '"',
      '\\',
      'len(',
      'any(',
      'pat(',
      '[BODY]',
      '.a',
      ' == ',
      ' age ',
      '1',
      '5m',
      ',',
      '%',
      'share(',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 30 }).map(parts => parts.join('')),
        ),
        text => {
          const parsed = parseCondition(text)
          if (parsed.ok) expect(evaluateCondition(parsed.condition, facts({ a: 1 })).text).not.toBe('')
          else {
            expect(parsed.at).toBeGreaterThanOrEqual(0)
            expect(parsed.at).toBeLessThanOrEqual(text.length)
          }
        },
      ),
      { numRuns: 3000 },
    )
  })

  test('any body is judged, in a message of bounded length', () => {
    const body = fc.oneof(
      fc.json(),
      fc.string(),
      fc.jsonValue().map(value => JSON.stringify({ a: value })),
      fc.jsonValue().map(value => JSON.stringify({ a: { b: value } })),
    )
    fc.assert(
      fc.property(body, text => {
        for (const condition of conditions) {
          const result = evaluateCondition(condition, facts(text))
          expect(['met', 'failed']).toContain(result.outcome)
          expect(result.text.length).toBeLessThan(400)
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('what a condition says agrees with plain comparison, for all numbers', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (a, b) => {
        for (const [operator, holds] of [
          ['<', a < b],
          ['<=', a <= b],
          ['==', a === b],
          ['!=', a !== b],
          ['>', a > b],
          ['>=', a >= b],
        ] as const)
          expect(judge(`[BODY].n ${operator} ${b}`, facts({ n: a })).outcome).toBe(holds ? 'met' : 'failed')
      }),
    )
  })

  test('depth and number of values are bounded before anything is parsed', () => {
    const size = 8 * 1024 * 1024
    expect(readJson('['.repeat(size))).toEqual({ ok: false, message: 'JSON nested deeper than 256' })
    expect(readJson(`[${'0,'.repeat(size / 2)}0]`)).toEqual({ ok: false, message: 'JSON of too many values' })
    expect(readJson(`{"a":${'['.repeat(255)}${']'.repeat(255)}}`).ok).toBe(true)
    expect(readJson(`{"a":"${'[{'.repeat(1000)}\\"[["}`).ok).toBe(true)
    const long = readJson(`{"a":"${'x'.repeat(size)}"}`)
    expect(long.ok && (jsonAt(long.value, ['a']) as string).length).toBe(size)
  })

  test('a pattern with many stars against a long text is linear', () => {
    const text = 'a'.repeat(8 * 1024 * 1024)
    expect(matchesGlob(`${'a*'.repeat(200)}b`, text)).toBe(false)
    expect(matchesGlob('*a*', text)).toBe(true)
  })

  test('globs agree with the obvious definition', () => {
    const small = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 })
    fc.assert(
      fc.property(small, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 }), (glob, text) => {
        const naive = (g: string, t: string): boolean =>
          g === ''
            ? t === ''
            : g[0] === '*'
              ? naive(g.slice(1), t) || (t !== '' && naive(g, t.slice(1)))
              : g[0] === t[0] && t !== '' && naive(g.slice(1), t.slice(1))
        expect(matchesGlob(glob, text)).toBe(naive(glob, text))
      }),
      { numRuns: 2000 },
    )
  })
})

test('times are read as programs write them', () => {
  const at = Date.parse('2026-03-01T11:48:00Z')
  for (const text of [
    '2026-03-01T11:48:00Z',
    '2026-03-01T11:48:00',
    '2026-03-01 11:48',
    '2026-03-01T11:48:00.000000+00:00',
    '2026-03-01T12:48:00+01:00',
    '2026-03-01T12:48:00+0100',
    '2026-03-01T12:48+01',
    'Sun, 01 Mar 2026 11:48:00 GMT',
    at / 1000,
    String(at / 1000),
    at,
    at * 1000,
  ])
    expect(timeOf(text), String(text)).toBe(at)
  for (const text of ['soon', '', 0, -5, 'March', '2026-13-45T00:00:00Z', true, null, [at]])
    expect(timeOf(text)).toBeNull()
})

test('paths may be written without their first dot', () => {
  expect(parseJsonPath('a.b[0]')).toMatchObject({ ok: true, path: ['a', 'b', 0] })
  expect(parseJsonPath('.a')).toMatchObject({ ok: true, path: ['a'] })
  expect(parseJsonPath('a b')).toMatchObject({ ok: false })
  expect(parseJsonPath('')).toMatchObject({ ok: false })
})
