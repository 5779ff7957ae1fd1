// The lines that are exchanged before D-Bus messages flow (SASL EXTERNAL with the remote uid); knows nothing of messages.
import type { ErrorShape } from '../../shared/errors.ts'

const maxLine = 4_096

export type LoginStep =
  | { readonly kind: 'more' }
  | { readonly kind: 'done'; readonly rest: Uint8Array }
  | { readonly kind: 'failed'; readonly error: ErrorShape }

/** The client's side of the handshake, written whole in advance. */
export class DbusLogin {
  readonly #uid: number
  readonly #anonymous: boolean
  #received: Uint8Array = new Uint8Array()

  constructor(options: { uid: number; anonymous?: boolean }) {
    this.#uid = options.uid
    this.#anonymous = options.anonymous ?? false
  }

  /** Sent first. The uid is the one that the host knows us by, not the one of this computer. */
  request(): Uint8Array {
    const mechanism = this.#anonymous ? 'ANONYMOUS' : `EXTERNAL ${hex(String(this.#uid))}`
    return new TextEncoder().encode(`\0AUTH ${mechanism}\r\nBEGIN\r\n`)
  }

  receive(chunk: Uint8Array): LoginStep {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const end = this.#received.indexOf(10)
    if (end < 0) {
      if (this.#received.length <= maxLine) return { kind: 'more' }
      return { kind: 'failed', error: this.#failure('an endless line') }
    }
    const line = new TextDecoder().decode(this.#received.subarray(0, end)).trimEnd()
    if (line.startsWith('OK ')) return { kind: 'done', rest: this.#received.subarray(end + 1) }
    if (line.startsWith('REJECTED'))
      return {
        kind: 'failed',
        error: { code: 'ACCESS_DENIED', message: `The host's message bus does not accept user ${this.#uid}.` },
      }
    return { kind: 'failed', error: this.#failure(JSON.stringify(line.slice(0, 80))) }
  }

  /** What to say when the stream ended before the login did; null where nothing but the end was seen. */
  refusal(): ErrorShape | null {
    if (this.#received.length === 0) return null
    return this.#failure(JSON.stringify(new TextDecoder().decode(this.#received.subarray(0, 80))))
  }

  #failure(what: string): ErrorShape {
    return { code: 'PROTOCOL', message: `The host's message bus answered the login with ${what}.` }
  }
}

function hex(text: string): string {
  return Array.from(text, char => char.charCodeAt(0).toString(16).padStart(2, '0')).join('')
}
