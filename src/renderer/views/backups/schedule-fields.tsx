// When something is done by itself: a usual time or a cron line, with its zone. Knows not what is done.
import { type ReactNode, useState } from 'react'
import type { RunSchedule } from '../../../shared/model/schedule.ts'
import { CheckField, SelectField, TextField } from '../../components/field.tsx'
import type { Errors } from '../../data/use-draft-form.ts'
import { schedulePresets } from '../../lib/backup-status.ts'
import { localZone } from '../../lib/local-zone.ts'

const own = 'own'

export function ScheduleFields(props: {
  label: string
  value: RunSchedule | null
  errors: Errors
  path: string
  onChange: (value: RunSchedule | null) => void
}): ReactNode {
  const { label, value, errors, path, onChange } = props
  const known = schedulePresets.some(preset => preset.cron === value?.cron)
  const [writing, setWriting] = useState(value !== null && !known)
  const choose = (choice: string): void => {
    setWriting(choice === own)
    if (choice === '') onChange(null)
    else onChange({ ...(value ?? fresh()), cron: choice === own ? (value?.cron ?? '0 3 * * *') : choice })
  }
  return (
    <>
      <SelectField
        label={label}
        value={value === null ? '' : writing ? own : value.cron}
        onChange={event => choose(event.target.value)}
      >
        <option value="">By hand only</option>
        {schedulePresets.map(preset => (
          <option key={preset.cron} value={preset.cron}>
            {preset.label}
          </option>
        ))}
        <option value={own}>By a cron line</option>
      </SelectField>
      {value && writing && (
        <TextField
          label="Cron line"
          help="Minute, hour, day, month, day of the week."
          value={value.cron}
          error={errors[`${path}.cron`]}
          spellCheck={false}
          autoComplete="off"
          onChange={event => onChange({ ...value, cron: event.target.value })}
        />
      )}
      {value && (
        <>
          <TextField
            label="Time zone"
            value={value.zone}
            error={errors[`${path}.zone`]}
            spellCheck={false}
            autoComplete="off"
            onChange={event => onChange({ ...value, zone: event.target.value })}
          />
          <CheckField
            label="Make up for one that was missed"
            checked={value.catchUp}
            onChange={event => onChange({ ...value, catchUp: event.target.checked })}
          />
          <CheckField
            label="Only while this computer is on mains"
            checked={value.onlyOnMains}
            onChange={event => onChange({ ...value, onlyOnMains: event.target.checked })}
          />
        </>
      )}
    </>
  )
}

function fresh(): RunSchedule {
  return {
    cron: '0 3 * * *',
    zone: localZone(),
    jitterSeconds: 0,
    catchUp: true,
    onlyOnMains: false,
  }
}
