// Runs commands to their end: bounded output, time-outs, honest endings (semantics 7, 36, 37). Knows nothing of reconnecting.
import { AppError } from '../../shared/errors.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { ExecOptions, ExecResult } from '../ports.ts'
import { answerSudo, type Become, ended, sendTerm, startCommand, termGrace, terminate } from './command-channel.ts'
import type { Session } from './session.ts'
import { SudoDialogue, sudoFailure, wrongSudoPassword } from './sudo.ts'

const defaultTimeout = 30_000
const defaultMaxBytes = 8 * 1024 * 1024
const stderrKept = 256 * 1024
/** A command that goes on after its output was cut may write this much more into the void before it is ended. */
const mostDiscarded = 64 * 1024 * 1024

/** Runs `argv` to its end. Rejects with CANCELLED, SUDO_* and what opening the channel may say; everything else is in the result. */
export async function runCommand(
  session: Session,
  clock: Clock,
  argv: readonly string[],
  options: ExecOptions,
  become: Become | null,
): Promise<ExecResult> {
  const { stdin, timeout = defaultTimeout, maxBytes = defaultMaxBytes, signal } = options
  const { channel, slot, ending, sudo } = await startCommand(session, argv, become, stdin !== undefined, false, signal)
  const dialogue = sudo === null ? null : new SudoDialogue(sudo)
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    let size = 0
    let errorSize = 0
    let discarded = 0
    let truncated = false
    let timedOut = false
    let over = false
    let grace: Disposable | null = null

    const end = (act: () => void): void => {
      if (over) return
      over = true
      timer.dispose()
      grace?.dispose()
      slot.dispose()
      signal?.removeEventListener('abort', onAbort)
      session.gone.removeEventListener('abort', onClose)
      act()
    }
    const giveUp = (error: AppError): void =>
      end(() => {
        terminate(channel)
        reject(error)
      })
    const onAbort = (): void => giveUp(new AppError('CANCELLED', 'Cancelled'))
    const onClose = (): void =>
      end(() => {
        const errors = Buffer.concat(dialogue === null ? stderr : [...stderr, dialogue.held])
        const failure =
          become === null || sudo === null || sudo.argv === argv
            ? null
            : sudoFailure(become.user, ending.exit, errors, size === 0)
        if (failure !== null) return reject(failure)
        resolve({
          ...ended(ending),
          timedOut,
          truncated,
          stdout: Buffer.concat(stdout),
          stderr: errors,
          generation: session.generation,
        })
      })
    const stop = (): void => {
      sendTerm(channel)
      grace = clock.after(termGrace, () => {
        terminate(channel)
        onClose()
      })
    }
    const feed = (): void => {
      if (stdin !== undefined) channel.end(stdin)
      else channel.end()
    }
    const timer = clock.after(timeout, () => {
      timedOut = true
      stop()
    })

    channel.on('data', (chunk: Buffer) => {
      const room = maxBytes - size
      if (chunk.length <= room) {
        stdout.push(chunk)
        size += chunk.length
        return
      }
      if (room > 0) stdout.push(chunk.subarray(0, room))
      size = maxBytes
      truncated = true
      discarded += chunk.length - room
      if (discarded > mostDiscarded && grace === null) stop()
    })
    channel.stderr.on('data', (chunk: Buffer) => {
      let output = chunk
      if (dialogue !== null && become !== null) {
        const news = dialogue.take(chunk)
        if (news.wrong) return giveUp(wrongSudoPassword(become.user))
        if (news.ask) void answerSudo(channel, become, sudo?.mark === null, giveUp)
        if (news.started) feed()
        output = news.output
      }
      const room = stderrKept - errorSize
      if (output.length === 0 || room <= 0) return
      stderr.push(output.subarray(0, room))
      errorSize += Math.min(room, output.length)
    })
    channel.on('close', onClose)
    signal?.addEventListener('abort', onAbort, { once: true })
    session.gone.addEventListener('abort', onClose, { once: true })
    if (signal?.aborted) onAbort()
    else if (session.gone.aborted) onClose()
    else if (dialogue === null || dialogue.started) feed()
  })
}
