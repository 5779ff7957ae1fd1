// A receiver of webhooks on loopback: keeps every body with the time it came.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Hook {
  readonly at: number
  readonly body: string
}

export interface HookServer extends AsyncDisposable {
  readonly url: string
  readonly received: readonly Hook[]
  /** The first body that matches, also one that came already. */
  next(matches: (body: string) => boolean, timeoutMs?: number): Promise<Hook>
}

export async function hookServer(): Promise<HookServer> {
  const received: Hook[] = []
  const waiting = new Set<() => void>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      received.push({ at: Date.now(), body: Buffer.concat(chunks).toString() })
      response.end()
      for (const look of waiting) look()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    next: (matches, timeoutMs = 45_000) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = received.find(({ body }) => matches(body))
          if (!found) return
          clearTimeout(timer)
          waiting.delete(look)
          resolve(found)
        }
        const timer = setTimeout(() => {
          waiting.delete(look)
          reject(new Error(`No such message within ${timeoutMs} ms, but ${JSON.stringify(received)}`))
        }, timeoutMs)
        waiting.add(look)
        look()
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
