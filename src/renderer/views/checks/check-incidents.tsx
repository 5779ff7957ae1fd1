// The incidents that a check has opened, newest first. Shows what the engine says and decides nothing.
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import { QueryFaces } from '../../components/faces.tsx'
import { Panel } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { StatusIcon } from '../../components/status.tsx'
import { useEngineQuery } from '../../data/remotes.tsx'
import { formatDuration } from '../../lib/format.ts'
import { incidentPath } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import css from './checks.module.css'

export function CheckIncidents(props: { checkId: string }): ReactNode {
  const incidents = useEngineQuery('incident.list', { checkId: props.checkId, limit: 20 })
  return (
    <Panel title="Incidents">
      <QueryFaces query={incidents} failed="The incidents could not be read">
        {list =>
          list.length === 0 ? (
            <p className={css.pale}>None so far.</p>
          ) : (
            <ul className={css.list}>
              {list.map(incident => (
                <li key={incident.id} className={css.incident}>
                  <StatusIcon
                    tone={incident.state === 'resolved' ? 'healthy' : 'unhealthy'}
                    size={14}
                    label={incident.state === 'resolved' ? 'Resolved' : 'Not over'}
                  />
                  <Link to={incidentPath(incident.id)}>{safeText(incident.title)}</Link>
                  <span className={css.pale}>
                    <RelativeTime at={incident.openedAt} />
                    {incident.resolvedAt !== null &&
                      `, lasted ${formatDuration(incident.resolvedAt - incident.startedAt)}`}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </QueryFaces>
    </Panel>
  )
}
