// Proves what a site's answer means for a login, and that no cookie leaves its origin and no value gets into a message (R27).
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { type ProofRequest, proveLogin } from '../../../../src/engine/cookies/index.ts'
import { systemClock } from '../../../../src/engine/lib/clock.ts'
import { type Cookie, nakedCookie } from '../../../../src/shared/cookie.ts'
import { LoginProbe } from '../../../../src/shared/model/login.ts'
import { answering, closedPort } from '../checks/local-context.ts'

const secret = 'canary-value-1'
const cookies = [nakedCookie('auth_token', secret), nakedCookie('ct0', 'canary-value-2')]

type Answer = (incoming: IncomingMessage, outgoing: ServerResponse) => void

/** Asks a site that answers so; resolves to its word and the requests that it saw. */
async function ask(answer: Answer, probe: Partial<LoginProbe> = {}, changes: Partial<ProofRequest> = {}) {
  const seen: { host: string; path: string; cookie: string | undefined }[] = []
  const port = await answering((incoming, outgoing) => {
    seen.push({ host: incoming.headers.host ?? '', path: incoming.url ?? '', cookie: incoming.headers.cookie })
    answer(incoming, outgoing)
  })
  const proof = await proveLogin({
    from: 'host',
    kind: 'cookies',
    probe: LoginProbe.parse({ url: `http://site.test:${port}/account?key=canary-query`, ...probe }),
    cookies,
    required: [],
    connect: async (_, to) => connect(to, '127.0.0.1'),
    clock: systemClock,
    signal: AbortSignal.timeout(10_000),
    ...changes,
  })
  expect(JSON.stringify(proof)).not.toContain('canary')
  return { ...proof, seen }
}

const status =
  (code: number, headers: Record<string, string> = {}, body = ''): Answer =>
  (_, outgoing) =>
    outgoing.writeHead(code, headers).end(body)

describe('what an answer means', () => {
  test.each([
    [200, {}, '', {}, 'valid'],
    [204, {}, '', {}, 'valid'],
    [200, {}, 'welcome', { validText: 'welcome' }, 'valid'],
    [200, {}, 'please log in', { validText: 'welcome' }, 'unknown'],
    [401, {}, '', {}, 'expired'],
    [403, {}, '', {}, 'expired'],
    [403, {}, 'Solve this CAPTCHA', { challengeTexts: ['captcha'] }, 'challenged'],
    [200, {}, 'Unusual activity', { challengeTexts: ['unusual activity'] }, 'challenged'],
    [403, { 'cf-mitigated': 'challenge' }, '', {}, 'challenged'],
    [302, { location: '/checkpoint/1' }, '', { challengeTexts: ['/checkpoint/'] }, 'challenged'],
    [302, { location: '/login?next=/account' }, '', {}, 'expired'],
    [307, { location: 'https://accounts.site.test/signin' }, '', {}, 'expired'],
    [302, { location: 'https://other.test/?next=/login' }, '', {}, 'unknown'],
    [302, { location: 'javascript:alert(1)' }, '', {}, 'unknown'],
    [302, {}, '', {}, 'unknown'],
    [429, { 'retry-after': '30' }, '', {}, 'rate-limited'],
    [500, {}, '', {}, 'site-down'],
    [503, {}, '', {}, 'site-down'],
    [404, {}, '', {}, 'unknown'],
    [404, {}, '', { expectedStatus: '404' }, 'valid'],
  ] as const)('%i %j %j %j is %s', async (code, headers, body, probe, verdict) => {
    expect(
      (
        await ask(status(code, headers, body), {
          ...probe,
          challengeTexts: [...(('challengeTexts' in probe && probe.challengeTexts) || [])],
        })
      ).verdict,
    ).toBe(verdict)
  })

  test('an echo of a value does not get into the message', async () => {
    const echo: Answer = (incoming, outgoing) =>
      outgoing.writeHead(429, { 'retry-after': secret }).end(incoming.headers.cookie)
    expect((await ask(echo)).verdict).toBe('rate-limited')
    const path: Answer = (_, outgoing) => outgoing.writeHead(302, { location: `http://${secret}.test/` }).end()
    expect((await ask(path)).verdict).toBe('unknown')
    // hosts are lower case, and what is cut out of a header is no longer the value as it was
    const mixed = [nakedCookie('auth_token', 'Canary-Value-3'), nakedCookie('ct0', 'canary;value;4')]
    expect(
      (
        await ask(
          (_, outgoing) => outgoing.writeHead(302, { location: 'http://Canary-Value-3.test/' }).end(),
          {},
          { cookies: mixed },
        )
      ).message,
    ).toContain('[redacted].test')
    const slipped: Answer = (_, outgoing) => outgoing.writeHead(429, { 'retry-after': 'canary;value;4' }).end()
    expect((await ask(slipped, {}, { cookies: mixed })).message).not.toContain('after')
    expect((await ask(status(429, { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }))).message).toContain('2026')
  })

  test('nothing listens, nothing comes back, the way is in trouble', async () => {
    const nobody = await closedPort()
    const refused = await ask(status(200), { url: `http://site.test:${nobody}/` })
    expect(['site-down', 'unknown']).toContain(refused.verdict)
    const broken = await ask(incoming => incoming.socket.destroy())
    expect(broken.verdict).toBe('site-down')
    const silent = await ask(() => {}, {}, { signal: AbortSignal.timeout(200) })
    expect(silent.verdict).toBe('site-down')
    const lost = await ask(status(200), {}, { connect: () => Promise.reject(new Error('the link is gone')) })
    expect(lost.verdict).toBe('unknown')
  })
})

describe('where cookies go', () => {
  const header = `auth_token=${secret}; ct0=canary-value-2`

  test('along redirects of the same origin, by path, and to no other origin', async () => {
    const jar: Cookie[] = [...cookies, { ...nakedCookie('deep', 'canary-3'), path: '/home' }]
    const inside = await ask(
      (incoming, outgoing) =>
        incoming.url === '/home/' ? outgoing.end('ok') : outgoing.writeHead(302, { location: '/home/' }).end(),
      {},
      { cookies: jar },
    )
    expect(inside.verdict).toBe('valid')
    expect(inside.seen.map(({ cookie }) => cookie)).toEqual([header, `deep=canary-3; ${header}`])
    const other = await answering((_, outgoing) => outgoing.end('ok'))
    const outside = await ask(status(302, { location: `http://site.test:${other}/` }))
    expect(outside).toMatchObject({ verdict: 'unknown', message: expect.stringContaining('another origin') })
    expect(outside.seen).toHaveLength(1)
    const loop = await ask(status(302, { location: '/again' }))
    expect(loop).toMatchObject({ verdict: 'unknown', message: expect.stringContaining('more than 5') })
  })

  test('those of another site or path stay here, and without any nothing is asked', async () => {
    const jar = [
      { ...nakedCookie('mine', 'canary-4'), domain: 'site.test', hostOnly: false },
      { ...nakedCookie('other', 'canary-5'), domain: 'other.test', hostOnly: false },
      { ...nakedCookie('deep', 'canary-6'), domain: 'site.test', path: '/deep' },
      { ...nakedCookie('past', 'canary-7'), domain: 'site.test', expiresAt: 1 },
      { ...nakedCookie('tls', 'canary-8'), domain: 'site.test', secure: true },
    ]
    const some = await ask(status(200), {}, { cookies: jar })
    // what the file calls expired is for the site to judge
    expect(some.seen[0]?.cookie).toBe('mine=canary-4; past=canary-7')
    const none = await ask(status(200), {}, { cookies: jar.slice(1, 3) })
    expect(none).toMatchObject({
      verdict: 'unknown',
      message: expect.stringContaining('None of the cookies'),
      seen: [],
    })
  })

  test('values in braces, a missing one, and one that would forge a header', async () => {
    const given: (string | undefined)[] = []
    const keep: Answer = (incoming, outgoing) => {
      given.push(String(incoming.headers['x-csrf']))
      outgoing.end()
    }
    const headers = [{ name: 'X-Csrf', value: '{ct0}:{"a":1}' }]
    expect((await ask(keep, { headers })).verdict).toBe('valid')
    expect(given).toEqual(['canary-value-2:{"a":1}'])
    const missing = await ask(keep, { headers: [{ name: 'x-csrf', value: '{gone}' }] }, { required: ['gone'] })
    expect(missing).toMatchObject({ verdict: 'unknown', message: expect.stringContaining('gone'), seen: [] })
    const forged = [...cookies.slice(0, 1), nakedCookie('ct0', 'x\r\nHost: canary.test')]
    expect(await ask(keep, { headers }, { cookies: forged })).toMatchObject({ verdict: 'unknown', seen: [] })
  })
})
