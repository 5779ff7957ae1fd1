// How a command's end becomes evidence that a person can read; knows no command.
import type { Evidence } from '../../shared/model/unit.ts'

/** How a command ended, as links tell it. */
export interface CommandEnd {
  readonly exit: number | null
  readonly signal: string | null
  readonly lost: boolean
  readonly timedOut: boolean
  readonly truncated: boolean
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
}

/** The last of what it printed: that is where the reason for a failure is. */
const keptCharacters = 1_000

export function outputOf({ stdout, stderr, truncated }: CommandEnd): string {
  const decoder = new TextDecoder()
  const text = [stdout, stderr]
    .map(bytes => decoder.decode(bytes).trim())
    .filter(part => part !== '')
    .join('\n')
  const cut = text.length > keptCharacters ? `… ${text.slice(-keptCharacters)}` : text
  return truncated ? `${cut} (cut off)` : cut
}

/** How it ended, in words; null where that was well. */
export function complaint(result: CommandEnd): string | null {
  if (result.timedOut) return 'took too long'
  if (result.lost) return 'was cut off with the connection'
  if (result.signal !== null) return `ended by signal ${result.signal}`
  return result.exit === 0 ? null : `ended with ${result.exit}`
}

export function evidenceOf(what: string, result: CommandEnd): Evidence {
  const wrong = complaint(result)
  const output = outputOf(result)
  return { ok: wrong === null, text: [wrong === null ? what : `${what} ${wrong}`, output].filter(Boolean).join(': ') }
}
