// The body of an age file: pieces of 64 KiB, each sealed, the last one marked; natively where the runtime can. Knows no recipient and no header.
import { createCipheriv, createDecipheriv, createHmac, getCiphers } from 'node:crypto'
import { Transform, type TransformCallback } from 'node:stream'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'

const pieceBytes = 64 * 1024
const tagBytes = 16
const nonceBytes = 12
const cipher = 'chacha20-poly1305'
/** Not there where Node is built on BoringSSL, as in Electron. */
const native = getCiphers().includes(cipher)

export type Seal = (key: Uint8Array, nonce: Uint8Array, content: Uint8Array) => Uint8Array

export const sealNatively: Seal = (key, nonce, content) => {
  const sealing = createCipheriv(cipher, key, nonce, { authTagLength: tagBytes })
  const sealed = sealing.update(content)
  sealing.final()
  return Buffer.concat([sealed, sealing.getAuthTag()])
}

export const unsealNatively: Seal = (key, nonce, sealed) => {
  if (sealed.length < tagBytes) throw new Error('too short')
  const opening = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes })
  opening.setAuthTag(sealed.subarray(-tagBytes))
  const content = opening.update(sealed.subarray(0, -tagBytes))
  opening.final()
  return content
}

export const sealInScript: Seal = (key, nonce, content) => chacha20poly1305(key, nonce).encrypt(content)
export const unsealInScript: Seal = (key, nonce, sealed) => chacha20poly1305(key, nonce).decrypt(sealed)

export const seal = native ? sealNatively : sealInScript
export const unseal = native ? unsealNatively : unsealInScript

/** HKDF-SHA256 of the file key for the body. */
export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  const extracted = createHmac('sha256', nonce).update(fileKey).digest()
  return createHmac('sha256', extracted).update('payload\u0001').digest()
}

/** Cuts what flows into pieces; a piece is passed on only when more follows, as the last one is marked. */
class Pieces extends Transform {
  readonly #size: number
  readonly #act: (nonce: Uint8Array, piece: Uint8Array) => Uint8Array
  readonly #nonce = new Uint8Array(nonceBytes)
  readonly #held: Buffer
  #used = 0
  #first = true

  constructor(size: number, act: (nonce: Uint8Array, piece: Uint8Array) => Uint8Array) {
    super({ highWaterMark: 1024 * 1024 })
    this.#size = size
    this.#act = act
    this.#held = Buffer.allocUnsafe(size)
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      const made: Uint8Array[] = []
      for (let at = 0; at < chunk.length; ) {
        if (this.#used === this.#size) made.push(this.#piece(false))
        const taken = chunk.copy(this.#held, this.#used, at, at + this.#size - this.#used)
        this.#used += taken
        at += taken
      }
      if (made.length > 0) this.push(made.length === 1 ? made[0] : Buffer.concat(made))
      done()
    } catch (caught) {
      done(caught as Error)
    }
  }

  override _flush(done: TransformCallback): void {
    try {
      const empty = this.#used <= this.#size - pieceBytes && !this.#first
      if (empty) throw new Error('the last piece is empty')
      this.push(this.#piece(true))
      done()
    } catch (caught) {
      done(caught as Error)
    }
  }

  #piece(last: boolean): Uint8Array {
    if (last) this.#nonce[nonceBytes - 1] = 1
    const result = this.#act(this.#nonce, this.#held.subarray(0, this.#used))
    for (let at = nonceBytes - 2; at >= 0; at--) {
      const next = ((this.#nonce[at] ?? 0) + 1) & 0xff
      this.#nonce[at] = next
      if (next !== 0) break
    }
    this.#first = false
    this.#used = 0
    return result
  }
}

export const sealing = (key: Uint8Array): Transform => new Pieces(pieceBytes, (nonce, piece) => seal(key, nonce, piece))
export const unsealing = (key: Uint8Array): Transform =>
  new Pieces(pieceBytes + tagBytes, (nonce, piece) => unseal(key, nonce, piece))
