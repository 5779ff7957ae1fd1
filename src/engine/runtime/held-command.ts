// Runs a command on a host so that it ends there with its link, with its cancel and with this engine: what long work needs. Knows no command.
import { randomBytes } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { Clock } from '../lib/clock.ts'
import { beatMs, heldArgv } from '../lib/life-line.ts'
import type { ExecOptions, ExecResult, Link } from '../ports.ts'

const defaultTimeoutMs = 30_000
const defaultMaxBytes = 8 * 1024 * 1024
const stderrKept = 256 * 1024

/** As `Link.exec`, and nothing of it goes on where nobody waits for it any more. Rejects with CANCELLED, and what `Link.spawn` says. */
export async function runHeld(
  link: Pick<Link, 'spawn'>,
  clock: Clock,
  argv: readonly string[],
  { sudo = false, stdin, timeout = defaultTimeoutMs, maxBytes = defaultMaxBytes, signal }: ExecOptions,
): Promise<ExecResult> {
  const input = stdin ?? new Uint8Array()
  const process = await link.spawn(heldArgv(randomBytes(12).toString('hex'), input.length, argv), {
    sudo,
    ...(signal ? { signal } : {}),
  })
  const [out, errors] = [kept(process.stdout, maxBytes), kept(process.stderr, stderrKept)]
  process.stdin.on('error', () => {})
  process.stdin.write(input)
  process.stdin.write('beat\n')
  const beats = clock.every(beatMs, () => process.stdin.write('beat\n'))
  let timedOut = false
  const timer = clock.after(timeout, () => {
    timedOut = true
    process.dispose()
  })
  const [how, stdout, stderr] = await Promise.all([process.ended, out, errors])
  beats.dispose()
  timer.dispose()
  if (signal?.aborted) throw new AppError('CANCELLED', 'Cancelled')
  return {
    // ended by its own time, the link being there: that is no loss
    ...{ ...how, lost: how.lost && !timedOut, timedOut, generation: process.generation },
    ...{ stdout: stdout.bytes, stderr: stderr.bytes, truncated: stdout.truncated },
  }
}

/** The first of what a stream brings, once it has ended whichever way. */
function kept(stream: NodeJS.ReadableStream, most: number): Promise<{ bytes: Uint8Array; truncated: boolean }> {
  const chunks: Buffer[] = []
  let size = 0
  let truncated = false
  stream.on('data', (chunk: Buffer) => {
    const room = most - size
    if (chunk.length > room) truncated = true
    const part = chunk.subarray(0, room)
    if (part.length > 0) chunks.push(part)
    size += part.length
  })
  return new Promise(resolve => {
    const end = (): void => resolve({ bytes: Buffer.concat(chunks), truncated })
    for (const event of ['end', 'close', 'error']) stream.once(event, end)
  })
}
