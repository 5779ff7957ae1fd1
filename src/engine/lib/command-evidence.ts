// How a command's end becomes evidence that a person can read; knows no command.
import { AppError } from '../../shared/errors.ts'
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

/** What a command printed that ended well. Throws LINK_LOST, TIMEOUT and COMMAND_FAILED. */
export function answerOf(what: string, result: CommandEnd): string {
  const wrong = complaint(result)
  if (wrong === null) return new TextDecoder().decode(result.stdout)
  const code = result.timedOut ? 'TIMEOUT' : result.lost ? 'LINK_LOST' : 'COMMAND_FAILED'
  throw new AppError(code, `${what} ${wrong} ${outputOf(result)}`.trim())
}

/** What is wrong, and what can be done about it. */
export const errorText = ({ message, hint }: AppError): string => (hint === undefined ? message : `${message}. ${hint}`)

/** Work that adds to its evidence as it goes; what it throws becomes the last of it. Rejects with CANCELLED alone. */
export async function evidenceOfWork(
  work: (evidence: Evidence[]) => Promise<void>,
): Promise<{ outcome: 'done' | 'failed' | 'lost'; evidence: Evidence[] }> {
  const evidence: Evidence[] = []
  try {
    await work(evidence)
    return { outcome: evidence.every(({ ok }) => ok) ? 'done' : 'failed', evidence }
  } catch (caught) {
    const error = AppError.from(caught)
    if (error.code === 'CANCELLED') throw error
    const text = errorText(error)
    return { outcome: error.code === 'LINK_LOST' ? 'lost' : 'failed', evidence: [...evidence, { ok: false, text }] }
  }
}

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
