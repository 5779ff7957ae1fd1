// The screens on which a channel is made, changed and looked at: first the kind is chosen, then its form is filled in.
import { BellOff } from 'lucide-react'
import type { ReactNode } from 'react'
import { useParams, useSearchParams } from 'react-router'
import type { ChannelDraft, ChannelKind } from '../../../shared/model/channel.ts'
import { LinkButton } from '../../components/button.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { KindCards } from '../../components/kind-cards.tsx'
import { Page } from '../../components/page.tsx'
import { useChannelKinds, useChannels } from '../../data/channels.ts'
import { fieldsOf, initialSpec } from '../../lib/json-schema.ts'
import { places } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { ChannelForm } from './channel-form.tsx'

export function NewChannelView(): ReactNode {
  const kinds = useChannelKinds()
  const [params, setParams] = useSearchParams()
  return (
    <Page title="Add channel" body="scroll">
      <QueryFaces query={kinds} failed="The kinds of channels could not be read">
        {list => {
          const addable = list.filter(kind => kind.addable)
          const kind = addable.find(each => each.type === params.get('type'))
          if (!kind)
            return (
              <KindCards question="Where should messages go?" kinds={addable} onChoose={type => setParams({ type })} />
            )
          return <ChannelForm key={kind.type} kind={kind} view={null} draft={freshDraft(kind)} />
        }}
      </QueryFaces>
    </Page>
  )
}

export function EditChannelView(): ReactNode {
  const { channelId = '' } = useParams()
  const kinds = useChannelKinds()
  const channels = useChannels()
  const view = channels.data?.find(each => each.channel.id === channelId)
  const kind = kinds.data?.find(each => each.type === view?.channel.type)
  return (
    <Page title={view ? safeText(view.channel.name) : 'Channel'} body="scroll">
      <QueryFaces query={channels} failed="The channel could not be read">
        {() => (
          <QueryFaces query={kinds} failed="The kinds of channels could not be read">
            {() => {
              if (!view || !kind)
                return (
                  <EmptyState icon={BellOff} title="There is no such channel">
                    <LinkButton to={places.channels}>Show all channels</LinkButton>
                  </EmptyState>
                )
              const { id: _, createdAt: __, stored: ___, ...draft } = view.channel
              return <ChannelForm key={view.channel.id} kind={kind} view={view} draft={draft} />
            }}
          </QueryFaces>
        )}
      </QueryFaces>
    </Page>
  )
}

function freshDraft(kind: ChannelKind): ChannelDraft {
  return {
    type: kind.type,
    name: kind.title,
    spec: initialSpec(fieldsOf(kind.schema)),
    enabled: true,
    filter: { minSeverity: 'info', tags: [], hosts: [] },
    quietHours: null,
  }
}
