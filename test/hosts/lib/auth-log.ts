// Reads from a host's journal what sshd says about logins, so that a test can count attempts; must not know how a host is reached.

import type { Guest } from './guest.ts'

export interface AuthAttempt {
  readonly outcome: 'accepted' | 'failed'
  readonly method: string
  readonly user: string
  readonly from: string
}

/**
 * journalctl arguments for what came after a cursor. Not `--after-cursor`: together with a filter, journalctl before 254 also
 * drops the first entry that matches when the cursor's own entry does not. The cursor carries its time in microseconds.
 */
export function afterCursor(cursor: string | undefined): string[] {
  const micros = cursor === undefined ? undefined : /;t=([0-9a-f]+);/.exec(cursor)?.[1]
  if (micros === undefined) return []
  const next = Number.parseInt(micros, 16) + 1
  return [`--since=@${Math.floor(next / 1e6)}.${String(next % 1e6).padStart(6, '0')}`]
}

export interface AuthLog {
  /** TCP connections that sshd took. */
  readonly connections: number
  /** Credentials that were tried, in order. The probing `none` of each client is not one. */
  readonly attempts: readonly AuthAttempt[]
  readonly accepted: number
  readonly failed: number
  readonly lines: readonly string[]
}

/** What sshd logged since the cursor (from the start without one). */
export async function readAuthLog(guest: Guest, cursor?: string): Promise<AuthLog> {
  // sshd writes to the journal through a socket of its own: ask the journal to catch up first.
  await guest.exec(['journalctl', '--sync'])
  const argv = [
    'journalctl',
    '-q',
    '-o',
    'cat',
    '--no-pager',
    '-t',
    'sshd',
    '-t',
    'sshd-session',
    '-t',
    'sshd-auth',
    ...afterCursor(cursor),
  ]
  return parseAuthLog(await guest.output(argv))
}

export function parseAuthLog(text: string): AuthLog {
  const lines = text.split('\n').filter(line => line !== '')
  const attempts: AuthAttempt[] = []
  let connections = 0
  for (const line of lines) {
    if (line.startsWith('Connection from ')) connections++
    const match = /^(Accepted|Failed) (\S+) for (?:invalid user )?(\S*) from (\S+) port \d+/.exec(line)
    if (!match) continue
    const [, verdict, method = '', user = '', from = ''] = match
    if (method !== 'none')
      attempts.push({ outcome: verdict === 'Accepted' ? 'accepted' : 'failed', method, user, from })
  }
  const accepted = attempts.filter(attempt => attempt.outcome === 'accepted').length
  return { connections, attempts, accepted, failed: attempts.length - accepted, lines }
}
