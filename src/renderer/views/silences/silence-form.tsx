// Adds or changes a silence or a maintenance window: what for, what is muted, when. The engine has the last word about a schedule.
import { type FormEvent, type ReactNode, useId, useMemo, useState } from 'react'
import type { Silence } from '../../../shared/model/incident.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { CheckField, Choices, FieldError, SelectField, TextField } from '../../components/field.tsx'
import { useChecks } from '../../data/checks.ts'
import { useHosts, useUnits } from '../../data/hosts.ts'
import { useEngineCommand } from '../../data/remotes.tsx'
import { errorText } from '../../lib/error-text.ts'
import { safeText } from '../../lib/safe-text.ts'
import { draftOf, type SilenceErrors, type SilenceValues, toggleDay, valuesOf } from './silence-values.ts'
import { dayNames, dayOrder } from './silence-words.ts'
import css from './silences.module.css'

interface PartProps {
  readonly values: SilenceValues
  readonly errors: SilenceErrors
  readonly set: (parts: Partial<SilenceValues>) => void
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
  const part: PartProps = { values, errors, set: parts => setValues(old => ({ ...old, ...parts })) }
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
        <TextField
          label="What for"
          value={values.name}
          maxLength={100}
          onChange={event => part.set({ name: event.target.value })}
          error={errors.name}
          data-autofocus
        />
        <Choices<SilenceValues['kind']>
          label="Kind"
          value={values.kind}
          options={[
            { value: 'maintenance', label: 'Maintenance' },
            { value: 'silence', label: 'Silence' },
          ]}
          onChange={kind => part.set({ kind })}
          help={
            values.kind === 'maintenance'
              ? 'Nobody is told, nothing is mended by itself, and the time is left out of uptime.'
              : 'Nobody is told and nothing is mended by itself; uptime counts on.'
          }
        />
        <Scope {...part} />
        <Choices<SilenceValues['schedule']>
          label="When"
          value={values.schedule}
          options={[
            { value: 'once', label: 'Once' },
            { value: 'weekly', label: 'Every week' },
            { value: 'cron', label: 'By cron' },
          ]}
          onChange={schedule => part.set({ schedule })}
        />
        {values.schedule === 'once' && <Once {...part} />}
        {values.schedule === 'weekly' && <Weekly {...part} />}
        {values.schedule === 'cron' && <Cron {...part} />}
        {values.schedule !== 'once' && <Zone {...part} />}
      </form>
      {failure && <FieldError>{errorText(failure)}</FieldError>}
    </Dialog>
  )
}

/** Each that is named narrows it; none is everything. */
function Scope(props: PartProps): ReactNode {
  const { values, errors, set } = props
  const listId = useId()
  const hosts = useHosts()
  const checks = useChecks()
  const ready = hosts.data?.some(view => view.host.id === values.hostId && view.connection.state === 'ready') ?? false
  const units = useUnits(values.hostId, ready)
  const offered = checks.data?.filter(({ check }) => !values.hostId || check.hostId === values.hostId) ?? []
  const tags = useMemo(() => [...new Set(checks.data?.flatMap(({ check }) => check.tags))].sort(), [checks.data])
  return (
    <>
      <div className={css.pair}>
        <SelectField
          label="Host"
          value={values.hostId}
          onChange={event => set({ hostId: event.target.value, checkId: '' })}
        >
          <option value="">Any host</option>
          {hosts.data?.map(({ host }) => (
            <option key={host.id} value={host.id}>
              {safeText(host.name)}
            </option>
          ))}
        </SelectField>
        <SelectField label="Check" value={values.checkId} onChange={event => set({ checkId: event.target.value })}>
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
          value={values.unit}
          spellCheck={false}
          onChange={event => {
            const unit = event.target.value
            const known = units.data?.find(each => each.name === unit)
            set({ unit, ...(known ? { userUnit: known.scope === 'user' } : {}) })
          }}
          error={errors.unit}
        />
        <TextField
          label="Tag"
          placeholder="Any tag"
          list={`${listId}-tags`}
          value={values.tag}
          maxLength={40}
          onChange={event => set({ tag: event.target.value })}
          error={errors.tag}
        />
      </div>
      <p className={css.help}>What is named has to match, all of it. With nothing named, everything is muted.</p>
      <datalist id={`${listId}-units`}>
        {units.data?.map(unit => (
          <option key={`${unit.scope}/${unit.name}`} value={unit.name} />
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
  const { values, errors, set } = props
  return (
    <>
      <div className={css.pair}>
        <TextField
          label="From"
          type="datetime-local"
          value={values.from}
          onChange={event => set({ from: event.target.value })}
          error={errors.from}
        />
        {!values.forever && (
          <TextField
            label="Until"
            type="datetime-local"
            value={values.until}
            onChange={event => set({ until: event.target.value })}
            error={errors.until}
          />
        )}
      </div>
      <CheckField
        label="Until I take it back"
        checked={values.forever}
        onChange={event => set({ forever: event.target.checked })}
      />
    </>
  )
}

function Weekly(props: PartProps): ReactNode {
  const { values, errors, set } = props
  return (
    <>
      <fieldset>
        <legend className={css.legend}>Days</legend>
        <div className={css.days}>
          {dayOrder.map(day => (
            <label key={day} className={css.day}>
              <input
                type="checkbox"
                checked={values.days.includes(day)}
                onChange={() => set({ days: toggleDay(values.days, day) })}
              />
              {dayNames[day]}
            </label>
          ))}
        </div>
        {errors.days !== undefined && <FieldError>{errors.days}</FieldError>}
      </fieldset>
      <div className={css.pair}>
        <TextField
          label="From"
          type="time"
          value={values.dayFrom}
          onChange={event => set({ dayFrom: event.target.value })}
          error={errors.dayFrom}
        />
        <TextField
          label="To"
          type="time"
          value={values.dayTo}
          onChange={event => set({ dayTo: event.target.value })}
          error={errors.dayTo}
          {...(values.dayTo < values.dayFrom ? { help: 'Of the next day.' } : {})}
        />
      </div>
    </>
  )
}

function Cron(props: PartProps): ReactNode {
  const { values, errors, set } = props
  return (
    <div className={css.pair}>
      <TextField
        label="Begins by cron"
        help="Minute, hour, day, month, day of the week."
        value={values.cron}
        maxLength={100}
        spellCheck={false}
        onChange={event => set({ cron: event.target.value })}
        error={errors.cron}
      />
      <TextField
        label="Lasts, in minutes"
        type="number"
        min={1}
        max={10_080}
        value={values.minutes}
        onChange={event => set({ minutes: event.target.value })}
        error={errors.minutes}
      />
    </div>
  )
}

function Zone(props: PartProps): ReactNode {
  const { values, errors, set } = props
  const listId = useId()
  const zones = useMemo(() => Intl.supportedValuesOf('timeZone'), [])
  return (
    <>
      <TextField
        label="Time zone"
        help="The clock of this place counts, with its summer time."
        list={listId}
        value={values.zone}
        maxLength={64}
        spellCheck={false}
        onChange={event => set({ zone: event.target.value })}
        error={errors.zone}
      />
      <datalist id={listId}>
        {zones.map(zone => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  )
}
