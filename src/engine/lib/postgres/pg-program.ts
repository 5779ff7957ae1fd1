// How one of PostgreSQL's programs is started on a host: as which account, with which argv, and with what on stdin; runs nothing.
import { AppError } from '../../../shared/errors.ts'
import type { Host } from '../../../shared/model/host.ts'
import { isSocket } from '../server-place.ts'
import { type PgPlace, pgArgv } from './pg-script.ts'
import { databaseArgument } from './pg-text.ts'

/** A program that is to run on the host: what links need for it. The first line of `stdin` is the password, where there is one. */
export interface HostProgram {
  readonly argv: readonly string[]
  readonly sudo: boolean
  readonly stdin: Uint8Array
  /** The same for a pipe whose programs have no stdin. */
  readonly secrets: Readonly<Record<string, string>>
}

/** Who asks: whatever has a host and the vault's fields. */
export interface PgCaller {
  readonly host: Pick<Host, 'user'>
  readonly sudo: boolean
  secret(field: string): Promise<string | null>
}

/** Rejects with SUDO_MISSING where it has to become another account and may not, and with VAULT_LOCKED. */
export async function pgProgram(
  { host, sudo, secret }: PgCaller,
  place: PgPlace,
  body: string,
  args: readonly string[],
): Promise<HostProgram> {
  // an account matters for sockets only
  const account = isSocket(place.address) ? place.account : ''
  const becomes = account !== '' && account !== host.user
  if (becomes && !sudo && host.user !== 'root')
    throw new AppError('SUDO_MISSING', `Postgres is asked as ${account}, and this host is set up without sudo`, {
      hint: 'Choose sudo in the settings of the host, or an address, a role and a password here.',
    })
  const password = await secret('password')
  const line = password === null || password === '' ? '' : `*:*:*:*:${password.replace(/[\\:]/g, '\\$&')}\n`
  return {
    argv: pgArgv({ ...place, account }, line !== '', body, args),
    sudo: becomes,
    stdin: new TextEncoder().encode(line),
    secrets: line === '' ? {} : { secret: line },
  }
}

/** SQL from stdin, each line of answer as it is. */
export const psqlArgv = (database: string): string[] => [
  ...['psql', '-XqAtw', '-v', 'ON_ERROR_STOP=1'],
  ...['-d', `${databaseArgument(database)} client_encoding='UTF8'`, '-f', '-'],
]

/** What psql printed, where each line is JSON. */
export const jsonLines = (text: string): unknown[] =>
  text
    .split('\n')
    .filter(line => line !== '')
    .map(jsonLine)

export function jsonLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new AppError('PROTOCOL', `psql said something unexpected: ${line.slice(0, 200)}`)
  }
}
