// Reads what systemd signals and refuses when it is watched; knows nothing of what is done about it.
import { AppError } from '../../shared/errors.ts'
import type { Cursor } from '../parse/dbus-cursor.ts'
import { readProperties } from '../parse/dbus-reader.ts'
import type { CallResult } from './dbus-connection.ts'
import { type Properties, serviceProperties, unitProperties } from './dbus-systemd.ts'

const allProperties = new Map([...unitProperties, ...serviceProperties])
const maxInvalidated = 64

/** The body of PropertiesChanged, as far as it is wanted. */
export function readChanged(cursor: Cursor): {
  interfaceName: string
  properties: Properties
  invalidated: readonly string[]
} {
  const interfaceName = cursor.string()
  const properties = readProperties(cursor, allProperties)
  const end = cursor.arrayEnd(4)
  const invalidated: string[] = []
  while (cursor.at < end) {
    const property = cursor.string()
    if (allProperties.has(property) && invalidated.length < maxInvalidated) invalidated.push(property)
  }
  return { interfaceName, properties, invalidated }
}

/** The first of several calls that failed, as an error to show; null where all were answered. */
export function firstError(results: readonly CallResult<unknown>[]): AppError | null {
  for (const result of results) {
    if (result.kind === 'closed') return AppError.fromShape(result.error)
    if (result.kind === 'timeout') return new AppError('TIMEOUT', 'systemd did not answer on the message bus.')
    // Told twice to subscribe, systemd complains; it does what is wanted.
    if (result.kind === 'error' && result.name.endsWith('.AlreadySubscribed')) continue
    if (result.kind === 'error') return startError(result.name, result.message)
  }
  return null
}

function startError(name: string, message: string): AppError {
  if (name.endsWith('.AccessDenied'))
    return new AppError('ACCESS_DENIED', `systemd does not let this user watch units: ${message}`)
  if (/\.(ServiceUnknown|NameHasNoOwner|UnknownObject|UnknownInterface)$/.test(name))
    return new AppError('NOT_SYSTEMD', 'This host has a message bus, but systemd is not on it.')
  return new AppError('PROTOCOL', `systemd refused to be watched: ${message || name}`)
}
