// Sends through a Telegram bot; commands from a chat are read elsewhere. Knows no other channel.
import { z } from 'zod'
import { type Markup, messageText, renderMessage } from '../domain/notification-text.ts'
import { callTelegram, telegramApi } from '../lib/telegram-api.ts'
import { channelType, neededSecret } from './channel.ts'

const chat = z
  .string()
  .trim()
  .regex(/^(-?\d{1,20}|@\w{4,32})$/, 'A number like -1001234567890, or @name of a public channel')

export const TelegramSpec = z.object({
  token: z
    .string()
    .optional()
    .meta({ title: 'Bot token', description: 'From @BotFather, like 123456:ABC-DEF', secret: true }),
  chatId: chat.meta({
    title: 'Chat',
    description: 'The number of the chat, or @name of a public channel. Send the bot a message first.',
    placeholder: '-1001234567890',
  }),
  threadId: z.number().int().min(1).nullable().default(null).meta({
    title: 'Topic',
    description: 'The number of the topic in a group with topics',
  }),
  quietInfo: z.boolean().default(true).meta({
    title: 'No sound for information',
    description: 'Messages of severity info arrive silently',
  }),
  commands: z.boolean().default(false).meta({
    title: 'Take commands',
    description: '/status, /listbots, /restart, /update, /silence and /ack; what changes something asks first',
  }),
  allowedChats: z
    .array(
      z
        .string()
        .trim()
        .regex(/^-?\d{1,20}$/, 'The number of a chat'),
    )
    .max(20)
    .default([])
    .meta({
      title: 'Chats that may give commands',
      description: 'Numbers of chats besides the one above. Everybody in them may give commands.',
    }),
  allowedUsers: z
    .array(
      z
        .string()
        .trim()
        .regex(/^\d{1,20}$/, 'The number of a user'),
    )
    .max(50)
    .default([])
    .meta({
      title: 'People who may give commands',
      description: 'Numbers of users; empty is everybody in those chats',
    }),
  apiBase: z
    .url({ protocol: /^https?$/ })
    .default(telegramApi)
    .meta({
      title: 'Bot API address',
      description: "Telegram's own unless you run a Bot API server",
    }),
})

/** Telegram's HTML knows four entities, and no line break but the line's end. */
export const telegramMarkup: Markup = {
  limit: 4096,
  escape: text =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
  strong: escaped => `<b>${escaped}</b>`,
  faint: escaped => `<i>${escaped}</i>`,
}

export const telegram = channelType({
  type: 'telegram',
  title: 'Telegram',
  description: 'Messages from your own bot, and commands to it where you allow them',
  spec: TelegramSpec,
  addable: true,
  secretsGoTo: ({ apiBase }) => apiBase,
  async send(context, spec, notification) {
    const token = await neededSecret(context, 'token', 'The bot token')
    if ('ok' in token) return token
    const parameters = {
      text: renderMessage(messageText(notification, context.clock.now()), telegramMarkup),
      parse_mode: 'HTML',
      link_preview_options: { is_disabled: true },
      disable_notification: spec.quietInfo && notification.severity === 'info',
      ...(spec.threadId === null ? {} : { message_thread_id: spec.threadId }),
    }
    const send = (chatId: string | number) =>
      callTelegram({
        base: spec.apiBase,
        token: token.value,
        method: 'sendMessage',
        parameters: { chat_id: chatId, ...parameters },
        signal: context.signal,
      })
    const result = await send(spec.chatId)
    // a group that became a supergroup has a new number, which Telegram tells with the refusal
    const final = !result.ok && result.movedTo !== null ? await send(result.movedTo) : result
    if (final.ok) return { ok: true }
    const { retry, retryAfterMs, message } = final
    return { ok: false, retry, retryAfterMs, message }
  },
})
