// What PostgreSQL's programs mean when they fail, as an error that says what to do; knows no query and no host.
import { AppError, type ErrorCode } from '../../../shared/errors.ts'

const meanings: readonly (readonly [RegExp, ErrorCode, string])[] = [
  [/quarterdeck: this step came too late/, 'CONFLICT', 'The restore was asked about meanwhile: see how far it is.'],
  [
    /server version mismatch|unsupported version \(\d/,
    'UNSUPPORTED',
    "Install the client programs of the server's version (postgresql-client) on the host.",
  ],
  [/quarterdeck: there is no account/, 'NOT_FOUND', 'Name the account that may connect over the socket.'],
  [/Peer authentication failed/, 'ACCESS_DENIED', 'Over the socket the account decides: choose the one of the role.'],
  [
    /password authentication failed|no password supplied|authentication failed/,
    'ACCESS_DENIED',
    'Enter the role and its password again.',
  ],
  [/no pg_hba\.conf entry/, 'ACCESS_DENIED', 'The server does not let this role in from there (pg_hba.conf).'],
  [/role "[^"]*" does not exist/, 'NOT_FOUND', 'Make the role, or restore the roles first.'],
  [
    /database "postgres" does not exist/,
    'NOT_FOUND',
    'From it the others are listed, made and renamed: make it again (CREATE DATABASE postgres).',
  ],
  [/database "[^"]*" does not exist/, 'NOT_FOUND', 'Choose a database that is there.'],
  [/database "[^"]*" already exists/, 'CONFLICT', 'Choose another name.'],
  [/No space left on device|could not extend file/, 'DISK_FULL', 'Free space where Postgres keeps its data.'],
  [/the database system is (starting up|shutting down|in recovery)/, 'UNREACHABLE', 'Try again once it runs.'],
  [
    /could not connect|connection to server .* failed|Connection refused|server closed the connection|terminating connection/,
    'UNREACHABLE',
    'Is Postgres running, and at this address and port?',
  ],
  [/lock timeout|LockNotAvailable/, 'TIMEOUT', 'Something holds a lock on a table for long, such as ALTER TABLE.'],
  [
    /permission denied|must be (owner|superuser|member)/,
    'ACCESS_DENIED',
    'Use a role that may read and own all of it.',
  ],
]

/** The failure in the program's own words, with what a person can do about it. */
export function pgFailure(stderr: string, exit: number | null): AppError {
  const lines = stderr
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('could not change directory'))
  const said =
    lines.find(line => /\b(FATAL|ERROR|fatal|error):/.test(line)) ??
    lines.at(-1) ??
    `it ended with ${exit ?? 'no word'}`
  const text = said.replace(/^(psql|pg_dump|pg_restore|pg_dumpall)(:<stdin>:\d+)?: /, '').slice(0, 600)
  if (exit === 127)
    return new AppError('UNSUPPORTED', `The programs of Postgres are not on the host: ${text}`, {
      hint: 'Install postgresql-client on the host.',
    })
  const [, code, hint] = meanings.find(([pattern]) => pattern.test(stderr)) ?? []
  return new AppError(code ?? 'COMMAND_FAILED', text, hint === undefined ? {} : { hint })
}
