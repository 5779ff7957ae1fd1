// The cells of the fleet's rows; each subscribes to its own host, so that one sample redraws one row.
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { HostView } from '../../../shared/model/host.ts'
import { NameLink, Pale, TwoLines } from '../../components/cells.tsx'
import type { Column } from '../../components/data-table.tsx'
import { Meter } from '../../components/meter.tsx'
import { Sparkline } from '../../components/sparkline.tsx'
import { Status } from '../../components/status.tsx'
import { useKnownIncidents } from '../../data/incidents.ts'
import { fullestDisk, memoryPercent, useCourse, useLatestSample } from '../../data/measures.ts'
import { useNow } from '../../data/now.ts'
import { formatBytes, formatDuration, formatPercent, unknownValue } from '../../lib/format.ts'
import { hostHealth } from '../../lib/incident-words.ts'
import { hostPath, incidentsPath } from '../../lib/places.ts'
import { safeShort, safeText } from '../../lib/safe-text.ts'
import { toneRank } from '../../lib/status.ts'
import type { FleetRow } from './fleet-order.ts'
import css from './fleet-view.module.css'

const byName = (a: FleetRow, b: FleetRow): number =>
  a.view.host.name.localeCompare(b.view.host.name, 'en', { numeric: true })

export const fleetColumns: readonly Column<FleetRow>[] = [
  {
    id: 'host',
    header: 'Host',
    width: 'minmax(8rem, 1.5fr)',
    compare: byName,
    cell: row => <HostCell view={row.view} />,
  },
  {
    id: 'state',
    header: 'State',
    width: 'minmax(8.5rem, 1.8fr)',
    compare: (a, b) => toneRank(a.tone) - toneRank(b.tone),
    cell: row => <StateCell row={row} />,
  },
  {
    id: 'services',
    header: 'Services',
    width: 'minmax(6rem, 0.7fr)',
    leastRem: 46,
    compare: (a, b) => (b.view.units?.failed ?? -1) - (a.view.units?.failed ?? -1),
    cell: row => <ServicesCell view={row.view} />,
  },
  { id: 'cpu', header: 'CPU', width: 'minmax(5rem, 1fr)', cell: row => <CpuCell view={row.view} /> },
  { id: 'memory', header: 'Memory', width: 'minmax(6.5rem, 0.8fr)', cell: row => <MemoryCell view={row.view} /> },
  { id: 'disk', header: 'Fullest disk', width: 'minmax(4.5rem, 0.8fr)', cell: row => <DiskCell view={row.view} /> },
  {
    id: 'uptime',
    header: 'Up for',
    width: '5rem',
    leastRem: 52,
    align: 'end',
    compare: (a, b) => (a.view.uptimeSeconds ?? -1) - (b.view.uptimeSeconds ?? -1),
    cell: row => <UptimeCell view={row.view} />,
  },
]

function HostCell(props: { view: HostView }): ReactNode {
  const { host, facts } = props.view
  const where =
    host.kind === 'local' ? facts?.hostname : `${host.user}@${host.address}${host.port === 22 ? '' : `:${host.port}`}`
  return (
    <TwoLines>
      <NameLink to={hostPath(host.id)}>{safeText(host.name)}</NameLink>
      <Pale>{safeShort(where ?? '', 80)}</Pale>
    </TwoLines>
  )
}

function StateCell(props: { row: FleetRow }): ReactNode {
  const { view, incidents } = props.row
  const status = hostHealth(view, useKnownIncidents(), useNow(1000))
  return (
    <TwoLines>
      <Status status={status} />
      {incidents > 0 ? (
        <Link className={css.incidents} to={incidentsPath(view.host.id)}>
          {incidents === 1 ? '1 incident' : `${incidents} incidents`}
        </Link>
      ) : (
        status.detail && <Pale>{safeShort(status.detail, 120)}</Pale>
      )}
    </TwoLines>
  )
}

function ServicesCell(props: { view: HostView }): ReactNode {
  const { units, facts, connection } = props.view
  if (connection.state !== 'ready') return <Pale>{unknownValue}</Pale>
  if (!units) return <Pale>{facts?.unitSource === 'none' ? 'no systemd' : unknownValue}</Pale>
  return (
    <span>
      {units.active} <Pale>of {units.total} active</Pale>
    </span>
  )
}

function CpuCell(props: { view: HostView }): ReactNode {
  const sample = useLatestSample(props.view)
  const course = useCourse(props.view, 'cpu')
  if (!sample) return <Pale>{unknownValue}</Pale>
  return (
    <div className={css.cpu}>
      <span className={css.number}>{formatPercent(sample.cpuPercent)}</span>
      <Sparkline values={[...course, sample.cpuPercent]} max={100} />
    </div>
  )
}

function MemoryCell(props: { view: HostView }): ReactNode {
  const sample = useLatestSample(props.view)
  if (!sample) return <Pale>{unknownValue}</Pale>
  return (
    <Meter
      label={`of ${formatBytes(sample.memory.totalBytes)}`}
      percent={memoryPercent(sample)}
      badAt={95}
      warnAt={90}
    />
  )
}

function DiskCell(props: { view: HostView }): ReactNode {
  const worst = fullestDisk(useLatestSample(props.view))
  if (!worst) return <Pale>{unknownValue}</Pale>
  return <Meter label={safeShort(worst.disk.mount, 24)} percent={worst.percent} warnAt={85} badAt={90} />
}

function UptimeCell(props: { view: HostView }): ReactNode {
  const sample = useLatestSample(props.view)
  const seconds = props.view.connection.state === 'ready' ? (sample?.uptimeSeconds ?? props.view.uptimeSeconds) : null
  return <span>{seconds === null ? unknownValue : formatDuration(seconds * 1000)}</span>
}
