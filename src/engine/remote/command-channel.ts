// What short and live commands have in common: starting on a channel, as root or not, and being ended. Knows nothing of their output.
import type { ClientChannel } from 'ssh2'
import { AppError } from '../../shared/errors.ts'
import type { SudoMode } from '../../shared/model/host.ts'
import type { Disposable } from '../lib/disposable.ts'
import { remoteCommand } from '../parse/quote.ts'
import type { Ending, Session } from './session.ts'
import { noSudoPassword, type SudoCommand, sudoCommand } from './sudo.ts'

/** After TERM, how long an exit status is waited for. */
export const termGrace = 1_000

export interface Become {
  readonly mode: SudoMode
  readonly user: string
  readonly password: () => Promise<string | null>
}

export interface Started {
  readonly channel: ClientChannel
  readonly slot: Disposable
  readonly ending: Readonly<Ending>
  readonly sudo: SudoCommand | null
}

/** Starts `argv`, as root where `become` says so; `gated` announces the start (see sudo.ts). */
export async function startCommand(
  session: Session,
  argv: readonly string[],
  become: Become | null,
  gated: boolean,
  long: boolean,
  signal: AbortSignal | undefined,
): Promise<Started> {
  const sudo = become === null ? null : sudoCommand(become.mode, become.user, argv, gated)
  const { channel, slot, ending } = await session.exec(remoteCommand(sudo?.argv ?? argv), long, signal)
  channel.on('error', () => {})
  channel.stderr.on('error', () => {})
  return { channel, slot, ending, sudo }
}

/** Exit and signal both null is lost, never success. */
export function ended({ exit, signal }: Readonly<Ending>): {
  exit: number | null
  signal: string | null
  lost: boolean
} {
  return { exit, signal, lost: exit === null && signal === null }
}

/**
 * Sends TERM to a command. ssh2's own `signal` does nothing once stdin has ended, which is when most commands run, so this goes one
 * floor deeper.
 */
export function sendTerm(channel: ClientChannel): void {
  const { outgoing, _client: client } = channel as ClientChannel & {
    outgoing?: { id: number; state: string }
    _client?: { _protocol?: { signal(channel: number, name: string): void } }
  }
  if (outgoing?.state === 'open' || outgoing?.state === 'eof') client?._protocol?.signal(outgoing.id, 'TERM')
}

/** Asks a command to end, and closes its channel. */
export function terminate(channel: ClientChannel): void {
  sendTerm(channel)
  channel.close()
  channel.resume()
  channel.stderr.resume()
}

/** Gives sudo its password, once; `last` where nothing follows it on stdin. */
export async function answerSudo(
  channel: ClientChannel,
  become: Become,
  last: boolean,
  giveUp: (error: AppError) => void,
): Promise<void> {
  try {
    const password = await become.password()
    if (password === null) return giveUp(noSudoPassword())
    if (!channel.writable) return
    if (last) channel.end(`${password}\n`)
    else channel.write(`${password}\n`)
  } catch (caught) {
    giveUp(AppError.from(caught))
  }
}
