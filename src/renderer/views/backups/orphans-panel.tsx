// What lies at a place of backups that are not set up here any more, or are another computer's. Nothing is shown where there is none.
import type { ReactNode } from 'react'
import { ErrorState } from '../../components/faces.tsx'
import { Panel } from '../../components/page.tsx'
import { useOrphans } from '../../data/backups.ts'
import css from './backups.module.css'
import { SnapshotTable } from './snapshot-table.tsx'

export function OrphansPanel(props: { targetId: string }): ReactNode {
  const orphans = useOrphans()
  if (orphans.error && !orphans.data)
    return (
      <Panel title="Left by other backups">
        <ErrorState
          error={orphans.error}
          title="What is left could not be read"
          onRetry={() => void orphans.refetch()}
        />
      </Panel>
    )
  const own = (orphans.data ?? []).filter(({ snapshot }) => snapshot.targetId === props.targetId)
  if (own.length === 0) return null
  return (
    <Panel title="Left by other backups" flush>
      <p className={css.none}>
        Their backup was removed here, or is another computer’s. They can be looked into, restored to another place, and
        removed; no rule removes them.
      </p>
      <SnapshotTable
        about="Backup"
        lines={own.map(({ snapshot, missingKey }) => ({
          snapshot,
          missingKey,
          about: `${snapshot.manifest.backupName} of ${snapshot.manifest.hostName}`,
        }))}
      />
    </Panel>
  )
}
