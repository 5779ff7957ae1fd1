// Keeps ciphertext by record id and the wrapped key of the vault; never sees a secret.
import { z } from 'zod'
import type { Db } from './database.ts'

export interface SecretStore {
  put(recordId: string, ciphertext: Uint8Array): void
  get(recordId: string): Uint8Array | null
  has(recordId: string): boolean
  remove(recordId: string): void
  /** How many there are. */
  count(): number
}

const ScryptParameters = z.object({
  salt: z.string(),
  N: z.number().int(),
  r: z.number().int(),
  p: z.number().int(),
})
export type ScryptParameters = z.infer<typeof ScryptParameters>

export interface VaultMeta {
  readonly protection: 'keyring' | 'passphrase'
  readonly wrappedKey: Uint8Array
  /** Set where a passphrase protects the key; the salt is base64. */
  readonly scrypt: ScryptParameters | null
  /** Something known, encrypted with the data key, that proves that the right key was found. */
  readonly checkValue: Uint8Array
}

export interface VaultMetaStore {
  get(): VaultMeta | null
  put(meta: VaultMeta): void
  /** Moves the vault and all secrets to where nothing uses them (wall ms). */
  setAside(at: number): void
}

export function createSecretStore(db: Db): SecretStore {
  const put = db.prepare<[string, Uint8Array]>(
    'INSERT INTO secret VALUES (?, ?) ON CONFLICT (record_id) DO UPDATE SET ciphertext = excluded.ciphertext',
  )
  const get = db.prepare<[string], { ciphertext: Uint8Array }>('SELECT ciphertext FROM secret WHERE record_id = ?')
  const remove = db.prepare<[string]>('DELETE FROM secret WHERE record_id = ?')
  const count = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM secret')
  return {
    put: (recordId, ciphertext) => {
      db.write(() => put.run(recordId, ciphertext))
    },
    get: recordId => db.read(() => get.get(recordId)?.ciphertext ?? null),
    has: recordId => db.read(() => get.get(recordId) !== undefined),
    remove: recordId => {
      db.write(() => remove.run(recordId))
    },
    count: () => db.read(() => count.get()?.n ?? 0),
  }
}

export function createVaultMetaStore(db: Db): VaultMetaStore {
  const get = db.prepare<
    [],
    { protection: 'keyring' | 'passphrase'; wrapped_key: Uint8Array; kdf: string | null; check_value: Uint8Array }
  >('SELECT * FROM vault')
  const put = db.prepare('INSERT OR REPLACE INTO vault VALUES (1, ?, ?, ?, ?)')
  const aside = db.prepare<[number]>(`INSERT INTO vault_aside (at, protection, wrapped_key, kdf, check_value)
    SELECT ?, protection, wrapped_key, kdf, check_value FROM vault`)
  const secretsAside = db.prepare<[number | bigint]>(
    'INSERT INTO secret_aside SELECT ?, record_id, ciphertext FROM secret',
  )
  const empty = [db.prepare('DELETE FROM secret'), db.prepare('DELETE FROM vault')]
  return {
    get: () =>
      db.read(() => {
        const row = get.get()
        if (!row) return null
        return {
          protection: row.protection,
          wrappedKey: row.wrapped_key,
          scrypt: row.kdf === null ? null : ScryptParameters.parse(JSON.parse(row.kdf)),
          checkValue: row.check_value,
        }
      }),
    put: meta => {
      const kdf = meta.scrypt === null ? null : JSON.stringify(meta.scrypt)
      db.write(() => put.run(meta.protection, meta.wrappedKey, kdf, meta.checkValue))
    },
    setAside: at => {
      db.write(() => {
        secretsAside.run(aside.run(at).lastInsertRowid)
        for (const each of empty) each.run()
      })
    },
  }
}
