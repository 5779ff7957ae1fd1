// The fields that every check has, whatever its kind: what it is about, and when it alerts. Know nothing of saving.
import type { ReactNode } from 'react'
import type { CheckDraft, CheckKind, Vantage } from '../../../shared/model/check.ts'
import { CheckField, Choices, SelectField, TextField } from '../../components/field.tsx'
import { NumberField } from '../../components/number-field.tsx'
import { useChecks } from '../../data/checks.ts'
import { useHosts, useUnits } from '../../data/hosts.ts'
import type { Errors } from '../../data/use-draft-form.ts'
import { severityWords } from '../../lib/check-status.ts'
import { safeText } from '../../lib/safe-text.ts'
import { tagsOf } from '../../lib/tags.ts'
import css from './checks.module.css'

interface FieldsProps {
  readonly kind: CheckKind
  readonly draft: CheckDraft
  readonly errors: Errors
  readonly change: (parts: Partial<CheckDraft>) => void
}

const vantages: Record<Vantage, string> = { host: 'The host itself', local: 'This computer', both: 'Both' }

export function SubjectFields(props: FieldsProps & { builtIn: boolean }): ReactNode {
  const { kind, draft, errors, builtIn, change } = props
  const { data: hosts = [] } = useHosts()
  return (
    <>
      <TextField
        label="Name"
        value={draft.name}
        error={errors.name}
        autoComplete="off"
        onChange={event => change({ name: event.target.value })}
      />
      {!builtIn && (
        <div className={css.pair}>
          <SelectField
            label="Host"
            value={draft.hostId}
            error={errors.hostId}
            onChange={event => change({ hostId: event.target.value, unit: null })}
          >
            {hosts.map(({ host }) => (
              <option key={host.id} value={host.id}>
                {safeText(host.name)}
              </option>
            ))}
          </SelectField>
          <UnitSelect {...props} />
        </div>
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
  const { kind, draft, errors, change } = props
  const { data: units = [] } = useUnits(draft.hostId, draft.hostId !== '')
  const chosen = draft.unit ? `${draft.unit.scope}/${draft.unit.name}` : ''
  const names = units.map(unit => `${unit.scope}/${unit.name}`)
  const all = chosen === '' || names.includes(chosen) ? names : [chosen, ...names]
  return (
    <SelectField
      label="Service"
      value={chosen}
      error={errors.unit}
      help={kind.needsUnit ? undefined : 'The one that it speaks of, and that recovery may restart.'}
      onChange={event => {
        const [scope, ...name] = event.target.value.split('/')
        change({
          unit:
            event.target.value === '' ? null : { scope: scope === 'user' ? 'user' : 'system', name: name.join('/') },
        })
      }}
    >
      <option value="">{kind.needsUnit ? 'Choose a service' : 'None'}</option>
      {all.sort().map(name => (
        <option key={name} value={name}>
          {safeText(name.startsWith('system/') ? name.slice('system/'.length) : `${name.slice('user/'.length)} (user)`)}
        </option>
      ))}
    </SelectField>
  )
}

export function ThresholdFields(props: FieldsProps & { checkId: string | null }): ReactNode {
  const { draft, errors, change, checkId } = props
  const { data: checks = [] } = useChecks()
  const others = checks.filter(view => view.check.id !== checkId)
  return (
    <>
      <div className={css.pair}>
        <NumberField
          label="Every (s)"
          value={draft.intervalSeconds}
          error={errors.intervalSeconds}
          onChange={intervalSeconds => change({ intervalSeconds })}
        />
        <NumberField
          label="Gives up after (s)"
          value={draft.timeoutSeconds}
          error={errors.timeoutSeconds}
          onChange={timeoutSeconds => change({ timeoutSeconds })}
        />
        <NumberField
          label="Failures in a row"
          value={draft.failureThreshold}
          error={errors.failureThreshold}
          onChange={failureThreshold => change({ failureThreshold })}
        />
        <NumberField
          label="For at least (s)"
          value={draft.forSeconds}
          error={errors.forSeconds}
          onChange={forSeconds => change({ forSeconds })}
        />
        <NumberField
          label="Successes to be over"
          value={draft.recoveryThreshold}
          error={errors.recoveryThreshold}
          onChange={recoveryThreshold => change({ recoveryThreshold })}
        />
      </div>
      <Choices
        label="Severity"
        value={draft.severity}
        options={(['info', 'warning', 'critical'] as const).map(value => ({ value, label: severityWords[value] }))}
        onChange={severity => change({ severity })}
      />
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
          <p className={css.pale}>While one of them is in trouble, this one is not judged and not told of.</p>
          {errors.dependsOn && <p role="alert">{errors.dependsOn}</p>}
          <div className={css.others}>
            {others.map(({ check }) => (
              <CheckField
                key={check.id}
                label={safeText(check.name)}
                checked={draft.dependsOn.includes(check.id)}
                onChange={event =>
                  change({
                    dependsOn: event.target.checked
                      ? [...draft.dependsOn, check.id]
                      : draft.dependsOn.filter(id => id !== check.id),
                  })
                }
              />
            ))}
          </div>
        </details>
      )}
    </>
  )
}
