// The fields that every check has, whatever its kind: what it is about, and when it alerts. Know nothing of saving.
import type { ReactNode } from 'react'
import type { CheckDraft, CheckKind, Vantage } from '../../../shared/model/check.ts'
import { Choices, FieldRow, SelectField, TextField } from '../../components/field.tsx'
import { HostSelect } from '../../components/host-select.tsx'
import { ManyOf } from '../../components/many-of.tsx'
import { NumberField } from '../../components/number-field.tsx'
import { useChecks } from '../../data/checks.ts'
import { useUnits } from '../../data/hosts.ts'
import { type Entered, numberOf, textOf } from '../../data/use-draft-form.ts'
import { severityWords } from '../../lib/check-status.ts'
import { formatDuration } from '../../lib/format.ts'
import { safeText } from '../../lib/safe-text.ts'
import { tagsOf } from '../../lib/tags.ts'
import { unitKey, unitLabel } from '../../lib/unit-keys.ts'
import { unitOfKey } from '../../lib/unit-of-key.ts'

interface FieldsProps {
  readonly kind: CheckKind
  readonly form: Entered<CheckDraft>
}

const vantages: Record<Vantage, string> = { host: 'The host itself', local: 'This computer', both: 'Both' }

export function SubjectFields(props: FieldsProps & { builtIn: boolean }): ReactNode {
  const { kind, form, builtIn } = props
  const { draft, change } = form
  return (
    <>
      <TextField label="Name" autoComplete="off" {...textOf(form, 'name')} />
      {!builtIn && (
        <FieldRow>
          <HostSelect
            label="Host"
            {...textOf(form, 'hostId')}
            onChange={event => change({ hostId: event.target.value, unit: null })}
          />
          <UnitSelect {...props} />
        </FieldRow>
      )}
      {kind.vantages.length > 1 && (
        <Choices<Vantage>
          label="Seen from"
          value={draft.vantage}
          options={kind.vantages.map(value => ({ value, label: vantages[value] }))}
          onChange={vantage => change({ vantage })}
          help="From the host everything goes through SSH, so that 127.0.0.1 is the host's own."
        />
      )}
    </>
  )
}

function UnitSelect(props: FieldsProps): ReactNode {
  const { kind } = props
  const { draft, errors, change } = props.form
  const { data: units = [] } = useUnits(draft.hostId, draft.hostId !== '')
  const chosen = draft.unit
  const known = chosen === null || units.some(unit => unitKey(unit) === unitKey(chosen))
  const offered = known ? units : [chosen, ...units]
  return (
    <SelectField
      label="Service"
      value={chosen ? unitKey(chosen) : ''}
      error={errors.unit}
      help={kind.needsUnit ? undefined : 'The one that it speaks of, and that recovery may restart.'}
      onChange={event => change({ unit: unitOfKey(event.target.value) })}
    >
      <option value="">{kind.needsUnit ? 'Choose a service' : 'None'}</option>
      {offered
        .map(unit => ({ key: unitKey(unit), label: safeText(unitLabel(unit)) }))
        .sort((a, b) => a.key.localeCompare(b.key, 'en'))
        .map(({ key, label }) => (
          <option key={key} value={key}>
            {label}
          </option>
        ))}
    </SelectField>
  )
}

export function ThresholdFields(props: FieldsProps & { checkId: string | null }): ReactNode {
  const { form, checkId } = props
  const { draft, errors, change } = form
  const { data: checks = [] } = useChecks()
  const others = checks.filter(view => view.check.id !== checkId)
  return (
    <>
      <FieldRow>
        <NumberField label="Every (s)" {...numberOf(form, 'intervalSeconds')} />
        <NumberField label="Gives up after (s)" {...numberOf(form, 'timeoutSeconds')} />
        <NumberField label="Failures in a row" {...numberOf(form, 'failureThreshold')} />
        <NumberField label="For at least (s)" {...numberOf(form, 'forSeconds')} />
        <NumberField label="Successes to be over" {...numberOf(form, 'recoveryThreshold')} />
      </FieldRow>
      <Choices
        label="Severity"
        value={draft.severity}
        options={(['info', 'warning', 'critical'] as const).map(value => ({ value, label: severityWords[value] }))}
        onChange={severity => change({ severity })}
      />
      {draft.severity !== 'critical' && (
        <SelectField
          label="If it stays unhealthy"
          value={String(draft.riseSeconds ?? '')}
          error={errors.riseSeconds}
          onChange={({ target }) => change({ riseSeconds: target.value === '' ? undefined : Number(target.value) })}
        >
          <option value="">Its severity stays</option>
          {[...new Set([300, 600, 1_800, 3_600, draft.riseSeconds ?? 600])].map(seconds => (
            <option key={seconds} value={seconds}>
              Critical after {formatDuration(seconds * 1000)}
            </option>
          ))}
        </SelectField>
      )}
      <TextField
        label="Tags"
        help="Separated by commas. Channels and silences can go by them."
        value={draft.tags.join(', ')}
        error={errors.tags}
        autoComplete="off"
        onChange={event => change({ tags: tagsOf(event.target.value) })}
      />
      {others.length > 0 && (
        <details>
          <summary>Depends on other checks{draft.dependsOn.length > 0 ? ` (${draft.dependsOn.length})` : ''}</summary>
          <ManyOf
            label="Checks that it depends on"
            bare
            help="While one of them is in trouble, this one is not judged and not told of."
            error={errors.dependsOn}
            options={others.map(({ check }) => ({ value: check.id, label: safeText(check.name) }))}
            chosen={draft.dependsOn}
            onChange={dependsOn => change({ dependsOn })}
          />
        </details>
      )}
    </>
  )
}
