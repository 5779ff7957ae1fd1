// Proves what an HTTP check makes of answers and of silence (R15, R16, R47, semantics 9).
import { createServer as createSecureServer } from 'node:https'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { httpCheck, httpSpec } from '../../../../src/engine/checks/http.ts'
import { ManualClock } from '../../../../src/engine/lib/clock.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import { type Authority, createAuthority } from '../lib/certificates.ts'
import { answering, closedPort, jsonServer, listening, openLocal, probeOnce } from './local-context.ts'

const health = {
  status: 'ok',
  updates: 42,
  errors: 3,
  last_update: new Date().toISOString(),
  stats: { memory: '61.5' },
}
const at = (port: number, path = '/health'): string => `http://127.0.0.1:${port}${path}`

test('an answer as expected is healthy, with its latency and the numbers that are kept', async () => {
  const port = await jsonServer({ body: health })
  const result = await probeOnce(httpCheck, {
    url: at(port),
    conditions: ['[BODY].status == ok', '[BODY].last_update age < 5m', '[RESPONSE_TIME] < 30s'],
    numbers: [
      { name: 'updates', path: 'updates' },
      { name: 'memory', path: '.stats.memory' },
      { name: 'none', path: 'nowhere' },
    ],
  })
  expect(result).toMatchObject({ status: 'healthy', cause: null })
  expect(result.message).toMatch(/^\[STATUS\] \(200\) in /)
  expect(result.numbers).toEqual([
    { name: 'updates', value: 42 },
    { name: 'memory', value: 61.5 },
  ])
  expect(result.latencyMs).toBeGreaterThan(0)
})

describe('R17 S9 what is not well', () => {
  test.each([
    [500, 'unhealthy', 'health', '[STATUS] (500) == 2xx'],
    [404, 'unhealthy', 'health', '[STATUS] (404) == 2xx'],
    [302, 'unhealthy', 'health', '[STATUS] (302) == 2xx'],
    [401, 'unhealthy', 'auth', '[STATUS] (401) == 2xx'],
    [403, 'unhealthy', 'auth', '[STATUS] (403) == 2xx'],
    [429, 'unknown', 'rate-limit', 'Rate limited: [STATUS] (429)'],
  ])('%i is %s (%s)', async (status, found, cause, message) => {
    const port = await jsonServer({ status, body: health })
    expect(await probeOnce(httpCheck, { url: at(port) })).toMatchObject({ status: found, cause, message })
  })

  test('conditions that fail are said, each; a warning only degrades', async () => {
    const port = await jsonServer({ status: 500, body: health })
    const failed = await probeOnce(httpCheck, {
      url: at(port),
      conditions: ['[STATUS] == 200', '[BODY].updates > 50', '[BODY].errors < 5'],
    })
    expect(failed).toMatchObject({
      status: 'unhealthy',
      cause: 'health',
      message: '[STATUS] (500) == 200; [BODY].updates (42) > 50',
    })
    const warned = await probeOnce(httpCheck, {
      url: at(port),
      expectedStatus: '200, 500-599',
      warnings: ['[BODY].updates > 50'],
    })
    expect(warned).toMatchObject({ status: 'degraded', cause: 'health', message: '[BODY].updates (42) > 50' })
  })

  test('a slow answer degrades', async () => {
    const port = await answering((_, outgoing) => void setTimeout(() => outgoing.end(), 60))
    const result = await probeOnce(httpCheck, { url: at(port), slowMs: 20 })
    expect(result).toMatchObject({ status: 'degraded' })
    expect(result.message).toMatch(/^\[RESPONSE_TIME\] \(\d+ ms\) <= 20$/)
  })

  test('silence of the own address is the host’s own fault, that of another is the network’s', async () => {
    const port = await closedPort()
    expect(await probeOnce(httpCheck, { url: at(port) })).toMatchObject({
      status: 'unhealthy',
      cause: 'health',
      latencyMs: null,
    })
    expect(await probeOnce(httpCheck, { url: `http://host.test:${port}/` })).toMatchObject({
      status: 'unhealthy',
      cause: 'health',
    })
    expect(await probeOnce(httpCheck, { url: `http://other.test:${port}/` })).toMatchObject({
      status: 'unhealthy',
      cause: 'network',
    })
    expect(await probeOnce(httpCheck, { url: at(port) }, { vantage: 'local' })).toMatchObject({
      status: 'unhealthy',
      cause: 'network',
    })
  })

  test('an endpoint that hangs is unhealthy when the time is over', async () => {
    const port = await answering(() => {})
    const result = await probeOnce(httpCheck, { url: at(port) }, { signal: AbortSignal.timeout(100) })
    expect(result).toMatchObject({
      status: 'unhealthy',
      cause: 'health',
      message: expect.stringMatching(/^No answer within /),
    })
  })

  test.each([
    ['LINK_LOST', 'network'],
    ['NOT_CONNECTED', 'network'],
    ['RESOLVE_FAILED', 'dns'],
    ['ACCESS_DENIED', 'host'],
  ] as const)('trouble on the way (%s) is unknown', async (code, cause) => {
    const result = await probeOnce(
      httpCheck,
      { url: at(1) },
      { connect: () => Promise.reject(new AppError(code, 'said')) },
    )
    expect(result).toMatchObject({ status: 'unknown', cause })
  })
})

describe('fallback addresses', () => {
  test('the first that is well speaks, and what came before it is said', async () => {
    const [first, second, third] = [
      await closedPort(),
      await jsonServer({ body: health }),
      await jsonServer({ status: 500, body: health }),
    ]
    const result = await probeOnce(httpCheck, { url: at(first), fallbacks: [at(third), at(second), at(first)] })
    expect(result.status).toBe('healthy')
    expect(result.message).toMatch(
      new RegExp(
        `^127\\.0\\.0\\.1:${second} answered: \\[STATUS\\] \\(200\\) in .* \\(before it 127\\.0\\.0\\.1:${first}: .*${first}; 127\\.0\\.0\\.1:${third}: \\[STATUS\\] \\(500\\) == 2xx\\)$`,
      ),
    )
  })

  test('none is well: all are said, and the one that answered tells the cause', async () => {
    const [first, second] = [await closedPort(), await jsonServer({ status: 401, body: {} })]
    const result = await probeOnce(httpCheck, { url: at(first), fallbacks: [at(second), at(first)] })
    expect(result).toMatchObject({ status: 'unhealthy', cause: 'auth' })
    expect(result.message.match(/127\.0\.0\.1:\d+: /g)).toHaveLength(3)
  })

  test('one that hangs leaves time for the next', async () => {
    const clock = new ManualClock()
    const asked: (() => void)[] = []
    const hanging = await answering(() => {
      for (const tell of asked) tell()
    })
    const seen = new Promise<void>(resolve => asked.push(resolve))
    const result = probeOnce(
      httpCheck,
      { url: at(hanging), fallbacks: [at(await jsonServer({ body: health }))] },
      { clock },
    )
    await seen
    clock.advance(3_000)
    expect(await result).toMatchObject({ status: 'healthy' })
    expect((await result).message).toContain('No answer within 3 s')
    expect(clock.pending).toBe(0)
  })
})

describe('secrets', () => {
  const secrets = { token: 'hidden-token-1', secretHeaderValue: 'hidden-key-2' }
  test('go where they belong, and into no message even where the server repeats them', async () => {
    let seen: unknown
    const port = await answering((incoming, outgoing) => {
      seen = incoming.headers
      outgoing.end(JSON.stringify({ echo: incoming.headers.authorization, key: incoming.headers['x-api-key'] }))
    })
    const result = await probeOnce(
      httpCheck,
      {
        url: at(port),
        secretHeader: 'X-Api-Key',
        headers: [{ name: 'X-Plain', value: 'yes' }],
        conditions: ['[BODY].echo == nothing', '[BODY].key == nothing'],
      },
      { secrets },
    )
    expect(seen).toMatchObject({
      authorization: 'Bearer hidden-token-1',
      'x-api-key': 'hidden-key-2',
      'x-plain': 'yes',
    })
    expect(result.message).toBe('[BODY].echo (Bearer [redacted]) == nothing; [BODY].key ([redacted]) == nothing')
  })

  test('a locked vault is unknown', async () => {
    const locked = () => Promise.reject(new AppError('VAULT_LOCKED', 'The vault is locked'))
    expect(await probeOnce(httpCheck, { url: at(1) }, { secret: locked })).toMatchObject({
      status: 'unknown',
      message: 'The vault is locked',
    })
  })
})

describe('R47 numbers that grow', () => {
  /** Probes every 30 s over minutes of a made-up time, with the body that `at` gives. */
  async function over(minutes: number, conditions: string[], body: (second: number) => unknown): Promise<string[]> {
    const clock = new ManualClock()
    const memory = new Map()
    const now = { body: body(0) }
    const port = await jsonServer(now)
    const found: string[] = []
    for (let second = 0; second <= minutes * 60; second += 30) {
      now.body = body(second)
      found.push((await probeOnce(httpCheck, { url: at(port), conditions }, { clock, memory })).status)
      clock.advance(30_000)
    }
    return found
  }

  test('no growth for 5 min: not before, and at once well again', async () => {
    const found = await over(9, ['growth([BODY].updates, 5m) > 0'], second => ({
      updates: second <= 60 ? second : second < 480 ? 60 : second,
    }))
    // it last grew at 60 s
    expect(found.map((status, index) => [index * 30, status]).find(([, status]) => status === 'unhealthy')?.[0]).toBe(
      360,
    )
    expect(found.slice(13, 16)).toEqual(['unhealthy', 'unhealthy', 'unhealthy'])
    expect(found.slice(16)).toEqual(['healthy', 'healthy', 'healthy'])
  })

  test('error rate over 10 min, over a restart of the bot that counts from 0 again', async () => {
    const condition = ['share([BODY].errors, [BODY].updates + [BODY].errors, 10m) < 5%']
    const quiet = await over(12, condition, second => ({ updates: second % 300, errors: (second % 300) / 100 }))
    expect(new Set(quiet)).toEqual(new Set(['healthy']))
    const bad = await over(12, condition, second => ({ updates: second % 300, errors: (second % 300) / 10 }))
    expect(bad.indexOf('unhealthy')).toBe(16)
    expect(new Set(bad.slice(16))).toEqual(new Set(['unhealthy']))
  })
})

describe('TLS', () => {
  let authority: Authority
  beforeAll(() => {
    authority = createAuthority()
  })
  afterAll(() => authority.dispose())
  const secure = (names: string[], days: number): Promise<number> => {
    const { key, cert } = authority.issue(names, days)
    return listening(createSecureServer({ key, cert }, (_, outgoing) => outgoing.end('safe')))
  }

  test('a certificate that expires soon degrades; a condition on it may want more', async () => {
    const port = await secure(['bot.test'], 10)
    const url = `https://bot.test:${port}/`
    const soon = await probeOnce(httpCheck, { url, ca: authority.ca })
    expect(soon).toMatchObject({
      status: 'degraded',
      cause: 'certificate',
      message: '[CERTIFICATE_EXPIRATION] (10 d) >= 14d',
    })
    const failed = await probeOnce(httpCheck, { url, ca: authority.ca, conditions: ['[CERTIFICATE_EXPIRATION] > 20d'] })
    expect(failed).toMatchObject({ status: 'unhealthy', cause: 'certificate' })
    expect(await probeOnce(httpCheck, { url, ca: authority.ca, minCertificateDays: null })).toMatchObject({
      status: 'healthy',
    })
  })

  test('one that is not to be trusted is unhealthy, unless that is allowed', async () => {
    const port = await secure(['other.test'], 30)
    const url = `https://bot.test:${port}/`
    const result = await probeOnce(httpCheck, { url, ca: authority.ca })
    expect(result).toMatchObject({ status: 'unhealthy', cause: 'certificate' })
    expect(result.message).toContain('the certificate is for other.test, not for bot.test')
    expect(await probeOnce(httpCheck, { url, verifyCertificate: false })).toMatchObject({ status: 'healthy' })
  })
})

describe('R15 a wrong spec is refused where it is wrong', () => {
  test.each([
    [{ url: 'ftp://x/' }, 'url', 'http://'],
    [{ url: 'http://u:p@x/' }, 'url', 'secret fields'],
    [
      { url: 'http://x/', conditions: ['[STATUS] == 200', '[STATUS] = 2'] },
      'conditions.1',
      'After "[STATUS] " (character 10): equality is written ==',
    ],
    [{ url: 'http://x/', warnings: ['x'] }, 'warnings.0', 'At the beginning'],
    [{ url: 'http://x/', expectedStatus: '2xx, 999' }, 'expectedStatus', '"999" is no status'],
    [{ url: 'http://x/', fallbacks: ['8002'] }, 'fallbacks.0', 'http://'],
    [{ url: 'http://x/', numbers: [{ name: 'a', path: 'a..b' }] }, 'numbers.0.path', 'Not a path'],
    [{ url: 'http://x/', headers: [{ name: 'a b', value: '' }] }, 'headers.0.name', 'Not the name'],
    [{ url: 'http://x/', headers: [{ name: 'a', value: 'x\r\ny' }] }, 'headers.0.value', 'Not a value'],
    [{ url: 'http://x/', ca: 'nonsense' }, 'ca', 'PEM'],
  ])('%j', (spec, path, message) => {
    const [issue] = httpSpec.safeParse(spec).error?.issues ?? []
    expect(issue?.path.join('.')).toBe(path)
    expect(issue?.message).toContain(message)
  })
})

test('what a probe opened is closed after it', async () => {
  const port = await jsonServer({ body: health })
  const streams: { destroyed: boolean }[] = []
  await probeOnce(
    httpCheck,
    { url: at(port) },
    {
      connect: async (address, to) => {
        const stream = await openLocal(address, to)
        streams.push(stream)
        return stream
      },
    },
  )
  expect(streams.map(({ destroyed }) => destroyed)).toEqual([true])
})
