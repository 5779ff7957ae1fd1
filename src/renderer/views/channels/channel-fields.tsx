// The fields that every channel has: what goes through it, and when it is quiet. Know nothing of saving.
import type { ReactNode } from 'react'
import type { ChannelDraft } from '../../../shared/model/channel.ts'
import { CheckField, Choices, TextField } from '../../components/field.tsx'
import { useHosts } from '../../data/hosts.ts'
import type { Errors } from '../../data/use-draft-form.ts'
import { safeText } from '../../lib/safe-text.ts'
import { tagsOf } from '../../lib/tags.ts'
import css from './channels.module.css'

interface FieldsProps {
  readonly draft: ChannelDraft
  readonly errors: Errors
  readonly change: (parts: Partial<ChannelDraft>) => void
}

export function FilterFields(props: FieldsProps): ReactNode {
  const { draft, errors, change } = props
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
      <fieldset className={css.hosts}>
        <legend>Only of these hosts</legend>
        <p className={css.pale}>None chosen lets all through.</p>
        {hosts.map(({ host }) => (
          <CheckField
            key={host.id}
            label={safeText(host.name)}
            checked={filter.hosts.includes(host.id)}
            onChange={event =>
              set({
                hosts: event.target.checked ? [...filter.hosts, host.id] : filter.hosts.filter(id => id !== host.id),
              })
            }
          />
        ))}
      </fieldset>
    </>
  )
}

export function QuietFields(props: FieldsProps): ReactNode {
  const { draft, errors, change } = props
  const quiet = draft.quietHours
  const set = (parts: Partial<NonNullable<typeof quiet>>): void => {
    if (quiet) change({ quietHours: { ...quiet, ...parts } })
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
              ? { from: '22:00', to: '07:00', zone: ownZone(), criticalPasses: true }
              : null,
          })
        }
      />
      {quiet && (
        <>
          <div className={css.pair}>
            <TextField
              label="From"
              type="time"
              value={quiet.from}
              error={errors['quietHours.from']}
              onChange={event => set({ from: event.target.value })}
            />
            <TextField
              label="To"
              type="time"
              value={quiet.to}
              error={errors['quietHours.to']}
              onChange={event => set({ to: event.target.value })}
            />
            <TextField
              label="Time zone"
              value={quiet.zone}
              error={errors['quietHours.zone']}
              autoComplete="off"
              spellCheck={false}
              onChange={event => set({ zone: event.target.value })}
            />
          </div>
          <CheckField
            label="Critical messages come at once all the same"
            checked={quiet.criticalPasses}
            onChange={event => set({ criticalPasses: event.target.checked })}
          />
        </>
      )}
    </>
  )
}

/** The zone that this computer is set to. */
function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'
}
