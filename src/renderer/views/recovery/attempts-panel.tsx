// What a service's rule has done, newest first, with its evidence. Shows what the engine says and decides nothing.
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { UnitRef } from '../../../shared/model/unit.ts'
import { QueryFaces } from '../../components/faces.tsx'
import { Panel } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { Status, StatusIcon } from '../../components/status.tsx'
import { refOf } from '../../data/recovery.ts'
import { useEngineQuery } from '../../data/remotes.tsx'
import { incidentPath } from '../../lib/places.ts'
import { attemptStatus } from '../../lib/recovery-status.ts'
import { safeText } from '../../lib/safe-text.ts'
import css from './recovery.module.css'

export function AttemptsPanel(props: { unit: UnitRef }): ReactNode {
  const attempts = useEngineQuery('recovery.attempts', { ...refOf(props.unit), limit: 30 })
  return (
    <Panel title="What it did">
      <QueryFaces query={attempts} failed="The attempts could not be read">
        {list =>
          list.length === 0 ? (
            <p className={css.pale}>Nothing so far.</p>
          ) : (
            <ol className={css.list}>
              {list.map(attempt => (
                <li key={attempt.id} className={css.attempt}>
                  <div className={css.line}>
                    <Status status={attemptStatus(attempt)} />
                    <span className={css.pale}>
                      attempt {attempt.number} of <Link to={incidentPath(attempt.incidentId)}>its incident</Link>,{' '}
                      <RelativeTime at={attempt.at} />
                    </span>
                  </div>
                  <code className={css.command}>{safeText(attempt.command)}</code>
                  <ul className={css.evidence}>
                    {attempt.evidence.map(item => (
                      <li key={item.text}>
                        <StatusIcon
                          tone={item.ok ? 'healthy' : 'unhealthy'}
                          size={13}
                          label={item.ok ? 'As it should be' : 'Not as it should be'}
                        />{' '}
                        {safeText(item.text)}
                      </li>
                    ))}
                  </ul>
                </li>
              ))}
            </ol>
          )
        }
      </QueryFaces>
    </Panel>
  )
}
