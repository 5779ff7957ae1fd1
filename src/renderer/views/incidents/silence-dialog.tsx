// Silences what an incident is about for a while: how long, and how much of it. The engine does it.
import { type FormEvent, type ReactNode, useId, useState } from 'react'
import type { Incident, SilenceScope } from '../../../shared/model/incident.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Choices, FieldError, SelectField, TextField } from '../../components/field.tsx'
import { useToast } from '../../components/toast.tsx'
import { useEngineCommand } from '../../data/remotes.tsx'
import { errorText } from '../../lib/error-text.ts'
import { formatExact } from '../../lib/format.ts'
import { places } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { writeTime } from '../host/journal/journal-text.ts'
import css from './incident-view.module.css'
import { lengthWords, type SilenceLength, silenceLengths, silenceUntil } from './silence-times.ts'

type Extent = 'check' | 'service' | 'host'

export function SilenceDialog(props: { open: boolean; incident: Incident; onClose: () => void }): ReactNode {
  return props.open ? <OpenDialog {...props} /> : null
}

function OpenDialog(props: { incident: Incident; onClose: () => void }): ReactNode {
  const { incident, onClose } = props
  const formId = useId()
  const toast = useToast()
  const add = useEngineCommand('silence.add')
  const [length, setLength] = useState<SilenceLength>('1h')
  const [time, setTime] = useState(() => writeTime(Date.now() + 2 * 3_600_000).slice(0, 16))
  const [extent, setExtent] = useState<Extent>(incident.unit ? 'service' : 'check')
  const [reason, setReason] = useState('')
  const [tried, setTried] = useState(false)
  const [now] = useState(() => Date.now())
  const until = silenceUntil(length, time, now)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    const from = Date.now()
    const end = silenceUntil(length, time, from)
    if (end === null) return
    add.mutate(
      {
        name: reason.trim() || `Silenced: ${safeText(incident.title)}`.slice(0, 100),
        kind: 'silence',
        scope: scopeOf(incident, extent),
        schedule: { kind: 'once', from, until: end },
      },
      {
        onSuccess: () => {
          onClose()
          toast({
            tone: 'healthy',
            title: 'Silenced',
            text: `Nobody is told of it until ${formatExact(end)}.`,
            link: { to: places.silences, label: 'Show silences' },
          })
        },
      },
    )
  }
  return (
    <Dialog
      open
      title="Silence"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={formId} look="primary" loading={add.isPending}>
            Silence
          </Button>
        </>
      }
    >
      <p>It is watched all the same. If it is still wrong at the end of the silence, that is told then.</p>
      <form id={formId} onSubmit={submit} className={css.form}>
        <Choices<SilenceLength>
          label="For how long"
          value={length}
          options={silenceLengths.map(value => ({ value, label: lengthWords[value] }))}
          onChange={setLength}
          {...(length !== 'time' && until !== null ? { help: `Until ${formatExact(until)}` } : {})}
        />
        {length === 'time' && (
          <TextField
            label="Until"
            type="datetime-local"
            value={time}
            onChange={event => setTime(event.target.value)}
            error={tried && until === null ? 'Choose a time that is still to come.' : undefined}
          />
        )}
        <SelectField label="What" value={extent} onChange={event => setExtent(event.target.value as Extent)}>
          {incident.unit && <option value="service">Everything about {safeText(incident.unit.name)}</option>}
          <option value="check">The check “{safeText(incident.checkName)}”</option>
          <option value="host">Everything on {safeText(incident.hostName)}</option>
        </SelectField>
        <TextField
          label="Why"
          help="Optional; shown in the list of silences."
          value={reason}
          maxLength={100}
          onChange={event => setReason(event.target.value)}
        />
      </form>
      {add.error && <FieldError>{errorText(add.error)}</FieldError>}
    </Dialog>
  )
}

/** A check over many services is silenced as a whole only where that is asked for. */
export function scopeOf(incident: Incident, extent: Extent): SilenceScope {
  const { hostId, checkId, unit } = incident
  return {
    hostId,
    checkId: extent === 'check' ? checkId : null,
    unit: extent === 'service' ? unit : null,
    tag: null,
  }
}
