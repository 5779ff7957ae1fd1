// Proves what the TCP, certificate, Telegram, heartbeat and command checks make of what they find (R15, semantics 9).
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext, createServer as createTlsServer } from 'node:tls'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { command, commandSpec } from '../../../../src/engine/checks/command.ts'
import { heartbeat, heartbeatSpec } from '../../../../src/engine/checks/heartbeat.ts'
import { checkTypes } from '../../../../src/engine/checks/index.ts'
import { tcp, tcpSpec } from '../../../../src/engine/checks/tcp.ts'
import { telegramBot } from '../../../../src/engine/checks/telegram-bot.ts'
import { tlsCertificate } from '../../../../src/engine/checks/tls-certificate.ts'
import type { ExecResult } from '../../../../src/engine/ports.ts'
import { AppError } from '../../../../src/shared/errors.ts'
import { type Authority, createAuthority } from '../lib/certificates.ts'
import { answering, closedPort, listening, probeOnce } from './local-context.ts'

const refusing = (code: ConstructorParameters<typeof AppError>[0]) => () => Promise.reject(new AppError(code, 'said'))

describe('TCP port', () => {
  const banner = (text: string) => listening(createServer(socket => void socket.write(text)))

  test('connects, and hears what it expects', async () => {
    const port = await banner('220 mail.test ESMTP\r\n')
    expect(await probeOnce(tcp, { port })).toMatchObject({ status: 'healthy', cause: null })
    const heard = await probeOnce(tcp, { port, expect: '^220 ' })
    expect(heard.message).toMatch(new RegExp(`^127\\.0\\.0\\.1:${port} answered in `))
  })

  test('asks before it listens', async () => {
    const port = await listening(createServer(socket => void socket.once('data', text => socket.end(`got ${text}`))))
    expect(await probeOnce(tcp, { port, send: 'PING\\r\\n', expect: '^got PING\\r\\n$' })).toMatchObject({
      status: 'healthy',
    })
  })

  test.each([
    ['another text', '500 busy\r\n', 'said "500 busy", not what matches ^220'],
    ['nothing', '', 'said nothing, not what matches ^220'],
  ])('%s is not what it expects', async (_, text, message) => {
    const port = await listening(createServer(socket => socket.end(text)))
    const result = await probeOnce(tcp, { port, expect: '^220' })
    expect(result).toMatchObject({ status: 'unhealthy', cause: 'health' })
    expect(result.message).toContain(message)
  })

  test('a server that never says it, and one that never stops, end', async () => {
    const quiet = await listening(createServer(() => {}))
    expect(await probeOnce(tcp, { port: quiet, expect: 'x' }, { signal: AbortSignal.timeout(100) })).toMatchObject({
      status: 'unhealthy',
    })
    const flood = await listening(
      createServer(socket => {
        const pour = (): void => {
          while (!socket.destroyed && socket.write('a'.repeat(1000)));
        }
        socket.on('drain', pour)
        pour()
      }),
    )
    const result = await probeOnce(tcp, { port: flood, expect: '(a|aa)*b' })
    expect(result).toMatchObject({ status: 'unhealthy' })
    expect(result.message.length).toBeLessThan(200)
  })

  test('S9 what is closed is a failure, trouble on the way is unknown', async () => {
    const port = await closedPort()
    expect(await probeOnce(tcp, { port })).toMatchObject({ status: 'unhealthy', cause: 'health' })
    expect(await probeOnce(tcp, { port, address: 'db.test' })).toMatchObject({ status: 'unhealthy', cause: 'network' })
    expect(await probeOnce(tcp, { port }, { connect: refusing('RESOLVE_FAILED') })).toMatchObject({
      status: 'unknown',
      cause: 'dns',
    })
    expect(await probeOnce(tcp, { port }, { connect: refusing('LINK_LOST') })).toMatchObject({
      status: 'unknown',
      cause: 'network',
    })
  })

  test('a pattern that is none is refused', () => {
    expect(tcpSpec.safeParse({ port: 1, expect: '(' }).error?.issues[0]?.message).toContain('Not a regular expression')
    expect(tcpSpec.safeParse({ port: 1, expect: '(?=x)' }).success).toBe(false)
  })
})

describe('TLS certificate', () => {
  let authority: Authority
  beforeAll(() => {
    authority = createAuthority()
  })
  afterAll(() => authority.dispose())
  const shown = (names: string[], days: number, from = 0): Promise<number> => {
    const { key, cert } = authority.issue(names, days, from)
    return listening(createTlsServer({ key, cert }, socket => void socket.on('error', () => {})))
  }
  const look = (port: number, changes: object = {}) =>
    probeOnce(tlsCertificate, { address: 'bot.test', port, ca: authority.ca, ...changes })

  test('a good one says for whom, by whom and until when', async () => {
    const result = await look(await shown(['bot.test'], 90))
    expect(result).toMatchObject({ status: 'healthy', cause: null })
    expect(result.message).toMatch(/^Valid for (89|90) days for bot\.test, issued by Test Root, until \d{4}-\d\d-\d\d$/)
    expect(result.numbers?.[0]?.value).toBeCloseTo(90, 0)
  })

  test('less than 14 days degrade', async () => {
    const result = await look(await shown(['bot.test'], 13))
    expect(result).toMatchObject({ status: 'degraded', cause: 'certificate' })
    expect(result.message).toMatch(/^The certificate expires in 1[23] days, and 14 are wanted/)
    expect(await look(await shown(['bot.test'], 15))).toMatchObject({ status: 'healthy' })
  })

  test.each([
    ['is over', ['bot.test'], -2, -9, 'has expired'],
    ['is still to come', ['bot.test'], 90, 5, 'not valid yet'],
    ['is for another name', ['other.test'], 90, 0, 'is for other.test, not for bot.test'],
  ])('one that %s is unhealthy', async (_, names, days, from, words) => {
    const result = await look(await shown(names, days, from))
    expect(result).toMatchObject({ status: 'unhealthy', cause: 'certificate' })
    expect(result.message).toContain(words)
  })

  test('one of an unknown root is unhealthy; another name may be asked for', async () => {
    expect(await look(await shown(['bot.test'], 90), { ca: undefined })).toMatchObject({
      status: 'unhealthy',
      cause: 'certificate',
    })
    expect(await look(await shown(['other.test'], 90), { serverName: 'other.test' })).toMatchObject({
      status: 'healthy',
    })
  })

  test('the server is told which name is meant', async () => {
    const [one, two] = [authority.issue(['one.test'], 90), authority.issue(['two.test'], 90)]
    const server = createTlsServer({
      ...one,
      SNICallback: (name, done) => done(null, createSecureContext(name === 'two.test' ? two : one)),
    })
    const port = await listening(server)
    expect((await look(port, { serverName: 'two.test' })).message).toContain('for two.test')
  })

  test('no TLS there, nobody there, no way there', async () => {
    const plain = await listening(createServer(socket => socket.end('220 hello\r\n')))
    expect(await look(plain)).toMatchObject({ status: 'unhealthy', cause: 'network' })
    expect(await look(await closedPort())).toMatchObject({ status: 'unhealthy', cause: 'network' })
    const silent = await listening(createServer(() => {}))
    const spec = { address: '127.0.0.1', port: silent }
    const result = await probeOnce(tlsCertificate, spec, { signal: AbortSignal.timeout(100) })
    expect(result).toMatchObject({ status: 'unhealthy', cause: 'health' })
  })
})

describe('Telegram bot', () => {
  const token = '123456:hidden-AbC'
  const secrets = { token }
  interface State {
    status?: number
    me?: unknown
    hook?: Record<string, unknown>
  }
  const paths: string[] = []
  async function api(state: State): Promise<string> {
    paths.length = 0
    const port = await answering((incoming, outgoing) => {
      paths.push(incoming.url ?? '')
      const { status = 200, me = { id: 1, is_bot: true, username: 'keeper_bot' }, hook = {} } = state
      const answer = incoming.url?.endsWith('/getMe') ? me : { url: '', pending_update_count: 0, ...hook }
      outgoing.writeHead(status)
      outgoing.end(
        JSON.stringify(
          status === 200
            ? { ok: true, result: answer }
            : { ok: false, error_code: status, description: `as told ${incoming.url}`, parameters: { retry_after: 7 } },
        ),
      )
    })
    return `http://127.0.0.1:${port}/`
  }
  const webhookUrl = 'https://bot.example.org/hidden-path'
  const seconds = (ago: number): number => Math.floor(Date.now() / 1000) - ago

  test('a polling bot without a webhook, and one with its webhook, are well', async () => {
    const polling = await probeOnce(telegramBot, { apiBase: await api({}) }, { secrets })
    expect(polling).toMatchObject({ status: 'healthy', message: '@keeper_bot answers, no webhook is set, 0 pending' })
    expect(paths).toEqual([`/bot${token}/getMe`, `/bot${token}/getWebhookInfo`])
    const hook = { url: webhookUrl, pending_update_count: 5, last_error_date: seconds(3600), last_error_message: 'old' }
    const hooked = await probeOnce(telegramBot, { apiBase: await api({ hook }), webhookUrl }, { secrets })
    expect(hooked).toMatchObject({
      status: 'healthy',
      message: '@keeper_bot answers, the webhook is as expected, 5 pending',
      numbers: [{ name: 'pending updates', value: 5 }],
    })
  })

  test.each([
    [
      'another webhook',
      { url: 'https://evil.test/x' },
      webhookUrl,
      'the webhook leads to https://evil.test, not to https://bot.example.org',
    ],
    [
      'another path',
      { url: 'https://bot.example.org/other' },
      webhookUrl,
      'the webhook leads to another path at https://bot.example.org than expected',
    ],
    ['no webhook', {}, webhookUrl, 'no webhook is set, https://bot.example.org is expected'],
    [
      'one where the bot polls',
      { url: webhookUrl },
      null,
      'a webhook is set (https://bot.example.org), though the bot is to poll',
    ],
    ['pending updates', { url: webhookUrl, pending_update_count: 6 }, webhookUrl, 'pending updates (6) <= 5'],
    [
      'a delivery that failed',
      { url: webhookUrl, last_error_date: seconds(120), last_error_message: 'Wrong response from the webhook: 500' },
      webhookUrl,
      'ago: Wrong response from the webhook: 500',
    ],
  ])('%s is a fault of the webhook', async (_, hook, expected, words) => {
    const result = await probeOnce(telegramBot, { apiBase: await api({ hook }), webhookUrl: expected }, { secrets })
    expect(result).toMatchObject({ status: 'unhealthy', cause: 'webhook' })
    expect(result.message).toContain(words)
    expect(result.message).not.toContain('hidden')
  })

  test('a polling bot that does not take its updates hangs', async () => {
    const result = await probeOnce(
      telegramBot,
      { apiBase: await api({ hook: { pending_update_count: 50 } }) },
      { secrets },
    )
    expect(result).toMatchObject({ status: 'unhealthy', cause: 'health' })
  })

  test.each([
    [401, 'unhealthy', 'auth'],
    [404, 'unhealthy', 'auth'],
    [429, 'unknown', 'rate-limit'],
    [500, 'unhealthy', 'network'],
    [502, 'unhealthy', 'network'],
  ])('S9 %i is %s (%s), and the token is not repeated', async (status, found, cause) => {
    const result = await probeOnce(telegramBot, { apiBase: await api({ status }) }, { secrets })
    expect(result).toMatchObject({ status: found, cause })
    expect(result.message).not.toMatch(/hidden|123456:/)
  })

  test('no token, one that is none, a locked vault, an API that redirects or is not there', async () => {
    const apiBase = await api({})
    expect(await probeOnce(telegramBot, { apiBase })).toMatchObject({ status: 'unknown', cause: 'auth' })
    const odd = await probeOnce(telegramBot, { apiBase }, { secrets: { token: '../../hidden' } })
    expect(odd).toMatchObject({ status: 'unhealthy', cause: 'auth' })
    expect(odd.message).not.toContain('hidden')
    expect(paths).toEqual([])
    expect(await probeOnce(telegramBot, { apiBase }, { secret: refusing('VAULT_LOCKED') })).toMatchObject({
      status: 'unknown',
    })
    const gone = `http://api.test:${await closedPort()}`
    const result = await probeOnce(telegramBot, { apiBase: gone }, { secrets })
    expect(result).toMatchObject({ status: 'unhealthy', cause: 'network' })
    expect(result.message).not.toContain('hidden')
    const away = await answering((_, outgoing) => outgoing.writeHead(302, { location: 'http://evil.test/' }).end())
    expect(await probeOnce(telegramBot, { apiBase: `http://127.0.0.1:${away}` }, { secrets })).toMatchObject({
      status: 'unhealthy',
      cause: 'other',
    })
  })

  test.each([
    '{"ok":true,"result":null}',
    '{"ok":true}',
    'nonsense',
    '[]',
    '{"ok":true,"result":{"url":7,"pending_update_count":"many"}}',
  ])('an API that answers %s breaks nothing', async body => {
    const port = await answering((_, outgoing) => outgoing.end(body))
    const result = await probeOnce(telegramBot, { apiBase: `http://127.0.0.1:${port}` }, { secrets })
    expect(['healthy', 'unhealthy']).toContain(result.status)
  })
})

describe('heartbeat', () => {
  function file(ageSeconds: number): string {
    const folder = mkdtempSync(join(tmpdir(), 'quarterdeck-beat-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'a heartbeat')
    writeFileSync(path, '')
    const at = Date.now() / 1000 - ageSeconds
    utimesSync(path, at, at)
    return path
  }

  test('a file is as old as its last change', async () => {
    const path = file(600)
    const fresh = await probeOnce(heartbeat, { path, maxAgeMinutes: 30 })
    expect(fresh).toMatchObject({ status: 'healthy', cause: null })
    const old = await probeOnce(heartbeat, { path, maxAgeMinutes: 5 })
    expect(old).toMatchObject({ status: 'unhealthy', cause: 'health' })
    expect(old.message).toBe(`${path.length > 60 ? `${path.slice(0, 60)}…` : path} age (10 min) <= 5 min`)
    expect(await probeOnce(heartbeat, { path: file(-3600), maxAgeMinutes: 5 })).toMatchObject({ status: 'healthy' })
  })

  test('one that is not there is unhealthy, a lost link unknown', async () => {
    expect(await probeOnce(heartbeat, { path: '/no/such; file' })).toMatchObject({
      status: 'unhealthy',
      message: '/no/such; file does not exist',
    })
    const lost = {
      exit: null,
      signal: null,
      lost: true,
      timedOut: false,
      truncated: false,
      stdout: Buffer.of(),
      stderr: Buffer.of(),
      generation: 1,
    }
    expect(await probeOnce(heartbeat, { path: '/x' }, { exec: async () => lost })).toMatchObject({
      status: 'unknown',
      cause: 'network',
    })
    expect(await probeOnce(heartbeat, { path: '/x' }, { exec: refusing('SUDO_MISSING') })).toMatchObject({
      status: 'unknown',
      cause: 'host',
    })
  })

  test('an address is as old as it says', async () => {
    let headers: Record<string, string> = { 'last-modified': new Date(Date.now() - 600_000).toUTCString() }
    let status = 200
    const body = { jobs: { backup: Math.floor(Date.now() / 1000) - 7_200, other: 'soon' } }
    const port = await answering((_, outgoing) => void outgoing.writeHead(status, headers).end(JSON.stringify(body)))
    const url = `http://127.0.0.1:${port}/`
    expect(await probeOnce(heartbeat, { url, maxAgeMinutes: 30 })).toMatchObject({ status: 'healthy' })
    expect((await probeOnce(heartbeat, { url, maxAgeMinutes: 5 })).message).toContain(
      '[HEADERS].last-modified age (10 min) <= 5 min',
    )
    expect(await probeOnce(heartbeat, { url, jsonPath: 'jobs.backup', maxAgeMinutes: 180 })).toMatchObject({
      status: 'healthy',
    })
    expect((await probeOnce(heartbeat, { url, jsonPath: 'jobs.backup', maxAgeMinutes: 60 })).message).toContain(
      '[BODY].jobs.backup age (2 h) <= 60 min',
    )
    expect((await probeOnce(heartbeat, { url, jsonPath: 'jobs.other' })).message).toContain('(soon is not a time)')
    expect((await probeOnce(heartbeat, { url, jsonPath: 'jobs.none' })).message).toContain('(missing)')
    headers = {}
    expect(await probeOnce(heartbeat, { url })).toMatchObject({ status: 'unhealthy' })
    status = 429
    expect(await probeOnce(heartbeat, { url })).toMatchObject({ status: 'unknown', cause: 'rate-limit' })
    status = 401
    expect(await probeOnce(heartbeat, { url })).toMatchObject({ status: 'unhealthy', cause: 'auth' })
  })

  test('a file or an address is wanted, not both', () => {
    for (const spec of [{}, { path: '/x', url: 'http://x/' }, { path: 'relative' }, { path: '/x', jsonPath: 'a' }])
      expect(heartbeatSpec.safeParse(spec).success).toBe(false)
  })
})

describe('command', () => {
  const sh = (script: string, changes: Partial<z.input<typeof commandSpec>> = {}) =>
    probeOnce(command, { argv: ['sh', '-c', script], ...changes })

  test.each([
    ['exit 0', {}, 'healthy', /^exit \(0\) in /],
    ['echo trouble >&2; exit 3', {}, 'unhealthy', /^exit \(3\) == 0: trouble$/],
    ['exit 3', { expectedExit: 3 }, 'healthy', /^exit \(3\) in /],
    ['echo warn; exit 1', { degradedExit: 1 }, 'degraded', /^exit \(1\): warn$/],
    ['kill -9 $$', {}, 'unhealthy', /^It was ended by /],
    ['echo all fine', { output: '^all f' }, 'healthy', /^exit \(0\)/],
    ['echo no', { output: '^all f' }, 'unhealthy', /^The output \(no\) does not match \^all f$/],
    ['true', { output: '.' }, 'unhealthy', /^The output \(empty\) does not match \.$/],
    [`echo '{"queue": 12}'`, { conditions: ['[BODY].queue < 10'] }, 'unhealthy', /^\[BODY\]\.queue \(12\) < 10$/],
    [`echo '{"queue": 2}'`, { conditions: ['[BODY].queue < 10', '[STATUS] == 0'] }, 'healthy', /^exit \(0\)/],
    ['echo text', { conditions: ['[BODY].queue < 10'] }, 'unhealthy', /^\[BODY\]\.queue \(not JSON\) < 10$/],
  ] as const)('%s %j is %s', async (script, changes, status, message) => {
    const result = await sh(script, changes as Partial<z.input<typeof commandSpec>>)
    expect(result.status).toBe(status)
    expect(result.message).toMatch(message)
  })

  test('numbers are kept, even of one that fails', async () => {
    const result = await sh(`echo '{"queue": 12}'; exit 1`, { numbers: [{ name: 'queue', path: 'queue' }] })
    expect(result).toMatchObject({ status: 'unhealthy', numbers: [{ name: 'queue', value: 12 }] })
  })

  test('S7 a lost command is unknown, S36 a flood is cut, one that hangs ends', async () => {
    const lost: ExecResult = {
      exit: null,
      signal: null,
      lost: true,
      timedOut: false,
      truncated: false,
      stdout: Buffer.of(),
      stderr: Buffer.of(),
      generation: 1,
    }
    expect(await probeOnce(command, { argv: ['x'] }, { exec: async () => lost })).toMatchObject({
      status: 'unknown',
      cause: 'network',
    })
    expect(await probeOnce(command, { argv: ['x'] }, { exec: refusing('NOT_CONNECTED') })).toMatchObject({
      status: 'unknown',
    })
    const flood = await sh('head -c 3000000 /dev/zero | tr "\\0" "["', { conditions: ['[BODY].a == 1'] })
    expect(flood).toMatchObject({ status: 'unhealthy', message: '[BODY].a (too long) == 1' })
    const hang = await probeOnce(command, { argv: ['sleep', '100'] }, { signal: AbortSignal.timeout(200) })
    expect(hang).toMatchObject({ status: 'unhealthy', cause: 'health' })
    expect(hang.message).toContain('did not end within')
  })

  test('a program that is not there', async () => {
    const result = await sh('exec no-such-program-here')
    expect(result).toMatchObject({ status: 'unhealthy' })
    expect(result.message).toContain('the program was not found')
  })

  test('what is no command is refused', () => {
    for (const argv of [[], [''], ['-rf'], ['a\0b']]) expect(commandSpec.safeParse({ argv }).success).toBe(false)
  })
})

test('every kind serves a schema whose fields have titles, and starts from its defaults', () => {
  for (const type of checkTypes) {
    const schema = z.toJSONSchema(type.spec, { io: 'input' })
    for (const [name, field] of Object.entries(schema.properties ?? {}))
      expect(field, `${type.type}.${name}`).toHaveProperty('title')
  }
  expect(new Set(checkTypes.map(({ type }) => type)).size).toBe(checkTypes.length)
})
