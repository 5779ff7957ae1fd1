// The cells of the list of incidents; knows nothing of filters and order.
import { createContext, type ReactNode, use } from 'react'
import type { Incident } from '../../../shared/model/incident.ts'
import type { RecoveryView } from '../../../shared/model/recovery.ts'
import { NameLink, Pale, TwoLines, Wrapped } from '../../components/cells.tsx'
import type { Column } from '../../components/data-table.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { Status } from '../../components/status.tsx'
import { useNow } from '../../data/now.ts'
import { severityWords } from '../../lib/check-status.ts'
import { formatDuration } from '../../lib/format.ts'
import { byUrgency, incidentStatus, lasted, whatIsDone } from '../../lib/incident-words.ts'
import { incidentPath } from '../../lib/places.ts'
import { safeShort, safeText } from '../../lib/safe-text.ts'

/** The recovery rules by incident; beside the rows, so that a rule's step draws one cell and not the table. */
export const RecoveryContext = createContext<ReadonlyMap<string, RecoveryView>>(new Map())

export const incidentColumns: readonly Column<Incident>[] = [
  {
    id: 'state',
    header: 'State',
    width: '6.75rem',
    compare: byUrgency,
    cell: incident => <StateCell incident={incident} />,
  },
  {
    id: 'what',
    header: 'What',
    width: 'minmax(9.5rem, 2.4fr)',
    cell: incident => (
      <TwoLines>
        <NameLink to={incidentPath(incident.id)}>{safeShort(incident.title, 200)}</NameLink>
        <Pale>{safeShort(incident.lastMessage, 200)}</Pale>
      </TwoLines>
    ),
  },
  {
    id: 'host',
    header: 'Where',
    width: 'minmax(6rem, 1fr)',
    compare: (a, b) => a.hostName.localeCompare(b.hostName, 'en', { numeric: true }),
    cell: incident => (
      <TwoLines>
        <span>{safeText(incident.hostName)}</span>
        <Pale>{safeText(incident.unit?.name ?? incident.checkName)}</Pale>
      </TwoLines>
    ),
  },
  {
    id: 'since',
    header: 'Since',
    width: 'minmax(6rem, 0.5fr)',
    compare: (a, b) => b.startedAt - a.startedAt,
    cell: incident => <SinceCell incident={incident} />,
  },
  {
    id: 'done',
    header: 'What is being done',
    width: 'minmax(8rem, 1.5fr)',
    cell: incident => <DoneCell incident={incident} />,
  },
]

function StateCell(props: { incident: Incident }): ReactNode {
  const { incident } = props
  const words = { open: 'open', acknowledged: 'acknowledged', resolved: `was ${severityWords[incident.severity]}` }
  return (
    <TwoLines>
      <Status status={incidentStatus(incident)} />
      <Pale>{words[incident.state].toLowerCase()}</Pale>
    </TwoLines>
  )
}

function SinceCell(props: { incident: Incident }): ReactNode {
  const { incident } = props
  const now = useNow(1000)
  return (
    <TwoLines>
      <RelativeTime at={incident.startedAt} />
      <Pale>
        {incident.state === 'resolved' ? 'lasted' : 'for'} {formatDuration(lasted(incident, now))}
      </Pale>
    </TwoLines>
  )
}

function DoneCell(props: { incident: Incident }): ReactNode {
  const now = useNow(1000)
  const recovery = use(RecoveryContext).get(props.incident.id)
  return (
    <Wrapped>
      <Pale>{whatIsDone(props.incident, recovery, now)}</Pale>
    </Wrapped>
  )
}
