// Reads from a host's journal what sshd says about logins, so that a test can count attempts; must not know how a host is reached.

import type { Guest } from './guest.ts'

export interface AuthAttempt {
  readonly outcome: 'accepted' | 'failed'
  readonly method: string
  readonly user: string
  readonly from: string
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
  const since = cursor === undefined ? [] : [`--after-cursor=${cursor}`]
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
    ...since,
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
