// What happened to a service over time, newest first; what was not seen live is marked. Decides nothing.
import type { ReactNode } from 'react'
import type { UnitRef, UnitTransition } from '../../../../shared/model/unit.ts'
import { QueryFaces } from '../../../components/faces.tsx'
import { Panel } from '../../../components/page.tsx'
import { RelativeTime } from '../../../components/relative-time.tsx'
import { Status } from '../../../components/status.tsx'
import { Tooltip } from '../../../components/tooltip.tsx'
import { useEngineQuery } from '../../../data/remotes.tsx'
import { safeText } from '../../../lib/safe-text.ts'
import { unitStatus } from '../../../lib/status.ts'
import css from './service-view.module.css'

export function HistoryPanel(props: { unit: UnitRef }): ReactNode {
  const history = useEngineQuery('unit.history', { ...props.unit, limit: 100 })
  return (
    <Panel title="History">
      <QueryFaces query={history} failed="The history could not be read" loading="Reading history">
        {list =>
          list.length === 0 ? (
            <p className={css.quiet}>Nothing has happened to it since it is watched.</p>
          ) : (
            <ol className={css.history}>
              {list.map(item => (
                <Item key={`${item.at}-${item.toState}-${item.subState}`} item={item} />
              ))}
            </ol>
          )
        }
      </QueryFaces>
    </Panel>
  )
}

function Item(props: { item: UnitTransition }): ReactNode {
  const { item } = props
  const then = unitStatus({
    activeState: item.toState,
    subState: item.subState,
    result: item.result,
    loadState: 'loaded',
    unitFileState: null,
  })
  // What was under way then is no longer: nothing turns in the past.
  const status = then.tone === 'busy' ? ({ ...then, tone: 'off' } as const) : then
  return (
    <li>
      <Status status={status} />
      <span className={css.why}>
        {item.toState === 'failed' && item.result ? safeText(item.result) : ''}
        {item.toState === 'active' && item.mainPid ? `PID ${item.mainPid}` : ''}
      </span>
      {item.reconstructed && (
        <Tooltip content="Not seen live: filled in afterwards from the host's own records.">
          <span className={css.tag}>reconstructed</span>
        </Tooltip>
      )}
      <RelativeTime at={item.at} className={css.quiet} />
    </li>
  )
}
