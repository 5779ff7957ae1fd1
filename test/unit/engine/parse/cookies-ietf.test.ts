// The cases that cookie parsers are measured by, as facts made from RFC 6265 §4.2, §5.1–5.4 and 6265bis: what is read from a header, what is sent where, what every file keeps.
import { describe, expect, test } from 'vitest'
import { cookieHeaderFor } from '../../../../src/engine/domain/cookie-select.ts'
import { readJar, unfit, writeJar } from '../../../../src/engine/parse/cookies-jar.ts'
import { asHeldBy, type Cookie, nakedCookie } from '../../../../src/shared/cookie.ts'
import { cookieFormats } from '../../../../src/shared/model/login.ts'

function pairsOf(header: string): string[] {
  const reading = readJar(header, 'header')
  if (!reading.ok) throw new Error(reading.problem)
  // what is not touched is written as it was
  expect(writeJar(reading.jar.cookies, 'header', reading.jar)).toBe(header)
  return reading.jar.cookies.map(({ name, value }) => `${name}|${value}`)
}

describe('§4.2.1, §5.2 name and value, as a header brings them', () => {
  test.each([
    ['foo=bar', ['foo|bar']],
    ['foo=bar; baz=qux', ['foo|bar', 'baz|qux']],
    ['foo=bar;baz=qux', ['foo|bar', 'baz|qux']],
    ['foo=bar;   baz=qux', ['foo|bar', 'baz|qux']],
    ['foo = bar', ['foo|bar']],
    ['  foo=bar  ', ['foo|bar']],
    ['foo=bar;', ['foo|bar']],
    ['foo=bar; ;; baz=qux', ['foo|bar', 'baz|qux']],
    ['foo=', ['foo|']],
    ['foo=; bar=', ['foo|', 'bar|']],
    // the first = ends the name; the others are the value's
    ['foo=bar=baz', ['foo|bar=baz']],
    ['foo==bar', ['foo|=bar']],
    ['foo=bar==', ['foo|bar==']],
    // without = it is the value of a cookie without a name (6265bis 5.6)
    ['foo', ['|foo']],
    ['=foo', ['|foo']],
    ['foo; bar=baz', ['|foo', 'bar|baz']],
    // quotes are part of the value, and protect nothing
    ['foo="bar"', ['foo|"bar"']],
    ['foo="bar; baz=qux"', ['foo|"bar', 'baz|qux"']],
    ['foo="', ['foo|"']],
    ["foo='bar'", ["foo|'bar'"]],
    // commas end nothing
    ['foo=bar, baz=qux', ['foo|bar, baz=qux']],
    ['foo=1,2,3; bar=4', ['foo|1,2,3', 'bar|4']],
    // blanks within stay
    ['foo=bar baz', ['foo|bar baz']],
    ['foo bar=baz', ['foo bar|baz']],
    ['foo=bar\tbaz', ['foo|bar\tbaz']],
    // nothing is decoded
    ['foo=%62%61r', ['foo|%62%61r']],
    ['foo=a+b%20c', ['foo|a+b%20c']],
    ['foo=\\"bar\\"', ['foo|\\"bar\\"']],
    ['foo=bär', ['foo|bär']],
    ['f\u00f6\u00f6=\u4e2d\u6587', ['f\u00f6\u00f6|\u4e2d\u6587']],
    // names are told apart by case, signs belong to them, and $ is no attribute any more
    ['foo=1; FOO=2', ['foo|1', 'FOO|2']],
    ['foo=1; foo=2', ['foo|1', 'foo|2']],
    ['$Version=1; foo=bar; $Path=/', ['$Version|1', 'foo|bar', '$Path|/']],
    ['__Host-id=1; __Secure-id=2', ['__Host-id|1', '__Secure-id|2']],
    ['a!#$%&*+-.^_`|~=1', ['a!#$%&*+-.^_`|~|1']],
    ['path=/a; domain=x; secure; expires=never', ['path|/a', 'domain|x', '|secure', 'expires|never']],
    // some begin like other things
    ['{"a":1}=b', ['{"a":1}|b']],
    ['Cookie: foo=bar; baz=qux', ['foo|bar', 'baz|qux']],
    ['cookie:foo=bar', ['foo|bar']],
  ] as const)('%j', (header, pairs) => {
    expect(pairsOf(header)).toEqual(pairs)
  })

  test.each(['foo=bar\r\nbaz=qux', 'foo=b\0ar', 'foo=bar\nSet-Cookie: x=y'])('%j is none', header => {
    expect(readJar(header, 'header').ok).toBe(false)
  })
})

/** As a site at example.com set it. */
const set = (name: string, changes: Partial<Cookie> = {}): Cookie => ({
  ...{ ...nakedCookie(name, '1'), domain: 'example.com' },
  ...changes,
})
const now = 1_800_000_000_000
const everywhere = { hostOnly: false }

describe('§5.3, §5.4 what is sent where', () => {
  test.each([
    // without Domain it goes back to the very host
    [set('a'), 'http://example.com/', true],
    [set('a'), 'http://www.example.com/', false],
    [set('a'), 'http://example.com:8080/', true],
    // with Domain to all below, with a dot before it or not, in whatever case
    [set('a', everywhere), 'http://www.example.com/', true],
    [set('a', { ...everywhere, domain: '.example.com' }), 'http://home.example.com/', true],
    [set('a', { ...everywhere, domain: 'EXAMPLE.com' }), 'http://www.example.COM/', true],
    [set('a', { ...everywhere, domain: 'home.example.com' }), 'http://example.com/', false],
    [set('a', { ...everywhere, domain: 'home.example.com' }), 'http://sub.home.example.com/', true],
    [set('a', { ...everywhere, domain: 'ample.com' }), 'http://example.com/', false],
    [set('a', { ...everywhere, domain: 'example.com' }), 'http://example.com.example.org/', false],
    [set('a', { ...everywhere, domain: '168.0.1' }), 'http://192.168.0.1/', false],
    [set('a', { ...everywhere, domain: '192.168.0.1' }), 'http://192.168.0.1/', true],
    // Path: itself, and what is below it
    [set('a', { path: '/cookie' }), 'http://example.com/cookie', true],
    [set('a', { path: '/cookie' }), 'http://example.com/cookie/', true],
    [set('a', { path: '/cookie' }), 'http://example.com/cookie/x?y=/z', true],
    [set('a', { path: '/cookie' }), 'http://example.com/cookies', false],
    [set('a', { path: '/cookie/' }), 'http://example.com/cookie', false],
    [set('a', { path: '/Cookie' }), 'http://example.com/cookie', false],
    [set('a', { path: 'cookie' }), 'http://example.com/', true],
    [set('a', { path: '' }), 'http://example.com/any/where', true],
    [set('a', { path: '/%7Euser' }), 'http://example.com/~user', false],
    // Secure
    [set('a', { secure: true }), 'http://example.com/', false],
    [set('a', { secure: true }), 'https://example.com/', true],
    [set('a', { secure: false }), 'https://example.com/', true],
    // Expires
    [set('a', { expiresAt: now - 1 }), 'http://example.com/', false],
    [set('a', { expiresAt: now + 1 }), 'http://example.com/', true],
    [set('a', { expiresAt: null }), 'http://example.com/', true],
    // a control sign other than a tab would end or split the header
    [set('a', { value: 'b\tc' }), 'http://example.com/', true],
    [set('a', { value: 'b\u0001c' }), 'http://example.com/', false],
    [set('a', { value: 'b\u007fc' }), 'http://example.com/', false],
  ] as const)('%#: %j to %s: %s', (cookie, url, sent) => {
    expect(cookieHeaderFor([cookie], url, now) !== '').toBe(sent)
  })

  test('§5.4.2 longer paths first; those of the same length as they came', () => {
    const paths = ['/', '/a/b/c', '/a', '/a/b', '/a/b/', '/']
    const jar = paths.map((path, index) => set(`c${index}`, { path }))
    expect(cookieHeaderFor(jar, 'http://example.com/a/b/c', now)).toBe('c1=1; c4=1; c3=1; c2=1; c0=1; c5=1')
  })
})

/** Names and values that sites really set, and that some reader somewhere took for something else. */
const odd: readonly (readonly [string, string])[] = [
  ['foo', ''],
  ['foo', 'bar=baz=='],
  ['foo', '"bar"'],
  ['foo', '"bar'],
  ['foo', '{"a":"b","c":[1,2]}'],
  ['foo', 'a,b,c'],
  ['foo', 'a b  c'],
  ['foo', '%E4%B8%AD'],
  ['foo', '\u4e2d\u6587 \ud83c\udf6a'],
  ['foo', '#not a comment'],
  ['foo', '$HOME `id` $(id)'],
  ['foo', '\\n\\t\\'],
  ['foo', "it's"],
  ['foo', 'TRUE\tFALSE'],
  ['foo', '0'],
  ['foo', '-1'],
  ['foo', 'null'],
  ['__Host-GAPS', '1:AbC-_.~'],
  ['$Version', '1'],
  ['a.b-c_d', 'x'],
  ['foo[bar]', 'x'],
  ['f\u00f6\u00f6', 'x'],
  ['#HttpOnly_', 'x'],
]

test.each(cookieFormats)('%s keeps all of them that it can hold, and says which it cannot', format => {
  const unheld: string[] = []
  for (const [name, value] of odd) {
    const cookie = set(name, { value, hostOnly: false, secure: true, expiresAt: now })
    if (unfit(cookie, format) !== null) {
      unheld.push(name)
      continue
    }
    const reading = readJar(writeJar([cookie], format, null), format, format === 'env' ? [name] : null)
    if (!reading.ok) throw new Error(`${name}: ${reading.problem}`)
    expect(reading.jar.cookies, JSON.stringify([name, value])).toEqual([asHeldBy(format, cookie)])
  }
  // no shell and no .env reader takes these for the name of a variable
  expect(unheld).toEqual(format === 'env' ? ['$Version', 'foo[bar]', 'f\u00f6\u00f6', '#HttpOnly_'] : [])
})
