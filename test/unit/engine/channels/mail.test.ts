// Letters by a real SMTP server and by the Resend API: encryption, logins, headers that nothing can be put into, and one letter for many attempts.
import { describe, expect, test } from 'vitest'
import { startResend } from '../../../fakes/channels/resend.ts'
import { type SmtpOptions, startSmtp } from '../../../fakes/channels/smtp.ts'
import { harmless, hostileNews, news, notification, send } from './given.ts'

const base = {
  host: '127.0.0.1',
  from: 'deck@example.org',
  to: ['me@example.org', 'you@example.org'],
  verifyCertificate: false,
}
const header = (headers: readonly string[], name: string): string[] =>
  headers
    .filter(line => line.toLowerCase().startsWith(`${name.toLowerCase()}: `))
    .map(line => line.slice(name.length + 2))

async function setUp(options: SmtpOptions, spec: Record<string, unknown> = {}, password?: string) {
  const smtp = await startSmtp(options)
  const to = (what = notification(), signal?: AbortSignal) =>
    send('email', { ...base, port: smtp.port, ...spec }, what, {
      ...(password === undefined ? {} : { secrets: { password } }),
      ...(signal ? { signal } : {}),
    })
  return { smtp, to, [Symbol.asyncDispose]: () => smtp.stop() }
}

describe('SMTP', () => {
  test('a letter in plain text and HTML, with its id from the notification', async () => {
    await using given = await setUp({})
    expect(await given.to()).toEqual({ ok: true })
    expect(await given.to()).toEqual({ ok: true })
    const [letter, again] = given.smtp.letters
    expect(letter).toMatchObject({ from: 'deck@example.org', to: base.to, encrypted: true })
    const headers = letter?.headers ?? []
    expect(header(headers, 'Message-ID')).toEqual(['<0b7cf1f4-7a5f-4d07-9f7d-0f4b0c6f8f11@example.org>'])
    expect(header(again?.headers ?? [], 'Message-ID')).toEqual(header(headers, 'Message-ID'))
    expect(header(headers, 'References')).toEqual(['<incident-inc-1@example.org>'])
    expect(header(headers, 'Auto-Submitted')).toEqual(['auto-generated'])
    expect(header(headers, 'Date')).toEqual(['Sat, 31 Jan 2026 10:00:00 +0000'])
    expect(letter?.raw).toContain('Content-Type: text/plain')
    expect(letter?.raw).toContain('Content-Type: text/html')
  })

  test('S34 CRLF in a title makes no header; HTML and control characters are only text', async () => {
    await using given = await setUp({})
    expect(await given.to(notification([hostileNews()]))).toEqual({ ok: true })
    const [letter] = given.smtp.letters
    expect(letter?.to).toEqual(base.to)
    expect(header(letter?.headers ?? [], 'Bcc')).toEqual([])
    expect(header(letter?.headers ?? [], 'Subject')).toHaveLength(1)
    const parts = bodies(letter?.raw ?? '')
    expect(parts.html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(parts.html).not.toMatch(/<script|<b>/)
    expect(parts.text).toContain('<script>alert(1)</script>')
    expect(harmless(parts.text)).toBe(true)
    expect(harmless(parts.html)).toBe(true)
  })

  test.each([
    ['tls', 'implicit', true],
    ['starttls', 'starttls', true],
    ['opportunistic', 'starttls', true],
    ['opportunistic', 'none', false],
    ['none', 'starttls', false],
  ] as const)('%s with a server of %s', async (security, tls, encrypted) => {
    await using given = await setUp({ tls }, { security })
    expect(await given.to()).toEqual({ ok: true })
    expect(given.smtp.letters[0]?.encrypted).toBe(encrypted)
  })

  test('where STARTTLS is wanted and not offered, nothing is sent', async () => {
    await using given = await setUp({ tls: 'none' }, { security: 'starttls' })
    expect(await given.to()).toMatchObject({ ok: false })
    expect(given.smtp.letters).toEqual([])
  })

  test('a certificate that nobody signed is refused unless the person says otherwise', async () => {
    await using given = await setUp({}, { verifyCertificate: true, host: 'localhost' })
    expect(await given.to()).toMatchObject({ ok: false, retry: true, message: expect.stringMatching(/self.signed/i) })
    expect(given.smtp.letters).toEqual([])
  })

  test('logs in over the encrypted connection; a wrong password is not tried again', async () => {
    const login = { user: 'deck', password: 'right' }
    await using given = await setUp({ login }, { user: 'deck' }, 'right')
    expect(await given.to()).toEqual({ ok: true })
    expect(given.smtp.logins).toEqual([{ user: 'deck', encrypted: true }])
    await using wrong = await setUp({ login }, { user: 'deck' }, 'wrong')
    const result = await wrong.to()
    expect(result).toMatchObject({ ok: false, retry: false, message: expect.stringContaining('refused the login') })
    expect(JSON.stringify(result)).not.toContain('wrong')
    await using none = await setUp({ login }, { user: 'deck' })
    expect(await none.to()).toMatchObject({ ok: false, retry: false })
    expect(none.smtp.logins).toEqual([])
  })

  test('a password never leaves unencrypted for another computer', async () => {
    const result = await send(
      'email',
      { ...base, host: 'mail.example.org', user: 'deck', security: 'none' },
      notification(),
      {
        secrets: { password: 'secret' },
      },
    )
    expect(result).toMatchObject({ ok: false, retry: false, message: expect.stringContaining('unencrypted') })
  })

  test('S19 4xx may pass, 5xx will not', async () => {
    let answer = { code: 451, text: 'Greylisted, come back later' }
    await using given = await setUp({ refuse: () => answer })
    expect(await given.to()).toMatchObject({ ok: false, retry: true, message: expect.stringContaining('Greylisted') })
    answer = { code: 550, text: 'No such mailbox' }
    expect(await given.to()).toMatchObject({
      ok: false,
      retry: false,
      message: expect.stringContaining('No such mailbox'),
    })
  })

  test('one that is silent or gone is given up in time', async () => {
    await using given = await setUp({ silent: true })
    expect(await given.to(notification(), AbortSignal.timeout(300))).toMatchObject({
      ok: false,
      retry: true,
      message: 'The mail server did not answer in time',
    })
    await given.smtp.stop()
    expect(await given.to()).toMatchObject({ ok: false, retry: true, message: expect.stringContaining('ECONNREFUSED') })
  })

  test('addresses and the subject’s beginning cannot hold a line break', async () => {
    for (const change of [{ from: 'a@b.c\r\nBcc: x@y.z' }, { to: ['a@b.c\nx'] }, { subjectPrefix: 'a\r\nBcc: x@y.z' }])
      await expect(send('email', { ...base, ...change })).rejects.toThrow()
  })
})

describe('Resend', () => {
  const spec = (apiBase: string) => ({ apiBase, from: 'deck@example.org', to: ['me@example.org'] })
  const secrets = { apiKey: 're_123456' }

  test('S19 one letter for many attempts: the same key and the same bytes, however late', async () => {
    await using resend = await startResend()
    resend.peer.trouble('afterwards')
    const first = await send('resend', spec(resend.peer.url), notification(), { secrets })
    expect(first).toMatchObject({ ok: false, retry: true })
    const late = await send('resend', spec(resend.peer.url), notification(), { secrets, now: Date.UTC(2026, 1, 1) })
    expect(late).toEqual({ ok: true })
    expect(resend.letters).toHaveLength(1)
    expect(resend.letters[0]).toMatchObject({
      from: 'Quarterdeck <deck@example.org>',
      subject: '[Quarterdeck] 🔴 Critical: bot failed on web-1',
      headers: { References: '<incident-inc-1@example.org>' },
    })
  })

  test('S34 hostile texts stay in their places', async () => {
    await using resend = await startResend()
    expect(await send('resend', spec(resend.peer.url), notification([hostileNews(), news()]), { secrets })).toEqual({
      ok: true,
    })
    expect(resend.letters[0]?.html).toContain('&lt;script&gt;')
    expect(resend.peer.violations).toEqual([])
  })

  test('S19 429 and an attempt that is still under way are waited for; a wrong key is not tried again', async () => {
    await using resend = await startResend()
    resend.peer.trouble(resend.tooMany, resend.busy, { status: 500 })
    const to = () => send('resend', spec(resend.peer.url), notification(), { secrets })
    expect(await to()).toMatchObject({ retry: true, retryAfterMs: 1000 })
    expect(await to()).toMatchObject({ retry: true })
    expect(await to()).toMatchObject({ retry: true })
    const wrong = await send('resend', spec(resend.peer.url), notification(), { secrets: { apiKey: 're_wrong' } })
    expect(wrong).toMatchObject({ ok: false, retry: false, message: 'Resend answered 401: API key is invalid' })
  })
})

/** The parts of a letter as a reader's program decodes them. */
function bodies(raw: string): { text: string; html: string } {
  const boundary = /boundary="([^"]+)"/.exec(raw)?.[1] ?? ''
  const part = (type: string): string => {
    const found = raw.split(`--${boundary}`).find(each => each.includes(`Content-Type: ${type}`)) ?? ''
    const [head = '', ...rest] = found.split('\r\n\r\n')
    const body = rest.join('\r\n\r\n')
    if (/base64/i.test(head)) return Buffer.from(body, 'base64').toString().replaceAll('\r\n', '\n')
    const bytes = body
      .replace(/=\r\n/g, '')
      .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    return Buffer.from(bytes, /quoted-printable/i.test(head) ? 'latin1' : 'utf8')
      .toString()
      .replaceAll('\r\n', '\n')
  }
  return { text: part('text/plain'), html: part('text/html') }
}
