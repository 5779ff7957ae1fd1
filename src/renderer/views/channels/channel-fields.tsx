// The fields that every channel has: what goes through it, and when it is quiet. Know nothing of saving.
import type { ReactNode } from 'react'
import type { ChannelDraft } from '../../../shared/model/channel.ts'
import { CheckField, Choices, FieldRow, TextField } from '../../components/field.tsx'
import { ManyOf } from '../../components/many-of.tsx'
import { useHosts } from '../../data/hosts.ts'
import { type Entered, errorsWithin, textOf } from '../../data/use-draft-form.ts'
import { localZone } from '../../lib/local-zone.ts'
import { safeText } from '../../lib/safe-text.ts'
import { tagsOf } from '../../lib/tags.ts'

export function FilterFields(props: { form: Entered<ChannelDraft> }): ReactNode {
  const { draft, errors, change } = props.form
  const { filter } = draft
  const { data: hosts = [] } = useHosts()
  const set = (parts: Partial<ChannelDraft['filter']>): void => change({ filter: { ...filter, ...parts } })
  return (
    <>
      <Choices
        label="Severity"
        value={filter.minSeverity}
        options={[
          { value: 'info', label: 'Everything' },
          { value: 'warning', label: 'Warnings and worse' },
          { value: 'critical', label: 'Critical only' },
        ]}
        onChange={minSeverity => set({ minSeverity })}
      />
      <TextField
        label="Only with one of these tags"
        help="Separated by commas. Empty lets all through."
        value={filter.tags.join(', ')}
        error={errors['filter.tags']}
        autoComplete="off"
        onChange={event => set({ tags: tagsOf(event.target.value) })}
      />
      <ManyOf
        label="Only of these hosts"
        help="None chosen lets all through."
        options={hosts.map(({ host }) => ({ value: host.id, label: safeText(host.name) }))}
        chosen={filter.hosts}
        onChange={chosen => set({ hosts: chosen })}
      />
    </>
  )
}

export function QuietFields(props: { form: Entered<ChannelDraft> }): ReactNode {
  const { draft, errors, change } = props.form
  const quiet = draft.quietHours
  const hours: Entered<NonNullable<typeof quiet>> | null = quiet && {
    draft: quiet,
    errors: errorsWithin(errors, 'quietHours'),
    change: parts => change({ quietHours: { ...quiet, ...parts } }),
  }
  return (
    <>
      <CheckField
        label="Hold messages back at certain hours"
        help="They come as one summary at the end."
        checked={quiet !== null}
        onChange={event =>
          change({
            quietHours: event.target.checked
              ? { from: '22:00', to: '07:00', zone: localZone(), criticalPasses: true }
              : null,
          })
        }
      />
      {hours && (
        <>
          <FieldRow>
            <TextField label="From" type="time" {...textOf(hours, 'from')} />
            <TextField label="To" type="time" {...textOf(hours, 'to')} />
            <TextField label="Time zone" autoComplete="off" spellCheck={false} {...textOf(hours, 'zone')} />
          </FieldRow>
          <CheckField
            label="Critical messages come at once all the same"
            checked={hours.draft.criticalPasses}
            onChange={event => hours.change({ criticalPasses: event.target.checked })}
          />
        </>
      )}
    </>
  )
}
