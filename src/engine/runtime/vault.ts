// Encrypts secrets with a key that the desktop's keyring or a passphrase protects; knows neither hosts nor where rows lie.
import type { VaultStatus } from '../../shared/model/settings.ts'
import type { Disposable } from '../lib/disposable.ts'
import type { Logger, Redactor } from '../lib/log.ts'
import type { Native, SecretSource } from '../ports.ts'
import type { SecretStore, VaultMetaStore } from '../store/secrets.ts'

export interface Vault extends SecretSource {
  status(): VaultStatus
  onChange(listener: (status: VaultStatus) => void): Disposable
  /** Asks the keyring, and unlocks by itself where it protects the key. Never rejects. */
  start(): Promise<VaultStatus>
  /** Makes the data key, protected by the passphrase or, with null, by the keyring. Throws CONFLICT, VAULT_UNAVAILABLE. */
  create(passphrase: string | null): Promise<VaultStatus>
  /** Throws VAULT_PASSPHRASE_WRONG; NOT_FOUND where there is no vault yet. */
  unlock(passphrase: string): Promise<VaultStatus>
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
  native: Pick<Native, 'keyringStatus' | 'keyringWrap' | 'keyringUnwrap'>
  log: Logger
  redactor: Redactor
}

/** Makes a vault over the store's rows; call `start` before use. */
export function createVault(options: VaultOptions): Vault {
  return openVault(options)
}
