// Begins a D-Bus connection: login and Hello, with room for calls in the same round trip; knows nothing of systemd.
import { AppError } from '../../shared/errors.ts'
import type { Clock } from '../lib/clock.ts'
import { type CallResult, DbusConnection, type DbusStream } from './dbus-connection.ts'

const loginTimeoutMs = 10_000
const busName = 'org.freedesktop.DBus'

/** A connection whose login and Hello are on their way: calls may follow at once and share their round trip. */
export interface StartedDbus {
  readonly connection: DbusConnection
  /** Null when the bus accepted us, else why not: ACCESS_DENIED, PROTOCOL, TIMEOUT or LINK_LOST. */
  readonly hello: Promise<AppError | null>
}

/** Logs in and says Hello. */
export function startDbus(
  stream: DbusStream,
  options: { clock: Clock; uid: number; anonymous?: boolean },
): StartedDbus {
  const connection = new DbusConnection(stream, options)
  const hello = connection.call({
    destination: busName,
    path: '/org/freedesktop/DBus',
    interface: busName,
    member: 'Hello',
    timeout: loginTimeoutMs,
    reply: { signature: 's', read: cursor => cursor.string() },
  })
  return { connection, hello: hello.then(helloError) }
}

function helloError(hello: CallResult<string>): AppError | null {
  switch (hello.kind) {
    case 'reply':
      return null
    case 'closed':
      return AppError.fromShape(hello.error)
    case 'timeout':
      return new AppError('TIMEOUT', "The host's message bus did not answer.")
    case 'error':
      return new AppError('PROTOCOL', `The host's message bus refused the connection: ${hello.message || hello.name}`)
  }
}
