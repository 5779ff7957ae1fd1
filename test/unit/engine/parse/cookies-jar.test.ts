// Proves that cookie files of every format are read as they are meant and written back with every byte kept that was not to change.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { detectFormat } from '../../../../src/engine/parse/cookies-detect.ts'
import { readJar, unfit, writeJar } from '../../../../src/engine/parse/cookies-jar.ts'
import { asHeldBy, type Cookie, type Jar } from '../../../../src/shared/cookie.ts'
import { type CookieFormat, cookieFormats } from '../../../../src/shared/model/login.ts'

function jarOf(text: string, format: CookieFormat | null = null, names: string[] | null = null): Jar {
  const result = readJar(text, format, names)
  if (!result.ok) throw new Error(result.problem)
  return result.jar
}

const problemOf = (text: string, format: CookieFormat | null = null): string => {
  const result = readJar(text, format)
  return result.ok ? '' : result.problem
}

const renewed = (jar: Jar, changes: Record<string, Partial<Cookie>>): Cookie[] =>
  jar.cookies.map(cookie => ({ ...cookie, ...changes[cookie.name] }))

const netscape = [
  '# Netscape HTTP Cookie File',
  '# exported by hand',
  '',
  '#HttpOnly_.x.test\tTRUE\t/\tTRUE\t1800000000\tauth_token\told-secret',
  '.x.test\tTRUE\t/\tTRUE\t1800000000.25\tct0\tcsrf',
  'api.x.test\tFALSE\t/v1\tFALSE\t0\tsession\t',
  '# the end',
  '',
].join('\r\n')

const cookieEditor = `[
    {
        "domain": ".x.test",
        "expirationDate": 1800000000.123456,
        "hostOnly": false,
        "httpOnly": true,
        "name": "auth_token",
        "path": "/",
        "sameSite": "no_restriction",
        "secure": true,
        "session": false,
        "storeId": null,
        "value": "old-secret"
    },
    {
        "domain": "x.test",
        "hostOnly": true,
        "httpOnly": false,
        "name": "g\\u00fcest",
        "path": "/a",
        "sameSite": null,
        "secure": false,
        "session": true,
        "storeId": null,
        "unknown": {"kept": [1, 2.50, 1e3]},
        "partitionKey": {"topLevelSite": "https://shop.test"},
        "value": "v"
    }
]
`
const editThis =
  '[{"domain":".x.test","expirationDate":1800000000,"hostOnly":false,"httpOnly":true,"name":"auth_token","path":"/","sameSite":"unspecified","secure":true,"session":false,"storeId":"0","value":"old-secret","id":1}]'
const storageState = `{
  "cookies": [
    {"name": "auth_token", "value": "old-secret", "domain": ".x.test", "path": "/", "expires": 1800000000.5, "httpOnly": true, "secure": true, "sameSite": "None"},
    {"name": "ct0", "value": "csrf", "domain": "x.test", "path": "/", "expires": -1, "httpOnly": false, "secure": true, "sameSite": "Lax", "partitionKey": "https://shop.test", "_crHasCrossSiteAncestor": true}
  ],
  "origins": [{"origin": "https://x.test", "localStorage": [{"name": "a", "value": "\\u2028b"}]}],
  "added later": null
}`
const puppeteer = `[
  {
    "name": "auth_token", "value": "old-secret", "domain": ".x.test", "path": "/", "expires": 1800000000.5, "size": 20,
    "httpOnly": true, "secure": true, "session": false, "sameParty": false, "sourceScheme": "Secure", "sourcePort": 443
  }
]`
const header = 'Cookie: auth_token=old-secret;  ct0="quo=ted"; ct0=second\r\n'
const env = `# the bot's login
export AUTH_TOKEN='old-secret' # from the browser
CT0=csrf
DATABASE_URL="postgres://u:p@h/db?a=1;b=2"
PRIVATE_KEY="-----BEGIN
CT0=not this one
-----END"
EMPTY=
`
const samples: [CookieFormat, string][] = [
  ['netscape', netscape],
  ['json', cookieEditor],
  ['json', editThis],
  ['json', '{"auth_token": "old-secret",  "ct0":"csrf"}'],
  ['json', '{"url":"https://x.test","cookies":[{"name":"auth_token","value":"old-secret","domain":".x.test"}]}'],
  ['storage-state', storageState],
  ['puppeteer', puppeteer],
  ['header', header],
  ['header', 'auth_token=old-secret; ct0=csrf'],
  ['env', env],
]

describe('reading', () => {
  test.each(samples)('%s is found by its content: %#', (format, text) => {
    expect(detectFormat(text)).toBe(format)
    expect(detectFormat(`\ufeff${text}`)).toBe(format)
    expect(jarOf(text).format).toBe(format)
  })

  test('Netscape: flags, #HttpOnly_, session cookies and empty values', () => {
    const [token, ct0, session] = jarOf(netscape).cookies
    expect(token).toEqual({
      ...{ name: 'auth_token', value: 'old-secret', domain: 'x.test', hostOnly: false, path: '/' },
      ...{ secure: true, httpOnly: true, sameSite: 'unspecified', expiresAt: 1_800_000_000_000 },
    })
    expect(ct0).toMatchObject({ httpOnly: false, expiresAt: 1_800_000_000_250 })
    expect(session).toMatchObject({ domain: 'api.x.test', hostOnly: true, secure: false, expiresAt: null, value: '' })
  })

  test('extensions: hostOnly, sameSite, session, partition key', () => {
    const [token, guest] = jarOf(cookieEditor).cookies
    expect(token).toMatchObject({ domain: 'x.test', hostOnly: false, sameSite: 'no_restriction' })
    expect(token?.expiresAt).toBe(1_800_000_000_123)
    expect(guest).toMatchObject({ name: 'güest', hostOnly: true, sameSite: 'unspecified', expiresAt: null })
    expect(guest?.partitionKey).toBe('https://shop.test')
  })

  test('Playwright and Puppeteer: -1 is a session, the dot tells hostOnly', () => {
    const [token, ct0] = jarOf(storageState).cookies
    expect(token).toMatchObject({ domain: 'x.test', hostOnly: false, sameSite: 'no_restriction', httpOnly: true })
    expect(ct0).toMatchObject({ hostOnly: true, expiresAt: null, sameSite: 'lax', partitionKey: 'https://shop.test' })
    expect(jarOf(puppeteer).cookies[0]).toMatchObject({ expiresAt: 1_800_000_000_500, sameSite: 'unspecified' })
  })

  test('a header: names once or more, quotes belong to the value, a piece without = has no name', () => {
    expect(jarOf(header).cookies.map(({ name, value }) => [name, value])).toEqual([
      ['auth_token', 'old-secret'],
      ['ct0', '"quo=ted"'],
      ['ct0', 'second'],
    ])
    expect(jarOf('Cookie: a=1; alone;; b=', 'header').cookies.map(({ name, value }) => [name, value])).toEqual([
      ['a', '1'],
      ['', 'alone'],
      ['b', ''],
    ])
    expect(jarOf('Cookie: a=1', null).cookies[0]).toMatchObject({ domain: '', expiresAt: null })
  })

  test('an .env file: only the named keys are cookies, values of several lines are none', () => {
    expect(jarOf(env, null, ['AUTH_TOKEN', 'CT0']).cookies.map(({ name, value }) => [name, value])).toEqual([
      ['AUTH_TOKEN', 'old-secret'],
      ['CT0', 'csrf'],
    ])
    expect(jarOf(env).cookies.map(({ name }) => name)).toEqual(['AUTH_TOKEN', 'CT0', 'DATABASE_URL', 'EMPTY'])
    expect(jarOf('A="x\\ny"\nB="a\\"b" # c\nC=a#b #c\n').cookies.map(({ value }) => value)).toEqual(['a"b', 'a#b'])
    expect(problemOf('A="x\\ny"', 'env')).toBe('')
    expect(readJar('A="x\\ny"', 'env', ['A'])).toMatchObject({ ok: false, problem: expect.stringContaining('of A') })
  })
})

describe('S26 what cannot be a file of cookies', () => {
  test.each([
    ['', 'empty'],
    [' \n\t', 'empty'],
    ['a=1\0', 'NUL'],
    [`a=${'x'.repeat(1_048_576)}`, '1 MiB'],
    [`a=${'ü'.repeat(600_000)}`, '1 MiB'],
    ['hello world', 'none of the formats'],
    ['<html>', 'none of the formats'],
    ['{"a": 1}', 'none of the formats'],
    ['[1, 2]', 'none of the formats'],
    ['[{"name":"a","value":"v"},7]', 'Entry 2'],
    ['[{"name":"a","value":"v"},{"name":"b"}]', 'Entry 2'],
    ['[{"name":"a","value":"secret\\nx","domain":"x.test"}]', 'A line break or NUL stands in the value of "a"'],
    ['[{"name":"a","value":"secret\\u0000x","domain":"x.test"}]', 'value of "a"'],
    ['[{"name":"a\\r","value":"v","domain":"x.test"}]', 'in the name'],
    ['[{"name":"a","value":"v","domain":"x test"}]', 'no domain'],
    ['[{"name":"a","value":"v","domain":"../etc"}]', 'no domain'],
    [`[{"name":"a","value":"v","domain":"${'a.'.repeat(200)}b"}]`, 'no domain'],
    ['x.test\tTRUE\t/\tFALSE\tsoon\tn\tsecret', 'Line 1: its fifth field'],
    ['x.test\tTRUE\t/\tFALSE\t0\tn\tsecret\nnonsense', 'Line 2: this is no cookie'],
    ['# Netscape HTTP Cookie File\n.x.test TRUE / FALSE 0 n secret', 'Line 2: the tabs'],
    ['Cookie: a=1\nCookie: b=2', 'one line'],
  ])('%#: %j', (text, problem) => {
    expect(problemOf(text)).toContain(problem)
    expect(problemOf(text)).not.toContain('secret')
  })

  test('a text that is nested too deeply, and one with ten thousand and one cookies', () => {
    expect(problemOf('['.repeat(500_000))).toContain('none of the formats')
    expect(problemOf('{"a":'.repeat(100_000), 'json')).toBe('It is not valid JSON')
    const many = `a.test\tTRUE\t/\tFALSE\t0\tn\tv\n`.repeat(10_001)
    expect(problemOf(many)).toBe('More than 10000 cookies')
  })

  test('whatever the bytes, reading says yes or why not, within a second', () => {
    const pieces = fc.constantFrom(
      ...'{}[]",:\\;=\t\n\r #\'`\u2028\ufeff',
      'TRUE',
      '#HttpOnly_',
      '"name"',
      '"value"',
      'é',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), fc.constantFrom(null, ...cookieFormats), (parts, format) => {
        const result = readJar(parts.join(''), format)
        if (result.ok) expect(writeJar(result.jar.cookies, result.jar.format, result.jar)).toBe(parts.join(''))
        else expect(result.problem).not.toBe('')
      }),
      { numRuns: 2_000 },
    )
    for (const text of [
      '"'.repeat(1e6),
      '\\'.repeat(1e6),
      `A="${'\\'.repeat(1e6)}`,
      'a;'.repeat(5e5),
      ' '.repeat(1e6 - 1),
      // what a regular expression would try again from each of its places
      `a=1${' '.repeat(1e6)}b`,
      `a=1${' '.repeat(1e6)}\nb`,
      `${'\n'.repeat(1e6)}x`,
      'A=x '.repeat(250_000),
    ])
      for (const format of [null, ...cookieFormats]) expect(typeof readJar(`[${text}`, format).ok).toBe('boolean')
  })
})

describe('writing', () => {
  test.each(samples)('%s: the same cookies give the same bytes: %#', (format, text) => {
    const jar = jarOf(text)
    expect(writeJar(jar.cookies, format, jar)).toBe(text)
    expect(writeJar(renewed(jar, {}), format, jar)).toBe(text)
    const marked = jarOf(`\ufeff${text}`)
    expect(writeJar(marked.cookies, format, marked)).toBe(`\ufeff${text}`)
  })

  test.each(samples)('%s: a new value changes its own characters alone: %#', (format, text) => {
    const jar = jarOf(text)
    const changes = { auth_token: { value: 'new-secret-1' }, AUTH_TOKEN: { value: 'new-secret-1' } }
    const sized = text.replace('"size": 20', '"size": 22')
    expect(writeJar(renewed(jar, changes), format, jar)).toBe(sized.replace('old-secret', 'new-secret-1'))
  })

  test('a new end, place and flags', () => {
    const changes = { auth_token: { expiresAt: 1_900_000_000_000, httpOnly: false, hostOnly: true } }
    const lines = jarOf(netscape)
    expect(writeJar(renewed(lines, changes), 'netscape', lines)).toBe(
      netscape.replace('#HttpOnly_.x.test\tTRUE\t/\tTRUE\t1800000000\t', 'x.test\tFALSE\t/\tTRUE\t1900000000\t'),
    )
    const list = jarOf(cookieEditor)
    const after = writeJar(renewed(list, { auth_token: { expiresAt: null, sameSite: 'strict' } }), 'json', list)
    expect(after).toBe(
      cookieEditor
        .replace('        "expirationDate": 1800000000.123456,\n', '')
        .replace('"no_restriction"', '"strict"')
        .replace('"session": false', '"session": true'),
    )
    const state = jarOf(storageState)
    const ended = renewed(state, {
      ct0: { expiresAt: 1_900_000_000_000, sameSite: 'no_restriction', partitionKey: undefined },
    })
    expect(writeJar(ended, 'storage-state', state)).toBe(
      storageState
        .replace('"expires": -1', '"expires": 1900000000')
        .replace('"sameSite": "Lax"', '"sameSite": "None"')
        .replace(', "partitionKey": "https://shop.test"', ''),
    )
  })

  test('one that is gone takes its own line or object along, and nothing else', () => {
    const lines = jarOf(netscape)
    expect(writeJar(lines.cookies.slice(1), 'netscape', lines)).toBe(netscape.replace(/#HttpOnly_.*\r\n/, ''))
    const list = jarOf(cookieEditor)
    expect(JSON.parse(writeJar(list.cookies.slice(1), 'json', list))).toEqual(JSON.parse(cookieEditor).slice(1))
    expect(writeJar(list.cookies.slice(0, 1), 'json', list)).toBe(cookieEditor.replace(/,\n {4}\{[\s\S]*\n {4}\}/, ''))
    const pairs = jarOf(header)
    expect(writeJar(pairs.cookies.slice(1), 'header', pairs)).toBe('Cookie: ct0="quo=ted"; ct0=second\r\n')
    expect(writeJar([], 'json', jarOf(editThis))).toBe('[]')
    expect(writeJar([], 'header', pairs)).toBe('Cookie: \r\n')
  })

  test('keys of an .env file are never taken away', () => {
    const jar = jarOf(env)
    expect(writeJar([], 'env', jar)).toBe(env)
  })

  test('a new one is laid out as the others are', () => {
    const fresh: Cookie = {
      ...{ name: 'new', value: 'n w', domain: 'x.test', hostOnly: false, path: '/', secure: true, httpOnly: true },
      ...{ sameSite: 'lax', expiresAt: 1_900_000_000_000 },
    }
    const added = (text: string, format: CookieFormat): string => {
      const jar = jarOf(text)
      return writeJar([...jar.cookies, fresh], format, jar)
    }
    expect(added(netscape, 'netscape')).toBe(
      netscape.replace('session\t\r\n', 'session\t\r\n#HttpOnly_.x.test\tTRUE\t/\tTRUE\t1900000000\tnew\tn w\r\n'),
    )
    expect(added(netscape.slice(0, netscape.indexOf('\r\n# the end')), 'netscape')).toMatch(
      /session\t\r\n#HttpOnly_.*\tnew\tn w$/,
    )
    expect(added(editThis, 'json')).toBe(
      editThis.replace(
        /\]$/,
        ', {"domain":".x.test","expirationDate":1900000000,"hostOnly":false,"httpOnly":true,"name":"new","path":"/","sameSite":"lax","secure":true,"session":false,"storeId":"0","value":"n w","id":2}]',
      ),
    )
    expect(added(cookieEditor, 'json')).toContain('    },\n    {\n        "domain": ".x.test",\n')
    expect(added(storageState, 'storage-state')).toContain(
      'true},\n    {"name": "new", "value": "n w", "domain": ".x.test", "path": "/", "expires": 1900000000, "httpOnly": true, "secure": true, "sameSite": "Lax"}\n  ],',
    )
    expect(added('auth_token=a; ct0=b', 'header')).toBe('auth_token=a; ct0=b; new=n w')
    expect(added(env, 'env')).toBe(`${env}new='n w'\n`)
    expect(added('export A=1', 'env')).toBe("export A=1\nexport new='n w'\n")
    expect(added('{"a": "1"}', 'json')).toBe('{"a": "1", "new": "n w"}')
    expect(writeJar([fresh], 'storage-state', null)).toBe(
      `${JSON.stringify({ cookies: [{ name: 'new', value: 'n w', domain: '.x.test', path: '/', expires: 1_900_000_000, httpOnly: true, secure: true, sameSite: 'Lax' }], origins: [] }, null, 2)}\n`,
    )
    expect(writeJar([fresh], 'netscape', null)).toMatch(
      /^# Netscape HTTP Cookie File\n\n#HttpOnly_\.x\.test\tTRUE.*\n$/,
    )
  })

  test('values of an .env file keep their quotes, and get others where these cannot hold them', () => {
    const written = (text: string, value: string) =>
      writeJar([{ ...(jarOf(text).cookies[0] as Cookie), value }], 'env', jarOf(text))
    expect(written('A="x"', 'y')).toBe('A="y"')
    expect(written("A='x'", "it's")).toBe('A="it\'s"')
    expect(written('A=x # c', 'a b')).toBe("A='a b' # c")
    expect(written('A="x"', '$HOME')).toBe("A='$HOME'")
    expect(written('A=x', '')).toBe('A=')
    expect(written('A=x', '#')).toBe("A='#'")
    expect(written('A=x', `'"$`)).toBe('A="\'\\"\\$"')
  })
})

const anyName = fc.oneof(
  fc.constantFrom('auth_token', 'ct0', '__Secure-1PSID', 'session', 'A', 'B', 'C'),
  fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,12}$/),
)
const anyValue = fc.oneof(
  fc.stringMatching(/^[!#-+\x2d-:<-[\]-~]{0,40}$/),
  fc.string({ unit: 'grapheme', maxLength: 20 }).map(text => text.replace(/[\r\n\0]/g, '').trim()),
)
const anyCookie: fc.Arbitrary<Cookie> = fc.record(
  {
    name: anyName,
    value: anyValue,
    domain: fc.constantFrom('x.test', 'api.x.test', 'y.example', '127.0.0.1'),
    hostOnly: fc.boolean(),
    path: fc.constantFrom('/', '/a', '/a/b c'),
    secure: fc.boolean(),
    httpOnly: fc.boolean(),
    sameSite: fc.constantFrom('unspecified', 'no_restriction', 'lax', 'strict'),
    expiresAt: fc.oneof(fc.constant(null), fc.integer({ min: 1_000, max: 4e12 })),
    partitionKey: fc.constantFrom('https://shop.test', 'https://other.test'),
  },
  { requiredKeys: ['name', 'value', 'domain', 'hostOnly', 'path', 'secure', 'httpOnly', 'sameSite', 'expiresAt'] },
)
/** No two of one identity in any format. */
const anyCookies = fc.uniqueArray(anyCookie, { selector: ({ name }) => name, maxLength: 8 })
const sorted = (cookies: readonly Cookie[]): Cookie[] =>
  [...cookies].sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0))
const heldBy = (cookies: readonly Cookie[], format: CookieFormat): Cookie[] =>
  sorted(cookies.filter(cookie => unfit(cookie, format) === null).map(cookie => asHeldBy(format, cookie)))

describe.each(cookieFormats)('round trips of generated jars: %s', format => {
  test('what is written anew is read back, and written again gives the same bytes', () => {
    fc.assert(
      fc.property(anyCookies, cookies => {
        const text = writeJar(cookies, format, null)
        const held = heldBy(cookies, format)
        if (text.trim() === '') {
          expect(held).toEqual([])
          return
        }
        const jar = jarOf(text, format)
        expect(sorted(jar.cookies)).toEqual(held)
        expect(writeJar(jar.cookies, format, jar)).toBe(text)
      }),
    )
  })

  test('any change on any base is read back as it was meant, and back again gives the same cookies', () => {
    fc.assert(
      fc.property(anyCookies, anyCookies, fc.boolean(), (before, after, compact) => {
        let text = writeJar(before, format, null)
        if (text.trim() === '') return
        if (compact && text.startsWith('[')) text = JSON.stringify(JSON.parse(text))
        const base = jarOf(text, format)
        const written = writeJar(after, format, base)
        // keys of an env file stay
        const names = new Set(after.map(({ name }) => name))
        const kept = format === 'env' ? before.filter(({ name }) => !names.has(name)) : []
        const held = heldBy([...after, ...kept], format)
        if (written.trim() === '') {
          expect(held).toEqual([])
          return
        }
        const jar = jarOf(written, format)
        expect(sorted(jar.cookies)).toEqual(held)
        expect(writeJar(jar.cookies, format, jar)).toBe(written)
      }),
      { numRuns: 300 },
    )
  })

  test('from here to every other format and back: names and values stay', () => {
    fc.assert(
      fc.property(anyCookies, fc.constantFrom(...cookieFormats), (cookies, other) => {
        const both = cookies.filter(cookie => unfit(cookie, format) === null && unfit(cookie, other) === null)
        if (both.length === 0) return
        const here = jarOf(writeJar(both, format, null), format)
        const there = jarOf(writeJar(here.cookies, other, null), other)
        const values = (list: readonly Cookie[]) => sorted(list).map(({ name, value }) => [name, value])
        expect(values(there.cookies)).toEqual(values(both))
      }),
      { numRuns: 60 },
    )
  })
})
