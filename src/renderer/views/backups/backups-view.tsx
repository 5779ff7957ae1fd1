// All backups, trouble first: when each was last good, last proven, and is due. Shows what the engine says and decides nothing.
import { Archive, HardDrive, Play, Plus } from 'lucide-react'
import { type ReactNode, useMemo } from 'react'
import type { BackupView } from '../../../shared/model/backup.ts'
import { IconButton, LinkButton } from '../../components/button.tsx'
import { NameLink, Pale, TwoLines } from '../../components/cells.tsx'
import type { Column } from '../../components/data-table.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { FilterTable } from '../../components/filter-table.tsx'
import { NextRun } from '../../components/next-run.tsx'
import { Page } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { Status } from '../../components/status.tsx'
import { useBackups } from '../../data/backups.ts'
import { useHosts } from '../../data/hosts.ts'
import { useEngineCommand } from '../../data/remotes.tsx'
import { progressText } from '../../lib/backup-status.ts'
import { countOf, formatBytes } from '../../lib/format.ts'
import { backupPath, places } from '../../lib/places.ts'
import { safeShort, safeText } from '../../lib/safe-text.ts'
import { type BackupRow, backupRows, matchesBackup } from './backups-order.ts'

export function BackupsView(): ReactNode {
  const backups = useBackups()
  return (
    <Page
      title="Backups"
      body="fill"
      actions={
        <>
          <LinkButton to={places.targets} icon={HardDrive}>
            Places
          </LinkButton>
          <LinkButton to={places.addBackup} look="primary" icon={Plus}>
            Add backup
          </LinkButton>
        </>
      }
    >
      <QueryFaces query={backups} failed="The backups could not be read" loading="Reading backups">
        {list => (list.length === 0 ? <NoBackups /> : <Backups backups={list} />)}
      </QueryFaces>
    </Page>
  )
}

function Backups(props: { backups: readonly BackupView[] }): ReactNode {
  const { data: hosts = [] } = useHosts()
  const rows = useMemo(() => backupRows(props.backups, hosts), [props.backups, hosts])
  return (
    <FilterTable<BackupRow>
      label="Backups"
      noun="backup"
      rows={rows}
      matches={matchesBackup}
      rowKey={row => row.view.backup.id}
      columns={columns}
      pathOf={row => backupPath(row.view.backup.id)}
    />
  )
}

const goodAt = (row: BackupRow): number => row.view.lastGood?.manifest.startedAt ?? 0

const columns: readonly Column<BackupRow>[] = [
  {
    id: 'backup',
    header: 'Backup',
    width: 'minmax(6.5rem, 1.3fr)',
    compare: (a, b) => a.view.backup.name.localeCompare(b.view.backup.name, 'en', { numeric: true }),
    cell: ({ view, hostName }) => (
      <TwoLines>
        <NameLink to={backupPath(view.backup.id)}>{safeText(view.backup.name)}</NameLink>
        <Pale>{safeText(hostName)}</Pale>
      </TwoLines>
    ),
  },
  {
    id: 'state',
    header: 'State',
    width: 'minmax(7.5rem, 2.2fr)',
    cell: ({ status, view }) => (
      <TwoLines>
        <Status status={status} />
        <Pale>
          {view.running?.progress ? progressText(view.running.progress) : safeShort(status.detail ?? '', 140)}
        </Pale>
      </TwoLines>
    ),
  },
  {
    id: 'good',
    header: 'Last good',
    width: 'minmax(4.75rem, 0.6fr)',
    compare: (a, b) => goodAt(a) - goodAt(b),
    cell: ({ view }) => <RelativeTime at={view.lastGood?.manifest.startedAt ?? null} none="none yet" />,
  },
  {
    id: 'proven',
    header: 'Last proven restorable',
    width: 'minmax(8.75rem, 1fr)',
    compare: (a, b) => (a.view.provenAt ?? 0) - (b.view.provenAt ?? 0),
    cell: ({ view }) => <RelativeTime at={view.provenAt} none="never" />,
  },
  {
    id: 'next',
    header: 'Next',
    width: 'minmax(5.25rem, 0.7fr)',
    leastRem: 40,
    compare: (a, b) => (a.view.nextAt ?? Number.MAX_VALUE) - (b.view.nextAt ?? Number.MAX_VALUE),
    cell: ({ view: { backup, nextAt, waitsFor } }) => <NextRun of={backup} at={nextAt} waitsFor={waitsFor} />,
  },
  {
    id: 'kept',
    header: 'Kept',
    width: 'minmax(5.5rem, 0.7fr)',
    leastRem: 52,
    compare: (a, b) => a.view.bytes - b.view.bytes,
    cell: ({ view }) => (
      <TwoLines>
        <span>{formatBytes(view.bytes)}</span>
        <Pale>{countOf(view.snapshots, 'snapshot') ?? 'no snapshots'}</Pale>
      </TwoLines>
    ),
  },
  {
    id: 'run',
    header: 'Back up',
    bareHeader: true,
    width: '2.5rem',
    align: 'end',
    cell: ({ view }) => <RunNow view={view} />,
  },
]

function RunNow(props: { view: BackupView }): ReactNode {
  const { backup, running } = props.view
  const run = useEngineCommand('backup.run')
  return (
    <IconButton
      icon={Play}
      label={`Back up ${safeText(backup.name)} now`}
      disabled={running !== null || run.isPending}
      onClick={() => run.mutate(backup.id)}
    />
  )
}

function NoBackups(): ReactNode {
  return (
    <EmptyState
      icon={Archive}
      title="Nothing is backed up yet"
      text="A backup takes databases, files and settings of a host to a place of your choice, checks what it took, and can be restored from here."
    >
      <LinkButton to={places.addBackup} look="primary" icon={Plus}>
        Add backup
      </LinkButton>
    </EmptyState>
  )
}
