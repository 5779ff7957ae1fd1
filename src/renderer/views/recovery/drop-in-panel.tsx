// "Leave it on the host": the drop-in by which systemd itself mends the service while this computer sleeps; reviewed before it is written.
import { type FormEvent, type ReactNode, useState } from 'react'
import { DropInSettings } from '../../../shared/model/recovery.ts'
import type { UnitRef } from '../../../shared/model/unit.ts'
import { Button, ButtonRow } from '../../components/button.tsx'
import { Command } from '../../components/command.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { QueryFaces } from '../../components/faces.tsx'
import { CheckField, FieldError, FieldRow, SelectField } from '../../components/field.tsx'
import { NumberField } from '../../components/number-field.tsx'
import { Panel } from '../../components/page.tsx'
import { useToast } from '../../components/toast.tsx'
import { refOf } from '../../data/recovery.ts'
import { useEngineCommand, useEngineQuery } from '../../data/remotes.tsx'
import { errorText } from '../../lib/error-text.ts'
import { safeText } from '../../lib/safe-text.ts'
import css from './recovery.module.css'

const initial: DropInSettings = {
  restart: 'on-failure',
  restartSeconds: 5,
  startLimitBurst: 5,
  startLimitIntervalSeconds: 600,
  restartSteps: null,
  restartMaxDelaySeconds: null,
}

export function DropInPanel(props: { unit: UnitRef }): ReactNode {
  const { unit } = props
  const toast = useToast()
  const [settings, setSettings] = useState(initial)
  /** What is being reviewed; null settings would remove the drop-in. */
  const [review, setReview] = useState<{ settings: DropInSettings | null } | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const undo = useEngineCommand('dropin.undo')
  const change = (parts: Partial<DropInSettings>): void => setSettings(old => ({ ...old, ...parts }))
  const look = (event: FormEvent): void => {
    event.preventDefault()
    const parsed = DropInSettings.safeParse(settings)
    setProblem(parsed.success ? null : (parsed.error.issues[0]?.message ?? 'Something is not right'))
    if (parsed.success) setReview({ settings: parsed.data })
  }
  return (
    <Panel title="Leave it on the host">
      <p className={css.pale}>
        A drop-in for systemd on the host, so that it restarts the service while this computer sleeps. You see it before
        it is written, and can take it back.
      </p>
      <form className={css.column} onSubmit={look} noValidate>
        <SelectField
          label="Restart"
          value={settings.restart}
          onChange={event => change({ restart: DropInSettings.shape.restart.parse(event.target.value) })}
        >
          {DropInSettings.shape.restart.options.map(option => (
            <option key={option} value={option}>
              {option}
            </option>
          ))}
        </SelectField>
        <FieldRow>
          <NumberField
            label="After (s)"
            value={settings.restartSeconds}
            error={undefined}
            onChange={restartSeconds => change({ restartSeconds })}
          />
          <NumberField
            label="At most (starts)"
            value={settings.startLimitBurst}
            error={undefined}
            onChange={startLimitBurst => change({ startLimitBurst })}
          />
          <NumberField
            label="Within (s)"
            value={settings.startLimitIntervalSeconds}
            error={undefined}
            onChange={startLimitIntervalSeconds => change({ startLimitIntervalSeconds })}
          />
        </FieldRow>
        <CheckField
          label="Growing delays"
          help="Up to 5 min in 5 steps. Needs systemd 254 or newer on the host."
          checked={settings.restartSteps !== null}
          onChange={event =>
            change(
              event.target.checked
                ? { restartSteps: 5, restartMaxDelaySeconds: 300 }
                : { restartSteps: null, restartMaxDelaySeconds: null },
            )
          }
        />
        {problem && <FieldError>{problem}</FieldError>}
        {undo.error && <FieldError>{errorText(undo.error)}</FieldError>}
        <ButtonRow>
          <Button type="submit">Review</Button>
          <Button look="quiet" onClick={() => setReview({ settings: null })}>
            Remove it
          </Button>
          <Button
            look="quiet"
            loading={undo.isPending}
            onClick={() =>
              undo.mutate(refOf(unit), {
                onSuccess: () => toast({ tone: 'healthy', title: 'What was there before is back' }),
              })
            }
          >
            Undo the last change
          </Button>
        </ButtonRow>
      </form>
      {review && (
        <Review
          unit={unit}
          settings={review.settings}
          onClose={() => setReview(null)}
          onDone={() => {
            setReview(null)
            toast({ tone: 'healthy', title: 'Written to the host, and systemd has read it' })
          }}
        />
      )}
    </Panel>
  )
}

function Review(props: {
  unit: UnitRef
  settings: DropInSettings | null
  onClose: () => void
  onDone: () => void
}): ReactNode {
  const { unit, settings, onClose, onDone } = props
  const review = useEngineQuery('dropin.review', { ...refOf(unit), settings }, { staleTime: 0 })
  const apply = useEngineCommand('dropin.apply')
  const { data } = review
  const same = data !== undefined && data.before === data.after
  return (
    <Dialog
      open
      title={`Change to ${safeText(unit.name)}`}
      width="wide"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          {data && !same && (
            <Button
              look="primary"
              loading={apply.isPending}
              onClick={() => apply.mutate({ ...refOf(unit), settings, before: data.before }, { onSuccess: onDone })}
            >
              {settings ? 'Write it' : 'Remove it'}
            </Button>
          )}
        </>
      }
    >
      <QueryFaces query={review} failed="The host could not be asked" loading="Reading the host">
        {found => (
          <div className={css.column}>
            <p>
              <code>{safeText(found.path)}</code>
            </p>
            {same ? <p>This is what is there already.</p> : <Diff text={found.diff} />}
            {found.warnings.map(warning => (
              <p key={warning}>{safeText(warning)}</p>
            ))}
            {!same && found.commands.map(command => <Command key={command} text={command} label="Runs" />)}
          </div>
        )}
      </QueryFaces>
      {apply.error && <FieldError>{errorText(apply.error)}</FieldError>}
    </Dialog>
  )
}

function Diff(props: { text: string }): ReactNode {
  const lines = props.text.split('\n').map((text, at) => ({ text, key: `${at} ${text}` }))
  return (
    <pre className={css.diff}>
      {lines.map(({ text, key }) => (
        <span key={key} className={text.startsWith('+') ? css.added : text.startsWith('-') ? css.gone : undefined}>
          {safeText(text)}
          {'\n'}
        </span>
      ))}
    </pre>
  )
}
