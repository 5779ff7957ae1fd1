// Sends letters by the Resend API; knows no other channel.
import { z } from 'zod'
import { headerSafe, mailText } from '../domain/mail-text.ts'
import { passing } from '../lib/send-failure.ts'
import { isAnswer, jsonOf, refusal, retryAfterMs, webRequest } from '../lib/web-request.ts'
import { channelType, neededSecret } from './channel.ts'

const address = z.email('An e-mail address').max(254)
const spec = z.object({
  apiKey: z.string().optional().meta({ title: 'API key', description: 'With the right to send', secret: true }),
  from: address.meta({ title: 'From', description: 'An address of a domain that is verified at Resend' }),
  to: z.array(address).min(1, 'At least one address').max(20).meta({ title: 'To' }),
  subjectPrefix: z
    .string()
    .max(60)
    .regex(/^[^\r\n\0]*$/, 'One line')
    .default('[Quarterdeck]')
    .meta({ title: 'Subject begins with' }),
  apiBase: z
    .url({ protocol: /^https?$/ })
    .default('https://api.resend.com')
    .meta({ title: 'API address' }),
})

export const resend = channelType({
  type: 'resend',
  title: 'E-mail (Resend)',
  description: 'E-mails through the Resend service, without a mail server',
  spec,
  addable: true,
  secretsGoTo: ({ apiBase }) => apiBase,
  async send(context, fields, notification) {
    const key = await neededSecret(context, 'apiKey', 'The API key')
    if ('ok' in key) return key
    const domain = headerSafe(fields.from.slice(fields.from.lastIndexOf('@') + 1))
    const thread = notification.items[0]?.incidentId
    const answer = await webRequest({
      url: `${fields.apiBase.replace(/\/+$/, '')}/emails`,
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${key.value}`,
        // the letter is the same at every attempt, so that Resend sends it once
        'idempotency-key': headerSafe(notification.id),
      },
      body: JSON.stringify({
        from: `Quarterdeck <${fields.from}>`,
        to: fields.to,
        ...mailText(notification, fields.subjectPrefix),
        headers: {
          'Auto-Submitted': 'auto-generated',
          ...(thread ? { References: `<incident-${headerSafe(thread)}@${domain}>` } : {}),
        },
      }),
      signal: context.signal,
    })
    if (!isAnswer(answer)) return answer
    if (answer.status >= 200 && answer.status < 300) return { ok: true }
    const { name, message } = jsonOf(answer)
    const now = context.clock.now()
    // an earlier attempt with this key is still under way there
    if (answer.status === 409 && name === 'concurrent_idempotent_requests')
      return passing('Resend is still busy with an earlier attempt', retryAfterMs(answer.headers, now))
    return refusal('Resend', answer, typeof message === 'string' ? message : '', now)
  },
})
