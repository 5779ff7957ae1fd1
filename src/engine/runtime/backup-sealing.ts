// Finds the keys by which a backup's files are encrypted and read again, and keeps old ones for as long as a snapshot needs them; knows no algorithm and no file.
import { createHash, randomBytes } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { Backup, BackupDraft } from '../../shared/model/backup.ts'
import type { FieldSecrets } from '../../shared/model/check.ts'
import type { Manifest, SnapshotPart } from '../../shared/model/snapshot.ts'
import { ageDecryptor, ageEncryptor, passphraseDecryptor, passphraseEncryptor, recipientOf } from '../lib/bulk/age.ts'
import type { Decryptor, Encryptor } from '../lib/bulk/encryption.ts'
import type { BackupStore } from '../store/backups.ts'
import { fieldSecretId, keyField } from '../store/field-secrets.ts'
import type { Vault } from './vault.ts'

/** The vault's fields: what encrypts, and what opens again that is for a recipient (kept only where a person gives it). */
export const passphraseField = 'passphrase'
export const identityField = 'identity'

/** Of parts that name no key: they are from before a backup could have several. */
const firstKey = '00000000'

type Key = 'passphrase' | 'age'
type Sealed = Pick<SnapshotPart, 'encryption' | 'keyId'>

/** A recipient is no secret, so its key may be named after it. */
const recipientKey = (recipient: string): string => createHash('sha256').update(recipient).digest('hex').slice(0, 8)
const fieldOf = (kind: Key): string => (kind === 'age' ? identityField : passphraseField)
const decryptorOf = (kind: Key, key: string): Decryptor =>
  kind === 'age' ? ageDecryptor(key) : passphraseDecryptor(key)

export interface SealingOptions {
  readonly vault: Pick<Vault, 'get' | 'put' | 'has' | 'forget'>
  readonly backups: Pick<BackupStore, 'snapshots' | 'keyIds'>
}

export class Sealing {
  readonly #options: SealingOptions
  /** Keys that a run under way encrypts with, by backup: no snapshot names them yet. */
  readonly #inUse = new Map<string, Set<string>>()
  /** Which key an identity is, by its own hash: to find it out takes a moment. */
  readonly #identities = new Map<string, string | null>()

  constructor(options: SealingOptions) {
    this.#options = options
  }

  /** Its key is kept until `ended`. Rejects where the key is not here: nothing is ever kept in clear by mistake. */
  async encryptor({ id, encryption }: Backup): Promise<(Encryptor & { keyId: string }) | null> {
    if (encryption.kind === 'none') return null
    if (encryption.kind === 'age') {
      const keyId = this.#use(id, recipientKey(encryption.recipient))
      return { ...ageEncryptor(encryption.recipient), keyId }
    }
    const { vault } = this.#options
    const passphrase = this.#present(id, 'passphrase')
    if (passphrase === null) throw missing('passphrase', true)
    const known = this.#options.backups.keyIds(id).find(one => this.#kept(id, one) === passphrase)
    // drawn at random, for whatever is made from a passphrase helps whoever guesses it
    const keyId = known ?? randomBytes(4).toString('hex')
    if (known === undefined) vault.put(fieldSecretId('backup', id, keyField(keyId)), passphrase)
    return { ...passphraseEncryptor(passphrase), keyId: this.#use(id, keyId) }
  }

  /** A run of it is over: what it encrypted is in a snapshot by now, or gone. */
  ended(backupId: string): void {
    this.#inUse.delete(backupId)
  }

  /** Of what is encrypted for a recipient only the recipient's own key opens anything. */
  readable({ encryption, stored }: Backup): boolean {
    return encryption.kind !== 'age' || stored.includes(identityField)
  }

  /** Rejects where the key is not here. */
  async decryptor(
    { backupId }: Pick<Manifest, 'backupId'>,
    { encryption, keyId = firstKey }: Sealed,
  ): Promise<Decryptor | null> {
    if (encryption === 'none') return null
    const kept = this.#kept(backupId, keyId)
    const isPresent = kept === null && (await this.#mayBePresent(backupId, encryption, keyId))
    const key = isPresent ? this.#present(backupId, encryption) : kept
    if (key === null) throw missing(encryption, false)
    return decryptorOf(encryption, key)
  }

  /** What would have to be given before a snapshot can be read; null for nothing, and where a vault that is locked cannot tell. */
  async missing({ backupId, parts }: Manifest): Promise<Key | null> {
    const { vault } = this.#options
    for (const { encryption, keyId = firstKey } of parts) {
      if (encryption === 'none') continue
      if (vault.has(fieldSecretId('backup', backupId, keyField(keyId)))) continue
      if (!vault.has(fieldSecretId('backup', backupId, fieldOf(encryption)))) return encryption
      if (!(await this.#mayBePresent(backupId, encryption, keyId).catch(() => true))) return encryption
    }
    return null
  }

  /** Keeps a key under each id for which `opens` finds that it is the right one. Rejects with what `opens` rejected with where it is for none. */
  async unlock(
    { backupId, parts }: Manifest,
    key: string,
    opens: (part: SnapshotPart, decryptor: Decryptor) => Promise<void>,
  ): Promise<void> {
    const tried = new Set<string>()
    let failure: unknown = new AppError('CONFLICT', 'This snapshot is not encrypted')
    let opened = false
    for (const part of parts) {
      const { encryption, keyId = firstKey } = part
      if (encryption === 'none' || tried.has(`${encryption} ${keyId}`)) continue
      tried.add(`${encryption} ${keyId}`)
      try {
        await opens(part, decryptorOf(encryption, key))
        this.#options.vault.put(fieldSecretId('backup', backupId, keyField(keyId)), key)
        opened = true
      } catch (caught) {
        failure = caught
      }
    }
    if (!opened) throw failure
  }

  /** A backup is about to get another key: the present one is kept where snapshots need it. An identity that is taken away is not. */
  keepOld({ id, stored, encryption }: Backup, draft: BackupDraft, secrets: FieldSecrets): void {
    const next = secrets[passphraseField]
    if (next !== undefined && stored.includes(passphraseField)) this.#keep(id, 'passphrase', firstKey, next)
    if (encryption.kind !== 'age' || !stored.includes(identityField) || secrets[identityField] === null) return
    const moved = draft.encryption.kind !== 'age' || draft.encryption.recipient !== encryption.recipient
    if (secrets[identityField] === undefined && !moved) return
    for (const keyId of [recipientKey(encryption.recipient), firstKey])
      this.#keep(id, 'age', keyId, secrets[identityField])
    // it opens nothing that the new recipient is sent
    if (secrets[identityField] === undefined) this.#options.vault.forget(fieldSecretId('backup', id, identityField))
  }

  /** Snapshots went: keys that none of the others needs go too, as long as they are not the present one. */
  forgetUnneeded(backupId: string): void {
    const { vault, backups } = this.#options
    const needed = new Set(
      backups.snapshots(backupId).flatMap(({ manifest }) => manifest.parts.map(({ keyId = firstKey }) => keyId)),
    )
    for (const keyId of backups.keyIds(backupId)) {
      if (needed.has(keyId) || this.#inUse.get(backupId)?.has(keyId)) continue
      // a vault that is locked tells nothing, and keeps it
      const present = ([passphraseField, identityField] as const).some(
        field => vault.has(fieldSecretId('backup', backupId, field)) && this.#mayBe(backupId, field, keyId),
      )
      if (!present) vault.forget(fieldSecretId('backup', backupId, keyField(keyId)))
    }
  }

  /** Each passphrase is kept under its id: the present one opens only what is from before that. An identity opens what is for its own recipient. */
  async #mayBePresent(backupId: string, kind: Key, keyId: string): Promise<boolean> {
    if (keyId === firstKey || kind === 'passphrase') return keyId === firstKey
    const identity = this.#present(backupId, kind)
    if (identity === null) return false
    const its = createHash('sha256').update(identity).digest('hex')
    if (!this.#identities.has(its)) {
      const recipient = await recipientOf(identity)
      this.#identities.set(its, recipient === null ? null : recipientKey(recipient))
    }
    const known = this.#identities.get(its) ?? null
    return known === null || known === keyId
  }

  #mayBe(backupId: string, field: string, keyId: string): boolean {
    try {
      return this.#options.vault.get(fieldSecretId('backup', backupId, field)) === this.#kept(backupId, keyId)
    } catch {
      return true
    }
  }

  #keep(backupId: string, kind: Key, keyId: string, next: string | null | undefined): void {
    const { vault, backups } = this.#options
    const needs = ({ encryption, keyId: of = firstKey }: Sealed): boolean => encryption === kind && of === keyId
    const inUse = this.#inUse.get(backupId)?.has(keyId) ?? false
    if (!inUse && !backups.snapshots(backupId).some(({ manifest }) => manifest.parts.some(needs))) return
    const old = this.#present(backupId, kind)
    if (old === null || old === next || this.#kept(backupId, keyId) !== null) return
    vault.put(fieldSecretId('backup', backupId, keyField(keyId)), old)
  }

  #use(backupId: string, keyId: string): string {
    this.#inUse.set(backupId, (this.#inUse.get(backupId) ?? new Set()).add(keyId))
    return keyId
  }

  #present(backupId: string, kind: Key): string | null {
    return this.#options.vault.get(fieldSecretId('backup', backupId, fieldOf(kind)))
  }

  #kept(backupId: string, keyId: string): string | null {
    return this.#options.vault.get(fieldSecretId('backup', backupId, keyField(keyId)))
  }
}

function missing(kind: Key, toWrite: boolean): AppError {
  const what =
    kind === 'age'
      ? 'This is encrypted for an age recipient whose key is not stored here'
      : 'The passphrase of this backup is not stored here'
  const hint = toWrite ? 'Enter it in the settings of this backup.' : 'Enter the key that it was made with.'
  return new AppError('NOT_FOUND', what, { hint })
}
