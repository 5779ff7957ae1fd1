// When something is done by itself: a usual time or a cron line, with its zone and what comes next. Knows not what is done.
import { type ReactNode, useState } from 'react'
import type { RunSchedule } from '../../shared/model/schedule.ts'
import { useNetworks, useTimes } from '../data/schedules.ts'
import type { Errors } from '../data/use-draft-form.ts'
import { errorText } from '../lib/error-text.ts'
import { formatDuration } from '../lib/format.ts'
import { localZone } from '../lib/local-zone.ts'
import { schedulePresets, timeInZone } from '../lib/schedule-words.ts'
import { useSettled } from '../lib/use-settled.ts'
import { CheckField, FieldError, FieldGroup, SelectField, TextField } from './field.tsx'
import { ManyOf } from './many-of.tsx'
import css from './schedule-fields.module.css'

const own = 'own'
const spreads = [
  { seconds: 0, label: 'On the minute' },
  { seconds: 300, label: 'Up to 5 min later' },
  { seconds: 900, label: 'Up to 15 min later' },
  { seconds: 3_600, label: 'Up to 1 h later' },
]

export interface ScheduleFieldsProps {
  readonly label: string
  readonly value: RunSchedule | null
  readonly errors: Errors
  readonly path: string
  /** The hour of the night that is proposed. */
  readonly hour: number
  readonly onChange: (value: RunSchedule | null) => void
}

export function ScheduleFields(props: ScheduleFieldsProps): ReactNode {
  const { label, value, errors, path, hour, onChange } = props
  const presets = schedulePresets(hour)
  const [writing, setWriting] = useState(value !== null && !presets.some(({ cron }) => cron === value.cron))
  const choose = (choice: string): void => {
    setWriting(choice === own)
    if (choice === '') onChange(null)
    else onChange({ ...(value ?? fresh(hour)), ...(choice === own ? {} : { cron: choice }) })
  }
  return (
    <>
      <SelectField
        label={label}
        value={value === null ? '' : writing ? own : value.cron}
        onChange={event => choose(event.target.value)}
      >
        <option value="">By hand only</option>
        {presets.map(preset => (
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
      {value && <Details {...props} value={value} />}
    </>
  )
}

function Details(props: ScheduleFieldsProps & { value: RunSchedule }): ReactNode {
  const { value, errors, path, onChange } = props
  const { data: networks = [] } = useNetworks()
  const known = [...new Set([...networks, ...value.onlyOnNetworks])]
  return (
    <>
      <TextField
        label="Time zone"
        value={value.zone}
        error={errors[`${path}.zone`]}
        spellCheck={false}
        autoComplete="off"
        onChange={event => onChange({ ...value, zone: event.target.value })}
      />
      <Next cron={value.cron} zone={value.zone} />
      <SelectField
        label="Begins"
        help="A random while later, so that not everything begins at once."
        value={String(value.jitterSeconds)}
        onChange={event => onChange({ ...value, jitterSeconds: Number(event.target.value) })}
      >
        {!spreads.some(({ seconds }) => seconds === value.jitterSeconds) && (
          <option value={value.jitterSeconds}>Up to {formatDuration(value.jitterSeconds * 1000)} later</option>
        )}
        {spreads.map(({ seconds, label }) => (
          <option key={seconds} value={seconds}>
            {label}
          </option>
        ))}
      </SelectField>
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
      {known.length > 0 && (
        <ManyOf
          label="Only on these networks"
          help="With none chosen, any network will do."
          options={known.map(name => ({ value: name, label: name }))}
          chosen={value.onlyOnNetworks}
          onChange={onlyOnNetworks => onChange({ ...value, onlyOnNetworks })}
        />
      )}
    </>
  )
}

/** The next three times, as the engine reads the line. */
function Next(props: { cron: string; zone: string }): ReactNode {
  const line = JSON.stringify([props.cron.trim(), props.zone])
  const settled = useSettled(line, line, 300)
  const [cron, zone] = JSON.parse(settled) as [string, string]
  const times = useTimes({ cron, zone })
  if (times.error) return <FieldError>{errorText(times.error)}</FieldError>
  if (!times.data) return null
  if (times.data.problem !== null) return <FieldError>{times.data.problem}</FieldError>
  return (
    <FieldGroup label="Next times">
      <ol className={css.times}>
        {times.data.times.map(at => (
          <li key={at}>{timeInZone(at, zone)}</li>
        ))}
      </ol>
    </FieldGroup>
  )
}

function fresh(hour: number): RunSchedule {
  return {
    cron: `0 ${hour} * * *`,
    zone: localZone(),
    jitterSeconds: 0,
    catchUp: true,
    onlyOnMains: false,
    onlyOnNetworks: [],
  }
}
