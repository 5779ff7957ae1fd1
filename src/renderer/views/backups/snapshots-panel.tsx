// The snapshots of a backup, newest first.
import type { ReactNode } from 'react'
import type { Backup } from '../../../shared/model/backup.ts'
import { QueryFaces } from '../../components/faces.tsx'
import { Panel } from '../../components/page.tsx'
import { useMissingKeys, useSnapshots, useTargets } from '../../data/backups.ts'
import css from './backups.module.css'
import { SnapshotTable } from './snapshot-table.tsx'

export function SnapshotsPanel(props: { backup: Backup }): ReactNode {
  const snapshots = useSnapshots(props.backup.id)
  const { data: targets = [] } = useTargets()
  const { data: keys = {} } = useMissingKeys(props.backup.id)
  const nameOf = (id: string): string => targets.find(({ target }) => target.id === id)?.target.name ?? id
  return (
    <Panel title="Snapshots" flush>
      <QueryFaces query={snapshots} failed="The snapshots could not be read" loading="Reading snapshots">
        {list =>
          list.length === 0 ? (
            <p className={css.none}>None yet. “Back up now” takes the first.</p>
          ) : (
            <SnapshotTable
              about="Place"
              lines={list.map(snapshot => ({
                ...{ snapshot, about: nameOf(snapshot.targetId) },
                missingKey: keys[snapshot.id] ?? null,
              }))}
            />
          )
        }
      </QueryFaces>
    </Panel>
  )
}
