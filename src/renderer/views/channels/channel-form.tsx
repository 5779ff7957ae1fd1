// The form of a channel of one kind, with a test message before it is saved, and what went through it.
import { Send, Trash2 } from 'lucide-react'
import { type FormEvent, type ReactNode, useMemo, useState } from 'react'
import { useNavigate } from 'react-router'
import { ChannelDraft, type ChannelKind, type ChannelView } from '../../../shared/model/channel.ts'
import { Button, ButtonRow, LinkButton } from '../../components/button.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { CheckField, TextField } from '../../components/field.tsx'
import { Columns, Panel } from '../../components/page.tsx'
import { SchemaForm } from '../../components/schema-form.tsx'
import { Status } from '../../components/status.tsx'
import { useEngine, useEngineCommand } from '../../data/remotes.tsx'
import { errorsWithin, textOf, useDraftForm } from '../../data/use-draft-form.ts'
import { fieldsOf } from '../../lib/json-schema.ts'
import { places } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { useFirstMistake } from '../../lib/use-first-mistake.ts'
import { SaveError } from '../vault/save-error.tsx'
import { FilterFields, QuietFields } from './channel-fields.tsx'
import css from './channels.module.css'
import { OutboxPanel } from './outbox-panel.tsx'

export function ChannelForm(props: { kind: ChannelKind; view: ChannelView | null; draft: ChannelDraft }): ReactNode {
  const { kind, view } = props
  const channel = view?.channel ?? null
  const engine = useEngine()
  const navigate = useNavigate()
  const form = useDraftForm(ChannelDraft, props.draft)
  const { draft, errors, failure, busy, change } = form
  const [tested, setTested] = useState<{ problem: string | null } | null>(null)
  const formRef = useFirstMistake(errors)
  const fields = useMemo(() => fieldsOf(kind.schema), [kind.schema])

  const save = (event: FormEvent): void => {
    event.preventDefault()
    void form.send('save', async (entered, secrets) => {
      if (channel) await engine.call('channel.edit', { id: channel.id, draft: entered, secrets })
      else await engine.call('channel.add', { draft: entered, secrets })
      form.clearSecrets()
      void navigate(places.channels)
    })
  }
  const test = (): void => {
    setTested(null)
    void form.send('test', async (entered, secrets) =>
      setTested(await engine.call('channel.test', { id: channel?.id ?? null, draft: entered, secrets })),
    )
  }

  return (
    <Columns wider="neither">
      <form ref={formRef} onSubmit={save} noValidate>
        <Panel title={safeText(kind.title)}>
          <p className={css.pale}>{safeText(kind.description)}</p>
          <TextField label="Name" autoComplete="off" {...textOf(form, 'name')} />
          <CheckField
            label="Send messages here"
            checked={draft.enabled}
            onChange={event => change({ enabled: event.target.checked })}
          />
          <SchemaForm
            fields={fields}
            value={draft.spec}
            onChange={spec => change({ spec: { ...spec } })}
            secrets={form.secretInputs}
            stored={channel?.stored ?? []}
            errors={errorsWithin(errors, 'spec')}
          />
        </Panel>
        <Panel title="What is sent">
          <FilterFields form={form} />
        </Panel>
        <Panel title="Quiet hours">
          <QuietFields form={form} />
        </Panel>
        {failure && <SaveError error={failure} />}
        <ButtonRow>
          <Button type="submit" look="primary" loading={busy === 'save'}>
            {channel ? 'Save' : 'Add channel'}
          </Button>
          <Button icon={Send} loading={busy === 'test'} onClick={test}>
            Send a test
          </Button>
          <LinkButton to={places.channels} look="quiet">
            Cancel
          </LinkButton>
          {channel && kind.addable && <Remove id={channel.id} name={channel.name} />}
        </ButtonRow>
        <div aria-live="polite">
          {tested && (
            <Status
              status={
                tested.problem === null
                  ? { tone: 'healthy', word: 'The test message was taken' }
                  : { tone: 'unhealthy', word: safeText(tested.problem) }
              }
            />
          )}
        </div>
      </form>
      <div>{channel && <OutboxPanel channelId={channel.id} />}</div>
    </Columns>
  )
}

function Remove(props: { id: string; name: string }): ReactNode {
  const { id, name } = props
  const navigate = useNavigate()
  const [asking, setAsking] = useState(false)
  const remove = useEngineCommand('channel.remove')
  return (
    <>
      <Button icon={Trash2} look="quiet" onClick={() => setAsking(true)}>
        Remove
      </Button>
      <ConfirmDialog
        open={asking}
        title={`Remove ${safeText(name)}?`}
        action="Remove channel"
        busy={remove.isPending}
        error={remove.error}
        onClose={() => setAsking(false)}
        onConfirm={() => remove.mutate(id, { onSuccess: () => void navigate(places.channels) })}
      >
        <p>Nothing is sent there any more. Messages that wait for it are dropped, and its secrets are forgotten.</p>
      </ConfirmDialog>
    </>
  )
}
