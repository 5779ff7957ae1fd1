// How a backup is taken: encrypted, compressed, at what rate, and what is run around it. Holds no secret.
import { type ReactNode, useState } from 'react'
import type { BackupDraft } from '../../../shared/model/backup.ts'
import { CheckField, Choices, SecretField, SelectField, TextField } from '../../components/field.tsx'
import type { BackupFormState } from './backup-form-state.ts'
import { HookFields } from './hook-fields.tsx'

export function HowFields(props: { form: BackupFormState; stored: readonly string[] }): ReactNode {
  const { draft, errors, change, secretInputs } = props.form
  const inputRef = (name: string) => (input: HTMLInputElement | null) => {
    if (input) secretInputs.set(name, input)
    else secretInputs.delete(name)
  }
  const { encryption } = draft
  const [limited, setLimited] = useState(draft.bytesPerSecond !== null)
  const kinds = {
    none: () => change({ encryption: { kind: 'none' } }),
    passphrase: () => change({ encryption: { kind: 'passphrase' } }),
    age: () => change({ encryption: { kind: 'age', recipient: '' } }),
  }
  return (
    <>
      <Choices<BackupDraft['encryption']['kind']>
        label="Encrypted before it leaves this computer"
        value={encryption.kind}
        options={[
          { value: 'none', label: 'No' },
          { value: 'passphrase', label: 'Passphrase' },
          { value: 'age', label: 'age recipient' },
        ]}
        onChange={kind => kinds[kind]()}
      />
      {encryption.kind === 'passphrase' && (
        <SecretField
          label="Passphrase"
          help={
            props.stored.includes('passphrase')
              ? 'Stored. Leave empty to keep it.'
              : 'Kept in the vault. Write it down as well: without it the backups cannot be read.'
          }
          error={errors['secrets.passphrase']}
          inputRef={inputRef('passphrase')}
        />
      )}
      {encryption.kind === 'age' && (
        <>
          <TextField
            label="Recipient"
            placeholder="age1…"
            value={encryption.recipient}
            error={errors['encryption.recipient']}
            autoComplete="off"
            spellCheck={false}
            onChange={event => change({ encryption: { kind: 'age', recipient: event.target.value.trim() } })}
          />
          <SecretField
            label="Identity"
            help={
              props.stored.includes('identity')
                ? 'Stored. Leave empty to keep it.'
                : 'Kept in the vault: what was taken is read with it to be verified, proven and restored.'
            }
            placeholder="AGE-SECRET-KEY-1…"
            error={errors['secrets.identity']}
            inputRef={inputRef('identity')}
          />
        </>
      )}
      <SelectField
        label="Compression"
        value={draft.compression}
        onChange={event => change({ compression: event.target.value as BackupDraft['compression'] })}
      >
        <option value="auto">The best that the host has</option>
        <option value="zstd">zstd</option>
        <option value="gzip">gzip</option>
        <option value="none">None</option>
      </SelectField>
      <CheckField
        label="Limit the rate"
        checked={limited}
        onChange={event => {
          setLimited(event.target.checked)
          change({ bytesPerSecond: event.target.checked ? 5 * 1024 * 1024 : null })
        }}
      />
      {limited && (
        <TextField
          label="At most (MiB/s)"
          inputMode="decimal"
          defaultValue={String((draft.bytesPerSecond ?? 0) / 1024 / 1024)}
          error={errors.bytesPerSecond}
          onChange={event => {
            const rate = Number(event.target.value.replace(',', '.'))
            change({ bytesPerSecond: Math.round(rate * 1024 * 1024) })
          }}
        />
      )}
      <HookFields
        label="Before it"
        value={draft.before}
        errors={errors}
        path="before"
        onChange={before => change({ before })}
      />
      <HookFields
        label="After it"
        value={draft.after}
        errors={errors}
        path="after"
        onChange={after => change({ after })}
      />
    </>
  )
}
