// Finds the keys by which a backup's files are encrypted and read again; knows no algorithm and no file.
import { AppError } from '../../shared/errors.ts'
import type { Backup, Manifest, SnapshotPart } from '../../shared/model/backup.ts'
import { ageDecryptor, ageEncryptor, passphraseDecryptor, passphraseEncryptor } from '../lib/bulk/age.ts'
import type { Decryptor, Encryptor } from '../lib/bulk/encryption.ts'
import { fieldSecretId } from '../store/field-secrets.ts'
import type { Vault } from './vault.ts'

/** The vault's fields: what encrypts, and what opens again that is for a recipient (kept only where a person gives it). */
export const passphraseField = 'passphrase'
export const identityField = 'identity'

export function createSealing(vault: Pick<Vault, 'get'>) {
  const secretOf = (backupId: string, field: string, missing: string): string => {
    const secret = vault.get(fieldSecretId('backup', backupId, field))
    if (secret !== null) return secret
    throw new AppError('NOT_FOUND', missing, { hint: 'Enter it in the settings of this backup.' })
  }
  const passphraseOf = (backupId: string): string =>
    secretOf(backupId, passphraseField, 'The passphrase of this backup is not stored here')
  return {
    /** Rejects where the key is not here: nothing is ever kept in clear by mistake. */
    async encryptor({ id, encryption }: Backup): Promise<Encryptor | null> {
      if (encryption.kind === 'none') return null
      return encryption.kind === 'age' ? ageEncryptor(encryption.recipient) : passphraseEncryptor(passphraseOf(id))
    },
    /** Of what is encrypted for a recipient only the recipient's own key opens anything. */
    readable: ({ encryption, stored }: Backup): boolean => encryption.kind !== 'age' || stored.includes(identityField),
    async decryptor({ backupId }: Manifest, { encryption }: SnapshotPart): Promise<Decryptor | null> {
      if (encryption === 'none') return null
      if (encryption === 'passphrase') return passphraseDecryptor(passphraseOf(backupId))
      return ageDecryptor(
        secretOf(backupId, identityField, 'This is encrypted for an age recipient whose key is not stored here'),
      )
    },
  }
}
