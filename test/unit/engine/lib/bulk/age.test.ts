// Proves that what is encrypted opens with the right key alone, whichever of age's own code and ours did which half; needs no host.
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { describe, expect, it } from 'vitest'
import {
  ageDecryptor,
  ageEncryptor,
  passphraseDecryptor,
  passphraseEncryptor,
} from '../../../../../src/engine/lib/bulk/age.ts'
import {
  sealInScript,
  sealNatively,
  unsealInScript,
  unsealNatively,
} from '../../../../../src/engine/lib/bulk/age-payload.ts'
import type { Decryptor, Encryptor } from '../../../../../src/engine/lib/bulk/encryption.ts'

const piece = 64 * 1024
const sizes = [0, 1, 1000, piece - 1, piece, piece + 1, 2 * piece, 3 * piece + 17, 1_000_000]

async function through(bytes: Uint8Array, by: Encryptor | Decryptor, chunk = 40_000): Promise<Buffer> {
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length; at += chunk) chunks.push(Buffer.from(bytes.subarray(at, at + chunk)))
  const out: Buffer[] = []
  await pipeline(Readable.from(chunks, { objectMode: false }), await by.stream(), async source => {
    for await (const part of source) out.push(part as Buffer)
  })
  return Buffer.concat(out)
}

describe('encryption', () => {
  it('opens what it sealed, at every odd size and in every odd chunk, for a recipient', async () => {
    const identity = await generateX25519Identity()
    const encryptor = ageEncryptor(await identityToRecipient(identity))
    for (const size of sizes) {
      const content = randomBytes(size)
      const sealed = await through(content, encryptor, 7_777)
      for (const chunk of [1 + (size % 97), piece + 16, 5_000_000])
        expect((await through(sealed, ageDecryptor(identity), chunk)).equals(content), `${size} by ${chunk}`).toBe(true)
    }
  })

  it('opens what it sealed with a passphrase, also where its letters are written in two ways', async () => {
    const content = randomBytes(100_000)
    const sealed = await through(content, passphraseEncryptor('caf\u00e9 au lait'))
    expect((await through(sealed, passphraseDecryptor('cafe\u0301 au lait'))).equals(content)).toBe(true)
  })

  it("is age's own format both ways", async () => {
    const identity = await generateX25519Identity()
    const recipient = await identityToRecipient(identity)
    for (const size of sizes) {
      const content = randomBytes(size)
      const theirs = new Decrypter()
      theirs.addIdentity(identity)
      const ours = await through(content, ageEncryptor(recipient))
      expect(Buffer.from(await theirs.decrypt(ours)).equals(content), `ours, ${size}`).toBe(true)
      const encrypter = new Encrypter()
      encrypter.addRecipient(recipient)
      const made = await encrypter.encrypt(content)
      expect((await through(made, ageDecryptor(identity))).equals(content), `theirs, ${size}`).toBe(true)
    }
    const theirs = new Decrypter()
    theirs.addPassphrase('swordfish')
    const ours = await through(Buffer.from('with a passphrase'), passphraseEncryptor('swordfish'))
    expect(await theirs.decrypt(ours, 'text')).toBe('with a passphrase')
    const encrypter = new Encrypter()
    encrypter.setPassphrase('swordfish')
    encrypter.setScryptWorkFactor(10)
    const made = await encrypter.encrypt('made elsewhere')
    expect((await through(made, passphraseDecryptor('swordfish'))).toString()).toBe('made elsewhere')
  })

  it('says that it is another passphrase or identity', async () => {
    const sealed = await through(Buffer.from('secret'), passphraseEncryptor('right'))
    await expect(through(sealed, passphraseDecryptor('wrong'))).rejects.toMatchObject({
      code: 'BACKUP_BAD',
      detail: { wrongKey: true },
    })
    const identity = await generateX25519Identity()
    const other = await through(Buffer.from('secret'), ageEncryptor(await identityToRecipient(identity)))
    await expect(through(other, ageDecryptor(await generateX25519Identity()))).rejects.toMatchObject({
      detail: { wrongKey: true },
    })
    await expect(through(other, ageDecryptor('AGE-SECRET-KEY-1NONSENSE'))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
    await expect(ageEncryptor('age1nonsense').stream()).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  it('S29 finds every cut and every changed bit', async () => {
    const identity = await generateX25519Identity()
    const sealed = await through(randomBytes(150_000), ageEncryptor(await identityToRecipient(identity)))
    for (let n = 0; n < 60; n++) {
      const at = Math.floor((sealed.length * n) / 60)
      await expect(through(sealed.subarray(0, at), ageDecryptor(identity)), `cut at ${at}`).rejects.toMatchObject({
        code: 'BACKUP_BAD',
      })
      const changed = Buffer.from(sealed)
      changed[at] = (changed[at] ?? 0) ^ (1 << (n % 8))
      await expect(through(changed, ageDecryptor(identity)), `bit at ${at}`).rejects.toMatchObject({
        code: 'BACKUP_BAD',
      })
    }
  })

  it('seals the same where the runtime has no such cipher', () => {
    const [key, nonce, content] = [randomBytes(32), randomBytes(12), randomBytes(5_000)]
    const sealed = Buffer.from(sealInScript(key, nonce, content))
    expect(sealed.equals(sealNatively(key, nonce, content))).toBe(true)
    expect(Buffer.from(unsealNatively(key, nonce, sealed)).equals(content)).toBe(true)
    expect(Buffer.from(unsealInScript(key, nonce, sealed)).equals(content)).toBe(true)
  })

  it('holds no trace of the content', async () => {
    const content = Buffer.alloc(200_000, 'plain words')
    expect((await through(content, passphraseEncryptor('x'))).includes('plain words')).toBe(false)
  })
})
