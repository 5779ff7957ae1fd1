// The cells of the list of checks; knows nothing of filters and order.
import type { ReactNode } from 'react'
import { NameLink, Pale, TwoLines } from '../../components/cells.tsx'
import type { Column } from '../../components/data-table.tsx'
import { Heartbeat } from '../../components/heartbeat.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { Status } from '../../components/status.tsx'
import { checkStatus, intervalText } from '../../lib/check-status.ts'
import { formatDuration, unknownValue } from '../../lib/format.ts'
import { checkPath } from '../../lib/places.ts'
import { safeShort, safeText } from '../../lib/safe-text.ts'
import { toneRank } from '../../lib/status.ts'
import type { CheckRow } from './checks-order.ts'

export const checkColumns: readonly Column<CheckRow>[] = [
  {
    id: 'check',
    header: 'Check',
    width: 'minmax(8.5rem, 1.5fr)',
    compare: (a, b) => a.view.check.name.localeCompare(b.view.check.name, 'en', { numeric: true }),
    cell: row => <NameCell row={row} />,
  },
  {
    id: 'state',
    header: 'State',
    width: 'minmax(8.25rem, 2fr)',
    compare: (a, b) => toneRank(a.tone) - toneRank(b.tone),
    cell: row => <StateCell row={row} />,
  },
  {
    id: 'host',
    header: 'Host',
    width: 'minmax(5.5rem, 0.9fr)',
    compare: (a, b) => a.hostName.localeCompare(b.hostName, 'en', { numeric: true }),
    cell: row => safeText(row.hostName),
  },
  {
    id: 'recent',
    header: 'Last probes',
    width: 'minmax(5rem, 1fr)',
    cell: row => <Heartbeat beats={row.view.recent} />,
  },
  {
    id: 'latency',
    header: 'Took',
    width: '3.75rem',
    align: 'end',
    compare: (a, b) => (a.view.last?.latencyMs ?? -1) - (b.view.last?.latencyMs ?? -1),
    cell: row => <span>{row.view.last ? formatDuration(row.view.last.latencyMs) : unknownValue}</span>,
  },
  {
    id: 'at',
    header: 'Probed',
    width: '4.75rem',
    align: 'end',
    compare: (a, b) => (a.view.last?.at ?? 0) - (b.view.last?.at ?? 0),
    cell: row => <RelativeTime at={row.view.last?.at ?? null} />,
  },
]

function NameCell(props: { row: CheckRow }): ReactNode {
  const { check, nextAt } = props.row.view
  const pace = nextAt === null ? '' : `, every ${intervalText(check.intervalSeconds)}`
  return (
    <TwoLines>
      <NameLink to={checkPath(check.id)}>{safeText(check.name)}</NameLink>
      <Pale>
        {props.row.kind}
        {pace}
      </Pale>
    </TwoLines>
  )
}

function StateCell(props: { row: CheckRow }): ReactNode {
  const status = checkStatus(props.row.view)
  return (
    <TwoLines>
      <Status status={status} />
      {status.detail && <Pale>{safeShort(status.detail, 160)}</Pale>}
    </TwoLines>
  )
}
