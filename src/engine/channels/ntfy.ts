// Publishes to a topic of ntfy, the public server or one's own; knows no other channel.
import { z } from 'zod'
import { clip, messageText, plainMarkup, renderMessage } from '../domain/notification-text.ts'
import { isAnswer, jsonOf, refusal, webRequest } from '../lib/web-request.ts'
import { channelType } from './channel.ts'

const priority = z.number().int().min(1).max(5)
const spec = z.object({
  server: z
    .url({ protocol: /^https?$/ })
    .default('https://ntfy.sh')
    .meta({ title: 'Server' }),
  topic: z
    .string()
    .trim()
    .regex(/^[-_A-Za-z0-9]{1,64}$/, 'Letters, digits, - and _, at most 64')
    .meta({
      title: 'Topic',
      description: 'On a public server whoever knows its name can read along: choose one that cannot be guessed',
    }),
  token: z
    .string()
    .optional()
    .meta({ title: 'Access token', description: 'Where the topic is protected', secret: true }),
  criticalPriority: priority.default(5).meta({ title: 'Priority of critical', description: '1 (lowest) to 5' }),
  warningPriority: priority.default(4).meta({ title: 'Priority of warnings' }),
  infoPriority: priority.default(2).meta({ title: 'Priority of information and of what is resolved' }),
  tags: z
    .array(z.string().trim().min(1).max(40))
    .max(8)
    .default([])
    .meta({ title: 'Tags', description: 'Shown with the message; names of emoji become emoji' }),
  click: z
    .string()
    .trim()
    .max(2000)
    .refine(text => text === '' || URL.canParse(text), 'A web address')
    .default('')
    .meta({ title: 'Address that a tap opens' }),
})

const bytesOf = (text: string): number => Buffer.byteLength(text)
// more than this becomes an attachment
const maxBytes = 4000

export const ntfy = channelType({
  type: 'ntfy',
  title: 'ntfy',
  description: 'Push messages on phones and desktops by ntfy, the public server or your own',
  spec,
  addable: true,
  secretsGoTo: ({ server }) => server,
  async send(context, fields, notification) {
    const token = (await context.secret('token'))?.trim()
    const text = messageText(notification, context.clock.now())
    const quiet = notification.severity === 'info' || notification.items.every(item => item.kind === 'resolved')
    const answer = await webRequest({
      url: new URL('/', fields.server).href,
      headers: {
        'content-type': 'application/json',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
      body: JSON.stringify({
        topic: fields.topic,
        title: clip(text.heading, 200),
        message: renderMessage(text, plainMarkup(maxBytes, bytesOf), 'below'),
        priority: quiet
          ? fields.infoPriority
          : notification.severity === 'critical'
            ? fields.criticalPriority
            : fields.warningPriority,
        tags: [notification.severity, ...fields.tags],
        ...(fields.click === '' ? {} : { click: fields.click }),
      }),
      signal: context.signal,
    })
    if (!isAnswer(answer)) return answer
    if (answer.status === 200) return { ok: true }
    const { error } = jsonOf(answer)
    return refusal('ntfy', answer, typeof error === 'string' ? error : '', context.clock.now())
  },
})
