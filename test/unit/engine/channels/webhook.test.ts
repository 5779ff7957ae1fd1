// The webhook: a documented payload, a template that values cannot break out of, and a signature that a receiver can check.
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fillTemplate, templateProblem } from '../../../../src/engine/domain/json-template.ts'
import { HttpPeer } from '../../../fakes/channels/http-peer.ts'
import { at, hostile, hostileNews, notification, send } from './given.ts'

const setUp = () => HttpPeer.start(() => ({ status: 204 }))

test('sends all there is to tell by default', async () => {
  await using peer = await setUp()
  expect(await send('webhook', { url: `${peer.url}/hook?a=1` })).toEqual({ ok: true })
  const [request] = peer.requests
  expect(request).toMatchObject({ method: 'POST', path: '/hook' })
  expect(request?.headers).toMatchObject({ 'content-type': 'application/json', 'x-quarterdeck-id': notification().id })
  expect(request?.headers['x-quarterdeck-signature']).toBeUndefined()
  expect(request?.json).toEqual({
    version: 1,
    id: notification().id,
    severity: 'critical',
    title: '🔴 Critical: bot failed on web-1',
    text: expect.stringContaining('[STATE] (failed) == active'),
    at,
    time: '2026-01-31T10:00:00.000Z',
    items: [
      {
        kind: 'firing',
        severity: 'critical',
        title: 'bot failed on web-1',
        body: '[STATE] (failed) == active. systemd is restarting it.',
        incidentId: 'inc-1',
        host: 'web-1',
        hostId: 'web-1',
        unit: { scope: 'system', name: 'bot.service' },
        at,
        time: '2026-01-31T10:00:00.000Z',
      },
    ],
  })
})

test('the signature is over the time and the very bytes of the body', async () => {
  await using peer = await setUp()
  await send('webhook', { url: peer.url }, notification([hostileNews()]), { secrets: { signingKey: 'shared secret' } })
  const [request] = peer.requests
  const seconds = request?.headers['x-quarterdeck-timestamp']
  expect(Number(seconds)).toBe((at + 12_000) / 1000)
  const expected = createHmac('sha256', 'shared secret').update(`${seconds}.${request?.text}`).digest('hex')
  expect(request?.headers['x-quarterdeck-signature']).toBe(`v1=${expected}`)
})

test('S34 a template’s structure stays as it was written, whatever the values hold', async () => {
  await using peer = await setUp()
  const template =
    '{"content": "{{severity}}: {{title}}", "n": "{{count}}", "list": ["{{items}}"], "fixed": {"a": true}}'
  expect(await send('webhook', { url: peer.url, template, method: 'PUT' }, notification([hostileNews()]))).toEqual({
    ok: true,
  })
  expect(peer.requests[0]?.method).toBe('PUT')
  expect(Object.keys(peer.requests[0]?.json ?? {})).toEqual(['content', 'n', 'list', 'fixed'])
  expect(peer.requests[0]?.json).toMatchObject({ n: 1, list: [[{ kind: 'firing' }]], fixed: { a: true } })
  expect(peer.requests[0]?.json.content).toMatch(/^critical: 🔴 Critical: @everyone/)
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      const filled = fillTemplate('{"a": "x {{title}} y", "b": "{{title}}", "c": "{{ text }}"}', {
        title: text,
        text: hostile.body,
      })
      expect(JSON.parse(JSON.stringify(filled))).toEqual({ a: `x ${text} y`, b: text, c: hostile.body })
    }),
  )
})

test('a template that is no JSON, or names what there is not, is refused with why', async () => {
  expect(templateProblem('{"a": {{title}}}', ['title'])).toMatch(/not JSON/)
  expect(templateProblem('{"a": "{{tittle}}"}', ['title'])).toBe('There is no {{tittle}}. There are: title')
  await expect(send('webhook', { url: 'http://127.0.0.1:1', template: '{{title}}' })).rejects.toThrow(/not JSON/)
})

test('a header of one’s own is sent, and cannot be one of ours or smuggle another', async () => {
  await using peer = await setUp()
  const spec = { url: peer.url, headerName: 'Authorization' }
  expect(await send('webhook', spec, notification(), { secrets: { headerValue: 'Bearer abc' } })).toEqual({ ok: true })
  expect(peer.requests[0]?.headers.authorization).toBe('Bearer abc')
  expect(await send('webhook', spec, notification(), { secrets: { headerValue: 'a\r\nX-Evil: 1' } })).toMatchObject({
    ok: false,
    retry: false,
  })
  expect(peer.requests).toHaveLength(1)
  for (const headerName of ['Host', 'Content-Length', 'X-Quarterdeck-Signature', 'a b', 'a:b'])
    await expect(send('webhook', { url: peer.url, headerName })).rejects.toThrow()
})

test('S19 what may pass is told from what will not; a redirect takes no secret elsewhere', async () => {
  await using peer = await setUp()
  const date = new Date(at + 12_000 + 90_000).toUTCString()
  peer.trouble(
    { status: 429, headers: { 'retry-after': date } },
    { status: 500 },
    { status: 410 },
    { status: 301, headers: { location: `${peer.url}/elsewhere` } },
    'break',
  )
  const to = () => send('webhook', { url: peer.url }, notification(), { secrets: { signingKey: 'k' } })
  expect(await to()).toMatchObject({ retry: true, retryAfterMs: 90_000 })
  expect(await to()).toMatchObject({ retry: true })
  expect(await to()).toMatchObject({ retry: false, message: 'The receiver answered 410' })
  expect(await to()).toMatchObject({ retry: false, message: expect.stringContaining('redirect') })
  expect(await to()).toMatchObject({ retry: true })
  expect(peer.requests.map(({ path }) => path)).not.toContain('/elsewhere')
})

test('an answer without end costs a bounded read', async () => {
  await using peer = await HttpPeer.start(() => ({ status: 500, body: 'x'.repeat(20_000_000) }))
  const result = await send('webhook', { url: peer.url })
  expect(result).toMatchObject({ ok: false, retry: true })
  expect(JSON.stringify(result).length).toBeLessThan(1000)
})
