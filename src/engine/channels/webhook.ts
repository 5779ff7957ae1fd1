// Sends JSON to any web address, signed so that the receiver can tell who sent it and when; knows no other channel. docs/guide/webhook.md says how to receive it.
import { createHmac } from 'node:crypto'
import { z } from 'zod'
import type { Notification } from '../../shared/model/channel.ts'
import { fillTemplate, type JsonValue, templateProblem } from '../domain/json-template.ts'
import { messageText, plainMarkup, renderMessage } from '../domain/notification-text.ts'
import { permanent } from '../lib/send-failure.ts'
import { isAnswer, refusal, webRequest } from '../lib/web-request.ts'
import { channelType } from './channel.ts'

const placeholders = [
  ...['id', 'severity', 'kind', 'title', 'text', 'at', 'time', 'count'],
  ...['host', 'hostId', 'unit', 'incidentId', 'items'],
]
const ownHeaders = /^(host|content-length|content-type|connection|transfer-encoding|x-quarterdeck-.*|idempotency-key)$/i

const spec = z.object({
  url: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .meta({ title: 'Address', placeholder: 'https://example.org/hooks/alerts' }),
  method: z.enum(['POST', 'PUT', 'PATCH']).default('POST').meta({ title: 'Method' }),
  template: z
    .string()
    .max(20_000)
    .refine(text => text.trim() === '' || templateProblem(text, placeholders) === null, {
      error: ({ input }) => templateProblem(String(input), placeholders) ?? 'This is not a template',
    })
    .default('')
    .meta({
      title: 'Body',
      description: `JSON with placeholders: ${placeholders.map(name => `{{${name}}}`).join(' ')}. Empty sends everything.`,
      multiline: true,
    }),
  signingKey: z.string().optional().meta({
    title: 'Signing key',
    description: 'With one, each request carries X-Quarterdeck-Signature: HMAC-SHA256 over the time and the body',
    secret: true,
  }),
  headerName: z
    .string()
    .trim()
    .max(100)
    .regex(/^[A-Za-z0-9-]*$/, 'The name of a header')
    .refine(name => !ownHeaders.test(name), 'This header is set by Quarterdeck')
    .default('')
    .meta({ title: 'Header', description: 'One more header, e.g. Authorization' }),
  headerValue: z.string().optional().meta({ title: 'Its value', secret: true }),
})

export const webhook = channelType({
  type: 'webhook',
  title: 'Webhook',
  description: 'A JSON request to an address of yours, with a signature',
  spec,
  addable: true,
  secretsGoTo: ({ url, headerName }) => `${new URL(url).origin} ${headerName}`,
  async send(context, fields, notification) {
    const key = await context.secret('signingKey')
    const value = fields.headerName === '' ? null : ((await context.secret('headerValue'))?.trim() ?? '')
    if (value !== null && /[^\t\x20-\x7e\x80-\xff]/.test(value))
      return permanent(`The value of ${fields.headerName} has characters that no header may have`)
    const payload = payloadOf(notification)
    const body = JSON.stringify(fields.template.trim() === '' ? payload : fillTemplate(fields.template, flat(payload)))
    const seconds = String(Math.floor(context.clock.now() / 1_000))
    const signature = (secret: string): string =>
      createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')
    const answer = await webRequest({
      url: fields.url,
      method: fields.method,
      headers: {
        'content-type': 'application/json',
        'idempotency-key': notification.id,
        'x-quarterdeck-id': notification.id,
        'x-quarterdeck-timestamp': seconds,
        ...(key ? { 'x-quarterdeck-signature': `v1=${signature(key)}` } : {}),
        ...(value === null ? {} : { [fields.headerName.toLowerCase()]: value }),
      },
      body,
      signal: context.signal,
    })
    if (!isAnswer(answer)) return answer
    if (answer.status >= 200 && answer.status < 300) return { ok: true }
    return refusal('The receiver', answer, '', context.clock.now())
  },
})

/** All there is to tell; the same at every attempt. */
function payloadOf(notification: Notification) {
  const text = messageText(notification, notification.at, 'UTC')
  return {
    version: 1,
    id: notification.id,
    severity: notification.severity,
    title: text.heading,
    text: renderMessage(text, plainMarkup(20_000)),
    at: notification.at,
    time: new Date(notification.at).toISOString(),
    items: notification.items.map((item, index) => ({
      kind: item.kind,
      severity: item.severity,
      title: text.items[index]?.title ?? '',
      body: text.items[index]?.body ?? '',
      incidentId: item.incidentId,
      host: item.hostName,
      hostId: item.hostId,
      unit: item.unit === null ? null : { scope: item.unit.scope, name: item.unit.name },
      at: item.at,
      time: new Date(item.at).toISOString(),
    })),
  }
}

function flat({ version: _, ...payload }: ReturnType<typeof payloadOf>): Record<string, JsonValue> {
  const [first] = payload.items
  return {
    ...payload,
    count: payload.items.length,
    kind: first?.kind ?? null,
    host: first?.host ?? null,
    hostId: first?.hostId ?? null,
    unit: first?.unit?.name ?? null,
    incidentId: first?.incidentId ?? null,
  }
}
