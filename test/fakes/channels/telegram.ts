// The part of the Telegram Bot API that bots use for messages, as documented: chats, HTML, buttons, long polling, webhooks, its errors.
import { z } from 'zod'
import { HttpPeer, type PeerAnswer, type PeerRequest } from './http-peer.ts'

export interface TelegramUser {
  readonly id: number
  readonly username?: string
  readonly first_name: string
}

export interface SentMessage {
  readonly message_id: number
  readonly chatId: number
  /** As sent, with markup. */
  readonly html: string
  /** As read. */
  text: string
  buttons: { text: string; callback_data: string }[][]
  readonly silent: boolean
}

const chatId = z.union([z.number().int(), z.string()])
const flag = z.boolean().optional()
const Keyboard = z.strictObject({
  inline_keyboard: z.array(
    z.array(
      z.strictObject({
        text: z.string().min(1),
        callback_data: z
          .string()
          .refine(value => Buffer.byteLength(value) >= 1 && Buffer.byteLength(value) <= 64, 'BUTTON_DATA_INVALID'),
      }),
    ),
  ),
})
const shared = {
  parse_mode: z.enum(['HTML', 'MarkdownV2', 'Markdown']).optional(),
  link_preview_options: z.strictObject({ is_disabled: flag }).optional(),
  reply_markup: Keyboard.optional(),
}
const methods = {
  getMe: z.strictObject({}),
  getWebhookInfo: z.strictObject({}),
  deleteWebhook: z.strictObject({ drop_pending_updates: flag }),
  setMyCommands: z.strictObject({ commands: z.array(z.object({ command: z.string(), description: z.string() })) }),
  getUpdates: z.strictObject({
    offset: z.number().int().optional(),
    limit: z.number().int().min(1).max(100).optional(),
    timeout: z.number().int().min(0).optional(),
    allowed_updates: z.array(z.string()).optional(),
  }),
  sendMessage: z.strictObject({
    chat_id: chatId,
    message_thread_id: z.number().int().optional(),
    text: z.string(),
    disable_notification: flag,
    reply_parameters: z.strictObject({ message_id: z.number().int(), allow_sending_without_reply: flag }).optional(),
    ...shared,
  }),
  editMessageText: z.strictObject({ chat_id: chatId, message_id: z.number().int(), text: z.string(), ...shared }),
  answerCallbackQuery: z.strictObject({
    callback_query_id: z.string(),
    text: z.string().max(200).optional(),
    show_alert: flag,
  }),
} as const
type Method = keyof typeof methods

export class FakeTelegram {
  readonly token = '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw'
  readonly bot = { id: 110201543, is_bot: true, first_name: 'Deck', username: 'deck_bot' }
  readonly peer: HttpPeer
  readonly messages: SentMessage[] = []
  /** Callback queries that were answered, with the words shown. */
  readonly answered: { id: string; text: string }[] = []
  readonly chats = new Set<number>()
  /** Chats whose people blocked the bot. */
  readonly blocked = new Set<number>()
  /** Groups that became supergroups. */
  readonly moved = new Map<number, number>()
  webhookUrl = ''
  #updates: { update_id: number; [kind: string]: unknown }[] = []
  #ids = 100
  #polling: AbortController | null = null
  #arrived: () => void = () => {}

  private constructor(peer: HttpPeer) {
    this.peer = peer
  }

  static async start(): Promise<FakeTelegram> {
    const peer = await HttpPeer.start(request => telegram.#serve(request))
    const telegram = new FakeTelegram(peer)
    return telegram
  }

  get base(): string {
    return this.peer.url
  }

  /** Updates that wait to be fetched or confirmed. */
  get waiting(): number {
    return this.#updates.length
  }

  /** Someone writes in a chat. */
  say(chat: number, from: TelegramUser, text: string): number {
    const message = {
      message_id: ++this.#ids,
      date: 1,
      chat: { id: chat, type: chat < 0 ? 'group' : 'private' },
      from: { is_bot: false, ...from },
      text,
      ...(text.startsWith('/')
        ? { entities: [{ type: 'bot_command', offset: 0, length: text.split(/\s/)[0]?.length ?? 0 }] }
        : {}),
    }
    return this.#push({ message })
  }

  /** Someone presses a button under a message of the bot. */
  press(sent: SentMessage, button: string, from: TelegramUser): number {
    const found = sent.buttons.flat().find(({ text }) => text === button)
    if (!found) throw new Error(`No button ${button}; there are ${JSON.stringify(sent.buttons)}`)
    const callback_query = {
      id: String(++this.#ids),
      from: { is_bot: false, ...from },
      chat_instance: '1',
      data: found.callback_data,
      message: { message_id: sent.message_id, date: 1, chat: { id: sent.chatId, type: 'private' }, text: sent.text },
    }
    return this.#push({ callback_query })
  }

  stop(): Promise<void> {
    this.#polling?.abort()
    return this.peer.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #push(update: Record<string, unknown>): number {
    const update_id = 870_000_000 + ++this.#ids
    this.#updates.push({ update_id, ...update })
    this.#arrived()
    return update_id
  }

  async #serve(request: PeerRequest): Promise<PeerAnswer> {
    const [, token, name] = /^\/bot([^/]+)\/(\w+)$/.exec(request.path) ?? []
    if (token === undefined || name === undefined) return refused(404, 'Not Found')
    if (token !== this.token) return refused(401, 'Unauthorized')
    if (!Object.hasOwn(methods, name)) return refused(404, 'Not Found: method not found')
    const method = name as Method
    const input = methods[method].safeParse(request.json)
    if (!input.success) {
      this.peer.violations.push(`${method}: ${input.error.message}`)
      return refused(400, 'Bad Request: invalid parameters')
    }
    return this.#call(method, request)
  }

  #call(method: Method, request: PeerRequest): PeerAnswer | Promise<PeerAnswer> {
    switch (method) {
      case 'getMe':
        return result({ ...this.bot, can_join_groups: true })
      case 'getWebhookInfo':
        return result({ url: this.webhookUrl, has_custom_certificate: false, pending_update_count: this.waiting })
      case 'deleteWebhook':
        this.webhookUrl = ''
        return result(true)
      case 'setMyCommands':
        return result(true)
      case 'getUpdates':
        return this.#getUpdates(methods.getUpdates.parse(request.json), request.gone)
      case 'sendMessage':
        return this.#sendMessage(methods.sendMessage.parse(request.json))
      case 'editMessageText':
        return this.#editMessage(methods.editMessageText.parse(request.json))
      case 'answerCallbackQuery': {
        const { callback_query_id, text = '' } = methods.answerCallbackQuery.parse(request.json)
        this.answered.push({ id: callback_query_id, text })
        return result(true)
      }
    }
  }

  async #getUpdates(
    { offset, limit = 100, timeout = 0 }: z.output<typeof methods.getUpdates>,
    gone: AbortSignal,
  ): Promise<PeerAnswer> {
    if (this.webhookUrl !== '')
      return refused(
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
      )
    this.#polling?.abort()
    const mine = new AbortController()
    this.#polling = mine
    // what lies before the offset is confirmed, and never comes again
    if (offset !== undefined) this.#updates = this.#updates.filter(({ update_id }) => update_id >= offset)
    if (this.#updates.length === 0 && timeout > 0) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, timeout * 1_000)
        const wake = (): void => {
          clearTimeout(timer)
          resolve()
        }
        this.#arrived = wake
        for (const signal of [gone, mine.signal]) signal.addEventListener('abort', wake, { once: true })
      })
    }
    if (mine.signal.aborted)
      return refused(
        409,
        'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
      )
    return result(this.#updates.slice(0, limit))
  }

  #sendMessage(input: z.output<typeof methods.sendMessage>): PeerAnswer {
    const id = Number(input.chat_id)
    const movedTo = this.moved.get(id)
    if (movedTo !== undefined)
      return refused(400, 'Bad Request: group chat was upgraded to a supergroup chat', { migrate_to_chat_id: movedTo })
    if (!this.chats.has(id)) return refused(400, 'Bad Request: chat not found')
    if (this.blocked.has(id)) return refused(403, 'Forbidden: bot was blocked by the user')
    const read = readable(input.text, input.parse_mode)
    if (typeof read !== 'string') return read
    const message: SentMessage = {
      message_id: ++this.#ids,
      chatId: id,
      html: input.text,
      text: read,
      buttons: input.reply_markup?.inline_keyboard ?? [],
      silent: input.disable_notification ?? false,
    }
    this.messages.push(message)
    return result({ message_id: message.message_id, date: 1, chat: { id, type: 'private' }, text: read })
  }

  #editMessage(input: z.output<typeof methods.editMessageText>): PeerAnswer {
    const message = this.messages.find(
      each => each.message_id === input.message_id && each.chatId === Number(input.chat_id),
    )
    if (!message) return refused(400, 'Bad Request: message to edit not found')
    const read = readable(input.text, input.parse_mode)
    if (typeof read !== 'string') return read
    message.text = read
    message.buttons = input.reply_markup?.inline_keyboard ?? []
    return result({
      message_id: message.message_id,
      date: 1,
      chat: { id: message.chatId, type: 'private' },
      text: read,
    })
  }
}

const result = (value: unknown): PeerAnswer => ({ status: 200, body: { ok: true, result: value } })

function refused(code: number, description: string, parameters?: Record<string, unknown>): PeerAnswer {
  return { status: code, body: { ok: false, error_code: code, description, ...(parameters ? { parameters } : {}) } }
}

/** What the API answers to one who sends too fast. */
export const tooMany = (seconds: number): PeerAnswer =>
  refused(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds })

const allowedTags = new Set(['b', 'strong', 'i', 'em', 'u', 's', 'code', 'pre', 'a', 'tg-spoiler', 'blockquote'])
const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"' }

/** The text without its markup, or the error that Telegram gives for markup it does not know. */
function readable(text: string, mode: string | undefined): string | PeerAnswer {
  const broken = (why: string): PeerAnswer => refused(400, `Bad Request: can't parse entities: ${why}`)
  let read = text
  if (mode === 'HTML') {
    const open: string[] = []
    for (const [tag, close, name = ''] of text.matchAll(/<(\/?)([a-z-]*)[^>]*>?/gi)) {
      if (!tag.endsWith('>') || !allowedTags.has(name)) return broken(`Unsupported start tag "${name}"`)
      if (close === '') open.push(name)
      else if (open.pop() !== name) return broken(`Unexpected end tag "${name}"`)
    }
    if (open.length > 0) return broken(`Can't find end tag corresponding to start tag "${open.at(-1)}"`)
    if (/&(?!(lt|gt|amp|quot|#\d+);)/.test(text)) return broken('an & that is not escaped')
    read = text.replace(/<[^>]*>/g, '').replace(/&(\w+);/g, (whole, name: string) => entities[name] ?? whole)
  }
  if (read.trim() === '') return refused(400, 'Bad Request: message text is empty')
  if (read.length > 4096) return refused(400, 'Bad Request: message is too long')
  return read
}
