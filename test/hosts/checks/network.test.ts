// Proves on real hosts what checks find from the host's own vantage, through SSH and with nothing installed there (R15, R16, R20, R47, semantics 9).
import { describe, expect, test } from 'vitest'
import { command } from '../../../src/engine/checks/command.ts'
import { heartbeat } from '../../../src/engine/checks/heartbeat.ts'
import { httpCheck } from '../../../src/engine/checks/http.ts'
import { journalPattern, previewJournal } from '../../../src/engine/checks/journal-pattern.ts'
import { tcp } from '../../../src/engine/checks/tcp.ts'
import { telegramBot } from '../../../src/engine/checks/telegram-bot.ts'
import { tlsCertificate } from '../../../src/engine/checks/tls-certificate.ts'
import { type Authority, createAuthority } from '../../unit/engine/lib/certificates.ts'
import type { Bot, TestHost } from '../lib/index.ts'
import { sharedHost } from '../lib/vitest.ts'
import { type ContextChanges, type Probing, probing } from './context.ts'

const host = sharedHost({ suite: 'bookworm' })
const url = 'http://127.0.0.1:8001/health'
const unitOf = (bot: Bot) => ({ scope: 'system', name: bot.unit }) as const

/** Asks again until it is so; the last message tells why it never was. */
async function until(look: () => Promise<{ status: string; message: string }>, status: string, ms = 30_000) {
  const end = Date.now() + ms
  for (;;) {
    const result = await look()
    if (result.status === status) return result
    if (Date.now() > end) throw new Error(`never ${status}; the last: ${result.status} ${result.message}`)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

/** A service of the test's own on the host, removed by nobody: each test takes its own port. */
async function python(on: TestHost, name: string, program: string): Promise<void> {
  await on.writeFile(`/opt/${name}.py`, program)
  await on.installUnit(`${name}.service`, `[Service]\nExecStart=/usr/bin/python3 /opt/${name}.py\n`)
}

async function listens(on: TestHost, port: number): Promise<void> {
  const script = 'until (exec 3<>/dev/tcp/127.0.0.1/$1) 2>/dev/null; do sleep 0.05; done'
  await on.exec(['bash', '-c', script, 'bash', String(port)], { timeoutMs: 20_000 })
}

describe('keep-alive bot, on a host without curl', () => {
  test('its health endpoint through all that can befall it', async () => {
    const absent = await host().exec('command -v curl wget', { check: false })
    expect(absent.stdout).toBe('')
    const bot = await host().installBot('keepalive-bot', { restart: 'no' })
    const it = await probing(host())
    const spec = {
      url,
      fallbacks: ['http://127.0.0.1:8002/health', 'http://127.0.0.1:8003/health'],
      conditions: [
        '[STATUS] == 200',
        '[BODY].bot == keepalive-bot',
        'has([BODY].uptime)',
        '[BODY].last_update age < 5m',
        'len([BODY].problems) == 0',
      ],
      numbers: [
        { name: 'updates', path: 'updates' },
        { name: 'memory', path: 'memory' },
      ],
    }
    const look = (changes: ContextChanges = {}) => it.probe(httpCheck, spec, { unit: unitOf(bot), ...changes })

    const well = await until(look, 'healthy')
    expect(well).toMatchObject({ cause: null, numbers: [{ name: 'updates' }, { name: 'memory' }] })
    expect(well.message).toMatch(/^\[STATUS\] \(200\) in /)

    await bot.answer(500)
    expect(await look()).toMatchObject({ status: 'unhealthy', cause: 'health' })
    expect((await look()).message).toMatch(
      /^127\.0\.0\.1:8001: \[STATUS\] \(500\) == 200; 127\.0\.0\.1:8002: .*nothing listens there/,
    )
    await bot.answer(429)
    expect(await look()).toMatchObject({ status: 'unknown', cause: 'rate-limit' })
    await bot.answer(401)
    expect(await look()).toMatchObject({ status: 'unhealthy', cause: 'auth' })

    await bot.hang()
    expect(await look({ timeoutMs: 1_500 })).toMatchObject({ status: 'unhealthy', cause: 'health' })
    await bot.unhang()
    await bot.heal()
    await until(look, 'healthy')

    await host().killUnit(bot.unit)
    await until(look, 'unhealthy')
    const dead = await look()
    expect(dead).toMatchObject({ status: 'unhealthy', cause: 'health', latencyMs: null })
    expect(dead.message.match(/nothing listens there/g)).toHaveLength(3)
    expect(await look({ vantage: 'local' })).toMatchObject({ status: 'unhealthy', cause: 'network' })

    // where 8001 is taken by somebody else, the bot goes to 8002, and the check after it
    await python(
      host(),
      'squatter',
      'import http.server\nhttp.server.HTTPServer(("127.0.0.1", 8001), http.server.SimpleHTTPRequestHandler).serve_forever()\n',
    )
    await listens(host(), 8001)
    await host().exec(['systemctl', 'start', bot.unit])
    const fallen = await until(look, 'healthy')
    expect(fallen.message).toMatch(
      /^127\.0\.0\.1:8002 answered: \[STATUS\] \(200\) in .* \(before it 127\.0\.0\.1:8001: \[STATUS\] \(404\) == 200/,
    )
    await host().exec(['systemctl', 'stop', 'squatter.service', bot.unit])
  })

  test('R47 its numbers: no growth, and an error rate', async () => {
    const bot = await host().installBot('keepalive-bot', { restart: 'no' })
    const it = await probing(host())
    const memory = new Map()
    const look = () =>
      it.probe(
        httpCheck,
        {
          url,
          conditions: [
            'growth([BODY].updates, 3s) > 0',
            'share([BODY].errors, [BODY].updates + [BODY].errors, 3s) < 50%',
          ],
        },
        { memory },
      )
    await until(look, 'healthy')
    await bot.idle()
    expect((await until(look, 'unhealthy')).message).toBe('growth([BODY].updates, 3s) (0) > 0')
    await bot.heal()
    await until(look, 'healthy')
    await bot.failShare(1)
    expect((await until(look, 'unhealthy')).message).toMatch(/share\(.*\) \((?:[5-9]\d|100)(?:\.\d)? %\) < 50%/)
    await host().exec(['systemctl', 'stop', bot.unit])
  })
})

test('S9 without a link, without the right to forward, without a name all is unknown', async () => {
  const it = await probing(host())
  expect(await it.probe(httpCheck, { url: 'http://no-such-host.invalid/' })).toMatchObject({
    status: 'unknown',
    cause: 'dns',
  })
  expect(await it.probe(tcp, { address: 'no-such-host.invalid', port: 1 })).toMatchObject({
    status: 'unknown',
    cause: 'dns',
  })

  await host().writeFile('/etc/ssh/sshd_config.d/forward.conf', 'AllowTcpForwarding no\n')
  await host().restartSshd({ dropSessions: false })
  const narrow = await probing(host())
  expect(await narrow.probe(httpCheck, { url })).toMatchObject({ status: 'unknown', cause: 'host' })
  expect(await narrow.probe(tcp, { port: 22 })).toMatchObject({ status: 'unknown', cause: 'host' })
  await host().exec('rm /etc/ssh/sshd_config.d/forward.conf')
  await host().restartSshd({ dropSessions: false })

  it.link.stop()
  for (const result of await Promise.all([
    it.probe(httpCheck, { url }),
    it.probe(tcp, { port: 22 }),
    it.probe(tlsCertificate, { address: '127.0.0.1' }),
    it.probe(telegramBot, { apiBase: 'http://127.0.0.1:8081' }, { secrets: { token: '1:x' } }),
    it.probe(heartbeat, { path: '/etc/passwd' }),
    it.probe(command, { argv: ['true'] }),
    it.probe(journalPattern, { pattern: 'x' }),
  ]))
    expect(result).toMatchObject({ status: 'unknown', cause: 'network' })
})

test('a TCP port from the host and from here', async () => {
  const it = await probing(host(), { user: 'norights' })
  const banner = { port: 22, expect: '^SSH-2\\.0-OpenSSH' }
  expect(await it.probe(tcp, banner)).toMatchObject({ status: 'healthy' })
  const outside = { ...banner, address: host().address }
  expect(await it.probe(tcp, outside, { vantage: 'local' })).toMatchObject({ status: 'healthy' })
  const closed = await it.probe(tcp, { port: 3 })
  expect(closed).toMatchObject({ status: 'unhealthy', cause: 'health' })
  expect(closed.message).toBe('127.0.0.1:3 cannot be reached from the host: nothing listens there')
})

describe('TLS on the host', () => {
  test('a certificate from both vantages, by name, through HTTP as well', async () => {
    const authority: Authority = createAuthority()
    try {
      const { key, cert } = authority.issue(['bot.test', host().address], 10)
      await host().writeFile('/opt/tls/key.pem', key)
      await host().writeFile('/opt/tls/cert.pem', cert)
      await python(
        host(),
        'tls-server',
        `import http.server, ssl
server = http.server.ThreadingHTTPServer(('0.0.0.0', 8443), http.server.SimpleHTTPRequestHandler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('/opt/tls/cert.pem', '/opt/tls/key.pem')
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
`,
      )
      await listens(host(), 8443)
      const it = await probing(host())
      const spec = { address: '127.0.0.1', port: 8443, serverName: 'bot.test', ca: authority.ca }
      const soon = await it.probe(tlsCertificate, spec)
      expect(soon).toMatchObject({ status: 'degraded', cause: 'certificate' })
      expect(soon.message).toMatch(
        /^The certificate expires in 9\.9 days, and 14 are wanted \(issued by Test Root, until /,
      )
      expect(await it.probe(tlsCertificate, { ...spec, minDays: 5 })).toMatchObject({ status: 'healthy' })
      expect(
        await it.probe(
          tlsCertificate,
          { ...spec, address: host().address, serverName: null, minDays: 5 },
          { vantage: 'local' },
        ),
      ).toMatchObject({ status: 'healthy' })
      expect(await it.probe(tlsCertificate, { ...spec, ca: undefined })).toMatchObject({
        status: 'unhealthy',
        cause: 'certificate',
      })
      expect(await it.probe(tlsCertificate, { address: '127.0.0.1', port: 22 })).toMatchObject({ status: 'unhealthy' })
      const https = { url: `https://${host().address}:8443/`, ca: authority.ca }
      expect(await it.probe(httpCheck, https)).toMatchObject({ status: 'degraded', cause: 'certificate' })
      expect(await it.probe(httpCheck, { ...https, ca: undefined })).toMatchObject({
        status: 'unhealthy',
        cause: 'certificate',
      })
    } finally {
      authority.dispose()
    }
  })
})

describe('webhook bot', () => {
  test('the Telegram API on the host’s loopback: a wrong webhook, pending updates, failures, a token that is refused', async () => {
    const bot = await host().installBot('webhook-bot')
    const it = await probing(host())
    const webhookUrl = 'https://bot.example.org/hidden'
    const spec = { apiBase: 'http://127.0.0.1:8081', webhookUrl }
    const secrets = { token: '123456:test' }
    const look = (changes: ContextChanges = {}) => it.probe(telegramBot, spec, { secrets, ...changes })
    const say = (state: object) =>
      host().exec([
        'python3',
        '-c',
        'import sys, urllib.request; urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:8081/state", sys.argv[1].encode(), method="POST"))',
        JSON.stringify(state),
      ])
    const answer = (status: number) => bot.throwSwitch('answer', { status }, 'telegram-api.service')

    await say({ url: webhookUrl, pending_update_count: 5 })
    expect(await look()).toMatchObject({
      status: 'healthy',
      message: '@test_bot answers, the webhook is as expected, 5 pending',
    })
    await say({
      url: 'https://elsewhere.example.org/hidden',
      pending_update_count: 6,
      last_error_date: Math.floor(Date.now() / 1000),
      last_error_message: 'Wrong response from the webhook: 500 Internal Server Error',
    })
    const faults = await look()
    expect(faults).toMatchObject({ status: 'unhealthy', cause: 'webhook', numbers: [{ value: 6 }] })
    expect(faults.message).toMatch(
      /^@test_bot: the webhook leads to https:\/\/elsewhere\.example\.org, not to https:\/\/bot\.example\.org; pending updates \(6\) <= 5; the last delivery failed .* ago: Wrong response/,
    )
    await answer(401)
    expect(await look()).toMatchObject({ status: 'unhealthy', cause: 'auth' })
    await answer(429)
    expect(await look()).toMatchObject({ status: 'unknown', cause: 'rate-limit' })
    await answer(200)
    expect(await look({ secrets: { token: '999:wrong' } })).toMatchObject({ status: 'unhealthy', cause: 'auth' })
    await bot.throwSwitch('hang', {}, 'telegram-api.service')
    expect(await look({ timeoutMs: 300 })).toMatchObject({ status: 'unhealthy' })
    await host().exec(['systemctl', 'stop', 'telegram-api.service'])
    const gone = await look()
    expect(gone).toMatchObject({ status: 'unhealthy' })
    for (const { message } of [faults, gone]) expect(message).not.toMatch(/hidden|123456:test/)
  })
})

describe('heartbeat and command', () => {
  test.each(['deploy', 'fishy'] as const)('as %s', async user => {
    const it = await probing(host(), { user, sudo: 'passwordless' })
    await host().exec(
      `mkdir -p /var/lib/beat && touch -d '10 minutes ago' "/var/lib/beat/it's on" && mkdir -p -m 700 /root/beat && touch /root/beat/a`,
    )
    const path = "/var/lib/beat/it's on"
    expect(await it.probe(heartbeat, { path, maxAgeMinutes: 30 })).toMatchObject({ status: 'healthy' })
    expect(await it.probe(heartbeat, { path, maxAgeMinutes: 5 })).toMatchObject({
      status: 'unhealthy',
      message: `${path} age (10 min) <= 5 min`,
    })
    expect(await it.probe(heartbeat, { path: '/var/lib/beat/none' })).toMatchObject({
      status: 'unhealthy',
      message: '/var/lib/beat/none does not exist',
    })
    expect(await it.probe(heartbeat, { path: '/root/beat/a' })).toMatchObject({ status: 'unknown', cause: 'host' })
    expect(await it.probe(heartbeat, { path: '/root/beat/a', asRoot: true })).toMatchObject({ status: 'healthy' })

    expect(
      await it.probe(command, { argv: ['echo', 'a  b', '$HOME', "it's"], output: "^a  b \\$HOME it's" }),
    ).toMatchObject({ status: 'healthy' })
    expect(await it.probe(command, { argv: ['id', '-u'], asRoot: true, output: '^0$' })).toMatchObject({
      status: 'unhealthy',
    })
    expect(await it.probe(command, { argv: ['id', '-u'], asRoot: true, output: '^0\\s*$' })).toMatchObject({
      status: 'healthy',
    })
    expect(await it.probe(command, { argv: ['systemctl', 'is-active', 'no-such.service'] })).toMatchObject({
      status: 'unhealthy',
    })
    const slow = await it.probe(command, { argv: ['sleep', '60'] }, { timeoutMs: 400 })
    expect(slow).toMatchObject({ status: 'unhealthy', cause: 'health' })
  })

  test('sudo that asks for a password which nobody stored is unknown', async () => {
    const it = await probing(host(), { user: 'sam', sudo: 'passwordless' })
    expect(await it.probe(command, { argv: ['true'], asRoot: true })).toMatchObject({
      status: 'unknown',
      cause: 'host',
    })
  })
})

describe('R20 journal pattern', () => {
  /** A one-shot unit that says these lines; all are in the journal when this resolves. */
  async function say(unit: string, lines: readonly string[]): Promise<void> {
    await host().writeFile(`/run/${unit}.txt`, lines.map(line => `${line}\n`).join(''))
    await host().installUnit(`${unit}.service`, `[Service]\nType=oneshot\nExecStart=/bin/cat /run/${unit}.txt\n`, {
      start: false,
    })
    await host().exec(['systemctl', 'start', `${unit}.service`])
    await host().exec(['journalctl', '--sync'])
  }
  const lines = (count: number, text: string): string[] =>
    Array.from({ length: count }, (_, index) => `${text} ${index}`)
  const of = (name: string) => ({ scope: 'system', name: `${name}.service` }) as const

  test('error rate = matching / all, with what came before the first probe, each line once', async () => {
    await say('rate', [...lines(60, 'all is well'), ...lines(2, 'ERROR no')])
    const it = await probing(host())
    const memory = new Map()
    const look = () => it.probe(journalPattern, { pattern: 'error|traceback' }, { unit: of('rate'), memory })
    const value = (result: Awaited<ReturnType<typeof look>>) =>
      result.numbers?.find(({ name }) => name === 'matching')?.value
    const first = await look()
    expect(first).toMatchObject({ status: 'healthy' })
    expect(value(first)).toBe(2)
    expect(value(await look())).toBe(2)
    await say('rate', lines(8, 'Traceback'))
    const second = await look()
    expect(second).toMatchObject({ status: 'unhealthy', cause: 'other' })
    expect(second.message).toMatch(
      /^10 of \d+ lines match \(1\d(\.\d)? %\) within 10 min, more than 5 %; the last: Traceback 7$/,
    )
    expect(value(await look())).toBe(10)
    await say('rate', lines(400, 'all is well'))
    expect(await look()).toMatchObject({ status: 'healthy' })
  })

  test('a number of lines, searched on the host, over the whole journal or one unit', async () => {
    const mark = `mark-${process.pid}`
    await say('lines', lines(3, mark))
    const it = await probing(host())
    const memory = new Map()
    const spec = { pattern: `^${mark}`, maxPercent: null, maxLines: 3 }
    const look = (unit: { scope: 'system'; name: string } | null) =>
      it.probe(journalPattern, spec, { unit, memory: unit ? memory : new Map() })
    expect(await look(of('lines'))).toMatchObject({ status: 'healthy', message: '3 lines match within 10 min' })
    expect(await look(null)).toMatchObject({ status: 'healthy', message: '3 lines match within 10 min' })
    expect(await look(of('lines'))).toMatchObject({ message: '3 lines match within 10 min' })
    await say('lines', [`${mark} more`])
    expect(await look(of('lines'))).toMatchObject({
      status: 'unhealthy',
      message: `4 lines match within 10 min, more than 3; the last: ${mark} more`,
    })
    expect(await look(null)).toMatchObject({ status: 'unhealthy' })
  })

  test('a bot that fails half of its work while it floods the journal', async () => {
    const bot = await host().installBot('keepalive-bot', { restart: 'no' })
    const it = await probing(host())
    const memory = new Map()
    const look = () =>
      it.probe(journalPattern, { pattern: '^flood line', maxPercent: 90 }, { unit: unitOf(bot), memory })
    expect(await look()).toMatchObject({ status: 'healthy' })
    await bot.floodJournal(5_000)
    await until(look, 'unhealthy')
    await bot.heal()
    await host().exec(['systemctl', 'stop', bot.unit])
  })

  test('S36 a hostile pattern and a hostile journal freeze nothing', async () => {
    await say('hostile', lines(5, 'a'.repeat(2_000)))
    const it = await probing(host())
    const result = await it.probe(journalPattern, { pattern: '(a*)*(a|aa)*b$' }, { unit: of('hostile') })
    expect(result).toMatchObject({ status: 'healthy' })
  })

  test('without the right to the journal it is unknown, with what to do', async () => {
    const it = await probing(host(), { user: 'norights' })
    const result = await it.probe(journalPattern, { pattern: 'x' }, { unit: of('rate') })
    expect(result).toMatchObject({ status: 'unknown', cause: 'host' })
    expect(result.message).toContain('systemd-journal')
  })

  test('the preview shows what would have matched, newest first', async () => {
    await say('preview', [...lines(70, 'needle'), ...lines(30, 'hay')])
    const it = await probing(host())
    const query = { hostId: 'test-host', unit: of('preview'), pattern: 'NEEDLE \\d+', ignoreCase: true }
    const found = await previewJournal(it.context().journal, query, Date.now())
    expect(found.matched).toBe(70)
    expect(found.all).toBeGreaterThanOrEqual(100)
    expect(found.lines.map(entry => entry.message)).toEqual(lines(70, 'needle').reverse().slice(0, 50))
    expect((await previewJournal(it.context().journal, { ...query, ignoreCase: false }, Date.now())).matched).toBe(0)
    await expect(previewJournal(it.context().journal, { ...query, pattern: '(' }, Date.now())).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
  })
})

test('probes leave no stream behind', async () => {
  const bot = await host().installBot('keepalive-bot', { restart: 'no' })
  const it: Probing = await probing(host())
  // more than the link has streams for
  for (let n = 0; n < 80; n++) expect((await it.probe(httpCheck, { url })).status).toBe('healthy')
  await bot.hang()
  await Promise.all(Array.from({ length: 20 }, () => it.probe(httpCheck, { url }, { timeoutMs: 300 })))
  await bot.unhang()
  // so many at once fit only where the 20 are gone; what sshd was still connecting ends a little later
  const crowd = async () => {
    const all = await Promise.all(Array.from({ length: 60 }, () => it.probe(tcp, { port: 22 })))
    return all.find(({ status }) => status !== 'healthy') ?? { status: 'healthy', message: '' }
  }
  await until(crowd, 'healthy')
})
