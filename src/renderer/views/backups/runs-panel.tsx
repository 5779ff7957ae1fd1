// What was run of a backup, newest first: backups, restores and drills in one list, each with what was found.
import { type ReactNode, useState } from 'react'
import type { Backup } from '../../../shared/model/backup.ts'
import type { RestoreRun } from '../../../shared/model/restore.ts'
import type { Evidence } from '../../../shared/model/unit.ts'
import { Button } from '../../components/button.tsx'
import { Pale } from '../../components/cells.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { EvidenceList } from '../../components/evidence-list.tsx'
import { QueryFaces } from '../../components/faces.tsx'
import { Panel } from '../../components/page.tsx'
import { RunItem } from '../../components/run-item.tsx'
import { useBackupRuns, useDrills, useRestores } from '../../data/backups.ts'
import { useEngineCommand } from '../../data/remotes.tsx'
import { drillStatus, replacesSoundly, restoreStatus, runStatus } from '../../lib/backup-status.ts'
import { safeText } from '../../lib/safe-text.ts'
import type { StatusWord } from '../../lib/status.ts'
import css from './backups.module.css'

interface Line {
  readonly id: string
  readonly what: string
  readonly startedAt: number
  readonly finishedAt: number | null
  readonly status: StatusWord
  readonly evidence: readonly Evidence[]
  /** The restore that keeps what it replaced. */
  readonly keeps: RestoreRun | null
}

const reasons = {
  schedule: 'Backup',
  person: 'Backup by hand',
  'before-restore': 'Backup before a restore',
  'before-update': 'Backup before an update',
  'catch-up': 'Backup after a missed one',
} as const

export function RunsPanel(props: { backup: Backup }): ReactNode {
  const { id, name } = props.backup
  const runs = useBackupRuns(id)
  const restores = useRestores(id)
  const drills = useDrills(id)
  return (
    <Panel title="What was done">
      <QueryFaces query={runs} failed="The runs could not be read">
        {list => {
          const lines: Line[] = [
            ...list.map(run => ({ ...run, what: reasons[run.reason], status: runStatus(run), keeps: null })),
            ...(restores.data ?? []).map(run => ({
              ...run,
              what: 'Restore',
              status: restoreStatus(run),
              keeps: replacesSoundly(run) ? run : null,
            })),
            ...(drills.data ?? []).map(run => ({
              ...run,
              what: 'Proof by restoring',
              status: drillStatus(run),
              keeps: null,
            })),
          ].sort((a, b) => b.startedAt - a.startedAt)
          if (lines.length === 0) return <Pale>Nothing so far.</Pale>
          return (
            <ul className={css.list}>
              {lines.slice(0, 30).map((line, index) => (
                <RunLine key={line.id} line={line} newest={index === 0} name={name} />
              ))}
            </ul>
          )
        }}
      </QueryFaces>
    </Panel>
  )
}

function RunLine(props: { line: Line; newest: boolean; name: string }): ReactNode {
  const { id: _, evidence, keeps, ...line } = props.line
  return (
    <RunItem {...line} newest={props.newest} found={evidence.length > 0 && <EvidenceList evidence={evidence} />}>
      {keeps && <DropOld run={keeps} name={props.name} />}
    </RunItem>
  )
}

/** What was replaced goes for good, so the name of its backup is to be typed. */
function DropOld(props: { run: RestoreRun; name: string }): ReactNode {
  const { run, name } = props
  const [asking, setAsking] = useState(false)
  const drop = useEngineCommand('restore.dropOld')
  return (
    <>
      <Button size="small" onClick={() => setAsking(true)}>
        Drop what it replaced…
      </Button>
      <ConfirmDialog
        open={asking}
        title="Drop what this restore replaced?"
        action="Drop it"
        typedName={name}
        busy={drop.isPending}
        error={drop.error}
        onClose={() => setAsking(false)}
        onConfirm={() => drop.mutate(run.id, { onSuccess: () => setAsking(false) })}
      >
        <p>
          What was there before is deleted for good:{' '}
          {run.kept.map(({ part, place }, index) => (
            <span key={part}>
              {index > 0 ? ', ' : ''}
              <code>{safeText(place)}</code>
            </span>
          ))}
          .
        </p>
        <p>
          {run.before === null
            ? 'No backup of it was made before this restore, so nothing brings it back.'
            : 'Only the backup that was made before this restore has it then, for as long as its snapshot is kept.'}
        </p>
      </ConfirmDialog>
    </>
  )
}
