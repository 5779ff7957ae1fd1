// A webhook's receiver on loopback that writes down all that arrives, and answers as late or as badly as it is told; judges nothing.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ChannelDraft } from '../../../src/shared/model/channel.ts'

export interface HookItem {
  readonly kind: string
  readonly severity: string
  readonly title: string
  readonly incidentId: string | null
  readonly hostId: string | null
}

/** One request that was answered with success. */
export interface HookMessage {
  /** The same at every attempt (semantics 19). */
  readonly id: string
  readonly items: readonly HookItem[]
  readonly at: number
}

export class HookRecorder implements AsyncDisposable {
  readonly messages: HookMessage[] = []
  /** Asked before each answer. */
  answer: () => { status: number; delayMs: number } = () => ({ status: 200, delayMs: 0 })
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(): Promise<HookRecorder> {
    const server = createServer()
    const recorder = new HookRecorder(server)
    server.on('request', (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', chunk => chunks.push(chunk))
      request.on('error', () => {})
      request.on('end', () => {
        const { status, delayMs } = recorder.answer()
        const { id, items } = JSON.parse(Buffer.concat(chunks).toString()) as HookMessage
        // It has arrived, whether or not the sender lives to hear so.
        if (status === 200) recorder.messages.push({ id, items, at: Date.now() })
        setTimeout(() => response.writeHead(status).end(), delayMs)
      })
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return recorder
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  draft(name = 'Recorder'): ChannelDraft {
    return {
      type: 'webhook',
      name,
      spec: { url: this.url },
      enabled: true,
      filter: { minSeverity: 'info', tags: [], hosts: [] },
      quietHours: null,
    }
  }

  /** All news so far, as `kind title`, a repeated message once. */
  get news(): string[] {
    const seen = new Set<string>()
    return this.messages.flatMap(message => {
      if (seen.has(message.id)) return []
      seen.add(message.id)
      return message.items.map(item => `${item.kind} ${item.title}`)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }
}
