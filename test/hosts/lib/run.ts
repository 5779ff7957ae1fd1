// Runs a program of this machine and gives back what it said; must not know about hosts.

import { spawn } from 'node:child_process'

export interface RunOptions {
  /** Written to the program's stdin, which is empty otherwise. */
  readonly input?: string | Uint8Array
  /** A non-zero exit is an error unless this is false. */
  readonly check?: boolean
  readonly env?: Record<string, string>
  /** Killed when it takes longer; no limit by default. */
  readonly timeoutMs?: number
}

export interface RunResult {
  /** null when a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The longest delay that a timer can have: 24 days. */
const maxTimer = 2 ** 31 - 1

/** Runs argv to its end. Throws on a non-zero exit, with what the program said, unless `check` is false. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [file, ...args] = argv
  if (file === undefined) throw new Error('run() needs a program')
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'pipe', ...(options.env ? { env: options.env } : {}) })
    // Its children may hold the pipes open after it is killed, so these are closed as well.
    const overdue = setTimeout(() => {
      child.kill('SIGKILL')
      child.stdout.destroy()
      child.stderr.destroy()
    }, options.timeoutMs ?? maxTimer)
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    // A program that does not read its stdin closes it: that is its business.
    child.stdin.on('error', () => {})
    child.stdin.end(options.input)
    child.on('error', error => {
      clearTimeout(overdue)
      reject(error)
    })
    child.on('close', (code, signal) => {
      clearTimeout(overdue)
      const result = { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }
      if (code === 0 || options.check === false) resolve(result)
      else {
        const short = argv.map(arg => (arg.length > 80 ? `${arg.slice(0, 80)}…` : arg)).join(' ')
        reject(new Error(`${short} ended with ${signal ?? code}\n${result.stderr || result.stdout}`))
      }
    })
  })
}
