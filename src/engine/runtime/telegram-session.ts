// One bot's conversation: reads its updates by long polling, answers those who may give commands, loses none over a restart and does none twice. Knows what no command means.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { readCommand } from '../domain/chat-command.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { TelegramResult } from '../lib/telegram-api.ts'
import type { ChannelState } from '../store/channels.ts'
import { ChatAct, type ChatCommands } from './chat-commands.ts'
import { TelegramVoice } from './telegram-voice.ts'

export interface TelegramSessionOptions {
  readonly base: string
  readonly token: string
  readonly chats: ReadonlySet<string>
  /** Empty is everybody in those chats. */
  readonly users: ReadonlySet<string>
  readonly commands: ChatCommands
  readonly state: ChannelState
  /** Several writes to the state as one. */
  readonly transaction: <T>(work: () => T) => T
  readonly clock: Clock
  readonly log: Logger
}

const pollSeconds = 25
const confirmMs = 120_000
const mostWaiting = 200

const From = z.object({ id: z.number(), username: z.string().optional(), first_name: z.string().optional() })
const Chat = z.object({ id: z.number() })
const Update = z.object({
  update_id: z.number(),
  message: z
    .object({ message_id: z.number(), chat: Chat, from: From.optional(), text: z.string().optional() })
    .optional(),
  callback_query: z
    .object({
      id: z.string(),
      from: From,
      data: z.string().optional(),
      message: z.object({ message_id: z.number(), chat: Chat }).optional(),
    })
    .optional(),
})

/** An update that is ours to do, as it is kept until it is done. */
const Waiting = z.object({
  updateId: z.number(),
  chatId: z.number(),
  userId: z.number(),
  actor: z.string(),
  text: z.string().nullable(),
  press: z.object({ queryId: z.string(), data: z.string(), messageId: z.number() }).nullable(),
  /** It was begun: after a restart it is not done again. */
  begun: z.boolean(),
})
type Waiting = z.infer<typeof Waiting>
const Question = z.object({
  nonce: z.string(),
  chatId: z.number(),
  userId: z.number(),
  /** Wall ms. */
  until: z.number(),
  text: z.string(),
  act: ChatAct,
})
type Question = z.infer<typeof Question>

export class TelegramSession implements Disposable {
  readonly #options: TelegramSessionOptions
  readonly #stopped = new AbortController()
  readonly #voice: TelegramVoice
  readonly #ignored = new Map<string, number>()
  #botName: string | null = null
  #waiting: Waiting[]
  #questions: Question[]

  constructor(options: TelegramSessionOptions) {
    this.#options = options
    this.#voice = new TelegramVoice({ ...options, stopped: this.#stopped.signal })
    this.#waiting = this.#read('inbox', z.array(Waiting))
    this.#questions = this.#read('questions', z.array(Question))
    void this.#run()
  }

  dispose(): void {
    this.#stopped.abort()
  }

  async #run(): Promise<void> {
    const { log, clock } = this.#options
    let failures = 0
    while (!this.#stopped.signal.aborted) {
      try {
        await this.#workOff()
        const result = this.#botName === null ? await this.#introduce() : await this.#poll()
        if (result.ok) {
          failures = 0
          continue
        }
        failures++
        const wait =
          result.retryAfterMs ?? Math.min(result.retry ? 60_000 : 300_000, 2_000 * 2 ** Math.min(failures, 10))
        if (failures === 1 || !result.retry) log.warn('telegram commands cannot be read', { reason: result.message })
        await sleep(clock, wait, this.#stopped.signal)
      } catch (error) {
        if (this.#stopped.signal.aborted) return
        log.error('telegram commands failed', { error: error instanceof Error ? (error.stack ?? '') : String(error) })
        await sleep(clock, 30_000, this.#stopped.signal).catch(() => {})
      }
    }
  }

  async #introduce(): Promise<TelegramResult> {
    const result = await this.#voice.call('getMe', {})
    if (result.ok) this.#botName = z.object({ username: z.string() }).safeParse(result.result).data?.username ?? ''
    return result
  }

  async #poll(): Promise<TelegramResult> {
    const offset = Number(this.#options.state.get(this.#key('offset')) ?? 0)
    const parameters = {
      timeout: pollSeconds,
      allowed_updates: ['message', 'callback_query'],
      ...(offset > 0 ? { offset } : {}),
    }
    const result = await this.#voice.call('getUpdates', parameters, (pollSeconds + 15) * 1_000)
    if (!result.ok || !Array.isArray(result.result)) return result
    const updates = result.result.flatMap(item => Update.safeParse(item).data ?? [])
    const ids = result.result.flatMap(item => z.object({ update_id: z.number() }).safeParse(item).data?.update_id ?? [])
    if (ids.length === 0) return result
    const taken = updates.flatMap(update => this.#take(update) ?? [])
    // from here on they are ours: confirming them to Telegram and keeping them is one step
    this.#options.transaction(() => {
      this.#options.state.set(this.#key('offset'), String(Math.max(...ids) + 1))
      this.#keep([...this.#waiting, ...taken].slice(-mostWaiting))
    })
    return result
  }

  /** What of an update is a command of someone who may give one. */
  #take({ update_id, message, callback_query }: z.infer<typeof Update>): Waiting | null {
    const from = message?.from ?? callback_query?.from
    const chat = message?.chat ?? callback_query?.message?.chat
    if (!from || !chat) return null
    const base = { updateId: update_id, chatId: chat.id, userId: from.id, actor: actorOf(from), begun: false }
    const pressed = callback_query?.message
    const waiting: Waiting | null =
      callback_query?.data !== undefined && pressed
        ? {
            ...base,
            text: null,
            press: { queryId: callback_query.id, data: callback_query.data, messageId: pressed.message_id },
          }
        : message?.text !== undefined && readCommand(message.text, this.#botName) !== null
          ? { ...base, text: message.text.slice(0, 1_000), press: null }
          : null
    if (waiting === null) return null
    const { chats, users } = this.#options
    if (chats.has(String(chat.id)) && (users.size === 0 || users.has(String(from.id)))) return waiting
    this.#ignore(String(chat.id), base.actor)
    return null
  }

  /** Strangers get no answer, and may not fill the log. */
  #ignore(chat: string, actor: string): void {
    const count = (this.#ignored.get(chat) ?? 0) + 1
    if (this.#ignored.size < 1_000 || this.#ignored.has(chat)) this.#ignored.set(chat, count)
    if ((count & (count - 1)) === 0)
      this.#options.log.warn('telegram command ignored: not an allowed chat', { chat, actor, ignored: count })
  }

  async #workOff(): Promise<void> {
    for (;;) {
      const [next] = this.#waiting
      if (!next || this.#stopped.signal.aborted) return
      try {
        await this.#do(next)
      } catch (error) {
        // what ended it will do so again: it must not keep all others from their turn
        if (this.#stopped.signal.aborted) return
        this.#options.log.error('a telegram command failed', { error: String(error) })
      }
      // cut off by the end of the app: it has its turn at the next start
      if (this.#stopped.signal.aborted) return
      this.#done(next)
    }
  }

  #done({ updateId }: Waiting): void {
    this.#keep(this.#waiting.filter(each => each.updateId !== updateId))
  }

  async #do(waiting: Waiting): Promise<void> {
    const lost = 'Quarterdeck ended in the middle of this and does not do it twice; see Activity for what became of it.'
    if (waiting.begun) await this.#voice.say(waiting.chatId, lost)
    else if (waiting.press) await this.#pressed(waiting, waiting.press)
    else await this.#command(waiting)
  }

  async #command({ chatId, userId, text }: Waiting): Promise<void> {
    const command = readCommand(text ?? '', this.#botName)
    if (command === null) return
    const answer = this.#options.commands.answer(command)
    if (!answer.confirm) return this.#voice.say(chatId, answer.text)
    const nonce = randomBytes(12).toString('base64url')
    const { label, act } = answer.confirm
    const until = this.#options.clock.now() + confirmMs
    const others = this.#questions.filter(question => question.until > this.#options.clock.now())
    this.#keepQuestions([...others, { nonce, chatId, userId, until, text: answer.text, act }].slice(-100))
    const keyboard = [
      [
        { text: label, callback_data: `y:${nonce}` },
        { text: 'Cancel', callback_data: `n:${nonce}` },
      ],
    ]
    await this.#voice.say(chatId, answer.text, { reply_markup: { inline_keyboard: keyboard } })
  }

  async #pressed(waiting: Waiting, { queryId, data, messageId }: NonNullable<Waiting['press']>): Promise<void> {
    const { clock, commands } = this.#options
    const { chatId, userId, actor } = waiting
    const [, answer, nonce] = /^([yn]):([\w-]{8,40})$/.exec(data) ?? []
    const question = this.#questions.find(each => each.nonce === nonce && each.chatId === chatId)
    const reply = (text: string): Promise<unknown> =>
      this.#voice.call('answerCallbackQuery', { callback_query_id: queryId, text })
    // who did not ask leaves the question as it is
    if (question && question.userId !== userId) return void (await reply('Only who asked may answer this.'))
    const rest = this.#questions.filter(each => each !== question)
    if (!question || question.until <= clock.now() || answer === 'n') {
      const why = question && answer === 'n' ? 'Cancelled.' : 'This question is too old: give the command again.'
      this.#keepQuestions(rest)
      await reply(why)
      // one that is not known was answered before: what became of it stands there
      if (question) await this.#voice.edit(chatId, messageId, `${question.text}\n${why}`)
      return
    }
    this.#options.transaction(() => {
      this.#keepQuestions(rest)
      this.#keep(this.#waiting.map(each => (each.updateId === waiting.updateId ? { ...each, begun: true } : each)))
    })
    const { text, later } = await commands.perform(question.act, actor)
    // how it ended is told below; until then nobody may miss that it failed
    later?.catch(() => {})
    this.#done(waiting)
    await reply('')
    await this.#voice.edit(chatId, messageId, text)
    later?.then(
      ended => this.#voice.edit(chatId, messageId, ended),
      error => this.#options.log.warn('the end of a telegram command is not known', { error: String(error) }),
    )
  }

  #keep(waiting: Waiting[]): void {
    this.#options.state.set(this.#key('inbox'), JSON.stringify(waiting))
    this.#waiting = waiting
  }

  #keepQuestions(questions: Question[]): void {
    this.#options.state.set(this.#key('questions'), JSON.stringify(questions))
    this.#questions = questions
  }

  /** Updates are numbered per bot: another bot's numbers would skip or repeat. */
  #key(name: string): string {
    return `${name}/${this.#options.token.split(':')[0]}`
  }

  #read<T>(name: string, schema: z.ZodType<T[]>): T[] {
    try {
      return schema.parse(JSON.parse(this.#options.state.get(this.#key(name)) ?? '[]'))
    } catch {
      return []
    }
  }
}

const actorOf = ({ id, username }: z.infer<typeof From>): string =>
  username !== undefined && /^\w{1,40}$/.test(username) ? `telegram:@${username}` : `telegram:${id}`
