// The incidents of a service, those that are not over first. Shows what the engine says and decides nothing.
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { Incident } from '../../../../shared/model/incident.ts'
import type { UnitRef } from '../../../../shared/model/unit.ts'
import { Panel } from '../../../components/page.tsx'
import { RelativeTime } from '../../../components/relative-time.tsx'
import { Status } from '../../../components/status.tsx'
import { useIncidentsOf } from '../../../data/incidents.ts'
import { formatDuration } from '../../../lib/format.ts'
import { byUrgency, incidentStatus } from '../../../lib/incident-words.ts'
import { incidentPath } from '../../../lib/places.ts'
import { safeShort, safeText } from '../../../lib/safe-text.ts'
import css from './service-view.module.css'

const shown = 6

/** Nothing where there has been none: the page is about the service. */
export function IncidentsPanel(props: { unit: UnitRef }): ReactNode {
  const { data, error } = useIncidentsOf(props.unit)
  if (error && !data) {
    return (
      <Panel title="Incidents">
        <p className={css.quiet}>They could not be read: {safeText(error.message)}</p>
      </Panel>
    )
  }
  if (!data || data.length === 0) return null
  const list = [...data].sort(byUrgency).slice(0, shown)
  return (
    <Panel title="Incidents">
      <ul className={css.incidents}>
        {list.map(incident => (
          <Item key={incident.id} incident={incident} />
        ))}
      </ul>
    </Panel>
  )
}

function Item(props: { incident: Incident }): ReactNode {
  const { incident } = props
  return (
    <li>
      <Status status={incidentStatus(incident)} />
      {/* Which service it is, the page says already. */}
      <Link to={incidentPath(incident.id)}>{safeShort(incident.lastMessage || incident.title, 160)}</Link>
      <span className={css.quiet}>
        <RelativeTime at={incident.startedAt} />
        {incident.resolvedAt !== null && `, ${formatDuration(incident.resolvedAt - incident.startedAt)}`}
      </span>
    </li>
  )
}
