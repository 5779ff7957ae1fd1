// What a command writes, as a stream that ends well only where the command did; knows no command.
import { Readable } from 'node:stream'
import { AppError } from '../../../shared/errors.ts'

const stderrKept = 4_096

/** A command that runs: what ports call a RemoteProcess. */
export interface RunningCommand {
  readonly stdin: NodeJS.WritableStream
  readonly stdout: NodeJS.ReadableStream
  readonly stderr: NodeJS.ReadableStream
  readonly ended: Promise<{ exit: number | null; signal: string | null; lost: boolean }>
  dispose(): void
}

/** How it ended as an error; null where well. */
function endError(
  what: string,
  { exit, signal, lost }: { exit: number | null; signal: string | null; lost: boolean },
  stderr: string,
): AppError | null {
  if (lost) return new AppError('LINK_LOST', `The connection was lost during ${what}`)
  if (exit === 0) return null
  const how = signal === null ? `ended with ${exit}` : `was ended by ${signal}`
  return new AppError('COMMAND_FAILED', `${what} ${how}${stderr === '' ? '' : `: ${stderr.slice(0, 500)}`}`)
}

/** Its stdout; fails at its end with LINK_LOST or COMMAND_FAILED. Ends the command where it is destroyed. Its stdin is closed. */
export function outputStream(command: RunningCommand, what: string, signal?: AbortSignal): Readable {
  command.stdin.end()
  const errors = keptText(command.stderr)
  const stream = Readable.from(output(command, what, errors), { objectMode: false, highWaterMark: 1024 * 1024 })
  const stop = (): void => {
    stream.destroy(new AppError('CANCELLED', 'Cancelled'))
  }
  signal?.addEventListener('abort', stop, { once: true })
  stream.once('close', () => {
    signal?.removeEventListener('abort', stop)
    command.dispose()
  })
  // whoever reads it listens too
  stream.on('error', () => {})
  if (signal?.aborted) stop()
  return stream
}

/** The first of what a stream says, as text. */
export function keptText(stream: NodeJS.ReadableStream, most = stderrKept): () => string {
  let text = Buffer.alloc(0)
  stream.on('data', (chunk: Buffer) => {
    if (text.length < most) text = Buffer.concat([text, chunk.subarray(0, most - text.length)])
  })
  stream.on('error', () => {})
  return () => text.toString('utf8').trim()
}

async function* output(command: RunningCommand, what: string, errors: () => string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of command.stdout) yield chunk as Buffer
  } catch (caught) {
    throw caught instanceof AppError ? caught : new AppError('LINK_LOST', `The connection was lost during ${what}`)
  }
  const error = endError(what, await command.ended, errors())
  if (error !== null) throw error
}
