// How the secret fields of a check's, channel's, backup's, target's or maintenance step's spec are found among all secrets; never sees a secret.

export type SecretOwner = 'check' | 'channel' | 'backup' | 'target' | 'maintenance'

/** `kind/id/field`: where the vault keeps a secret field of its owner. */
export const fieldSecretId = (kind: SecretOwner, id: string, field: string): string => `${kind}/${id}/${field}`

/** Where a backup's key is kept that snapshots need by its id; no part of a backup can be named so. The id is eight hex digits. */
export const keyField = (keyId: string): string => `opens#${keyId}`

/** SQL for the names of the fields that the vault holds for a row of `table`, as JSON. '0' follows '/' in order. */
export const storedFields = (kind: SecretOwner, table: string): string =>
  `(SELECT json_group_array(substr(record_id, length('${kind}/' || ${table}.id || '/') + 1)) FROM secret
    WHERE record_id > '${kind}/' || ${table}.id || '/' AND record_id < '${kind}/' || ${table}.id || '0')`

/** SQL that removes all secrets of one record: `kind/id` twice. */
export const removeFieldSecrets = `DELETE FROM secret WHERE record_id > ? || '/' AND record_id < ? || '0'`
