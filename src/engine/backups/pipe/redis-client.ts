// Asks a Redis server over the host's link, by its own protocol; knows no file and no source.
import { AppError } from '../../../shared/errors.ts'
import { withRedisOver } from '../../lib/redis-connection.ts'
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
  try {
    return await withRedisOver(stream, { user, password }, signal, client =>
      work((name = '', ...rest) => client.call(name, ...rest)),
    )
  } catch (caught) {
    throw signal.aborted ? new AppError('CANCELLED', 'Cancelled') : failureOf(caught)
  }
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
