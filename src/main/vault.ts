// The desktop's keyring by safeStorage, only where it is real and would not block; knows nothing of what is wrapped.
import { safeStorage } from 'electron'
import { AppError } from '../shared/errors.ts'
import type { KeyringLock } from './secret-service.ts'

export interface KeyringStatus {
  available: boolean
  reason: string | null
}

export interface Vault {
  /** Never blocks for more than 5 s, and never asks the person for anything. */
  status(): Promise<KeyringStatus>
  wrap(plain: Uint8Array): Promise<Uint8Array<ArrayBuffer>>
  unwrap(wrapped: Uint8Array): Promise<Uint8Array<ArrayBuffer>>
}

/** What safeStorage has on a current Electron and lacks on older ones. */
interface MaybeBackend {
  getSelectedStorageBackend?: () => string
}

const unavailable = (reason: string): KeyringStatus => ({ available: false, reason })

// Loaded when first asked for: nothing of it is needed to open a window.
const secretService = () => import('./secret-service.ts')

/** The vault of this desktop. Every use looks first: safeStorage itself would block all of the shell on a locked keyring. */
export function createVault(): Vault {
  const lock = async (): Promise<KeyringLock> => (await secretService()).keyringLock()
  const ready = async (): Promise<void> => {
    if (
      process.platform === 'linux' &&
      (await lock()) === 'locked' &&
      !(await (await secretService()).unlockKeyring())
    ) {
      throw new AppError('VAULT_LOCKED', 'The desktop keyring is locked', {
        hint: 'Unlock the login keyring of this desktop and try again.',
      })
    }
    const state = await status()
    if (!state.available) throw new AppError('VAULT_UNAVAILABLE', state.reason ?? 'There is no desktop keyring')
  }

  const status = async (): Promise<KeyringStatus> => {
    if (process.platform === 'linux') {
      const state = await lock()
      if (state === 'none') return unavailable('This desktop session has no keyring')
      if (state === 'locked') return unavailable('The desktop keyring is locked')
    }
    const backend = (safeStorage as MaybeBackend).getSelectedStorageBackend?.()
    if (backend === 'basic_text') return unavailable('The desktop offers no keyring but a text file')
    try {
      if (!safeStorage.isEncryptionAvailable()) return unavailable('The desktop keyring cannot be used')
      return isReal(safeStorage.encryptString('probe'))
        ? { available: true, reason: null }
        : unavailable('The desktop keyring is not real')
    } catch (error) {
      return unavailable(`The desktop keyring failed: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  return {
    status,
    async wrap(plain) {
      await ready()
      return new Uint8Array(safeStorage.encryptString(Buffer.from(plain).toString('base64')))
    },
    async unwrap(wrapped) {
      await ready()
      try {
        return new Uint8Array(Buffer.from(safeStorage.decryptString(Buffer.from(wrapped)), 'base64'))
      } catch {
        throw new AppError('VAULT_UNAVAILABLE', 'The desktop keyring does not hold the key this was protected with', {
          hint: 'Was it protected under another user or keyring?',
        })
      }
    },
  }
}

// On Linux "v10" is a key that is the same everywhere; "v11" is one from the keyring.
function isReal(encrypted: Buffer): boolean {
  return process.platform !== 'linux' || encrypted.subarray(0, 3).toString('latin1') === 'v11'
}
