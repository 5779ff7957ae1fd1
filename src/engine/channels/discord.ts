// Sends through a Discord webhook; knows no other channel.
import { z } from 'zod'
import { escapeWithin, type Markup, messageText } from '../domain/notification-text.ts'
import { passing, permanent } from '../lib/send-failure.ts'
import { isAnswer, jsonOf, refusal, type WebAnswer, webRequest } from '../lib/web-request.ts'
import { channelType, neededSecret } from './channel.ts'

const spec = z.object({
  webhookUrl: z.string().optional().meta({
    title: 'Webhook address',
    description: 'From the channel’s settings: Integrations → Webhooks → Copy webhook URL',
    placeholder: 'https://discord.com/api/webhooks/…',
    secret: true,
  }),
  username: z.string().trim().max(80).default('Quarterdeck').meta({ title: 'Name shown as sender' }),
  threadId: z
    .string()
    .trim()
    .regex(/^\d{0,25}$/, 'The number of a thread')
    .default('')
    .meta({ title: 'Thread', description: 'The number of a thread in that channel, if it is to go there' }),
})

// Discord's own bounds; the texts of all embeds count together.
const maxContent = 2000
const maxEmbeds = 10
const maxTitle = 256
const maxDescription = 4096
const maxEmbedText = 6000
const colours = { info: 0x3b82f6, warning: 0xf59e0b, critical: 0xef4444 }
const green = 0x22c55e

/** Each mark is told to be itself; an @ is parted from what follows, so that no mention is seen even where none is sent. */
const literal = (text: string): string => text.replace(/[\\*_~`|<>[\]()#+:-]/g, '\\$&').replaceAll('@', '@\u200b')
const markup: Pick<Markup, 'escape'> = { escape: literal }

export const discord = channelType({
  type: 'discord',
  title: 'Discord',
  description: 'Messages in a Discord channel, by a webhook of that channel',
  spec,
  addable: true,
  async send(context, { username, threadId }, notification) {
    const address = await neededSecret(context, 'webhookUrl', 'The webhook address')
    if ('ok' in address) return address
    const url = URL.parse(address.value)
    if (!url || !/^https?:$/.test(url.protocol)) return permanent('The webhook address is not a web address')
    url.searchParams.set('wait', 'true')
    if (threadId !== '') url.searchParams.set('thread_id', threadId)
    const text = messageText(notification, context.clock.now())
    const answer = await webRequest({
      url: url.href,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        content: escapeWithin(text.heading, markup, maxContent),
        ...(username === '' ? {} : { username }),
        // nobody is ever notified by a text that came from a host
        allowed_mentions: { parse: [] },
        embeds: embedsOf(text.items, notification.items),
      }),
      signal: context.signal,
    })
    if (!isAnswer(answer)) return answer
    if (answer.status >= 200 && answer.status < 300) return { ok: true, ...pauseAfter(answer) }
    const body = jsonOf(answer)
    if (answer.status === 429) {
      const seconds = Number(body.retry_after ?? answer.headers.get('retry-after') ?? Number.NaN)
      return passing('Discord asks to wait', Number.isFinite(seconds) ? Math.ceil(seconds * 1_000) : null)
    }
    return refusal('Discord', answer, typeof body.message === 'string' ? body.message : '', context.clock.now())
  },
})

type Texts = ReturnType<typeof messageText>['items']
type Items = Parameters<(typeof discord)['send']>[2]['items']

function embedsOf(texts: Texts, items: Items) {
  const embeds = []
  let room = maxEmbedText - 100
  for (const [index, text] of texts.entries()) {
    const item = items[index]
    if (!item || index >= maxEmbeds - 1 || room < 300) {
      embeds.push({ description: literal(`… and ${texts.length - index} more`) })
      break
    }
    const share = Math.max(300, Math.floor(room / (Math.min(texts.length, maxEmbeds) - index)))
    const title = escapeWithin(`${text.mark} ${text.word}: ${text.title}`, markup, Math.min(maxTitle, share / 2))
    const body = escapeWithin(text.body, markup, Math.min(maxDescription - 100, share - title.length - 60))
    // Discord shows these in the reader's own zone
    const seconds = Math.floor(item.at / 1_000)
    const description = `${body}${body === '' ? '' : '\n'}<t:${seconds}:R> · <t:${seconds}:f>`
    room -= title.length + description.length
    embeds.push({ title, description, color: item.kind === 'resolved' ? green : colours[item.severity] })
  }
  return embeds
}

/** With the last message of a bucket sent, the next one waits until it is filled again. */
function pauseAfter({ headers }: WebAnswer): { pauseMs?: number } {
  const seconds = Number(headers.get('x-ratelimit-reset-after') ?? Number.NaN)
  return headers.get('x-ratelimit-remaining') === '0' && Number.isFinite(seconds)
    ? { pauseMs: Math.ceil(seconds * 1_000) }
    : {}
}
