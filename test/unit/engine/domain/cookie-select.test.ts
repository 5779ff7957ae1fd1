// Proves which cookies go with a request, by cases made from the algorithms of RFC 6265 (5.1.3, 5.1.4, 5.4).
import { describe, expect, test } from 'vitest'
import { cookieHeaderFor, domainMatches, pathMatches } from '../../../../src/engine/domain/cookie-select.ts'
import { type Cookie, nakedCookie } from '../../../../src/shared/cookie.ts'

const now = 1_000_000
const cookie = (name: string, changes: Partial<Cookie> = {}): Cookie => ({
  ...nakedCookie(name, `${name}-value`),
  ...{ domain: 'example.com', hostOnly: false },
  ...changes,
})
const sent = (changes: Partial<Cookie>, url: string): boolean =>
  cookieHeaderFor([cookie('a', changes)], url, now) !== ''

describe('RFC 6265 5.1.3 domain-match', () => {
  test.each([
    ['example.com', 'example.com', true],
    ['www.example.com', 'example.com', true],
    ['a.b.example.com', 'example.com', true],
    ['a.b.example.com', 'b.example.com', true],
    ['WWW.Example.COM', 'eXample.com', true],
    ['www.example.com', '.example.com', true],
    ['example.com.', 'example.com', true],
    ['example.com', 'www.example.com', false],
    ['notexample.com', 'example.com', false],
    ['example.com.evil.test', 'example.com', false],
    ['example.org', 'example.com', false],
    ['com', 'example.com', false],
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '0.0.1', false],
    ['1.127.0.0.1', '127.0.0.1', false],
    ['[::1]', '[::1]', true],
    ['[::1]', '1', false],
    ['bücher.test', 'xn--bcher-kva.test', true],
    ['www.xn--bcher-kva.test', 'bücher.test', true],
    ['example.com', '', false],
  ])('%s in %s: %s', (host, domain, expected) => {
    expect(domainMatches(host, domain)).toBe(expected)
  })

  test.each([
    [{ hostOnly: true }, 'https://example.com/', true],
    [{ hostOnly: true }, 'https://www.example.com/', false],
    [{ hostOnly: false }, 'https://www.example.com/', true],
    [{ domain: '.EXAMPLE.com' }, 'https://example.com/', true],
    [{ domain: '' }, 'https://anything.test/', true],
    [{ domain: 'example.com', hostOnly: false }, 'https://example.com.evil.test/', false],
    [{ domain: '127.0.0.1', hostOnly: true }, 'http://127.0.0.1:8090/', true],
    [{}, 'not an address', false],
  ])('%#', (changes, url, expected) => {
    expect(sent(changes, url)).toBe(expected)
  })
})

describe('RFC 6265 5.1.4 path-match', () => {
  test.each([
    ['/', '/', true],
    ['/foo', '/', true],
    ['/foo', '/foo', true],
    ['/foo/', '/foo', true],
    ['/foo/bar', '/foo', true],
    ['/foo/bar', '/foo/', true],
    ['/foobar', '/foo', false],
    ['/foo', '/foo/', false],
    ['/', '/foo', false],
    ['/FOO', '/foo', false],
    ['/foo', '', true],
    ['/foo', 'bar', true],
  ])('%s on %s: %s', (request, path, expected) => {
    expect(pathMatches(request, path)).toBe(expected)
  })

  test('the query is no part of the path', () => {
    expect(sent({ path: '/foo' }, 'https://example.com/foo?x=/bar')).toBe(true)
    expect(sent({ path: '/bar' }, 'https://example.com/foo?x=/bar')).toBe(false)
  })
})

describe('RFC 6265 5.4 the header', () => {
  test.each([
    [{ secure: true }, 'https://example.com/', true],
    [{ secure: true }, 'http://example.com/', false],
    [{ secure: true, domain: '127.0.0.1' }, 'http://127.0.0.1:8090/', true],
    [{ secure: true, domain: 'app.localhost' }, 'http://app.localhost/', true],
    [{ secure: true, domain: '128.0.0.1' }, 'http://128.0.0.1/', false],
    [{ httpOnly: true }, 'http://example.com/', true],
    [{ expiresAt: null }, 'http://example.com/', true],
    [{ expiresAt: now + 1 }, 'http://example.com/', true],
    [{ expiresAt: now }, 'http://example.com/', false],
    [{ expiresAt: now - 1 }, 'http://example.com/', false],
    [{ value: 'x; admin=1' }, 'http://example.com/', false],
    [{ value: 'x\r\nX-Evil: 1' }, 'http://example.com/', false],
    [{ name: 'a=b' }, 'http://example.com/', false],
  ])('%#', (changes, url, expected) => {
    expect(sent(changes, url)).toBe(expected)
  })

  test('longer paths first, else in the order of the file; values as they are', () => {
    const cookies = [
      cookie('short', { path: '/' }),
      cookie('long', { path: '/a/b' }),
      cookie('other', { path: '/', value: '"quoted=yes"' }),
      cookie('middle', { path: '/a' }),
      cookie('elsewhere', { domain: 'other.test' }),
      { ...cookie('', { path: '/' }), value: 'nameless' },
    ]
    expect(cookieHeaderFor(cookies, 'https://example.com/a/b/c', now)).toBe(
      'long=long-value; middle=middle-value; short=short-value; other="quoted=yes"; nameless',
    )
    expect(cookieHeaderFor(cookies, 'https://third.test/', now)).toBe('')
  })
})
