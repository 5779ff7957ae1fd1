// Proves what a file is to hold when new cookies come from elsewhere, what a person is told of it, and what the difference shows.
import { describe, expect, test } from 'vitest'
import { diffJars } from '../../../../src/engine/domain/jar-diff.ts'
import { isAllowed, planJar } from '../../../../src/engine/domain/jar-edit.ts'
import { siteProfileOf, siteProfiles } from '../../../../src/engine/domain/site-profiles.ts'
import { type Cookie, type Jar, nakedCookie } from '../../../../src/shared/cookie.ts'
import { SiteProfile } from '../../../../src/shared/model/login.ts'

const now = 1_800_000_000_000
const day = 86_400_000
const cookie = (name: string, changes: Partial<Cookie> = {}): Cookie => ({
  ...nakedCookie(name, `secret-${name}`),
  ...{ domain: 'x.test', hostOnly: false, secure: true, expiresAt: now + 90 * day },
  ...changes,
})
const jar = (format: Jar['format'], ...cookies: Cookie[]): Jar => ({ format, cookies, text: '' })
const wish = { base: null, from: 'json', to: 'netscape', domains: ['x.test'], required: ['auth_token'], now } as const

describe('planJar', () => {
  test('what came takes the place of what was; other domains are left out, and it is said', () => {
    const plan = planJar({
      ...wish,
      base: jar('netscape', cookie('auth_token'), cookie('old')),
      incoming: [cookie('auth_token', { value: 'new' }), cookie('evil', { domain: 'evilx.test' })],
    })
    expect(plan.cookies).toEqual([cookie('auth_token', { value: 'new' })])
    expect(plan.problems).toEqual([])
    expect(plan.warnings).toEqual(['1 cookie of other domains left out'])
  })

  test('cookies of other sites in the same file stay; without domains of its own the login has all of it', () => {
    const base = jar('netscape', cookie('SID', { domain: 'other.test' }), cookie('auth_token'), cookie('old'))
    const incoming = [cookie('auth_token', { value: 'new' })]
    const held = (domains: readonly string[]) => planJar({ ...wish, domains, base, incoming }).cookies
    expect(held(['x.test']).map(({ name, value }) => [name, value])).toEqual([
      ['SID', 'secret-SID'],
      ['auth_token', 'new'],
    ])
    expect(held([]).map(({ name }) => name)).toEqual(['auth_token'])
  })

  test('what a window or cookies.txt cannot tell stays as the file has it', () => {
    const base = jar('json', cookie('auth_token', { sameSite: 'strict', partitionKey: 'https://x.test' }))
    const held = (from: 'json' | 'netscape' | 'window' | 'puppeteer') =>
      planJar({ ...wish, base, from, to: 'json', incoming: [cookie('auth_token', { value: 'n' })] }).cookies[0]
    expect(held('window')).toMatchObject({ value: 'n', sameSite: 'unspecified', partitionKey: 'https://x.test' })
    expect(held('netscape')).toMatchObject({ value: 'n', sameSite: 'strict', partitionKey: 'https://x.test' })
    for (const from of ['json', 'puppeteer'] as const) expect(held(from)?.partitionKey).toBeUndefined()
  })

  test('a required cookie that is not there, or empty, speaks against it', () => {
    expect(planJar({ ...wish, incoming: [cookie('ct0')] }).problems).toEqual(['Missing: auth_token'])
    expect(planJar({ ...wish, incoming: [cookie('auth_token', { value: '' })] }).problems).toEqual([
      'Missing: auth_token',
    ])
    expect(planJar({ ...wish, required: [], incoming: [] }).problems).toEqual(['There are no cookies in it'])
  })

  test('a pasted header takes places and flags from the file, and ends no sooner than in 30 days', () => {
    const base = jar('netscape', cookie('auth_token', { httpOnly: true, expiresAt: now - day }), cookie('ct0'))
    const plan = planJar({ ...wish, base, incoming: [nakedCookie('auth_token', 'n'), nakedCookie('ct0', 'n')] })
    expect(plan.cookies).toEqual([
      cookie('auth_token', { value: 'n', httpOnly: true, expiresAt: now + 30 * day }),
      cookie('ct0', { value: 'n' }),
    ])
    expect(plan.warnings[0]).toContain('2 cookies came without an end')
    const fresh = planJar({ ...wish, incoming: [nakedCookie('auth_token', 'n')] })
    expect(fresh.cookies[0]).toMatchObject({ domain: 'x.test', hostOnly: false, expiresAt: now + 30 * day })
    const session = jar('netscape', cookie('auth_token', { expiresAt: null }))
    expect(planJar({ ...wish, base: session, incoming: [nakedCookie('auth_token', 'n')] }).cookies[0]?.expiresAt).toBe(
      null,
    )
  })

  test('an .env file gets the required keys alone and keeps all others', () => {
    const base = jar('env', nakedCookie('auth_token', 'a'), nakedCookie('DATABASE_URL', 'b'))
    const incoming = [cookie('auth_token', { value: 'n' }), cookie('tracker')]
    const { cookies, problems } = planJar({ ...wish, base, to: 'env', incoming })
    expect(cookies.map(({ name, value }) => [name, value])).toEqual([
      ['DATABASE_URL', 'b'],
      ['auth_token', 'n'],
    ])
    expect(problems).toEqual([])
  })

  test('what the format cannot hold, and what is expired, is said without a value', () => {
    const incoming = [
      cookie('auth_token', { sameSite: 'lax', partitionKey: 'https://shop.test', expiresAt: now - 1 }),
      cookie('odd', { value: 'secret;x' }),
    ]
    const warnings = (to: Jar['format']) => planJar({ ...wish, to, incoming }).warnings.join('\n')
    expect(warnings('header')).toContain('Left out, since a Cookie header cannot hold them: odd')
    expect(warnings('header')).toContain('a Cookie header cannot hold when cookies expire (2 cookies)')
    expect(warnings('header')).toContain('partition keys (1 cookie)')
    expect(warnings('netscape')).toContain('cookies.txt cannot hold SameSite (1 cookie)')
    expect(warnings('json')).toBe('Already expired: auth_token')
    expect(warnings('storage-state')).toBe('Already expired: auth_token')
    for (const to of ['header', 'netscape', 'env', 'json'] as const) expect(warnings(to)).not.toContain('secret')
  })

  test.each([
    ['x.test', ['x.test'], true],
    ['www.x.test', ['x.test'], true],
    ['x.test', ['www.x.test'], false],
    ['evilx.test', ['x.test'], false],
    ['x.test.evil.test', ['x.test'], false],
    ['anything', [], true],
    ['', ['x.test'], true],
  ] as const)('%s in %j: %s', (domain, domains, allowed) => {
    expect(isAllowed({ domain }, domains)).toBe(allowed)
  })
})

describe('diffJars', () => {
  test('says what changes by name and end, and no value anywhere', () => {
    const before = jar('json', cookie('auth_token'), cookie('ct0'), cookie('gone'))
    const changes = diffJars(before, [cookie('auth_token', { value: 'secret-2' }), cookie('ct0'), cookie('fresh')])
    expect(changes.map(({ change, before: was, after }) => [change, (after ?? was)?.name])).toEqual([
      ['changed', 'auth_token'],
      ['same', 'ct0'],
      ['added', 'fresh'],
      ['removed', 'gone'],
    ])
    expect(JSON.stringify(changes)).not.toContain('secret')
    expect(changes[0]).toMatchObject({ before: { length: 17 }, after: { length: 8 } })
  })

  test('what the file has no room for is no change', () => {
    const header = jar('header', nakedCookie('auth_token', 'v'))
    expect(diffJars(header, [cookie('auth_token', { value: 'v' })])[0]?.change).toBe('same')
    const lines = jar('netscape', cookie('a', { expiresAt: now + 250 }))
    expect(diffJars(lines, [cookie('a', { expiresAt: now + 250, sameSite: 'lax' })])[0]?.change).toBe('same')
    expect(diffJars(null, [cookie('a')])[0]?.change).toBe('added')
  })

  test('the same name in two places is two cookies', () => {
    const before = jar('json', cookie('a'), cookie('a', { path: '/b' }))
    const after = [cookie('a', { path: '/b', value: 'n' }), cookie('a')]
    expect(diffJars(before, after).map(({ change }) => change)).toEqual(['changed', 'same'])
  })
})

test('every profile is one, takes its own log-in address, and asks the site where its cookies go', () => {
  expect(siteProfiles.map(({ id }) => id)).toEqual(['x', 'youtube', 'reddit', 'instagram', 'custom'])
  for (const profile of siteProfiles) {
    expect(SiteProfile.parse(profile)).toEqual(profile)
    if (profile.id === 'custom') continue
    expect(isAllowed({ domain: new URL(profile.probe?.url ?? '').hostname }, profile.domains)).toBe(true)
    expect(isAllowed({ domain: new URL(profile.loginUrl).hostname }, profile.domains)).toBe(true)
    expect(profile.required.length).toBeGreaterThan(0)
  }
  expect(siteProfileOf('x').required).toEqual(['auth_token', 'ct0'])
  expect(siteProfileOf('of another version').id).toBe('custom')
})
