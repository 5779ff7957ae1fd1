// Runs commands on a session's channels: bounded output, time-outs, honest endings (semantics 7, 36, 37). Knows nothing of reconnecting.
import type { ClientChannel } from 'ssh2'
import { AppError } from '../../shared/errors.ts'
import type { SudoMode } from '../../shared/model/host.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disposable } from '../lib/disposable.ts'
import { remoteCommand } from '../parse/quote.ts'
import type { ExecOptions, ExecResult, RemoteProcess } from '../ports.ts'
import { ChannelStream, DiagnosticStream } from './channel-stream.ts'
import { deferred } from './deferred.ts'
import type { Ending, Session } from './session.ts'
import { noSudoPassword, type SudoCommand, SudoDialogue, sudoCommand, sudoFailure, wrongSudoPassword } from './sudo.ts'

const defaultTimeout = 30_000
const defaultMaxBytes = 8 * 1024 * 1024
const stderrKept = 256 * 1024
/** A command that goes on after its output was cut may write this much more into the void before it is ended. */
const mostDiscarded = 64 * 1024 * 1024
/** After TERM, how long an exit status is waited for. */
const termGrace = 1_000
/** How long sudo may take before the command starts: a wrong password costs about 2 s. */
const sudoPatience = 20_000

export interface Become {
  readonly mode: SudoMode
  readonly user: string
  readonly password: () => Promise<string | null>
}

interface Started {
  readonly channel: ClientChannel
  readonly slot: Disposable
  readonly ending: Readonly<Ending>
  readonly sudo: SudoCommand | null
}

async function start(
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
function ended({ exit, signal }: Readonly<Ending>): { exit: number | null; signal: string | null; lost: boolean } {
  return { exit, signal, lost: exit === null && signal === null }
}

/**
 * Sends TERM to a command. ssh2's own `signal` does nothing once stdin has ended, which is when most commands run, so this goes one
 * floor deeper.
 */
function sendTerm(channel: ClientChannel): void {
  const { outgoing, _client: client } = channel as ClientChannel & {
    outgoing?: { id: number; state: string }
    _client?: { _protocol?: { signal(channel: number, name: string): void } }
  }
  if (outgoing?.state === 'open' || outgoing?.state === 'eof') client?._protocol?.signal(outgoing.id, 'TERM')
}

/** Asks a command to end, and closes its channel. */
function terminate(channel: ClientChannel): void {
  sendTerm(channel)
  channel.close()
  channel.resume()
  channel.stderr.resume()
}

/** Runs `argv` to its end. Rejects with CANCELLED, SUDO_* and what opening the channel may say; everything else is in the result. */
export async function runCommand(
  session: Session,
  clock: Clock,
  argv: readonly string[],
  options: ExecOptions,
  become: Become | null,
): Promise<ExecResult> {
  const { stdin, timeout = defaultTimeout, maxBytes = defaultMaxBytes, signal } = options
  const { channel, slot, ending, sudo } = await start(session, argv, become, stdin !== undefined, false, signal)
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
        if (news.ask) void answer(channel, become, sudo?.mark === null, giveUp)
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

async function answer(
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

/** Starts `argv` on a channel of its own; with sudo it resolves when the command itself has begun. */
export async function spawnCommand(
  session: Session,
  clock: Clock,
  argv: readonly string[],
  signal: AbortSignal | undefined,
  become: Become | null,
): Promise<RemoteProcess> {
  const started = await start(session, argv, become, true, true, signal)
  const { channel, slot } = started
  const process = remoteProcess(session, clock, started, signal)
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
      if (news.ask) void answer(channel, become, false, giveUp)
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
  const finish = (): void => {
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
    clock.after(termGrace, finish)
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
