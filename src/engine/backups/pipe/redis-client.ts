// Asks a Redis server over the host's link, by its own protocol; knows no file and no source.
import type { Duplex } from 'node:stream'
import { AbstractConnector, Redis } from 'ioredis'
import { AppError } from '../../../shared/errors.ts'
import type { SourceContext } from '../source.ts'

export interface RedisPlace {
  /** As seen from the host; a path is a socket there. */
  readonly address: string
  readonly port: number
  readonly user: string
}

export type Ask = (...command: readonly string[]) => Promise<unknown>

/** One connection for as long as `work` takes. Rejects with what a person can do about it. */
export async function withRedis<T>(
  context: SourceContext,
  place: RedisPlace,
  work: (ask: Ask) => Promise<T>,
): Promise<T> {
  const password = await context.secret('password')
  const { address, port, user } = place
  const { link, signal } = context
  const stream = address.startsWith('/') ? await link.openUnixSocket(address) : await link.openTcp(address, port)
  const client = new Redis({
    Connector: connectorOver(stream),
    lazyConnect: true,
    ...(password === null || password === '' ? {} : { password }),
    ...(password !== null && password !== '' && user !== '' ? { username: user } : {}),
    // one try on one stream: whoever asks decides whether to ask again
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    disableClientInfo: true,
  })
  let trouble: unknown = null
  client.on('error', error => {
    trouble ??= error
  })
  const onAbort = (): void => void stream.destroy()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await client.connect()
    return await work((name = '', ...rest) => client.call(name, ...rest))
  } catch (caught) {
    throw signal.aborted ? new AppError('CANCELLED', 'Cancelled') : failureOf(trouble ?? caught)
  } finally {
    signal.removeEventListener('abort', onAbort)
    client.disconnect()
    stream.destroy()
  }
}

/** INFO's lines by name. */
export function readInfo(text: unknown): ReadonlyMap<string, string> {
  const lines = String(text).split('\r\n')
  return new Map(
    lines
      .filter(line => line.includes(':'))
      .map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  )
}

function failureOf(caught: unknown): AppError {
  const error = AppError.from(caught)
  if (error.code !== 'INTERNAL') return error
  const said = error.message.slice(0, 500)
  if (/^(NOAUTH|WRONGPASS|ERR AUTH|ERR invalid password)/.test(said))
    return new AppError('ACCESS_DENIED', `Redis: ${said}`, { hint: 'Enter the user and its password again.' })
  if (/^NOPERM|unknown command/.test(said))
    return new AppError('ACCESS_DENIED', `Redis: ${said}`, { hint: 'Use a user that may INFO, CONFIG GET and BGSAVE.' })
  if (/^LOADING/.test(said))
    return new AppError('UNREACHABLE', `Redis: ${said}`, { hint: 'Try again once it is loaded.' })
  return new AppError('COMMAND_FAILED', `Redis: ${said}`)
}

function connectorOver(stream: Duplex) {
  return class extends AbstractConnector {
    constructor() {
      super(100)
    }

    connect() {
      this.connecting = true
      const socket = stream as Duplex & Partial<Record<'setNoDelay' | 'setKeepAlive' | 'setTimeout', unknown>>
      for (const name of ['setNoDelay', 'setKeepAlive', 'setTimeout'] as const) socket[name] ??= () => socket
      this.stream = socket as never
      return Promise.resolve(this.stream)
    }
  } as never
}
