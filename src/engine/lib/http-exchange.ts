// One request and its answer over one open stream, bounded against any server; knows neither redirects nor where the stream comes from.
import { type ClientRequest, type IncomingMessage, request as startRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import type { AppError } from '../../shared/errors.ts'
import type { Hop } from './http-redirect.ts'

const mostHeaderBytes = 64 * 1024

/** Which part went wrong. `identity`: the other side refuses our own certificate, or wants one; `link`: the way to where it was sent from; `aborted`: the signal; `input`: the request itself. */
export type HttpTrouble =
  | 'link'
  | 'dns'
  | 'refused'
  | 'unreachable'
  | 'tls'
  | 'certificate'
  | 'identity'
  | 'protocol'
  | 'redirect'
  | 'aborted'
  | 'input'

/** How a request failed; thrown and caught within this client alone. */
export class Trouble extends Error {
  readonly kind: HttpTrouble
  readonly error: AppError | null
  constructor(kind: HttpTrouble, message: string, error: AppError | null = null) {
    super(message)
    this.kind = kind
    this.error = error
  }
}

/** An answer as it came, redirects and all. */
export interface OneAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly truncated: boolean
}

/** Sends one request and resolves to its answer; rejects with a Trouble. The stream is destroyed afterwards. */
export function exchange(
  stream: Duplex,
  { url, method, headers, body }: Hop,
  { most, signal }: { most: number; signal: AbortSignal },
): Promise<OneAnswer> {
  return new Promise((resolve, reject) => {
    const end = (act: () => void): void => {
      signal.removeEventListener('abort', onAbort)
      stream.off('close', onClose)
      act()
      outgoing?.destroy()
      stream.destroy()
    }
    const fail = (message: string): void => end(() => reject(new Trouble('protocol', `${url.host}: ${message}`)))
    const onAbort = (): void => end(() => reject(new Trouble('aborted', 'No answer in time')))
    const broken = (): void => fail('the connection was closed before the answer was complete')
    const onClose = (): void => {
      // what came whole is still on its way through the parser
      if (!incoming?.complete) broken()
    }
    const onAnswer = (answer: IncomingMessage): void => {
      incoming = answer
      const chunks: Buffer[] = []
      let size = 0
      const done = (truncated: boolean): void =>
        end(() =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: flat(answer.headers),
            body: Buffer.concat(chunks),
            truncated,
          }),
        )
      answer.on('error', () => {})
      answer.on('data', (chunk: Buffer) => {
        if (size + chunk.length > most) {
          chunks.push(chunk.subarray(0, most - size))
          done(true)
          return
        }
        size += chunk.length
        chunks.push(chunk)
      })
      answer.once('end', () => (answer.complete ? done(false) : broken()))
      answer.once('aborted', broken)
    }
    let outgoing: ClientRequest | undefined
    let incoming: IncomingMessage | undefined
    stream.once('close', onClose)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      outgoing = startRequest({
        createConnection: () => stream,
        method,
        path: url.pathname + url.search,
        headers: headersFor(url, headers, body),
        setHost: false,
        maxHeaderSize: mostHeaderBytes,
      })
      outgoing.on('error', error => fail(parseFailure(error)))
      outgoing.once('response', onAnswer)
      outgoing.once('upgrade', () => fail('the server switched to another protocol'))
      outgoing.end(body ?? undefined)
      if (signal.aborted) onAbort()
    } catch (caught) {
      // node refuses header names and values that cannot be sent, and does not repeat the value
      end(() => reject(new Trouble('input', caught instanceof Error ? caught.message : 'The request cannot be sent')))
    }
  })
}

function headersFor(url: URL, given: Hop['headers'], body: Hop['body']): Record<string, string> {
  const headers: Record<string, string> = {
    host: url.host,
    'user-agent': 'Quarterdeck',
    accept: '*/*',
    // bodies are judged as they come; a compressed one could be a bomb
    'accept-encoding': 'identity',
    connection: 'close',
  }
  if (body !== null) headers['content-length'] = String(Buffer.byteLength(body))
  const fixed = new Set(['connection', 'content-length', 'transfer-encoding', 'upgrade', 'expect'])
  for (const [name, value] of Object.entries(given))
    if (!fixed.has(name.toLowerCase())) headers[name.toLowerCase()] = value
  return headers
}

function flat(headers: IncomingMessage['headers']): Record<string, string> {
  const result: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) result[name] = Array.isArray(value) ? value.join(', ') : value
  return result
}

function parseFailure(error: NodeJS.ErrnoException): string {
  if (error.code === 'HPE_HEADER_OVERFLOW') return 'the headers of the answer are too long'
  if (error.code?.startsWith('HPE_')) return 'the answer is not HTTP'
  if (error.code === 'ECONNRESET') return 'the connection was closed before the answer was complete'
  return `the connection broke (${error.code ?? error.message.slice(0, 100)})`
}
