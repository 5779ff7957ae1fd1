// Where messages go: each channel with how it stands. Shows what the engine says and decides nothing.
import { BellRing, Plus } from 'lucide-react'
import type { ReactNode } from 'react'
import type { ChannelKind, ChannelView } from '../../../shared/model/channel.ts'
import { LinkButton } from '../../components/button.tsx'
import { NameLink, Pale, TwoLines } from '../../components/cells.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { Page, Panel } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { Status } from '../../components/status.tsx'
import { useChannelKinds, useChannels } from '../../data/channels.ts'
import { channelPath, places } from '../../lib/places.ts'
import { safeShort, safeText } from '../../lib/safe-text.ts'
import type { StatusWord } from '../../lib/status.ts'
import { filterWords } from './channel-words.ts'
import css from './channels.module.css'

export function ChannelsView(): ReactNode {
  const channels = useChannels()
  const { data: kinds = [] } = useChannelKinds()
  return (
    <Page
      title="Channels"
      body="read"
      actions={
        <LinkButton to={places.addChannel} look="primary" icon={Plus}>
          Add channel
        </LinkButton>
      }
    >
      <QueryFaces query={channels} failed="The channels could not be read" loading="Reading channels">
        {list =>
          list.length === 0 ? (
            <EmptyState icon={BellRing} title="Nobody is told yet" text="Messages about incidents go out by channels.">
              <LinkButton to={places.addChannel} look="primary" icon={Plus}>
                Add channel
              </LinkButton>
            </EmptyState>
          ) : (
            <Panel title="Messages go to">
              <ul className={css.list}>
                {list.map(view => (
                  <Item key={view.channel.id} view={view} kinds={kinds} />
                ))}
              </ul>
            </Panel>
          )
        }
      </QueryFaces>
    </Page>
  )
}

function Item(props: { view: ChannelView; kinds: readonly ChannelKind[] }): ReactNode {
  const { view, kinds } = props
  const { channel } = view
  const kind = kinds.find(each => each.type === channel.type)?.title ?? channel.type
  return (
    <li className={css.item}>
      <TwoLines>
        <NameLink to={channelPath(channel.id)}>{safeText(channel.name)}</NameLink>
        <Pale>
          {kind}. {filterWords(channel)}
        </Pale>
      </TwoLines>
      <TwoLines>
        <Status status={channelStatus(view)} />
        <Pale>
          {view.problem ? (
            safeShort(view.problem, 160)
          ) : view.lastSentAt === null ? (
            'Nothing sent yet'
          ) : (
            <>
              Last sent <RelativeTime at={view.lastSentAt} />
            </>
          )}
        </Pale>
      </TwoLines>
    </li>
  )
}

function channelStatus(view: ChannelView): StatusWord {
  if (!view.channel.enabled) return { tone: 'off', word: 'Switched off' }
  if (view.problem) return { tone: 'unhealthy', word: view.waiting > 0 ? `${view.waiting} waiting` : 'Not working' }
  if (view.waiting > 0) return { tone: 'busy', word: `${view.waiting} waiting` }
  return { tone: 'healthy', word: 'Ready' }
}
