// Opens OpenSSH private keys that are locked with a passphrase without holding up everything else meanwhile; knows nothing of files or hosts.
import { createDecipheriv, createHash } from 'node:crypto'
import bcrypt from 'bcrypt-pbkdf'

/** cipher → [name in OpenSSL, key bytes, IV bytes] */
const ciphers: Record<string, readonly [string, number, number]> = {
  'aes128-ctr': ['aes-128-ctr', 16, 16],
  'aes192-ctr': ['aes-192-ctr', 24, 16],
  'aes256-ctr': ['aes-256-ctr', 32, 16],
  'aes128-cbc': ['aes-128-cbc', 16, 16],
  'aes256-cbc': ['aes-256-cbc', 32, 16],
}
const magic = Buffer.from('openssh-key-v1\0')
const hashSize = 32
const mostRounds = 1024

/**
 * The same key, in plain OpenSSH form; `null` where this form or cipher is not known here, 'wrong' where the passphrase does not open it. What
 * makes a passphrase slow to guess takes this process a quarter of a second and more; it is done in slices.
 */
export async function unlockKey(text: string, passphrase: string): Promise<string | 'wrong' | null> {
  const armour = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END OPENSSH PRIVATE KEY-----/.exec(text)?.[1]
  if (armour === undefined) return null
  const raw = Buffer.from(armour, 'base64')
  if (!raw.subarray(0, magic.length).equals(magic)) return null
  try {
    const reader = new Reader(raw, magic.length)
    const cipher = ciphers[reader.string().toString('latin1')]
    const kdf = reader.string().toString('latin1')
    const options = new Reader(reader.string(), 0)
    const count = reader.number()
    const publicKey = reader.string()
    const locked = reader.string()
    if (cipher === undefined || kdf !== 'bcrypt' || count !== 1) return null
    const [name, keySize, ivSize] = cipher
    const salt = options.string()
    const rounds = options.number()
    if (rounds < 1 || rounds > mostRounds || locked.length % 16 !== 0) return null
    const derived = await derive(Buffer.from(passphrase), salt, keySize + ivSize, rounds)
    const decipher = createDecipheriv(name, derived.subarray(0, keySize), derived.subarray(keySize))
    decipher.setAutoPadding(false)
    const plain = Buffer.concat([decipher.update(locked), decipher.final()])
    derived.fill(0)
    if (plain.length < 8 || !plain.subarray(0, 4).equals(plain.subarray(4, 8))) return 'wrong'
    const none = string(Buffer.from('none'))
    const open = Buffer.concat([
      magic,
      none,
      none,
      string(Buffer.alloc(0)),
      uint32(1),
      string(publicKey),
      string(plain),
    ])
    return `-----BEGIN OPENSSH PRIVATE KEY-----\n${open.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** bcrypt_pbkdf, giving way to other work after each hash. */
async function derive(passphrase: Buffer, salt: Buffer, length: number, rounds: number): Promise<Buffer> {
  const sha512 = (...parts: Buffer[]): Buffer => {
    const hash = createHash('sha512')
    for (const part of parts) hash.update(part)
    return hash.digest()
  }
  const password = sha512(passphrase)
  const blocks = Math.ceil(length / hashSize)
  const derived = Buffer.alloc(length)
  for (let block = 1; block <= blocks; block++) {
    const round = Buffer.alloc(hashSize)
    const sum = Buffer.alloc(hashSize)
    let roundSalt = sha512(salt, uint32(block))
    for (let n = 0; n < rounds; n++) {
      bcrypt.hash(password, roundSalt, round)
      for (let at = 0; at < hashSize; at++) sum[at] = (sum[at] ?? 0) ^ (round[at] ?? 0)
      roundSalt = sha512(round)
      await new Promise<void>(resolve => setImmediate(resolve))
    }
    // The blocks are interleaved, so that no part of the key comes from one block alone.
    for (let at = 0; at * blocks + block - 1 < length && at < hashSize; at++) {
      derived[at * blocks + block - 1] = sum[at] ?? 0
    }
  }
  return derived
}

class Reader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  number(): number {
    const value = this.#bytes.readUInt32BE(this.#at)
    this.#at += 4
    return value
  }

  string(): Buffer {
    const length = this.number()
    if (this.#at + length > this.#bytes.length) throw new RangeError('cut short')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function string(bytes: Buffer): Buffer {
  return Buffer.concat([uint32(bytes.length), bytes])
}
