// A web service on loopback whose answers a test may bend: refuse, be slow, or never answer. Knows no service's API.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PeerRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly json: Record<string, unknown>
  /** The asker went away. */
  readonly gone: AbortSignal
}

export interface PeerAnswer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

/** What is done in place of the service's own answer; `afterwards` does the work and breaks the connection instead of saying so. */
export type Trouble = PeerAnswer | 'never' | 'break' | 'afterwards' | { readonly slowMs: number }

export type Serve = (request: PeerRequest) => PeerAnswer | Promise<PeerAnswer>

export class HttpPeer {
  readonly requests: PeerRequest[] = []
  /** What a request had that the documented API does not allow. A test expects none. */
  readonly violations: string[] = []
  readonly #server: Server
  readonly #troubles: Trouble[] = []

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(serve: Serve): Promise<HttpPeer> {
    const server = createServer((request, response) => void peer.#answer(serve, request, response))
    const peer = new HttpPeer(server)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return peer
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** What happens to the next requests, one each; after them it is well again. */
  trouble(...troubles: Trouble[]): void {
    this.#troubles.push(...troubles)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #answer(serve: Serve, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    const url = new URL(incoming.url ?? '/', 'http://peer')
    const text = Buffer.concat(chunks).toString()
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const request: PeerRequest = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
      text,
      json: objectIn(text),
      gone: gone.signal,
    }
    this.requests.push(request)
    const trouble = this.#troubles.shift()
    if (trouble === 'never') return
    if (trouble === 'break') return void incoming.socket.destroy()
    if (trouble !== undefined && typeof trouble === 'object' && 'slowMs' in trouble)
      await new Promise(resolve => setTimeout(resolve, trouble.slowMs))
    const bent = typeof trouble === 'object' && 'status' in trouble ? trouble : null
    const { status, body, headers = {} } = bent ?? (await serve(request))
    if (trouble === 'afterwards') return void incoming.socket.destroy()
    if (response.destroyed) return
    const asText = typeof body === 'string'
    response.writeHead(status, { 'content-type': asText ? 'text/plain' : 'application/json', ...headers })
    response.end(body === undefined ? '' : asText ? body : JSON.stringify(body))
  }
}

function objectIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
