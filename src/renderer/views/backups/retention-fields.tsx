// How many snapshots are kept, and which ones would go by that at the next success.
import type { ReactNode } from 'react'
import type { RetentionPolicy } from '../../../shared/model/backup.ts'
import { Pale } from '../../components/cells.tsx'
import { FieldGroup, FieldRow } from '../../components/field.tsx'
import { NumberField } from '../../components/number-field.tsx'
import { useSnapshots } from '../../data/backups.ts'
import { useEngineQuery } from '../../data/remotes.tsx'
import { retentionText } from '../../lib/backup-status.ts'
import { formatExact } from '../../lib/format.ts'
import { useSettled } from '../../lib/use-settled.ts'
import type { BackupFormState } from './backup-form-state.ts'

const fields: readonly { readonly key: keyof RetentionPolicy; readonly label: string }[] = [
  { key: 'last', label: 'The last' },
  { key: 'hourly', label: 'Hourly' },
  { key: 'daily', label: 'Daily' },
  { key: 'weekly', label: 'Weekly' },
  { key: 'monthly', label: 'Monthly' },
]

export function RetentionFields(props: { form: BackupFormState; backupId: string | null }): ReactNode {
  const { draft, errors, change } = props.form
  const { retention } = draft
  return (
    <>
      <FieldGroup label="How many" bare error={errors.retention}>
        <FieldRow>
          {fields.map(({ key, label }) => (
            <NumberField
              key={key}
              label={label}
              value={retention[key]}
              error={errors[`retention.${key}`]}
              onChange={count => change({ retention: { ...retention, [key]: count } })}
            />
          ))}
        </FieldRow>
      </FieldGroup>
      <Pale>Keeps {retentionText(retention)}. The last good one is never removed.</Pale>
      {props.backupId !== null && <Preview backupId={props.backupId} retention={retention} />}
    </>
  )
}

function Preview(props: { backupId: string; retention: RetentionPolicy }): ReactNode {
  const { backupId } = props
  const valid = Object.values(props.retention).every(Number.isInteger)
  const retention = useSettled(valid ? props.retention : null, props.retention)
  const enabled = Object.values(retention).every(Number.isInteger) && Object.values(retention).some(count => count > 0)
  const going = useEngineQuery(
    'snapshot.retentionPreview',
    { id: backupId, retention },
    { enabled, keepPrevious: true },
  )
  const { data: snapshots = [] } = useSnapshots(backupId)
  if (!going.data) return null
  if (going.data.length === 0) return <Pale>Nothing goes at the next success.</Pale>
  const times = snapshots
    .filter(({ id }) => going.data.includes(id))
    .map(({ manifest }) => formatExact(manifest.startedAt))
  return (
    <details>
      <summary>{going.data.length === 1 ? 'One goes' : `${going.data.length} go`} at the next success</summary>
      <ul>
        {times.map(time => (
          <li key={time}>{time}</li>
        ))}
      </ul>
    </details>
  )
}
