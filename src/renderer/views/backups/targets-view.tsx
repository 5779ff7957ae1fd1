// The places that backups are kept at, with what each holds and how much room is left.
import { HardDrive, Plus } from 'lucide-react'
import type { ReactNode } from 'react'
import { useNavigate } from 'react-router'
import type { TargetView } from '../../../shared/model/backup.ts'
import { LinkButton } from '../../components/button.tsx'
import { NameLink, Pale, TwoLines } from '../../components/cells.tsx'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { EmptyState, QueryFaces } from '../../components/faces.tsx'
import { Page } from '../../components/page.tsx'
import { Status } from '../../components/status.tsx'
import { useBackupKinds, useOrphans, useTargets } from '../../data/backups.ts'
import { countOf, formatBytes } from '../../lib/format.ts'
import { places, targetPath } from '../../lib/places.ts'
import { safeShort, safeText } from '../../lib/safe-text.ts'

export function TargetsView(): ReactNode {
  const targets = useTargets()
  const navigate = useNavigate()
  return (
    <Page
      title="Places for backups"
      body="fill"
      actions={
        <>
          <LinkButton to={places.backups}>Backups</LinkButton>
          <LinkButton to={places.addTarget} look="primary" icon={Plus}>
            Add place
          </LinkButton>
        </>
      }
    >
      <QueryFaces query={targets} failed="The places could not be read" loading="Reading places">
        {list => (
          <DataTable<TargetView>
            label="Places"
            rows={list}
            rowKey={view => view.target.id}
            rowRem={3.25}
            columns={columns}
            onOpen={view => void navigate(targetPath(view.target.id))}
            empty={<EmptyState icon={HardDrive} title="There is no place for backups" />}
          />
        )}
      </QueryFaces>
    </Page>
  )
}

const columns: readonly Column<TargetView>[] = [
  {
    id: 'place',
    header: 'Place',
    width: 'minmax(9rem, 1.4fr)',
    cell: ({ target }) => (
      <TwoLines>
        <NameLink to={targetPath(target.id)}>{safeText(target.name)}</NameLink>
        <KindTitle type={target.type} />
      </TwoLines>
    ),
  },
  {
    id: 'state',
    header: 'State',
    width: 'minmax(9rem, 2.4fr)',
    cell: ({ problem }) =>
      problem === null ? (
        <Status status={{ tone: 'healthy', word: 'Ready' }} />
      ) : (
        <TwoLines>
          <Status status={{ tone: 'unhealthy', word: 'Not usable', detail: safeText(problem) }} />
          <Pale>{safeShort(problem, 140)}</Pale>
        </TwoLines>
      ),
  },
  {
    id: 'holds',
    header: 'Holds',
    width: 'minmax(7rem, 0.9fr)',
    cell: view => <HoldsCell view={view} />,
  },
  {
    id: 'free',
    header: 'Free',
    width: 'minmax(5rem, 0.6fr)',
    align: 'end',
    cell: ({ freeBytes }) => formatBytes(freeBytes),
  },
]

/** How much lies there, and how many of its snapshots belong to no backup that is set up here. */
function HoldsCell(props: { view: TargetView }): ReactNode {
  const { target, bytes, snapshots } = props.view
  const { data: orphans = [] } = useOrphans()
  const left = orphans.filter(({ snapshot }) => snapshot.targetId === target.id).length
  return (
    <TwoLines>
      <span>{formatBytes(bytes)}</span>
      <Pale>
        {countOf(snapshots, 'snapshot') ?? 'no snapshots'}
        {left > 0 && `, ${left} left over`}
      </Pale>
    </TwoLines>
  )
}

function KindTitle(props: { type: string }): ReactNode {
  const { data: kinds } = useBackupKinds()
  return <Pale>{safeText(kinds?.targets.find(kind => kind.type === props.type)?.title ?? props.type)}</Pale>
}
