// Finds the keys by which a backup's files are encrypted and read again; knows no algorithm and no file.
import { AppError } from '../../shared/errors.ts'
import type { Backup, Manifest, SnapshotPart } from '../../shared/model/backup.ts'
import type { Decryptor, Encryptor } from '../lib/bulk/encryption.ts'
import { fieldSecretId } from '../store/field-secrets.ts'
import type { Store } from '../store/store.ts'
import type { Vault } from './vault.ts'

export interface SealingOptions {
  store: Pick<Store, 'backups'>
  vault: Pick<Vault, 'get'>
}

export function createSealing({ vault }: SealingOptions) {
  const passphraseOf = (backupId: string): string => {
    const passphrase = vault.get(fieldSecretId('backup', backupId, 'passphrase'))
    if (passphrase !== null) return passphrase
    throw new AppError('VAULT_LOCKED', 'The passphrase of this backup is not here', { hint: 'Enter it in the backup.' })
  }
  return {
    async encryptor(backup: Backup): Promise<Encryptor | null> {
      if (backup.encryption.kind === 'none') return null
      if (backup.encryption.kind === 'passphrase') passphraseOf(backup.id)
      throw new AppError('UNSUPPORTED', 'Encryption is not there yet')
    },
    /** Of what is encrypted for a recipient only the recipient's own key opens anything. */
    readable: (backup: Backup): boolean => backup.encryption.kind !== 'age',
    async decryptor(manifest: Manifest, part: SnapshotPart): Promise<Decryptor | null> {
      if (part.encryption === 'none') return null
      if (part.encryption === 'passphrase') passphraseOf(manifest.backupId)
      throw new AppError('UNSUPPORTED', 'Encryption is not there yet')
    },
  }
}
