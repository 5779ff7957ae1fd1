// A command on the host before or after a backup, one argument per line, so that nothing has to be quoted.
import type { ReactNode } from 'react'
import type { BackupHook } from '../../../shared/model/backup.ts'
import { CheckField, TextArea } from '../../components/field.tsx'
import { NumberField } from '../../components/number-field.tsx'
import type { Errors } from '../../data/use-draft-form.ts'

export function HookFields(props: {
  label: string
  value: BackupHook | null
  errors: Errors
  path: string
  onChange: (value: BackupHook | null) => void
}): ReactNode {
  const { label, value, errors, path, onChange } = props
  return (
    <>
      <CheckField
        label={`${label}, run a command on the host`}
        checked={value !== null}
        onChange={event => onChange(event.target.checked ? { argv: [], sudo: false, timeoutSeconds: 60 } : null)}
      />
      {value && (
        <>
          <TextArea
            label={`${label}: program and arguments`}
            help="One per line. It is run without a shell; where it fails, so does the backup."
            rows={3}
            spellCheck={false}
            value={value.argv.join('\n')}
            error={errors[`${path}.argv`] ?? errors[`${path}.argv.0`]}
            onChange={event =>
              onChange({ ...value, argv: event.target.value === '' ? [] : event.target.value.split('\n') })
            }
            onBlur={() => onChange({ ...value, argv: value.argv.filter(line => line.trim() !== '') })}
          />
          <CheckField
            label={`${label}: as root`}
            checked={value.sudo}
            onChange={event => onChange({ ...value, sudo: event.target.checked })}
          />
          <NumberField
            label={`${label}: at most (s)`}
            value={value.timeoutSeconds}
            error={errors[`${path}.timeoutSeconds`]}
            onChange={timeoutSeconds => onChange({ ...value, timeoutSeconds })}
          />
        </>
      )}
    </>
  )
}
