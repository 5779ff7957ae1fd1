// How the secret fields of a check's or channel's spec are found among all secrets; never sees a secret.

/** `kind/id/field`: where the vault keeps a secret field of a check or channel. */
export const fieldSecretId = (kind: 'check' | 'channel', id: string, field: string): string => `${kind}/${id}/${field}`

/** SQL for the names of the fields that the vault holds for a row of `table`, as JSON. '0' follows '/' in order. */
export const storedFields = (kind: 'check' | 'channel', table: string): string =>
  `(SELECT json_group_array(substr(record_id, length('${kind}/' || ${table}.id || '/') + 1)) FROM secret
    WHERE record_id > '${kind}/' || ${table}.id || '/' AND record_id < '${kind}/' || ${table}.id || '0')`

/** SQL that removes all secrets of one record: `kind/id` twice. */
export const removeFieldSecrets = `DELETE FROM secret WHERE record_id > ? || '/' AND record_id < ? || '0'`
