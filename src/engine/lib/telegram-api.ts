// One call of the Telegram Bot API and what its answers mean; knows neither channels nor commands. The token is part of every address and of no message.
import { passing, permanent, type SendFailure } from './send-failure.ts'
import { isAnswer, jsonOf, webRequest } from './web-request.ts'

export const telegramApi = 'https://api.telegram.org'
const tokenShape = /^\d{1,20}:[\w-]{1,100}$/

export interface TelegramCall {
  /** Where the Bot API is; a person may run their own. */
  readonly base: string
  readonly token: string
  readonly method: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly signal: AbortSignal
}

export interface TelegramFailure extends SendFailure {
  /** HTTP status, 0 where there was no answer. */
  readonly status: number
  /** The group became a supergroup with this id. */
  readonly movedTo: number | null
}

export type TelegramResult = { readonly ok: true; readonly result: unknown } | TelegramFailure

/** Never rejects. */
export async function callTelegram(call: TelegramCall): Promise<TelegramResult> {
  const failed = (failure: SendFailure, status = 0, movedTo: number | null = null): TelegramFailure => ({
    ...failure,
    status,
    movedTo,
  })
  if (!tokenShape.test(call.token)) return failed(permanent('This is not a bot token: it looks like 123456:ABC-DEF'))
  const answer = await webRequest({
    url: `${call.base.replace(/\/+$/, '')}/bot${call.token}/${call.method}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(call.parameters),
    signal: call.signal,
  })
  if (!isAnswer(answer)) return failed(answer)
  const body = jsonOf(answer)
  if (answer.status === 200 && body.ok === true) return { ok: true, result: body.result }
  const description = typeof body.description === 'string' ? body.description.slice(0, 300) : ''
  const parameters = typeof body.parameters === 'object' && body.parameters !== null ? { ...body.parameters } : {}
  const more: Record<string, unknown> = parameters
  const movedTo = typeof more.migrate_to_chat_id === 'number' ? more.migrate_to_chat_id : null
  const message = `Telegram answered ${answer.status}${description === '' ? '' : `: ${description}`}`
  if (answer.status === 429) {
    const seconds = typeof more.retry_after === 'number' ? more.retry_after : null
    return failed(passing(message, seconds === null ? null : seconds * 1_000), 429)
  }
  // e.g. a proxy's own page in place of the API's answer
  const foreign = body.ok !== false && answer.status < 500
  if (foreign)
    return failed(passing(`What answered is not the Telegram Bot API (status ${answer.status})`), answer.status)
  return failed(answer.status >= 500 ? passing(message) : permanent(message), answer.status, movedTo)
}
