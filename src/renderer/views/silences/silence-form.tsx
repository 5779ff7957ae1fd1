// Adds or changes a silence or a maintenance window: what for, what is muted, when. The engine has the last word about a schedule.
import { type FormEvent, type ReactNode, useId, useMemo, useState } from 'react'
import type { Silence } from '../../../shared/model/incident.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import {
  CheckField,
  Choices,
  FieldError,
  FieldGroup,
  FieldRow,
  SelectField,
  TextField,
} from '../../components/field.tsx'
import { HostSelect } from '../../components/host-select.tsx'
import { useChecks } from '../../data/checks.ts'
import { useHosts, useUnits } from '../../data/hosts.ts'
import { useEngineCommand } from '../../data/remotes.tsx'
import { type Entered, textOf } from '../../data/use-draft-form.ts'
import { errorText } from '../../lib/error-text.ts'
import { safeText } from '../../lib/safe-text.ts'
import { unitKey } from '../../lib/unit-keys.ts'
import { draftOf, type SilenceValues, toggleDay, valuesOf } from './silence-values.ts'
import { dayNames, dayOrder } from './silence-words.ts'
import css from './silences.module.css'

interface PartProps {
  readonly form: Entered<SilenceValues>
}

export function SilenceForm(props: { silence: Silence | null; onClose: () => void }): ReactNode {
  const { silence, onClose } = props
  const formId = useId()
  const [values, setValues] = useState(() => valuesOf(silence, Date.now()))
  const [tried, setTried] = useState(false)
  const add = useEngineCommand('silence.add')
  const edit = useEngineCommand('silence.edit')
  const result = draftOf(values)
  const errors = tried ? (result.errors ?? {}) : {}
  const failure = add.error ?? edit.error
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    const { draft } = result
    if (!draft) return
    if (silence) edit.mutate({ id: silence.id, draft }, { onSuccess: onClose })
    else add.mutate(draft, { onSuccess: onClose })
  }
  const change = (parts: Partial<SilenceValues>): void => setValues(old => ({ ...old, ...parts }))
  const form: Entered<SilenceValues> = { draft: values, errors, change }
  return (
    <Dialog
      open
      title={silence ? 'Change silence or maintenance' : 'Silence, or plan maintenance'}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={formId} look="primary" loading={add.isPending || edit.isPending}>
            {silence ? 'Save' : 'Add'}
          </Button>
        </>
      }
    >
      <form id={formId} className={css.form} onSubmit={submit} noValidate>
        <TextField label="What for" maxLength={100} data-autofocus {...textOf(form, 'name')} />
        <Choices<SilenceValues['kind']>
          label="Kind"
          value={values.kind}
          options={[
            { value: 'maintenance', label: 'Maintenance' },
            { value: 'silence', label: 'Silence' },
          ]}
          onChange={kind => change({ kind })}
          help={
            values.kind === 'maintenance'
              ? 'Nobody is told, nothing is mended by itself, and the time is left out of uptime.'
              : 'Nobody is told and nothing is mended by itself; uptime counts on.'
          }
        />
        <Scope form={form} />
        <Choices<SilenceValues['schedule']>
          label="When"
          value={values.schedule}
          options={[
            { value: 'once', label: 'Once' },
            { value: 'weekly', label: 'Every week' },
            { value: 'cron', label: 'By cron' },
          ]}
          onChange={schedule => change({ schedule })}
        />
        {values.schedule === 'once' && <Once form={form} />}
        {values.schedule === 'weekly' && <Weekly form={form} />}
        {values.schedule === 'cron' && <Cron form={form} />}
        {values.schedule !== 'once' && <Zone form={form} />}
      </form>
      {failure && <FieldError>{errorText(failure)}</FieldError>}
    </Dialog>
  )
}

/** Each that is named narrows it; none is everything. */
function Scope(props: PartProps): ReactNode {
  const { form } = props
  const { draft: values, change } = form
  const listId = useId()
  const hosts = useHosts()
  const checks = useChecks()
  const ready = hosts.data?.some(view => view.host.id === values.hostId && view.connection.state === 'ready') ?? false
  const units = useUnits(values.hostId, ready)
  const offered = checks.data?.filter(({ check }) => !values.hostId || check.hostId === values.hostId) ?? []
  const tags = useMemo(() => [...new Set(checks.data?.flatMap(({ check }) => check.tags))].sort(), [checks.data])
  return (
    <>
      <FieldRow wide>
        <HostSelect
          label="Host"
          none="Any host"
          value={values.hostId}
          onChange={event => change({ hostId: event.target.value, checkId: '' })}
        />
        <SelectField label="Check" {...textOf(form, 'checkId')}>
          <option value="">Any check</option>
          {offered.map(({ check }) => (
            <option key={check.id} value={check.id}>
              {safeText(check.name)}
            </option>
          ))}
        </SelectField>
        <TextField
          label="Service"
          placeholder="Any service"
          list={`${listId}-units`}
          spellCheck={false}
          {...textOf(form, 'unit')}
          onChange={event => {
            const unit = event.target.value
            const known = units.data?.find(each => each.name === unit)
            change({ unit, ...(known ? { userUnit: known.scope === 'user' } : {}) })
          }}
        />
        <TextField label="Tag" placeholder="Any tag" list={`${listId}-tags`} maxLength={40} {...textOf(form, 'tag')} />
      </FieldRow>
      <p className={css.help}>What is named has to match, all of it. With nothing named, everything is muted.</p>
      <datalist id={`${listId}-units`}>
        {units.data?.map(unit => (
          <option key={unitKey(unit)} value={unit.name} />
        ))}
      </datalist>
      <datalist id={`${listId}-tags`}>
        {tags.map(tag => (
          <option key={tag} value={tag} />
        ))}
      </datalist>
    </>
  )
}

function Once(props: PartProps): ReactNode {
  const { form } = props
  const { forever } = form.draft
  return (
    <>
      <FieldRow wide>
        <TextField label="From" type="datetime-local" {...textOf(form, 'from')} />
        {!forever && <TextField label="Until" type="datetime-local" {...textOf(form, 'until')} />}
      </FieldRow>
      <CheckField
        label="Until I take it back"
        checked={forever}
        onChange={event => form.change({ forever: event.target.checked })}
      />
    </>
  )
}

function Weekly(props: PartProps): ReactNode {
  const { form } = props
  const { days, dayFrom, dayTo } = form.draft
  return (
    <>
      <FieldGroup label="Days" error={form.errors.days}>
        <div className={css.days}>
          {dayOrder.map(day => (
            <label key={day} className={css.day}>
              <input
                type="checkbox"
                checked={days.includes(day)}
                onChange={() => form.change({ days: toggleDay(days, day) })}
              />
              {dayNames[day]}
            </label>
          ))}
        </div>
      </FieldGroup>
      <FieldRow wide>
        <TextField label="From" type="time" {...textOf(form, 'dayFrom')} />
        <TextField
          label="To"
          type="time"
          {...textOf(form, 'dayTo')}
          {...(dayTo < dayFrom ? { help: 'Of the next day.' } : {})}
        />
      </FieldRow>
    </>
  )
}

function Cron(props: PartProps): ReactNode {
  const { form } = props
  return (
    <FieldRow wide>
      <TextField
        label="Begins by cron"
        help="Minute, hour, day, month, day of the week."
        maxLength={100}
        spellCheck={false}
        {...textOf(form, 'cron')}
      />
      <TextField label="Lasts, in minutes" type="number" min={1} max={10_080} {...textOf(form, 'minutes')} />
    </FieldRow>
  )
}

function Zone(props: PartProps): ReactNode {
  const listId = useId()
  const zones = useMemo(() => Intl.supportedValuesOf('timeZone'), [])
  return (
    <>
      <TextField
        label="Time zone"
        help="The clock of this place counts, with its summer time."
        list={listId}
        maxLength={64}
        spellCheck={false}
        {...textOf(props.form, 'zone')}
      />
      <datalist id={listId}>
        {zones.map(zone => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  )
}
