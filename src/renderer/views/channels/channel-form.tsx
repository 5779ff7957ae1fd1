// The form of a channel of one kind, with a test message before it is saved, and what went through it.
import { Send } from 'lucide-react'
import type { ReactNode } from 'react'
import { useNavigate } from 'react-router'
import { ChannelDraft, type ChannelKind, type ChannelView } from '../../../shared/model/channel.ts'
import { CheckField } from '../../components/field.tsx'
import { KindForm } from '../../components/kind-form.tsx'
import { Columns, Panel } from '../../components/page.tsx'
import { RemoveButton } from '../../components/remove-button.tsx'
import { useEngine, useEngineCommand } from '../../data/remotes.tsx'
import { useDraftForm } from '../../data/use-draft-form.ts'
import { places } from '../../lib/places.ts'
import { SaveError } from '../vault/save-error.tsx'
import { FilterFields, QuietFields } from './channel-fields.tsx'
import { OutboxPanel } from './outbox-panel.tsx'

export function ChannelForm(props: { kind: ChannelKind; view: ChannelView | null; draft: ChannelDraft }): ReactNode {
  const { kind, view } = props
  const channel = view?.channel ?? null
  const engine = useEngine()
  const form = useDraftForm(ChannelDraft, props.draft)
  return (
    <Columns wider="neither">
      <KindForm
        kind={kind}
        form={form}
        stored={channel?.stored ?? []}
        before={
          <CheckField
            label="Send messages here"
            checked={form.draft.enabled}
            onChange={event => form.change({ enabled: event.target.checked })}
          />
        }
        failure={form.failure && <SaveError error={form.failure} />}
        save={channel ? 'Save' : 'Add channel'}
        onSave={(draft, secrets) =>
          channel
            ? engine.call('channel.edit', { id: channel.id, draft, secrets })
            : engine.call('channel.add', { draft, secrets })
        }
        trial={{
          label: 'Send a test',
          icon: Send,
          works: 'The test message was taken',
          run: (draft, secrets) => engine.call('channel.test', { id: channel?.id ?? null, draft, secrets }),
        }}
        back={places.channels}
        remove={channel && kind.addable && <Remove id={channel.id} name={channel.name} />}
      >
        <Panel title="What is sent">
          <FilterFields form={form} />
        </Panel>
        <Panel title="Quiet hours">
          <QuietFields form={form} />
        </Panel>
      </KindForm>
      <div>{channel && <OutboxPanel channelId={channel.id} />}</div>
    </Columns>
  )
}

function Remove(props: { id: string; name: string }): ReactNode {
  const { id, name } = props
  const navigate = useNavigate()
  const remove = useEngineCommand('channel.remove')
  return (
    <RemoveButton
      name={name}
      noun="channel"
      busy={remove.isPending}
      error={remove.error}
      onRemove={() => remove.mutate(id, { onSuccess: () => void navigate(places.channels) })}
    >
      <p>Nothing is sent there any more. Messages that wait for it are dropped, and its secrets are forgotten.</p>
    </RemoveButton>
  )
}
