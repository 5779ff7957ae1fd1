// Secrets come back to whoever may read them, and to nobody else; what was altered is an error, never garbage.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLogger, Redactor } from '../../../../src/engine/lib/log.ts'
import { createVault, hostSecretId, type Vault, type VaultOptions } from '../../../../src/engine/runtime/vault.ts'
import type { Store } from '../../../../src/engine/store/store.ts'
import { createKeptKey } from '../../../../src/main/kept-key.ts'
import type { VaultStatus } from '../../../../src/shared/model/settings.ts'
import { createWorkplace, draft, type Workplace } from '../store/lib.ts'

type Keyring = VaultOptions['native']

/** A keyring that encrypts with a key of its own, as a desktop's does. */
function realKeyring(): Keyring & { wrapped: number } {
  const key = randomBytes(32)
  const kept = createKeptKey()
  const keyring = {
    wrapped: 0,
    keepKey: async (given: Uint8Array | null) => kept.keep(given),
    keptKey: async () => kept.kept(),
    keyringStatus: async () => ({ available: true, reason: null }),
    keyringWrap: async (plain: Uint8Array) => {
      keyring.wrapped++
      const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
      return Buffer.concat([cipher.update(plain), cipher.final()])
    },
    keyringUnwrap: async (wrapped: Uint8Array) => {
      const decipher = createDecipheriv('aes-256-ctr', key, Buffer.alloc(16))
      return Buffer.concat([decipher.update(wrapped), decipher.final()])
    },
  }
  return keyring
}

/** What the shell says of a desktop whose secrets would lie in plain text. */
const basicText: Keyring = {
  keepKey: async () => {},
  keptKey: async () => null,
  keyringStatus: async () => ({ available: false, reason: 'The desktop keeps secrets in plain text (basic_text)' }),
  keyringWrap: async () => {
    throw new Error('must not be called')
  },
  keyringUnwrap: async () => {
    throw new Error('must not be called')
  },
}

let place: Workplace
let store: Store
let redactor: Redactor
beforeEach(() => {
  place = createWorkplace()
  store = place.open()
  redactor = new Redactor()
})
afterEach(() => place.dispose())

function vaultWith(native: Keyring): Vault {
  const log = createLogger({ sink: line => place.lines.push(line), now: () => 0, level: 'debug', redactor })
  return createVault({ secrets: store.secrets, meta: store.vaultMeta, native, log, redactor })
}
const code = (expected: string) => expect.objectContaining({ name: 'AppError', code: expected })

test('without a vault nothing is stored, and asking for what is not there is no error', async () => {
  const vault = vaultWith(basicText)
  expect(await vault.start()).toEqual({
    state: 'uninitialised',
    protection: 'none',
    keyringAvailable: false,
    reason: 'The desktop keeps secrets in plain text (basic_text)',
  })
  expect(() => vault.put('host/a/password', 'hunter22')).toThrow(code('VAULT_LOCKED'))
  expect(store.secrets.count()).toBe(0)
  expect(vault.get('host/a/password')).toBeNull()
  await expect(vault.hostSecret('a', 'password')).resolves.toBeNull()
})

test('plain-text keyrings are refused, a passphrase takes their place', async () => {
  const vault = vaultWith(basicText)
  await vault.start()
  await expect(vault.create(null)).rejects.toThrow(code('VAULT_UNAVAILABLE'))
  expect(store.vaultMeta.get()).toBeNull()
  const seen: VaultStatus[] = []
  vault.onChange(status => seen.push(status))
  expect(await vault.create('correct horse battery')).toMatchObject({ state: 'unlocked', protection: 'passphrase' })
  expect(seen.map(status => status.state)).toEqual(['unlocked'])
  vault.put('host/a/password', 'hunter22')

  // The next start: locked until the right passphrase is given.
  const next = vaultWith(basicText)
  expect(await next.start()).toMatchObject({ state: 'locked', protection: 'passphrase' })
  expect(next.has('host/a/password')).toBe(true)
  expect(() => next.get('host/a/password')).toThrow(code('VAULT_LOCKED'))
  await expect(next.hostSecret('a', 'password')).rejects.toThrow(code('VAULT_LOCKED'))
  expect(() => next.put('host/a/password', 'other')).toThrow(code('VAULT_LOCKED'))
  await expect(next.unlock('correct horse batterz')).rejects.toThrow(code('VAULT_PASSPHRASE_WRONG'))
  expect(next.status().state).toBe('locked')
  expect(await next.unlock('correct horse battery')).toMatchObject({ state: 'unlocked' })
  await expect(next.hostSecret('a', 'password')).resolves.toBe('hunter22')
  next.lock()
  expect(() => next.get('host/a/password')).toThrow(code('VAULT_LOCKED'))
})

test('the same passphrase typed in another Unicode form opens the vault', async () => {
  const vault = vaultWith(basicText)
  await vault.create('Schl\u00fcssel-\u212b')
  vault.lock()
  expect(await vault.unlock('Schlu\u0308ssel-A\u030a')).toMatchObject({ state: 'unlocked' })
})

test('a real keyring opens the vault by itself at the next start', async () => {
  const keyring = realKeyring()
  const vault = vaultWith(keyring)
  await vault.start()
  expect(await vault.create(null)).toMatchObject({ state: 'unlocked', protection: 'keyring', keyringAvailable: true })
  vault.put('host/a/sudoPassword', 's3cret-sudo')
  const next = vaultWith(keyring)
  expect(await next.start()).toMatchObject({ state: 'unlocked', protection: 'keyring', reason: null })
  expect(await next.hostSecret('a', 'sudoPassword')).toBe('s3cret-sudo')
  await expect(next.create('another passphrase')).rejects.toThrow(code('CONFLICT'))
  await expect(vaultWith(keyring).unlock('whatever')).rejects.toThrow(code('VAULT_UNAVAILABLE'))
})

test('a keyring that is gone, broken or another one leaves the vault locked and says why', async () => {
  await vaultWith(realKeyring()).create(null)
  const gone = vaultWith(basicText)
  expect(await gone.start()).toMatchObject({ state: 'locked', protection: 'keyring' })
  expect(gone.status().reason).toContain('basic_text')
  const other = vaultWith(realKeyring())
  expect(await other.start()).toMatchObject({ state: 'locked', reason: expect.stringContaining('another key') })
  const throws = vaultWith({
    ...realKeyring(),
    keyringUnwrap: async () => {
      throw new Error('the keyring is locked')
    },
  })
  expect(await throws.start()).toMatchObject({
    state: 'locked',
    reason: expect.stringContaining('the keyring is locked'),
  })
  const unreachable = vaultWith({
    ...realKeyring(),
    keyringStatus: async () => {
      throw new Error('the shell is gone')
    },
  })
  expect(await unreachable.start()).toMatchObject({ state: 'locked', keyringAvailable: false })
})

test('of two creations at the same time one wins and its key is the one that is kept', async () => {
  const vault = vaultWith(basicText)
  const outcomes = await Promise.allSettled([vault.create('first passphrase'), vault.create('second passphrase')])
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  vault.put('r', 'kept')
  const winner = outcomes[0]?.status === 'fulfilled' ? 'first passphrase' : 'second passphrase'
  vault.lock()
  await vault.unlock(winner)
  expect(vault.get('r')).toBe('kept')
})

test('records cannot be swapped: the id is part of what is authenticated', async () => {
  const vault = vaultWith(realKeyring())
  await vault.create(null)
  vault.put('host/a/password', 'password of a')
  vault.put('host/b/password', 'password of b')
  const ofA = store.secrets.get('host/a/password')
  if (!ofA) throw new Error('nothing stored')
  store.secrets.put('host/b/password', ofA)
  expect(() => vault.get('host/b/password')).toThrow(code('INTERNAL'))
  await expect(vault.hostSecret('b', 'password')).rejects.toThrow(/damaged/)
  expect(vault.get('host/a/password')).toBe('password of a')
})

test('any other bytes than those that were sealed are an error, never garbage', async () => {
  const vault = vaultWith(realKeyring())
  await vault.create(null)
  vault.put('r', 'the secret itself')
  const sealed = store.secrets.get('r')
  if (!sealed) throw new Error('nothing stored')
  const altered = fc.oneof(
    fc.nat(sealed.length - 1).map(length => sealed.subarray(0, length)),
    fc
      .tuple(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }))
      .map(([place, mask]) => sealed.map((byte, index) => (index === place ? byte ^ mask : byte))),
    fc.uint8Array({ minLength: 1, maxLength: 16 }).map(tail => Buffer.concat([sealed, tail])),
    fc.uint8Array({ maxLength: 100 }),
  )
  fc.assert(
    fc.property(altered, bytes => {
      store.secrets.put('r', bytes)
      expect(() => vault.get('r')).toThrow(code('INTERNAL'))
    }),
    { numRuns: 300 },
  )
  store.secrets.put('r', sealed)
  expect(vault.get('r')).toBe('the secret itself')
})

test('any text comes back as it was, and no two ciphertexts are alike', async () => {
  const vault = vaultWith(realKeyring())
  await vault.create(null)
  const seen = new Set<string>()
  let runs = 0
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.constantFrom('a', 'b'), (secret, id) => {
      runs++
      vault.put(id, secret)
      expect(vault.get(id)).toBe(secret)
      seen.add(Buffer.from(store.secrets.get(id) ?? []).toString('hex'))
    }),
  )
  expect(seen.size).toBe(runs)
  vault.forget('a')
  expect(vault.has('a')).toBe(false)
  expect(vault.get('a')).toBeNull()
})

test('a data key or check value that was altered does not open the vault', async () => {
  const vault = vaultWith(basicText)
  await vault.create('correct horse battery')
  const meta = store.vaultMeta.get()
  if (!meta) throw new Error('no vault')
  for (const change of ['wrappedKey', 'checkValue'] as const) {
    const bytes = Uint8Array.from(meta[change])
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    store.vaultMeta.put({ ...meta, [change]: bytes })
    const next = vaultWith(basicText)
    await expect(next.unlock('correct horse battery')).rejects.toThrow(code('VAULT_PASSPHRASE_WRONG'))
    expect(next.status().state).toBe('locked')
  }
})

test('secrets are known to the redactor, and in no file and no line of the log', async () => {
  const vault = vaultWith(basicText)
  await vault.create('passphrase-CANARY-1')
  store.hosts.insert({ ...draft(), id: 'a', kind: 'ssh', createdAt: 1 })
  vault.put(hostSecretId('a', 'password'), 'CANARY-2-written')
  expect(store.hosts.get('a')?.stored).toEqual({ password: true, passphrase: false, sudoPassword: false })
  expect(redactor.redact('x CANARY-2-written y')).toBe('x [redacted] y')
  redactor = new Redactor()
  const next = vaultWith(basicText)
  await next.unlock('passphrase-CANARY-1')
  next.get(hostSecretId('a', 'password'))
  expect(redactor.redact('x CANARY-2-written y')).toBe('x [redacted] y')
  for (const name of ['quarterdeck.db', 'quarterdeck.db-wal', 'history.db', 'history.db-wal'])
    expect(readFileSync(join(place.directory, name)).includes('CANARY')).toBe(false)
  expect(place.lines.join('\n')).not.toContain('CANARY')
  store.hosts.remove('a')
  expect(store.secrets.count()).toBe(0)
})

test('a vault under a passphrase is open again after the engine died, as long as the app runs, and not once it was locked', async () => {
  const app = realKeyring()
  const first = vaultWith(app)
  await first.start()
  await first.create('correct horse battery')
  first.put('host/a/password', 'hunter22')
  // what the shell holds is a copy of its own
  const second = vaultWith(app)
  expect(await second.start()).toMatchObject({ state: 'unlocked', protection: 'passphrase' })
  expect(second.get('host/a/password')).toBe('hunter22')
  expect(place.lines.join('\n')).not.toContain(Buffer.from((await app.keptKey()) ?? []).toString('base64'))
  second.lock()
  const third = vaultWith(app)
  expect(await third.start()).toMatchObject({ state: 'locked' })
  await third.unlock('correct horse battery')
  expect(await vaultWith(app).start()).toMatchObject({ state: 'unlocked' })
  // another app knows nothing of it
  expect(await vaultWith(realKeyring()).start()).toMatchObject({ state: 'locked' })
})

test('a key that was kept of another vault opens nothing, and one that the keyring protects is not kept', async () => {
  const app = realKeyring()
  const vault = vaultWith(app)
  await vault.start()
  await vault.create('correct horse battery')
  await app.keepKey(randomBytes(32))
  expect(await vaultWith(app).start()).toMatchObject({ state: 'locked' })
  // and is kept no longer
  expect(await app.keptKey()).toBeNull()
  store.close()
  place.dispose()
  place = createWorkplace()
  store = place.open()
  const wrapped = vaultWith(app)
  await wrapped.start()
  await wrapped.create(null)
  expect(await app.keptKey()).toBeNull()
})

test('a vault whose key is gone is set aside with all that it holds, and another takes its place', async () => {
  const desktop = realKeyring()
  const before = vaultWith(desktop)
  await before.start()
  expect(() => before.reset(5)).toThrow(code('NOT_FOUND'))
  await before.create(null)
  before.put('host/a/password', 'hunter22')
  expect(() => before.reset(5)).toThrow(code('CONFLICT'))
  const meta = store.vaultMeta.get()
  const sealed = store.secrets.get('host/a/password')

  // another desktop, or the same one anew: its keyring has no such key
  const other = vaultWith(realKeyring())
  const { state, reason } = await other.start()
  expect({ state, reason }).toEqual({ state: 'locked', reason: expect.stringContaining('keyring') })
  expect(other.reset(1_700_000_000_000)).toMatchObject({ state: 'uninitialised', protection: 'none' })
  expect([store.secrets.count(), other.get('host/a/password')]).toEqual([0, null])
  expect(await other.create('correct horse battery')).toMatchObject({ state: 'unlocked' })
  other.put('host/a/password', 'swordfish')
  expect(other.get('host/a/password')).toBe('swordfish')

  // nothing of the old one is lost: who finds its key can still open it
  store.close()
  const db = new SQLite(join(store.directory, 'quarterdeck.db'), { readonly: true })
  const aside = db.prepare('SELECT * FROM vault_aside').all() as { id: number; at: number; wrapped_key: Buffer }[]
  expect(aside).toMatchObject([{ at: 1_700_000_000_000, protection: 'keyring' }])
  expect(aside[0]?.wrapped_key.equals(meta?.wrappedKey as Buffer)).toBe(true)
  const secrets = db.prepare('SELECT * FROM secret_aside').all() as { ciphertext: Buffer }[]
  expect(secrets).toMatchObject([{ vault: aside[0]?.id, record_id: 'host/a/password' }])
  expect(secrets[0]?.ciphertext.equals(sealed as Buffer)).toBe(true)
  db.close()
})

test('a vault that is set aside while its passphrase is tried is not opened, nor is its key taken for that of the next', async () => {
  const vault = vaultWith(basicText)
  await vault.start()
  await vault.create('correct horse battery')
  vault.lock()
  const unlocking = vault.unlock('correct horse battery')
  vault.reset(5)
  await expect(unlocking).rejects.toThrow(code('CONFLICT'))
  expect(vault.status().state).toBe('uninitialised')
  expect(() => vault.put('host/a/password', 'hunter22')).toThrow(code('VAULT_LOCKED'))
})

test('no copy of the key stays behind where it was handed on or taken over', async () => {
  const app = realKeyring()
  const copies: Uint8Array[] = []
  const watched: Keyring = {
    ...app,
    keepKey: async given => {
      if (given) copies.push(given)
      await app.keepKey(given)
    },
    keptKey: async () => {
      const kept = await app.keptKey()
      if (kept) copies.push(kept)
      return kept
    },
  }
  await vaultWith(watched).create('correct horse battery')
  expect(await vaultWith(watched).start()).toMatchObject({ state: 'unlocked' })
  await expect.poll(() => copies.map(copy => copy.every(byte => byte === 0))).toEqual([true, true])
})
