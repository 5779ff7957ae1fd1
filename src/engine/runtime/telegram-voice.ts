// What a bot can say: calls the Bot API within a time, and tries an answer a few times. Knows neither commands nor updates.
import { safeText } from '../../shared/safe-text.ts'
import { telegramMarkup } from '../channels/index.ts'
import { escapeWithin } from '../domain/notification-text.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import { callTelegram, type TelegramResult } from '../lib/telegram-api.ts'

export interface TelegramVoiceOptions {
  readonly base: string
  readonly token: string
  readonly clock: Clock
  readonly log: Logger
  /** Ends whatever is under way. */
  readonly stopped: AbortSignal
}

const callMs = 15_000
const mostAnswer = 3_800

export class TelegramVoice {
  readonly #options: TelegramVoiceOptions

  constructor(options: TelegramVoiceOptions) {
    this.#options = options
  }

  /** `more` goes with the message, e.g. buttons. */
  async say(chatId: number, text: string, more: Record<string, unknown> = {}): Promise<void> {
    await this.#deliver('sendMessage', { chat_id: chatId, ...shown(text), ...more })
  }

  async edit(chatId: number, messageId: number, text: string): Promise<void> {
    await this.#deliver('editMessageText', { chat_id: chatId, message_id: messageId, ...shown(text) })
  }

  /** Tried a few times; an answer that cannot be delivered must not keep the next command waiting for long. */
  async #deliver(method: string, parameters: Record<string, unknown>): Promise<void> {
    const { clock, log } = this.#options
    for (let attempt = 1; ; attempt++) {
      const result = await this.call(method, parameters)
      if (result.ok || this.#options.stopped.aborted) return
      if (!result.retry || attempt === 4)
        return log.warn('a telegram answer was not delivered', { reason: result.message })
      await sleep(clock, Math.min(result.retryAfterMs ?? 1_000 * 2 ** attempt, 60_000), this.#options.stopped)
    }
  }

  /** Never rejects. */
  async call(method: string, parameters: Record<string, unknown>, limitMs = callMs): Promise<TelegramResult> {
    const { base, token, clock } = this.#options
    const late = new AbortController()
    const timer = clock.after(limitMs, () => late.abort())
    try {
      const signal = AbortSignal.any([this.#options.stopped, late.signal])
      return await callTelegram({ base, token, method, parameters, signal })
    } finally {
      timer.dispose()
    }
  }
}

const shown = (text: string) => ({
  text: escapeWithin(safeText(text, { lines: true }), telegramMarkup, mostAnswer),
  parse_mode: 'HTML',
  link_preview_options: { is_disabled: true },
})
