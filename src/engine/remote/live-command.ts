// Runs commands that live on as streams: both directions, backpressure, an end that always comes. Knows nothing of reconnecting.
import { AppError } from '../../shared/errors.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { RemoteProcess, SpawnOptions } from '../ports.ts'
import { ChannelStream, DiagnosticStream } from './channel-stream.ts'
import {
  answerSudo,
  type Become,
  ended,
  type Started,
  sendTerm,
  startCommand,
  termGrace,
  terminate,
} from './command-channel.ts'
import { deferred } from './deferred.ts'
import type { Session } from './session.ts'
import { SudoDialogue, sudoFailure, wrongSudoPassword } from './sudo.ts'

/** How long sudo may take before the command starts: a wrong password costs about 2 s. */
const sudoPatience = 20_000

/** Starts `argv` on a channel of its own; with sudo it resolves when the command itself has begun. */
export async function spawnCommand(
  session: Session,
  clock: Clock,
  argv: readonly string[],
  { signal, bulk = false }: Pick<SpawnOptions, 'signal' | 'bulk'>,
  become: Become | null,
): Promise<RemoteProcess> {
  const started = await startCommand(session, argv, become, true, true, signal)
  const { channel, slot } = started
  const process = remoteProcess(session, clock, started, signal)
  if (bulk) session.widen(channel)
  if (started.sudo === null || become === null) {
    channel.stderr.on('data', (chunk: Buffer) => process.stderr.offer(chunk))
    return process.handle
  }
  const dialogue = new SudoDialogue(started.sudo)
  const user = become.user
  return new Promise((resolve, reject) => {
    let waiting = true
    const settle = (act: () => void): void => {
      if (!waiting) return
      waiting = false
      timer.dispose()
      act()
    }
    const giveUp = (error: AppError): void =>
      settle(() => {
        terminate(channel)
        slot.dispose()
        reject(error)
      })
    const timer = clock.after(sudoPatience, () =>
      giveUp(
        new AppError('TIMEOUT', 'sudo did not start the command in time', {
          hint: 'Try the same on the host by hand.',
        }),
      ),
    )
    const begin = (): void => settle(() => resolve(process.handle))
    channel.stderr.on('data', (chunk: Buffer) => {
      const news = dialogue.take(chunk)
      if (news.wrong) return giveUp(wrongSudoPassword(user))
      if (news.ask) void answerSudo(channel, become, false, giveUp)
      if (news.output.length > 0) process.stderr.offer(news.output)
      if (news.started) begin()
    })
    void process.handle.ended.then(({ exit, lost }) => {
      const failure = sudoFailure(user, exit, dialogue.held, true)
      if (lost)
        giveUp(
          session.gone.aborted
            ? AppError.from(session.gone.reason)
            : new AppError('LINK_LOST', 'The command was lost while it started'),
        )
      else giveUp(failure ?? new AppError('SUDO_MISSING', `sudo ended with ${exit} before the command began`))
    })
    if (dialogue.started) begin()
  })
}

function remoteProcess(
  session: Session,
  clock: Clock,
  { channel, slot, ending }: Started,
  signal: AbortSignal | undefined,
): { handle: RemoteProcess; stderr: DiagnosticStream } {
  const stream = new ChannelStream(channel)
  const stderr = new DiagnosticStream()
  const done = deferred<{ exit: number | null; signal: string | null; lost: boolean }>()
  let disposed = false
  stream.on('error', () => {})
  let grace: Disposable | null = null
  const finish = (): void => {
    grace?.dispose()
    session.gone.removeEventListener('abort', onGone)
    signal?.removeEventListener('abort', dispose)
    slot.dispose()
    stderr.finish()
    done.resolve(ended(ending))
  }
  const onGone = (): void => {
    stream.destroy(AppError.from(session.gone.reason))
    finish()
  }
  const dispose = (): void => {
    if (disposed) return
    disposed = true
    sendTerm(channel)
    stream.destroy()
    grace = clock.after(termGrace, finish)
  }
  channel.stderr.on('end', () => stderr.finish())
  channel.on('close', finish)
  session.gone.addEventListener('abort', onGone, { once: true })
  signal?.addEventListener('abort', dispose, { once: true })
  if (session.gone.aborted) onGone()
  else if (signal?.aborted) dispose()
  const handle: RemoteProcess = {
    generation: session.generation,
    stdin: stream,
    stdout: stream,
    stderr,
    ended: done.promise,
    dispose,
  }
  return { handle, stderr }
}
