// Which cookies a login window hands over: those of the allowed domains, in the contract's shape, and when they are enough.
import type { Cookie } from 'electron'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { captured, hasNews, hasRequired, maxCookies } from '../../../src/main/login-cookies.ts'
import { LoginWindowResult } from '../../../src/shared/contract/native.ts'

const cookie = (name: string, domain: string, change: Partial<Cookie> = {}): Cookie => ({
  ...{ name, domain, value: `value of ${name}`, path: '/', hostOnly: !domain.startsWith('.'), sameSite: 'lax' },
  ...change,
})

test('cookies of other domains stay behind', () => {
  const jar = [
    cookie('auth_token', '.x.com', { secure: true, httpOnly: true, expirationDate: 1_800_000_000.5 }),
    cookie('ct0', 'api.x.com'),
    cookie('tracker', '.ads.example'),
    cookie('auth_token', '.evilx.com'),
  ]
  expect(captured(jar, ['x.com'], ['auth_token'])).toEqual([
    {
      ...{ name: 'auth_token', value: 'value of auth_token', domain: 'x.com', hostOnly: false, path: '/' },
      ...{ secure: true, httpOnly: true, sameSite: 'lax', expiresAt: 1_800_000_000_500 },
    },
    {
      ...{ name: 'ct0', value: 'value of ct0', domain: 'api.x.com', hostOnly: true, path: '/' },
      ...{ secure: false, httpOnly: false, sameSite: 'lax', expiresAt: null },
    },
  ])
  expect(captured(jar, [], [])).toEqual([])
})

test('whatever the jar, the answer fits the contract and holds the required ones first of all', () => {
  const name = fc.string({ minLength: 1, maxLength: 8 })
  const some = fc.record({ name, value: fc.string(), domain: fc.constantFrom('.x.com', 'x.com', 'other.test') })
  fc.assert(
    fc.property(fc.array(some, { maxLength: 50 }), jar => {
      const cookies = captured(jar as Cookie[], ['x.com'], [])
      expect(LoginWindowResult.safeParse({ cookies, reason: null }).success).toBe(true)
      expect(cookies).toHaveLength(jar.filter(({ domain }) => domain !== 'other.test').length)
    }),
  )
  const flood = Array.from({ length: 3000 }, (_, index) => cookie(`c${index}`, 'x.com'))
  const kept = captured([...flood, cookie('auth_token', 'x.com')], ['x.com'], ['auth_token'])
  expect(kept).toHaveLength(maxCookies)
  expect(kept.some(({ name }) => name === 'auth_token')).toBe(true)
})

test('enough is all required names with a value; none named is never enough', () => {
  const jar = captured([cookie('a', 'x.com'), cookie('b', 'x.com', { value: '' })], ['x.com'], [])
  expect(hasRequired(jar, ['a'])).toBe(true)
  expect(hasRequired(jar, ['a', 'b'])).toBe(false)
  expect(hasRequired(jar, ['a', 'c'])).toBe(false)
  expect(hasRequired(jar, [])).toBe(false)
})

test('news is a required cookie with another value than before', () => {
  const at = (value: string) => captured([cookie('a', 'x.com', { value }), cookie('b', 'x.com')], ['x.com'], [])
  expect(hasNews(at('1'), at('1'), ['a'])).toBe(false)
  expect(hasNews(at('1'), at('2'), ['a'])).toBe(true)
  expect(hasNews(at('1'), at('2'), ['b'])).toBe(false)
  expect(hasNews([], at('1'), ['a'])).toBe(true)
  expect(hasNews(at('1'), at(''), ['a'])).toBe(false)
})
