// How a command becomes root (semantics 37): the argv, the one answer to the one prompt, and what sudo's refusals mean. Knows nothing of channels.
import { randomBytes } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { SudoMode } from '../../shared/model/host.ts'

export interface SudoCommand {
  readonly argv: readonly string[]
  /** What sudo prints when it asks for the password; null where it never asks. */
  readonly prompt: string | null
  /** Printed to stderr by the command's side just before it starts; null where nobody needs to know. */
  readonly mark: string | null
}

/**
 * The argv that runs `argv` as root. With `gated` the start is announced by a mark, so that nothing meant for the command can be read by sudo
 * and nothing sudo says is taken for the command's.
 */
export function sudoCommand(mode: SudoMode, user: string, argv: readonly string[], gated: boolean): SudoCommand {
  if (user === 'root') return { argv, prompt: null, mark: null }
  if (mode === 'none') {
    throw new AppError('SUDO_MISSING', 'This needs root, and the host is set up without sudo', {
      hint: "Choose sudo in the host's settings, or log in as root.",
    })
  }
  const mark = gated ? nonce() : null
  if (mode === 'passwordless') {
    if (mark === null) return { argv: ['sudo', '-n', '--', ...argv], prompt: null, mark }
    // Asking first what is allowed works with a sudoers file that allows just this command; a wrapper around it would not.
    const script = `sudo -n -l -- "$@" >/dev/null </dev/null && ${say(mark)} && exec sudo -n -- "$@"`
    return { argv: ['sh', '-c', script, 'sh', ...argv], prompt: null, mark }
  }
  const prompt = nonce()
  const inner = mark === null ? argv : ['sh', '-c', `${say(mark)}; exec "$@"`, 'sh', ...argv]
  return { argv: ['sudo', '-S', '-p', prompt, '--', ...inner], prompt, mark }
}

/** In two halves, for sudo quotes the command where it refuses it: that must not be taken for its start. */
const say = (mark: string): string => `printf %s%s ${mark.slice(0, 20)} ${mark.slice(20)} >&2`

function nonce(): string {
  return `[quarterdeck-${randomBytes(12).toString('hex')}]`
}

/** Longest preamble kept while waiting: sudo's lecture and warnings are far shorter. */
const mostPreamble = 64 * 1024

export interface SudoNews {
  /** Write the password now; true at most once. */
  readonly ask: boolean
  /** The password was asked for a second time: it is wrong. */
  readonly wrong: boolean
  /** The command has begun. */
  readonly started: boolean
  /** The command's own stderr. */
  readonly output: Buffer
}

const nothing = Buffer.alloc(0)

/** Watches stderr for the prompt and the mark, also where they are split over chunks, and separates sudo's words from the command's. */
export class SudoDialogue {
  readonly #prompt: Buffer | null
  readonly #mark: Buffer | null
  #held: Buffer = nothing
  #asked = false
  #started: boolean

  constructor(command: SudoCommand) {
    this.#prompt = command.prompt === null ? null : Buffer.from(command.prompt)
    this.#mark = command.mark === null ? null : Buffer.from(command.mark)
    this.#started = this.#prompt === null && this.#mark === null
  }

  get started(): boolean {
    return this.#started
  }

  /** What was said and not yet given out, for the explanation of a failure. */
  get held(): Buffer {
    return this.#held
  }

  take(chunk: Buffer): SudoNews {
    if (this.#started) return { ask: false, wrong: false, started: false, output: chunk }
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    let ask = false
    let wrong = false
    for (;;) {
      const at = this.#prompt === null ? -1 : this.#held.indexOf(this.#prompt)
      const markAt = this.#mark === null ? -1 : this.#held.indexOf(this.#mark)
      if (markAt >= 0 && (at < 0 || markAt < at)) {
        const output = this.#held.subarray(markAt + (this.#mark?.length ?? 0))
        this.#held = nothing
        this.#started = true
        return { ask, wrong, started: true, output }
      }
      if (at < 0) break
      this.#held = this.#held.subarray(at + (this.#prompt?.length ?? 0))
      if (this.#asked) wrong = true
      else ask = true
      this.#asked = true
    }
    if (this.#held.length > mostPreamble) this.#held = this.#held.subarray(-mostPreamble)
    return { ask, wrong, started: false, output: nothing }
  }

  get asked(): boolean {
    return this.#asked
  }
}

export function wrongSudoPassword(user: string): AppError {
  return new AppError('SUDO_PASSWORD_WRONG', `sudo refused the password of ${user}`, {
    hint: "It was given once. Enter the right sudo password in the host's settings.",
  })
}

export function noSudoPassword(): AppError {
  return new AppError('SUDO_MISSING', 'sudo asks for a password and none is stored', {
    hint: "Enter the sudo password in the host's settings.",
  })
}

/** What a sudo that ended without starting the command meant; null where the failure is the command's own. */
export function sudoFailure(user: string, exit: number | null, stderr: Buffer, stdoutEmpty: boolean): AppError | null {
  if (exit === null || exit === 0 || !stdoutEmpty) return null
  const text = stderr.subarray(0, 4096).toString('utf8')
  const missing = (message: string, hint: string): AppError => new AppError('SUDO_MISSING', message, { hint })
  if (/incorrect password attempt|no password was provided/.test(text)) return wrongSudoPassword(user)
  if (
    /^sudo(-rs)?: (a password is required|interactive authentication is required|a terminal is required)/m.test(text)
  ) {
    return missing(
      `sudo asks for ${user}'s password`,
      'Choose "sudo with password" and enter it, or allow it without: see "Doctor" for a sudoers line.',
    )
  }
  if (/you must have a tty/.test(text)) {
    return missing('sudo on this host wants a terminal (requiretty)', `Add "Defaults:${user} !requiretty" to sudoers.`)
  }
  if (
    /not in the sudoers file|may not run sudo|is not allowed to (execute|run)|I'm afraid I can't do that/.test(text)
  ) {
    return missing(`${user} may not do this with sudo`, `Add ${user} to the group sudo (or wheel), or to sudoers.`)
  }
  if (exit === 127 && /sudo.*(not found|No such file)/.test(text)) {
    return missing('sudo is not installed on this host', 'Install it, or log in as root.')
  }
  if (
    /no new privileges|effective uid is not 0|must be owned by uid 0|account validation failure|password has expired/.test(
      text,
    )
  ) {
    const line = /^sudo: .*$/m.exec(text)?.[0] ?? 'sudo does not work'
    return missing(
      `sudo does not work on this host (${line.slice(0, 200)})`,
      'Its set-up on the host has to be repaired first.',
    )
  }
  return null
}
