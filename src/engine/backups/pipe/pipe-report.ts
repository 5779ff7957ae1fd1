// Reads what the host says of a pipe: report lines behind the nonce, the programs' own words around them; knows no source.
import { AppError, type ErrorCode, errorCodes } from '../../../shared/errors.ts'

const mostSaid = 16_384
const mostLine = 65_536

export interface Report {
  readonly start: string | null
  readonly exits: ReadonlyMap<string, number>
  readonly bytes: number | null
  /** How far the packing is. */
  readonly at: number | null
  readonly sha256: string | null
  /** What the program itself told by `say fact KEY VALUE`; a key may come again. */
  readonly facts: readonly { readonly key: string; readonly value: string }[]
  readonly fail: AppError | null
  readonly ended: boolean
}

/** Takes stderr as it comes. */
export class PipeReport {
  readonly #nonce: string
  #rest = ''
  #said = ''
  readonly #facts: { key: string; value: string }[] = []
  readonly #exits = new Map<string, number>()
  #start: string | null = null
  #bytes: number | null = null
  #at: number | null = null
  #sha256: string | null = null
  #fail: AppError | null = null
  #ended = false
  readonly #decoder = new TextDecoder()

  constructor(nonce: string) {
    this.#nonce = nonce
  }

  take(chunk: Uint8Array): void {
    this.#rest += this.#decoder.decode(chunk, { stream: true })
    for (let at = this.#rest.indexOf('\n'); at >= 0; at = this.#rest.indexOf('\n')) {
      this.#line(this.#rest.slice(0, at))
      this.#rest = this.#rest.slice(at + 1)
    }
    if (this.#rest.length > mostLine) this.#rest = this.#rest.slice(-mostLine)
  }

  get report(): Report {
    return {
      start: this.#start,
      exits: this.#exits,
      bytes: this.#bytes,
      at: this.#at,
      sha256: this.#sha256,
      facts: this.#facts,
      fail: this.#fail,
      ended: this.#ended,
    }
  }

  /** The programs' own words, at most so many characters of their end. */
  said(most = 600): string {
    const text = `${this.#said}${this.#rest}`.trim()
    return text.length <= most ? text : `…${text.slice(-most)}`
  }

  #line(line: string): void {
    if (!line.startsWith(`${this.#nonce} `)) {
      if (line !== '') this.#said = `${this.#said}${line}\n`.slice(-mostSaid)
      return
    }
    const [, word = '', first = '', ...more] = line.split(' ')
    const rest = more.join(' ')
    if (word === 'start') this.#start = first
    else if (word === 'exit') this.#exits.set(first, Number(rest))
    else if (word === 'bytes' && /^\d+$/.test(first)) this.#bytes = Number(first)
    else if (word === 'at' && /^\d+$/.test(first)) this.#at = Number(first)
    else if (word === 'sha256' && /^[0-9a-f]{64}$/.test(first)) this.#sha256 = first
    else if (word === 'fact' && this.#facts.length < 10_000) this.#facts.push({ key: first, value: rest })
    else if (word === 'fail') this.#fail ??= new AppError(codeOf(first), rest.slice(0, 2_000))
    else if (word === 'end') this.#ended = true
  }
}

const codeOf = (text: string): ErrorCode => errorCodes.find(code => code === text) ?? 'COMMAND_FAILED'

/** Why programs failed, from their words: what a person can do about it where that is known. */
export function failureOf(what: string, said: string): AppError {
  const words = said === '' ? '' : `: ${said}`
  if (/no space left|disk quota exceeded/i.test(said))
    return new AppError('DISK_FULL', `${what}${words}`, { hint: 'Make room on the host, then run it again.' })
  if (/permission denied|operation not permitted|EACCES/i.test(said))
    return new AppError('ACCESS_DENIED', `${what}${words}`, {
      hint: 'Turn "as root" on, or give the user of this host the right to read it.',
    })
  return new AppError('COMMAND_FAILED', `${what}${words}`)
}
