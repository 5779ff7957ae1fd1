// The ways from a link to a host's message bus; knows nothing of what is said on it.
import type { UnitScope } from '../../shared/model/unit.ts'
import type { Link } from '../ports.ts'
import type { DbusStream } from './dbus-connection.ts'
import { systemBusPath } from './facts.ts'

/** The socket of a scope's bus on the host. */
export function busPath(scope: UnitScope, uid: number): string {
  return scope === 'system' ? systemBusPath : `/run/user/${uid}/bus`
}

/** The bus's own socket, forwarded: no process on the host at all. */
export async function socketRoute(link: Link, path: string): Promise<DbusStream> {
  const socket = await link.openUnixSocket(path)
  return { input: socket, output: socket, close: () => socket.destroy() }
}

/** systemd's bridge between its standard streams and the bus, as root where `sudo` is set. */
export async function bridgeRoute(link: Link, path: string, sudo: boolean): Promise<DbusStream> {
  const process = await link.spawn(['systemd-stdio-bridge', `--bus-path=unix:path=${path}`], { sudo })
  // What the bridge complains of is told by its end; the pipe must not fill up.
  process.stderr.on('data', () => {})
  process.stderr.on('error', () => {})
  return { input: process.stdout, output: process.stdin, close: () => process.dispose() }
}
