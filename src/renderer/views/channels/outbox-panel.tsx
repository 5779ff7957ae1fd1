// What went through a channel lately, and what waits for it. Shows what the engine says and decides nothing.
import type { ReactNode } from 'react'
import type { OutboxEntry } from '../../../shared/model/channel.ts'
import { Pale, TwoLines } from '../../components/cells.tsx'
import { QueryFaces } from '../../components/faces.tsx'
import { Panel } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { Status } from '../../components/status.tsx'
import { useEngineQuery } from '../../data/remotes.tsx'
import { safeShort, safeText } from '../../lib/safe-text.ts'
import type { StatusWord } from '../../lib/status.ts'
import css from './channels.module.css'

const states: Record<OutboxEntry['state'], StatusWord> = {
  waiting: { tone: 'busy', word: 'Waiting' },
  sending: { tone: 'busy', word: 'Sending' },
  sent: { tone: 'healthy', word: 'Sent' },
  failed: { tone: 'unhealthy', word: 'Given up' },
  dropped: { tone: 'off', word: 'Not needed any more' },
}

export function OutboxPanel(props: { channelId: string }): ReactNode {
  const outbox = useEngineQuery('channel.outbox', { id: props.channelId, limit: 50 }, { refetchInterval: 5_000 })
  return (
    <Panel title="Messages">
      <QueryFaces query={outbox} failed="The messages could not be read">
        {list =>
          list.length === 0 ? (
            <p className={css.pale}>Nothing has gone through it yet.</p>
          ) : (
            <ul className={css.list}>
              {list.map(entry => (
                <li key={entry.id} className={css.item}>
                  <TwoLines>
                    <span>{safeShort(entry.title, 120)}</span>
                    {entry.error && entry.state !== 'sent' && (
                      <Pale>
                        {safeText(entry.error)}
                        {entry.attempts > 1 ? ` (${entry.attempts} attempts)` : ''}
                      </Pale>
                    )}
                  </TwoLines>
                  <TwoLines>
                    <Status status={states[entry.state]} />
                    <RelativeTime at={entry.sentAt ?? entry.createdAt} className={css.pale} />
                  </TwoLines>
                </li>
              ))}
            </ul>
          )
        }
      </QueryFaces>
    </Panel>
  )
}
