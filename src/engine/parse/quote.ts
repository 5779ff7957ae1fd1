// The only place where an argv becomes a line for a remote shell (semantics 35); knows nothing of links or sudo's answers.
import { AppError } from '../../shared/errors.ts'

/** One word, quoted for any POSIX shell; for what a person copies and for scripts that a POSIX shell reads. */
export function quoteWord(word: string): string {
  refuseNul(word)
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word
  return `'${word.replaceAll("'", `'\\''`)}'`
}

/** An argv as a person would type it. */
export function quoteArgv(argv: readonly string[]): string {
  return argv.map(quoteWord).join(' ')
}

/**
 * The line that the login shell gets, whichever it is. POSIX shells, fish and csh agree on few things: characters inside single quotes are
 * plain but for `\` (fish) and `!` and newline (csh), and outside of quotes a backslash takes the meaning from the next character. So those
 * characters stand outside of the quotes, newlines never reach the login shell, and what runs the command is always `sh`.
 */
export function remoteCommand(argv: readonly string[]): string {
  const [program] = argv
  if (program === undefined || program === '') throw new AppError('INVALID_INPUT', 'A command needs a program')
  if (program.startsWith('-')) throw new AppError('INVALID_INPUT', 'A program name cannot start with "-"')
  return `exec sh -c ${quoteForAnyShell(execScript(argv))}`
}

/** A script without newlines for `sh`, which replaces itself with argv under the C locale. */
function execScript(argv: readonly string[]): string {
  let newline = false
  const words = argv.map(word => {
    if (!word.includes('\n')) return quoteWord(word)
    newline = true
    return word.split('\n').map(quoteAlways).join('"$n"')
  })
  // Command substitution drops trailing newlines, so the newline is kept by a character behind it.
  const prefix = newline ? `n=$(echo;echo x);n=\${n%x};` : ''
  return `${prefix}LC_ALL=C;export LC_ALL;exec ${words.join(' ')}`
}

/** Quotes text that has no newline so that POSIX shells, fish and csh all read it as one word. */
export function quoteForAnyShell(text: string): string {
  refuseNul(text)
  if (text.includes('\n')) throw new AppError('INVALID_INPUT', 'A line for a login shell cannot hold a newline')
  let result = ''
  let quoted = ''
  let afterBackslash = false
  const flush = (): void => {
    if (quoted !== '') result += `'${quoted}'`
    quoted = ''
  }
  for (const char of text) {
    if (char === "'" || char === '\\' || char === '!') {
      flush()
      result += `\\${char}`
      afterBackslash = char === '\\'
    } else if (afterBackslash) {
      // fish before 3.2 takes a quote right behind an escaped backslash for an escaped quote, so none may stand there.
      result += /[A-Za-z0-9\u0080-\u{10ffff}]/u.test(char) ? char : `\\${char}`
      afterBackslash = false
    } else quoted += char
  }
  flush()
  return result === '' ? "''" : result
}

function quoteAlways(word: string): string {
  refuseNul(word)
  return `'${word.replaceAll("'", `'\\''`)}'`
}

function refuseNul(word: string): void {
  if (word.includes('\0')) throw new AppError('INVALID_INPUT', 'A command cannot hold a NUL character')
}
