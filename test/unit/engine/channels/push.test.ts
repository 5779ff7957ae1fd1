// ntfy and Gotify, judged by peers that know their documented payloads.
import { expect, test } from 'vitest'
import { startGotify, startNtfy } from '../../../fakes/channels/push.ts'
import { harmless, hostileNews, news, notification, send } from './given.ts'

test('ntfy: topic, priority by severity, tags, click and token', async () => {
  await using ntfy = await startNtfy('tk_secret')
  const spec = { server: ntfy.peer.url, topic: 'my-topic', tags: ['skull'], click: 'https://example.org/deck' }
  const to = (what = notification()) => send('ntfy', spec, what, { secrets: { token: 'tk_secret' } })
  expect(await to()).toEqual({ ok: true })
  expect(await to(notification([news({ kind: 'resolved' })]))).toEqual({ ok: true })
  expect(await to(notification([news({ severity: 'warning' })]))).toEqual({ ok: true })
  expect(ntfy.messages[0]).toMatchObject({
    topic: 'my-topic',
    title: '🔴 Critical: bot failed on web-1',
    message: expect.stringMatching(/^\[STATE\] \(failed\) == active\. systemd is restarting it\.\n12 s ago · /),
    priority: 5,
    tags: ['critical', 'skull'],
    click: 'https://example.org/deck',
  })
  expect(ntfy.messages.map(({ priority }) => priority)).toEqual([5, 2, 4])
  expect(await send('ntfy', spec, notification())).toMatchObject({
    ok: false,
    retry: false,
    message: 'ntfy answered 403: forbidden',
  })
})

test('S34 ntfy: no control characters, and never an attachment, by bytes', async () => {
  await using ntfy = await startNtfy()
  const spec = { server: ntfy.peer.url, topic: 't' }
  expect(await send('ntfy', spec, notification([hostileNews()]))).toEqual({ ok: true })
  expect(await send('ntfy', spec, notification([news({ body: '世界'.repeat(4000) })]))).toEqual({ ok: true })
  expect(ntfy.peer.violations).toEqual([])
  expect(ntfy.messages.every(({ message = '', title = '' }) => harmless(message) && harmless(title))).toBe(true)
  expect(ntfy.messages[1]?.message).toMatch(/世界…\n|世…\n/)
})

test('S19 ntfy: 429 and errors may pass', async () => {
  await using ntfy = await startNtfy()
  ntfy.peer.trouble(ntfy.tooMany, { status: 500 })
  const spec = { server: ntfy.peer.url, topic: 't' }
  expect(await send('ntfy', spec)).toMatchObject({ retry: true, message: expect.stringContaining('too many requests') })
  expect(await send('ntfy', spec)).toMatchObject({ retry: true })
  expect(await send('ntfy', spec)).toEqual({ ok: true })
})

test('Gotify: under a folder, with the application’s token and a priority', async () => {
  await using gotify = await startGotify()
  const spec = { server: gotify.server }
  expect(await send('gotify', spec, notification([hostileNews()]), { secrets: { token: 'AbCdEf' } })).toEqual({
    ok: true,
  })
  const [message] = gotify.messages
  expect(message).toMatchObject({ priority: 8, extras: { 'client::display': { contentType: 'text/plain' } } })
  expect(harmless(message?.message ?? '\0') && harmless(message?.title ?? '\0')).toBe(true)
  expect(message?.title).not.toContain('\n')
  const wrong = await send('gotify', spec, notification(), { secrets: { token: 'wrong' } })
  expect(wrong).toMatchObject({ ok: false, retry: false, message: expect.stringContaining('401') })
  expect(await send('gotify', spec)).toMatchObject({
    ok: false,
    retry: false,
    message: expect.stringContaining('missing'),
  })
  gotify.peer.trouble({ status: 503, headers: { 'retry-after': '5' } }, 'never')
  expect(await send('gotify', spec, notification(), { secrets: { token: 'AbCdEf' } })).toMatchObject({
    retry: true,
    retryAfterMs: 5000,
  })
  const signal = AbortSignal.timeout(200)
  expect(await send('gotify', spec, notification(), { secrets: { token: 'AbCdEf' }, signal })).toMatchObject({
    retry: true,
  })
})
