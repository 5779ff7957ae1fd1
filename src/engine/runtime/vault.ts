// Encrypts secrets with a key that the desktop's keyring or a passphrase protects; knows neither hosts nor where rows lie.
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { VaultStatus } from '../../shared/model/settings.ts'
import { type Disposable, Emitter } from '../lib/disposable.ts'
import type { Logger, Redactor } from '../lib/log.ts'
import type { HostSecretKind, Native, SecretSource } from '../ports.ts'
import type { ScryptParameters, SecretStore, VaultMeta, VaultMetaStore } from '../store/secrets.ts'

export interface Vault extends SecretSource {
  status(): VaultStatus
  onChange(listener: (status: VaultStatus) => void): Disposable
  /** Asks the keyring, and unlocks by itself where it protects the key. Never rejects. */
  start(): Promise<VaultStatus>
  /** Makes the data key, protected by the passphrase or, with null, by the keyring. Throws CONFLICT, VAULT_UNAVAILABLE. */
  create(passphrase: string | null): Promise<VaultStatus>
  /** Throws VAULT_PASSPHRASE_WRONG; NOT_FOUND where there is no vault yet. */
  unlock(passphrase: string): Promise<VaultStatus>
  /**
   * For a vault whose key is gone for good: sets it aside with all that it holds, unused and not removed, so that another can be made. Throws
   * CONFLICT while it is unlocked, NOT_FOUND where there is none.
   */
  reset(now: number): VaultStatus
  /** The vault's key wrapped under a passphrase, to go with an export; null where there is no vault. Throws VAULT_LOCKED. */
  wrapUnder(passphrase: string): Promise<VaultMeta | null>
  /** Forgets the key in memory. */
  lock(): void
  /** Throws VAULT_LOCKED. */
  put(recordId: string, secret: string): void
  /** Null where there is none. Throws VAULT_LOCKED, and INTERNAL where the record was altered. */
  get(recordId: string): string | null
  has(recordId: string): boolean
  forget(recordId: string): void
}

export interface VaultOptions {
  secrets: SecretStore
  meta: VaultMetaStore
  native: Pick<Native, 'keyringStatus' | 'keyringWrap' | 'keyringUnwrap' | 'keepKey' | 'keptKey'>
  log: Logger
  redactor: Redactor
}

/** Where the vault keeps a host's secret. */
export const hostSecretId = (hostId: string, kind: HostSecretKind): string => `host/${hostId}/${kind}`

const formatVersion = 1
const nonceBytes = 12
const tagBytes = 16
const keyBytes = 32
const checkText = 'quarterdeck vault'
// 128 MiB and some tenths of a second per guess.
const cost = { N: 2 ** 17, r: 8, p: 1 }

/** Makes a vault over the store's rows; call `start` before use. */
export function createVault({ secrets, meta, native, log: parentLog, redactor }: VaultOptions): Vault {
  const log = parentLog.child('vault')
  const changed = new Emitter<VaultStatus>()
  let key: Buffer | null = null
  let keyring: { available: boolean; reason: string | null } = { available: false, reason: 'not asked yet' }
  /** Why the keyring did not open a vault that it protects. */
  let trouble: string | null = null

  function status(): VaultStatus {
    const stored = meta.get()
    return {
      state: key !== null ? 'unlocked' : stored === null ? 'uninitialised' : 'locked',
      protection: stored?.protection ?? 'none',
      keyringAvailable: keyring.available,
      reason: trouble ?? keyring.reason,
    }
  }
  function announce(): VaultStatus {
    const now = status()
    changed.emit(now)
    return now
  }
  async function askKeyring(): Promise<void> {
    try {
      keyring = await native.keyringStatus()
    } catch (error) {
      keyring = { available: false, reason: error instanceof Error ? error.message : String(error) }
    }
  }
  function opened(): Buffer {
    if (key !== null) return key
    const exists = meta.get() !== null
    throw new AppError('VAULT_LOCKED', exists ? 'The vault is locked' : 'There is no vault for secrets yet', {
      hint: exists ? 'Unlock it with its passphrase.' : 'Create it under the desktop keyring or with a passphrase.',
    })
  }
  /** It may have been set aside, and another made, while somebody waited for the key of this one. */
  function isStill(stored: VaultMeta): boolean {
    const now = meta.get()
    return now !== null && Buffer.compare(now.wrappedKey, stored.wrappedKey) === 0
  }
  /** Takes a key only after it has proven itself on the check value, as a copy of its own. */
  function adopt(candidate: Uint8Array, stored: VaultMeta): boolean {
    const fresh = Buffer.from(candidate)
    const fits = fresh.length === keyBytes && unsealText(fresh, 'vault/check', stored.checkValue) === checkText
    if (!fits || !isStill(stored)) {
      fresh.fill(0)
      return false
    }
    key = fresh
    trouble = null
    return true
  }
  /** What opens by a passphrase is not to wait for a person because an engine died: whoever outlives it has the key. */
  function handOn(): void {
    const given = key !== null && meta.get()?.protection === 'passphrase' ? new Uint8Array(key) : null
    native
      .keepKey(given)
      .catch((error: unknown) => log.warn('the key is not kept over a restart', { code: AppError.from(error).code }))
      .finally(() => given?.fill(0))
  }
  async function takeOver(stored: VaultMeta): Promise<void> {
    try {
      const kept = await native.keptKey()
      if (kept === null) return
      const fits = adopt(kept, stored)
      kept.fill(0)
      if (fits) log.info('vault unlocked by the key that was kept')
      // one of another vault, which was put back or taken over meanwhile, opens nothing, and is not to lie about
      else handOn()
    } catch (error) {
      log.warn('the key that was kept could not be had', { code: AppError.from(error).code })
    }
  }
  async function unlockByKeyring(stored: VaultMeta): Promise<void> {
    if (!keyring.available) {
      trouble = `The key is in the desktop keyring, which cannot be used: ${keyring.reason ?? 'no reason given'}`
      return
    }
    try {
      const plain = await native.keyringUnwrap(stored.wrappedKey)
      if (!adopt(plain, stored))
        trouble = 'The desktop keyring gave another key than the one that encrypted these secrets'
    } catch (error) {
      trouble = `The desktop keyring did not give the key: ${error instanceof Error ? error.message : String(error)}`
    }
  }

  return {
    status,
    onChange: listener => changed.on(listener),
    async start() {
      await askKeyring()
      const stored = meta.get()
      if (key === null && stored?.protection === 'keyring') {
        await unlockByKeyring(stored)
        if (trouble !== null) log.warn('vault stays locked', { reason: trouble })
      }
      if (key === null && stored?.protection === 'passphrase') await takeOver(stored)
      return announce()
    },
    async create(passphrase) {
      const refuse = (): void => {
        if (meta.get() !== null) throw new AppError('CONFLICT', 'There is already a vault')
      }
      refuse()
      const fresh = randomBytes(keyBytes)
      let stored: VaultMeta
      if (passphrase === null) {
        await askKeyring()
        if (!keyring.available)
          throw new AppError('VAULT_UNAVAILABLE', keyring.reason ?? 'The desktop keyring cannot be used here', {
            hint: 'Protect the vault with a passphrase instead.',
          })
        const checkValue = seal(fresh, 'vault/check', Buffer.from(checkText))
        stored = { protection: 'keyring', wrappedKey: await native.keyringWrap(fresh), scrypt: null, checkValue }
      } else stored = await wrapped(fresh, passphrase)
      // Asked again: another call may have come first while this one waited.
      refuse()
      meta.put(stored)
      key = fresh
      trouble = null
      handOn()
      log.info('vault created', { protection: stored.protection })
      return announce()
    },
    async unlock(passphrase) {
      const stored = meta.get()
      if (stored === null) throw new AppError('NOT_FOUND', 'There is no vault for secrets yet')
      if (key !== null) return status()
      if (stored.protection === 'keyring' || stored.scrypt === null)
        throw new AppError('VAULT_UNAVAILABLE', 'This vault is opened by the desktop keyring, not by a passphrase', {
          hint: 'Unlock the keyring of your desktop and start Quarterdeck again. If its key is gone for good, set this vault aside and make another.',
        })
      const plain = unseal(await deriveKey(passphrase, stored.scrypt), 'vault/key', stored.wrappedKey)
      const fits = plain !== null && adopt(plain, stored)
      plain?.fill(0)
      if (!isStill(stored)) throw new AppError('CONFLICT', 'This vault was set aside meanwhile')
      if (!fits) throw new AppError('VAULT_PASSPHRASE_WRONG', 'This passphrase does not open the vault')
      handOn()
      log.info('vault unlocked')
      return announce()
    },
    reset(now) {
      if (meta.get() === null) throw new AppError('NOT_FOUND', 'There is no vault for secrets yet')
      if (key !== null)
        throw new AppError('CONFLICT', 'The vault is unlocked, so there is nothing that is lost', {
          hint: 'Only a vault that cannot be unlocked any more is set aside.',
        })
      meta.setAside(now)
      trouble = null
      handOn()
      log.warn('a vault that could not be unlocked was set aside')
      return announce()
    },
    wrapUnder: async passphrase => (meta.get() === null ? null : wrapped(opened(), passphrase)),
    lock() {
      key?.fill(0)
      key = null
      handOn()
      announce()
    },
    put(recordId, secret) {
      redactor.add(secret)
      secrets.put(recordId, seal(opened(), recordId, Buffer.from(secret)))
    },
    get,
    has: recordId => secrets.has(recordId),
    forget: recordId => secrets.remove(recordId),
    hostSecret: async (hostId, kind) => get(hostSecretId(hostId, kind)),
  }

  function get(recordId: string): string | null {
    const sealed = secrets.get(recordId)
    if (sealed === null) return null
    const secret = unsealText(opened(), recordId, sealed)
    if (secret === null) {
      log.error('a stored secret was altered or belongs elsewhere', { record: recordId })
      throw new AppError('INTERNAL', 'A stored secret is damaged: it was altered, or moved from another record', {
        hint: 'Enter this secret again.',
        detail: { recordId },
      })
    }
    redactor.add(secret)
    return secret
  }
}

/** The key under a passphrase, with what proves later that the right one was found. */
async function wrapped(key: Buffer, passphrase: string): Promise<VaultMeta> {
  const parameters: ScryptParameters = { salt: randomBytes(16).toString('base64'), ...cost }
  return {
    protection: 'passphrase',
    wrappedKey: seal(await deriveKey(passphrase, parameters), 'vault/key', key),
    scrypt: parameters,
    checkValue: seal(key, 'vault/check', Buffer.from(checkText)),
  }
}

/** Does the passphrase open this vault? */
export async function opensVault(stored: VaultMeta, passphrase: string): Promise<boolean> {
  if (stored.scrypt === null) return false
  const plain = unseal(await deriveKey(passphrase, stored.scrypt), 'vault/key', stored.wrappedKey)
  return plain !== null && unsealText(plain, 'vault/check', stored.checkValue) === checkText
}

/** version | nonce | tag | ciphertext, bound to `recordId` so that records cannot be swapped. */
function seal(key: Uint8Array, recordId: string, plain: Uint8Array): Buffer {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(associated(recordId))
  const body = Buffer.concat([cipher.update(plain), cipher.final()])
  return Buffer.concat([Buffer.of(formatVersion), nonce, cipher.getAuthTag(), body])
}

/** Null where it is not exactly what was sealed under this key and record id. */
function unseal(key: Uint8Array, recordId: string, sealed: Uint8Array): Buffer | null {
  const start = 1 + nonceBytes + tagBytes
  if (sealed.length < start || sealed[0] !== formatVersion) return null
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 1 + nonceBytes), { authTagLength: tagBytes })
  decipher.setAAD(associated(recordId))
  decipher.setAuthTag(sealed.subarray(1 + nonceBytes, start))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(start)), decipher.final()])
  } catch {
    return null
  }
}

function unsealText(key: Uint8Array, recordId: string, sealed: Uint8Array): string | null {
  return unseal(key, recordId, sealed)?.toString('utf8') ?? null
}

function associated(recordId: string): Buffer {
  return Buffer.from(`quarterdeck/${formatVersion}/${recordId}`)
}

/** Off the event loop; the same passphrase typed on another keyboard gives the same bytes (NFKC). */
function deriveKey(passphrase: string, { salt, N, r, p }: ScryptParameters): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { N, r, p, maxmem: 256 * N * r }
    scrypt(passphrase.normalize('NFKC'), Buffer.from(salt, 'base64'), keyBytes, options, (error, derived) => {
      if (error) reject(error)
      else resolve(derived)
    })
  })
}
