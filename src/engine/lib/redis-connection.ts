// One connection to a Redis server on whatever stream leads there; knows no host, no address and no vault.
import type { Duplex } from 'node:stream'
import type { AbstractConnector, Redis } from 'ioredis'

export interface RedisLogin {
  readonly password: string | null
  /** Empty is the default user. */
  readonly user: string
  readonly database?: number
}

/**
 * Connects, works, and closes the stream. One try on one stream: whoever asks decides whether to ask again. Rejects with what the server or the stream
 * said first; an abort ends the stream.
 */
export async function withRedisOver<T>(
  stream: Duplex,
  { password, user, database = 0 }: RedisLogin,
  signal: AbortSignal,
  work: (client: Redis) => Promise<T>,
): Promise<T> {
  let trouble: unknown = null
  const onTrouble = (error: unknown): void => {
    trouble ??= error
  }
  // The library is loaded with the first connection, and until it listens the stream's own end must not go unheard.
  stream.on('error', onTrouble)
  const redis = await import('ioredis')
  if (stream.destroyed) throw trouble ?? new Error('The connection was closed')
  const secret = password === null || password === '' ? null : password
  const client = new redis.Redis({
    Connector: connectorOver(redis.AbstractConnector, stream),
    lazyConnect: true,
    db: database,
    ...(secret === null ? {} : { password: secret }),
    ...(secret !== null && user !== '' ? { username: user } : {}),
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    disableClientInfo: true,
  })
  client.on('error', onTrouble)
  const onAbort = (): void => void stream.destroy()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await client.connect()
    return await work(client)
  } catch (caught) {
    throw trouble ?? caught
  } finally {
    signal.removeEventListener('abort', onAbort)
    client.disconnect()
    stream.destroy()
  }
}

function connectorOver(Connector: typeof AbstractConnector, stream: Duplex) {
  return class extends Connector {
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
