// One request to a web service over this computer's own network, bounded in time and size; knows no service. Addresses and headers may hold secrets: they are in no message.
import type { SendFailure } from './send-failure.ts'

export interface WebRequest {
  readonly url: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
}

export interface WebAnswer {
  readonly status: number
  readonly headers: Headers
  /** At most 64 KiB of it. */
  readonly text: string
}

const maxAnswer = 65_536

/** Sends it; redirects are answers, so that no token follows one elsewhere. Never rejects: what goes wrong on the way is a failure worth a retry. */
export async function webRequest(request: WebRequest): Promise<WebAnswer | SendFailure> {
  try {
    const response = await fetch(request.url, {
      method: request.method ?? 'POST',
      headers: { 'user-agent': 'Quarterdeck', ...request.headers },
      ...(request.body === undefined ? {} : { body: request.body }),
      redirect: 'manual',
      signal: request.signal,
    })
    return { status: response.status, headers: response.headers, text: await boundedText(response) }
  } catch (error) {
    return { ok: false, retry: true, retryAfterMs: null, message: wayTrouble(error, request.signal) }
  }
}

export const isAnswer = (result: WebAnswer | SendFailure): result is WebAnswer => 'status' in result

/** The JSON object in the answer, or an empty one. */
export function jsonOf({ text }: Pick<WebAnswer, 'text'>): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
  } catch {
    return {}
  }
}

/** Retry-After in seconds or as a date, else null; never more than a day. */
export function retryAfterMs(headers: Headers, now: number): number | null {
  const value = headers.get('retry-after')?.trim()
  if (!value) return null
  const seconds = Number(value)
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(value) - now
  return Number.isFinite(ms) ? Math.min(86_400_000, Math.max(0, Math.ceil(ms))) : null
}

/** What an answer that is not success means unless the service says it better: 408, 425, 429 and 5xx may pass; the rest will not. */
export function refusal(service: string, answer: WebAnswer, detail: string, now: number): SendFailure {
  const { status } = answer
  const retry = status === 408 || status === 425 || status === 429 || status >= 500
  const words = detail === '' ? '' : `: ${detail.slice(0, 300)}`
  const moved = status >= 300 && status < 400 ? `${service} answered with a redirect, which is not followed` : null
  return {
    ok: false,
    retry,
    retryAfterMs: retry ? retryAfterMs(answer.headers, now) : null,
    message: moved ?? `${service} answered ${status}${words}`,
  }
}

async function boundedText(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  if (!reader) return ''
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    chunks.push(value.subarray(0, maxAnswer - size))
    size += value.length
    if (size >= maxAnswer) {
      await reader.cancel()
      break
    }
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}

function wayTrouble(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'It did not answer in time'
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  switch (code) {
    case 'ECONNREFUSED':
      return 'The connection was refused'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'Its name could not be resolved'
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'The connection was broken'
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return 'The connection took too long'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'There is no way to it from here'
    default:
      return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code)
        ? `Its certificate is not trusted (${code})`
        : `It could not be reached${code === '' ? '' : ` (${code})`}`
  }
}
