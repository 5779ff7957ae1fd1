// Keeps one conversation per bot for the Telegram channels that take commands, as channels and vault change; knows no command.
import type { Channel } from '../../shared/model/channel.ts'
import { TelegramSpec } from '../channels/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger } from '../lib/log.ts'
import type { Store } from '../store/store.ts'
import type { ChatCommands } from './chat-commands.ts'
import { TelegramSession } from './telegram-session.ts'

export interface TelegramCommandsOptions {
  readonly store: Pick<Store, 'channels' | 'transaction'>
  /** A secret of a channel; throws where the vault is locked. */
  readonly secret: (channelId: string, field: string) => string | null
  readonly commands: ChatCommands
  readonly clock: Clock
  readonly log: Logger
}

interface Bot {
  readonly channel: Channel
  readonly base: string
  readonly token: string
  readonly chats: Set<string>
  readonly users: Set<string>
}

export class TelegramCommands implements Disposable {
  readonly #options: TelegramCommandsOptions
  readonly #log: Logger
  readonly #sessions = new Map<string, { session: TelegramSession; described: string }>()

  constructor(options: TelegramCommandsOptions) {
    this.#options = options
    this.#log = options.log.child('telegram')
  }

  /** Channels or the vault changed: conversations begin, end, and begin anew where they are set otherwise. */
  refresh(): void {
    const bots = this.#bots()
    for (const [id, { session, described }] of this.#sessions) {
      const bot = bots.get(id)
      if (bot && describe(bot) === described) continue
      session.dispose()
      this.#sessions.delete(id)
    }
    for (const [id, bot] of bots) {
      if (this.#sessions.has(id)) continue
      const { store, commands, clock } = this.#options
      const session = new TelegramSession({
        ...bot,
        commands,
        clock,
        state: store.channels.state(bot.channel.id),
        transaction: work => store.transaction(work),
        log: this.#log,
      })
      this.#sessions.set(id, { session, described: describe(bot) })
    }
  }

  dispose(): void {
    for (const { session } of this.#sessions.values()) session.dispose()
    this.#sessions.clear()
  }

  /** By the channel that keeps the state: Telegram lets only one read a bot's updates, so channels of one bot share one. */
  #bots(): Map<string, Bot> {
    const bots = new Map<string, Bot>()
    for (const channel of this.#options.store.channels.list()) {
      if (channel.type !== 'telegram' || !channel.enabled) continue
      const spec = TelegramSpec.safeParse(channel.spec).data
      const token = spec?.commands ? this.#token(channel.id) : null
      if (!spec || !token) continue
      const chats = [spec.chatId, ...spec.allowedChats].filter(chat => /^-?\d+$/.test(chat))
      const same = [...bots.values()].find(bot => bot.token === token && bot.base === spec.apiBase)
      if (!same) {
        const users = new Set(spec.allowedUsers)
        bots.set(channel.id, { channel, base: spec.apiBase, token, chats: new Set(chats), users })
        continue
      }
      for (const chat of chats) same.chats.add(chat)
      // who is named in either stays named: a list that is empty must not open the other's chats to everybody
      for (const user of spec.allowedUsers) same.users.add(user)
    }
    return bots
  }

  #token(channelId: string): string | null {
    try {
      return this.#options.secret(channelId, 'token')
    } catch (error) {
      this.#log.info('telegram commands wait for the vault', { channel: channelId, error: String(error) })
      return null
    }
  }
}

const describe = ({ base, token, chats, users }: Bot): string =>
  JSON.stringify([base, token, [...chats].sort(), [...users].sort()])
