// Telegram messages arrive as read by a peer that knows the Bot API's rules; refusals are told apart by what can be done about them.
import { expect, test } from 'vitest'
import { FakeTelegram, tooMany } from '../../../fakes/channels/telegram.ts'
import { harmless, hostileNews, news, notification, send } from './given.ts'

const setUp = async () => {
  const telegram = await FakeTelegram.start()
  telegram.chats.add(42)
  const spec = { chatId: '42', apiBase: telegram.base }
  const to = (what = notification(), change = {}, signal?: AbortSignal) =>
    send('telegram', { ...spec, ...change }, what, {
      secrets: { token: telegram.token },
      ...(signal ? { signal } : {}),
    })
  return { telegram, to, [Symbol.asyncDispose]: () => telegram.stop() }
}

test('a message says what, where, why and when', async () => {
  await using given = await setUp()
  expect(await given.to()).toEqual({ ok: true })
  expect(given.telegram.messages).toHaveLength(1)
  expect(given.telegram.messages[0]?.text).toMatch(
    /^🔴 Critical: bot failed on web-1\n\[STATE\] \(failed\) == active\. systemd is restarting it\.\n12 s ago · 2026-01-31 /,
  )
  expect(given.telegram.messages[0]?.silent).toBe(false)
  expect(given.telegram.peer.violations).toEqual([])
})

test('S34 what a host says is read literally: no markup, no control characters', async () => {
  await using given = await setUp()
  expect(await given.to(notification([hostileNews(), news({ kind: 'resolved' })]))).toEqual({ ok: true })
  const [message] = given.telegram.messages
  expect(message?.text).toContain('<b>bot</b>')
  expect(message?.text).toContain('<script>alert(1)</script> & <!here>')
  expect(message?.text).toContain('</b></i> &amp; "quoted"')
  expect(message?.text).toContain('⟨U+202E⟩txt.exe')
  expect(harmless(message?.text ?? '\0')).toBe(true)
  expect(message?.text).not.toContain('owned')
})

test('a long text is cut between characters, never inside an entity, and within 4096', async () => {
  await using given = await setUp()
  for (const body of ['<'.repeat(9000), '👩‍👩‍👧'.repeat(3000), `${'x'.repeat(3000)}&`.repeat(3), 'é'.repeat(8000)]) {
    expect(await given.to(notification([news({ body, title: `<${'&'.repeat(5000)}` })]))).toEqual({ ok: true })
    const message = given.telegram.messages.at(-1)
    expect(message?.html.length).toBeLessThanOrEqual(4096)
    expect(message?.text).toContain('…')
    expect(message?.text).not.toMatch(/\p{Surrogate}/u)
  }
  expect(given.telegram.messages).toHaveLength(4)
})

test('many items become one message, with those that find no room counted', async () => {
  await using given = await setUp()
  const items = Array.from({ length: 60 }, (_, index) =>
    news({ title: `service ${index} failed`, body: 'x'.repeat(500) }),
  )
  expect(await given.to(notification(items))).toEqual({ ok: true })
  const text = given.telegram.messages[0]?.text ?? ''
  const named = text.match(/service \d+ failed/g)?.length ?? 0
  expect(named).toBeGreaterThan(5)
  expect(text).toContain(`… and ${60 - named} more`)
  expect(given.telegram.messages[0]?.html.length).toBeLessThanOrEqual(4096)
})

test('S19 too many requests: tried again after as long as Telegram says', async () => {
  await using given = await setUp()
  given.telegram.peer.trouble(tooMany(17))
  expect(await given.to()).toMatchObject({ ok: false, retry: true, retryAfterMs: 17_000 })
})

test.each([
  ['an error of Telegram', { status: 502, body: 'Bad Gateway' }],
  ['another service’s page', { status: 200, body: '<html>log in</html>' }],
  ['a broken connection', 'break'],
] as const)('S19 %s may pass', async (_, trouble) => {
  await using given = await setUp()
  given.telegram.peer.trouble(trouble)
  expect(await given.to()).toMatchObject({ ok: false, retry: true })
})

test('one that never answers is given up when the time is over', async () => {
  await using given = await setUp()
  given.telegram.peer.trouble('never')
  expect(await given.to(notification(), {}, AbortSignal.timeout(200))).toMatchObject({
    ok: false,
    retry: true,
    message: 'It did not answer in time',
  })
})

test('a wrong chat, a person who blocked the bot and a wrong token are not tried again, and no message holds the token', async () => {
  await using given = await setUp()
  const unknown = await given.to(notification(), { chatId: '77' })
  expect(unknown).toEqual({
    ok: false,
    retry: false,
    retryAfterMs: null,
    message: 'Telegram answered 400: Bad Request: chat not found',
  })
  given.telegram.blocked.add(42)
  expect(await given.to()).toMatchObject({ ok: false, retry: false, message: expect.stringContaining('blocked') })
  for (const token of ['1:wrong', '../etc/passwd', '']) {
    const result = await send('telegram', { chatId: '42', apiBase: given.telegram.base }, notification(), {
      secrets: token === '' ? {} : { token },
    })
    expect(result).toMatchObject({ ok: false, retry: false })
    expect(JSON.stringify(result)).not.toContain('passwd')
  }
  await given.telegram.stop()
  const down = await given.to()
  expect(down).toMatchObject({ ok: false, retry: true, message: expect.stringMatching(/refused|broken/) })
  expect(JSON.stringify([unknown, down])).not.toContain(given.telegram.token)
})

test('a group that became a supergroup still gets the message', async () => {
  await using given = await setUp()
  given.telegram.moved.set(-5, -1005)
  given.telegram.chats.add(-1005)
  expect(await given.to(notification(), { chatId: '-5' })).toEqual({ ok: true })
  expect(given.telegram.messages[0]?.chatId).toBe(-1005)
})

test('information comes without a sound, unless that is switched off; a topic is named', async () => {
  await using given = await setUp()
  const info = notification([news({ severity: 'info', kind: 'notice' })])
  await given.to(info)
  await given.to(info, { quietInfo: false, threadId: 7 })
  expect(given.telegram.messages.map(message => message.silent)).toEqual([true, false])
  expect(given.telegram.peer.requests.at(-1)?.json.message_thread_id).toBe(7)
})
