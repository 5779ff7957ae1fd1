// Encrypts files as age does (age-encryption.org/v1), for a passphrase or a recipient, so that the age command opens them too; knows no backup.
import { randomBytes, scrypt } from 'node:crypto'
import { type Duplex, Transform, type TransformCallback } from 'node:stream'
import { Decrypter, Encrypter, type Identity, identityToRecipient, type Recipient, Stanza } from 'age-encryption'
import { AppError } from '../../../shared/errors.ts'
import { payloadKey, seal, sealing, unseal, unsealing } from './age-payload.ts'
import type { Decryptor, Encryptor } from './encryption.ts'

/** 64 MiB of memory for a moment, off the engine's thread; the library's own would hold the thread for a second. */
const logWork = 16
/** What a file may ask for that was encrypted elsewhere: `age` itself takes 18, which is 256 MiB. */
const mostLogWork = 18
const label = 'age-encryption.org/v1/scrypt'
const mostHeader = 64 * 1024
const payloadNonceBytes = 16
/** Nonce and the tag of nothing: what follows the header of an empty file. */
const emptyPayload = payloadNonceBytes + 16

export const passphraseEncryptor = (passphrase: string): Encryptor => ({
  kind: 'passphrase',
  stream: () => encrypting(new PassphraseRecipient(passphrase)),
})

/** Rejects with INVALID_INPUT at `stream` where it is no recipient (`age1…`). */
export const ageEncryptor = (recipient: string): Encryptor => ({
  kind: 'age',
  stream: () => encrypting(recipient),
})

export const passphraseDecryptor = (passphrase: string): Decryptor => ({
  stream: async () => new Opening(new PassphraseIdentity(passphrase), 'passphrase'),
})

/** `AGE-SECRET-KEY-1…` */
export const ageDecryptor = (identity: string): Decryptor => ({
  stream: async () => new Opening(identity.trim(), 'age identity'),
})

/** For whom an identity opens; null where it is none, or of a kind that only its own program knows. */
export async function recipientOf(identity: string): Promise<string | null> {
  return await identityToRecipient(identity.trim()).catch(() => null)
}

async function encrypting(recipient: string | Recipient): Promise<Duplex> {
  // The library makes the header. The file key is seen by a recipient that adds nothing, and the body is sealed with it here.
  const seen: { fileKey: Uint8Array | null } = { fileKey: null }
  const witness: Recipient = {
    wrapFileKey(fileKey) {
      seen.fileKey = Uint8Array.from(fileKey)
      return []
    },
  }
  const encrypter = new Encrypter()
  try {
    encrypter.addRecipient(recipient)
  } catch (caught) {
    throw new AppError('INVALID_INPUT', 'This is no age recipient: it begins with age1', { cause: caught })
  }
  encrypter.addRecipient(witness)
  const whole = await encrypter.encrypt(new Uint8Array())
  if (seen.fileKey === null) throw new AppError('INTERNAL', 'age gave no key')
  const nonce = randomBytes(payloadNonceBytes)
  const stream = sealing(payloadKey(seen.fileKey, nonce))
  stream.push(Buffer.concat([whole.subarray(0, whole.length - emptyPayload), nonce]))
  return stream
}

class PassphraseRecipient implements Recipient {
  readonly #passphrase: string

  constructor(passphrase: string) {
    this.#passphrase = passphrase
  }

  async wrapFileKey(fileKey: Uint8Array): Promise<Stanza[]> {
    const salt = randomBytes(16)
    const key = await derive(this.#passphrase, salt, logWork)
    return [new Stanza(['scrypt', unpadded(salt), String(logWork)], seal(key, new Uint8Array(12), fileKey))]
  }
}

class PassphraseIdentity implements Identity {
  readonly #passphrase: string

  constructor(passphrase: string) {
    this.#passphrase = passphrase
  }

  async unwrapFileKey(stanzas: Stanza[]): Promise<Uint8Array | null> {
    const [stanza] = stanzas
    const [kind, salt = '', work = ''] = stanza?.args ?? []
    // age allows no other stanza beside it
    if (stanza === undefined || stanzas.length !== 1 || kind !== 'scrypt' || !/^[1-9]\d?$/.test(work)) return null
    if (Number(work) > mostLogWork || stanza.body.length !== 32) return null
    const key = await derive(this.#passphrase, Buffer.from(salt, 'base64'), Number(work))
    try {
      return unseal(key, new Uint8Array(12), stanza.body)
    } catch {
      return null
    }
  }
}

/** Reads the header, finds the key, then opens the body as it comes. */
class Opening extends Transform {
  readonly #identity: string | Identity
  readonly #kind: string
  #head: Buffer = Buffer.alloc(0)
  #body: Transform | null = null

  constructor(identity: string | Identity, kind: string) {
    super({ highWaterMark: 1024 * 1024 })
    this.#identity = identity
    this.#kind = kind
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#body !== null) {
      this.#feed(this.#body, chunk, done)
      return
    }
    this.#head = Buffer.concat([this.#head, chunk])
    const start = this.#head.indexOf('\n--- ')
    const end = start < 0 ? -1 : this.#head.indexOf('\n', start + 1)
    if (end < 0 || this.#head.length < end + 1 + payloadNonceBytes) {
      done(this.#head.length > mostHeader ? damaged('it has no header') : null)
      return
    }
    const header = this.#head.subarray(0, end + 1)
    const nonce = this.#head.subarray(end + 1, end + 1 + payloadNonceBytes)
    const rest = this.#head.subarray(end + 1 + payloadNonceBytes)
    this.#head = Buffer.alloc(0)
    void this.#fileKey(header).then(fileKey => {
      const body = unsealing(payloadKey(fileKey, nonce))
      body.on('data', (piece: Buffer) => this.push(piece))
      body.on('error', () => {})
      this.#body = body
      this.#feed(body, rest, done)
    }, done)
  }

  override _flush(done: TransformCallback): void {
    const body = this.#body
    if (body === null) {
      done(damaged('it ends in its header'))
      return
    }
    body.once('error', () => done(damaged('it was cut off or changed')))
    body.once('end', () => done())
    body.end()
  }

  /** Bounded by what is written: each chunk is opened before the next is taken. */
  #feed(body: Transform, chunk: Buffer, done: TransformCallback): void {
    body.write(chunk, error => done(error ? damaged('it was changed') : null))
  }

  async #fileKey(header: Buffer): Promise<Uint8Array> {
    const decrypter = new Decrypter()
    try {
      decrypter.addIdentity(this.#identity)
    } catch {
      throw new AppError('INVALID_INPUT', 'This is no age identity: it begins with AGE-SECRET-KEY-1')
    }
    try {
      return await decrypter.decryptHeader(header)
    } catch (caught) {
      const said = AppError.from(caught).message
      if (/no identity matched/i.test(said))
        throw new AppError('BACKUP_BAD', `This ${this.#kind} does not open the snapshot`, {
          hint: `Give the ${this.#kind} that it was made with.`,
          detail: { wrongKey: true },
        })
      throw damaged(said)
    }
  }
}

const damaged = (how: string): AppError =>
  new AppError('BACKUP_BAD', `The encrypted file is damaged: ${how.slice(0, 200)}`)

const unpadded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '')

function derive(passphrase: string, salt: Uint8Array, work: number): Promise<Buffer> {
  const N = 2 ** work
  return new Promise((resolve, reject) => {
    // The same passphrase typed on another keyboard gives the same bytes.
    scrypt(
      passphrase.normalize('NFC'),
      Buffer.concat([Buffer.from(label), salt]),
      32,
      { N, r: 8, p: 1, maxmem: 256 * N * 8 },
      (error, key) => (error ? reject(error) : resolve(key)),
    )
  })
}
