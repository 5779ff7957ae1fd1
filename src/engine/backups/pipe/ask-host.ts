// A short command on the host whose failure is told in words; knows no source.
import { AppError } from '../../../shared/errors.ts'
import type { ExecOptions } from '../../ports.ts'
import type { PipeContext } from './host-pipe.ts'
import { failureOf } from './pipe-report.ts'

export interface Answer {
  readonly exit: number
  readonly text: string
  readonly said: string
}

/** Runs argv; rejects where it was lost, took too long, or ended with an exit that is not among `accept` (0 alone unless told). */
export async function askHost(
  context: Pick<PipeContext, 'link' | 'signal'>,
  what: string,
  argv: readonly string[],
  options: Omit<ExecOptions, 'signal'> & { accept?: readonly number[] } = {},
): Promise<Answer> {
  const { accept = [0], ...how } = options
  const result = await context.link.exec(argv, { ...how, signal: context.signal })
  if (result.lost) throw new AppError('LINK_LOST', `${what}: the connection was lost meanwhile`)
  if (result.timedOut) throw new AppError('TIMEOUT', `${what} took too long`)
  const said = Buffer.from(result.stderr).toString('utf8').trim().slice(-600)
  const told = /^qd-fail (.*)$/m.exec(said)
  if (told) throw failureOf(told[1] ?? what, '')
  if (result.exit === null) throw failureOf(`${what} was killed (${result.signal ?? 'unknown signal'})`, said)
  if (!accept.includes(result.exit)) throw failureOf(`${what} failed (exit ${result.exit})`, said)
  return { exit: result.exit, text: Buffer.from(result.stdout).toString('utf8'), said }
}
