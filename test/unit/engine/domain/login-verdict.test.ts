// Proves how a login stands: by the site's own word first, then by its file, and never by a date alone while the site says otherwise.
import { describe, expect, test } from 'vitest'
import { isOpen, judgeLogin, type LoginFacts, soonestEnd } from '../../../../src/engine/domain/login-verdict.ts'
import type { CookieFact, LoginFile, LoginProof, LoginVerdict } from '../../../../src/shared/model/login.ts'

const now = 1_800_000_000_000
const day = 86_400_000

const fact = (name: string, left: number | null, changes: Partial<CookieFact> = {}): CookieFact => ({
  ...{ name, domain: 'x.test', path: '/', secure: true, httpOnly: true, length: 20 },
  expiresAt: left === null ? null : now + left,
  ...changes,
})
const file = (changes: Partial<LoginFile> = {}): LoginFile => ({
  ...{
    sha256: 'a'.repeat(64),
    format: 'netscape',
    bytes: 100,
    mode: '0600',
    owner: 'bot',
    group: 'bot',
    modifiedAt: 0,
  },
  cookies: [fact('auth_token', 30 * day), fact('ct0', null)],
  problems: [],
  ...changes,
})
const proof = (verdict: LoginVerdict, from: 'host' | 'local' = 'host'): LoginProof => ({
  ...{ at: now, verdict, from, message: `said ${verdict}` },
})
const judge = (changes: Partial<LoginFacts> = {}) =>
  judgeLogin({
    ...{ file: file(), state: 'read', proofs: [proof('valid')], required: ['auth_token', 'ct0'] },
    ...{ warnDays: 7, criticalDays: 1, now },
    ...changes,
  })
const ending = (left: number | null): LoginFile => file({ cookies: [fact('auth_token', left), fact('ct0', null)] })

test('all is well', () => {
  expect(judge()).toEqual({
    status: 'healthy',
    message: 'From the host: said valid; cookie auth_token expires in 30 days',
    cause: null,
  })
})

describe('the site says it', () => {
  test.each([
    ['valid', 'healthy', null],
    ['expired', 'unhealthy', 'login'],
    ['challenged', 'degraded', 'login'],
    ['rate-limited', 'unknown', 'rate-limit'],
    ['site-down', 'unknown', 'network'],
    ['unknown', 'unknown', 'other'],
  ] as const)('%s is %s', (verdict, status, cause) => {
    expect(judge({ proofs: [proof(verdict)] })).toMatchObject({ status, cause })
    expect(judge({ proofs: [proof(verdict)] }).message).toContain(`said ${verdict}`)
  })

  test.each([
    ['valid', 'expired', 'healthy'],
    ['expired', 'valid', 'unhealthy'],
    ['challenged', 'valid', 'degraded'],
    ['unknown', 'valid', 'healthy'],
    ['site-down', 'expired', 'unhealthy'],
    ['rate-limited', 'unknown', 'unknown'],
    ['site-down', 'rate-limited', 'unknown'],
  ] as const)('the host %s, this computer %s: the bot is on the host', (host, local, status) => {
    const verdict = judge({ proofs: [proof(local, 'local'), proof(host)] })
    expect(verdict.status).toBe(status)
    expect(verdict.message).toContain(`from this computer: said ${local}`)
  })

  test('no answer now is unknown, whatever was known before; an end that is near is warned of, and no more', () => {
    for (const verdict of ['rate-limited', 'site-down', 'unknown'] as const) {
      expect(judge({ file: ending(30 * day), proofs: [proof(verdict)] })).toMatchObject({ status: 'unknown' })
      for (const left of [3 * day, 60_000, -day]) {
        const standing = judge({ file: ending(left), proofs: [proof(verdict)] })
        expect(standing).toMatchObject({ status: 'degraded', cause: 'login' })
        expect(standing.message).toContain(`said ${verdict}`)
      }
    }
  })

  test('a certificate or a token is not called a cookie', () => {
    expect(judge({ kind: 'certificate', file: ending(3 * day), proofs: [] }).message).toBe(
      'Certificate auth_token expires in 3 days',
    )
  })
})

describe('the end by the file', () => {
  test.each([
    // left, with the site's word that it is valid, without any word
    [30 * day, 'healthy', 'healthy'],
    [7 * day + 1, 'healthy', 'healthy'],
    [7 * day, 'degraded', 'degraded'],
    [day + 1, 'degraded', 'degraded'],
    [day, 'degraded', 'unhealthy'],
    [60_000, 'degraded', 'unhealthy'],
    [0, 'degraded', 'unhealthy'],
    [-400 * day, 'degraded', 'unhealthy'],
    [null, 'healthy', 'healthy'],
  ] as const)('%s ms left: %s where proven, %s where there is no proof', (left, proven, alone) => {
    expect(judge({ file: ending(left) }).status).toBe(proven)
    expect(judge({ file: ending(left), proofs: [] }).status).toBe(alone)
  })

  test('it says how long, and what expired', () => {
    expect(judge({ file: ending(3 * day) }).message).toBe(
      'Cookie auth_token expires in 3 days; from the host: said valid',
    )
    expect(judge({ file: ending(90_000), proofs: [] })).toMatchObject({
      cause: 'login',
      message: 'Cookie auth_token expires in 1 min',
    })
    expect(judge({ file: ending(-5 * 3_600_000), proofs: [] }).message).toBe('Cookie auth_token expired 5 hours ago')
  })

  test('the soonest of the required names, of each its longest-lived; session cookies do not end', () => {
    const cookies = [fact('a', 5), fact('a', 9), fact('b', 7), fact('tracker', 1), fact('s', null), fact('s', 2)]
    expect(soonestEnd(cookies, ['a', 'b', 's'])).toBe(now + 7)
    expect(soonestEnd(cookies, ['a'])).toBe(now + 9)
    expect(soonestEnd(cookies, ['s'])).toBeNull()
    expect(soonestEnd(cookies, [])).toBe(now + 1)
    expect(soonestEnd([], [])).toBeNull()
  })

  test('days of its own: warned a month ahead, or not at all', () => {
    expect(judge({ file: ending(25 * day), warnDays: 30 }).status).toBe('degraded')
    expect(judge({ file: ending(day / 2), warnDays: 0, criticalDays: 0, proofs: [] }).status).toBe('healthy')
    expect(judge({ file: ending(-1), warnDays: 0, criticalDays: 0, proofs: [] }).status).toBe('unhealthy')
  })
})

describe('the file', () => {
  test.each([
    ['missing', 'unhealthy', 'login'],
    ['unusable', 'unhealthy', 'login'],
    ['unreadable', 'unknown', 'host'],
  ] as const)('%s is %s', (state, status, cause) => {
    const problems = ['what is wrong with it']
    expect(judge({ state, file: file({ problems, cookies: [] }), proofs: [] })).toEqual({
      ...{ status, cause, message: 'What is wrong with it' },
    })
  })

  test('that could not be asked for is unknown', () => {
    expect(judge({ file: null, state: 'unreadable', proofs: [] })).toMatchObject({ status: 'unknown', cause: 'host' })
  })

  test('without a required cookie, or with an empty one', () => {
    for (const cookies of [[fact('ct0', null)], [fact('ct0', null), fact('auth_token', day * 30, { length: 0 })]]) {
      expect(judge({ file: file({ cookies }), proofs: [] })).toEqual({
        ...{ status: 'unhealthy', cause: 'login', message: 'Missing in the file: auth_token' },
      })
      expect(judge({ file: file({ cookies }), proofs: [proof('unknown')] }).status).toBe('unhealthy')
      expect(judge({ file: file({ cookies }) }).status).toBe('degraded')
    }
  })

  test('that everybody on the host can read is a warning', () => {
    expect(judge({ file: file({ mode: '0644' }) })).toMatchObject({ status: 'degraded', cause: 'other' })
    expect(['0600', '0640', '0004', '0644', '0606', null].map(mode => isOpen({ mode }))).toEqual([
      ...[false, false, true, true, true, false],
    ])
    expect(judge({ file: file({ mode: '0644' }), proofs: [proof('expired')] }).status).toBe('unhealthy')
  })
})
