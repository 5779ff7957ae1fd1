// Runs one command on this computer with the semantics of a remote one; knows nothing of links or hosts.
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { AppError } from '../../shared/errors.ts'
import type { Clock } from '../lib/clock.ts'
import type { ExecOptions, ExecResult, RemoteProcess } from '../ports.ts'

const defaultTimeoutMs = 30_000
const defaultMaxBytes = 8 * 1024 * 1024
const maxStderrBytes = 256 * 1024
/** A command that ignores SIGTERM is killed after this. */
const graceMs = 2_000

type Child = ChildProcessByStdio<Writable, Readable, Readable>

/** How a shell reports a command that could not be started. */
function startFailure(error: NodeJS.ErrnoException): { exit: number; message: string } {
  return { exit: error.code === 'ENOENT' ? 127 : 126, message: `${error.path ?? 'command'}: ${error.message}\n` }
}

function start(argv: readonly string[]): Child {
  const [file, ...rest] = argv
  if (file === undefined || file === '') throw new AppError('INVALID_INPUT', 'An empty command')
  for (const part of argv)
    if (part.includes('\0')) throw new AppError('INVALID_INPUT', 'A command cannot contain a NUL byte')
  return spawn(file, rest, {
    stdio: ['pipe', 'pipe', 'pipe'],
    // a group of its own, so that a pipeline ends as a whole
    detached: process.platform !== 'win32',
    windowsHide: true,
  })
}

/** Ends the command and all it started. */
function kill(child: Child, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch {
    // it is gone already
  }
}

function exitOf(child: Child): Promise<{ exit: number | null; signal: string | null; startError: string | null }> {
  return new Promise(resolve => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return
      const failure = startFailure(error)
      resolve({ exit: failure.exit, signal: null, startError: failure.message })
    })
    child.once('close', (exit, signal) => resolve({ exit, signal, startError: null }))
  })
}

/** Runs argv to its end, keeping a bounded part of what it says. */
export async function runLocal(argv: readonly string[], clock: Clock, options: ExecOptions = {}): Promise<ExecResult> {
  const { signal, maxBytes = defaultMaxBytes, timeout = defaultTimeoutMs } = options
  if (signal?.aborted) throw new AppError('CANCELLED', 'Cancelled')
  const child = start(argv)
  const out = new BoundedBytes(maxBytes)
  const err = new BoundedBytes(maxStderrBytes)
  child.stdout.on('data', (chunk: Buffer) => out.add(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.add(chunk))
  child.stdin.on('error', () => {})
  child.stdin.end(options.stdin ?? new Uint8Array())

  let timedOut = false
  let cancelled = false
  let force = clock.after(timeout, () => {
    timedOut = true
    end()
  })
  const end = (): void => {
    kill(child, 'SIGTERM')
    force.dispose()
    force = clock.after(graceMs, () => {
      kill(child, 'SIGKILL')
      // a descendant in a session of its own may hold the pipes open for ever
      child.stdout.destroy()
      child.stderr.destroy()
    })
  }
  const onAbort = (): void => {
    cancelled = true
    end()
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  const result = await exitOf(child)
  force.dispose()
  signal?.removeEventListener('abort', onAbort)
  if (cancelled) throw new AppError('CANCELLED', 'Cancelled')
  if (result.startError !== null) err.add(Buffer.from(result.startError))
  return {
    exit: result.exit,
    signal: result.signal,
    lost: false,
    timedOut,
    truncated: out.truncated,
    stdout: out.bytes(),
    stderr: err.bytes(),
    generation: 1,
  }
}

/** Starts argv; the caller reads and writes its streams. */
export function spawnLocal(argv: readonly string[], clock: Clock, signal?: AbortSignal): RemoteProcess {
  if (signal?.aborted) throw new AppError('CANCELLED', 'Cancelled')
  const child = start(argv)
  child.stdin.on('error', () => {})
  child.stdout.on('error', () => {})
  child.stderr.on('error', () => {})
  let over = false
  const dispose = (): void => {
    if (over) return
    over = true
    child.stdin.destroy()
    child.stdout.destroy()
    child.stderr.destroy()
    kill(child, 'SIGTERM')
    const force = clock.after(graceMs, () => kill(child, 'SIGKILL'))
    void ended.then(() => force.dispose())
  }
  const ended = exitOf(child).then(({ exit, signal: by }) => {
    over = true
    signal?.removeEventListener('abort', dispose)
    return { exit, signal: by, lost: false }
  })
  signal?.addEventListener('abort', dispose, { once: true })
  return { generation: 1, stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, ended, dispose }
}

class BoundedBytes {
  readonly #limit: number
  readonly #chunks: Buffer[] = []
  #size = 0
  truncated = false

  constructor(limit: number) {
    this.#limit = limit
  }

  add(chunk: Buffer): void {
    const room = this.#limit - this.#size
    if (chunk.length > room) this.truncated = true
    const kept = chunk.length > room ? chunk.subarray(0, room) : chunk
    if (kept.length === 0) return
    this.#chunks.push(kept)
    this.#size += kept.length
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#chunks)
  }
}
