// Sends to an application of a Gotify server; knows no other channel.
import { z } from 'zod'
import { clip, messageText, plainMarkup, renderMessage } from '../domain/notification-text.ts'
import { isAnswer, jsonOf, refusal, webRequest } from '../lib/web-request.ts'
import { channelType, neededSecret } from './channel.ts'

const priority = z.number().int().min(0).max(10)
const spec = z.object({
  server: z.url({ protocol: /^https?$/ }).meta({
    title: 'Server',
    description: 'Its address, with the folder where it lies in one',
    placeholder: 'https://gotify.example.org',
  }),
  token: z.string().optional().meta({ title: 'Token of the application', secret: true }),
  criticalPriority: priority.default(8).meta({ title: 'Priority of critical', description: '0 to 10' }),
  warningPriority: priority.default(5).meta({ title: 'Priority of warnings' }),
  infoPriority: priority.default(2).meta({ title: 'Priority of information and of what is resolved' }),
})

export const gotify = channelType({
  type: 'gotify',
  title: 'Gotify',
  description: 'Push messages by your own Gotify server',
  spec,
  addable: true,
  secretsGoTo: ({ server }) => server,
  async send(context, fields, notification) {
    const token = await neededSecret(context, 'token', 'The token')
    if ('ok' in token) return token
    const text = messageText(notification, context.clock.now())
    const quiet = notification.severity === 'info' || notification.items.every(item => item.kind === 'resolved')
    const answer = await webRequest({
      url: `${fields.server.replace(/\/+$/, '')}/message`,
      headers: { 'content-type': 'application/json', 'x-gotify-key': token.value },
      body: JSON.stringify({
        title: clip(text.heading, 200),
        message: renderMessage(text, plainMarkup(8000), 'below'),
        priority: quiet
          ? fields.infoPriority
          : notification.severity === 'critical'
            ? fields.criticalPriority
            : fields.warningPriority,
        extras: { 'client::display': { contentType: 'text/plain' } },
      }),
      signal: context.signal,
    })
    if (!isAnswer(answer)) return answer
    if (answer.status === 200) return { ok: true }
    const { errorDescription } = jsonOf(answer)
    const detail = typeof errorDescription === 'string' ? errorDescription : ''
    return refusal('Gotify', answer, detail, context.clock.now())
  },
})
