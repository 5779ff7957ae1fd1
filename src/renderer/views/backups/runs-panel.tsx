// What was run of a backup, newest first: backups, restores and drills in one list, each with what was found.
import type { ReactNode } from 'react'
import type { Evidence } from '../../../shared/model/unit.ts'
import { Button } from '../../components/button.tsx'
import { Pale } from '../../components/cells.tsx'
import { EvidenceList } from '../../components/evidence-list.tsx'
import { QueryFaces } from '../../components/faces.tsx'
import { FieldError } from '../../components/field.tsx'
import { Panel } from '../../components/page.tsx'
import { RunItem } from '../../components/run-item.tsx'
import { useBackupRuns, useDrills, useRestores } from '../../data/backups.ts'
import { useEngineCommand } from '../../data/remotes.tsx'
import { drillStatus, restoreStatus, runStatus } from '../../lib/backup-status.ts'
import { errorText } from '../../lib/error-text.ts'
import type { StatusWord } from '../../lib/status.ts'
import css from './backups.module.css'

interface Line {
  readonly id: string
  readonly what: string
  readonly startedAt: number
  readonly finishedAt: number | null
  readonly status: StatusWord
  readonly evidence: readonly Evidence[]
  /** A restore that keeps what it replaced. */
  readonly keeps: boolean
}

const reasons = {
  schedule: 'Backup',
  person: 'Backup by hand',
  'before-restore': 'Backup before a restore',
  'before-update': 'Backup before an update',
  'catch-up': 'Backup made up for',
} as const

export function RunsPanel(props: { backupId: string }): ReactNode {
  const runs = useBackupRuns(props.backupId)
  const restores = useRestores(props.backupId)
  const drills = useDrills(props.backupId)
  return (
    <Panel title="What was done">
      <QueryFaces query={runs} failed="The runs could not be read">
        {list => {
          const lines: Line[] = [
            ...list.map(run => ({ ...run, what: reasons[run.reason], status: runStatus(run), keeps: false })),
            ...(restores.data ?? []).map(run => ({
              ...run,
              what: 'Restore',
              status: restoreStatus(run),
              keeps: run.outcome === 'restored' && run.kept.length > 0,
            })),
            ...(drills.data ?? []).map(run => ({
              ...run,
              what: 'Proof by restoring',
              status: drillStatus(run),
              keeps: false,
            })),
          ].sort((a, b) => b.startedAt - a.startedAt)
          if (lines.length === 0) return <Pale>Nothing so far.</Pale>
          return (
            <ul className={css.list}>
              {lines.slice(0, 30).map(line => (
                <RunLine key={line.id} line={line} />
              ))}
            </ul>
          )
        }}
      </QueryFaces>
    </Panel>
  )
}

function RunLine(props: { line: Line }): ReactNode {
  const { id, evidence, keeps, ...line } = props.line
  const drop = useEngineCommand('restore.dropOld')
  return (
    <RunItem {...line} found={evidence.length > 0 && <EvidenceList evidence={evidence} />}>
      {keeps && (
        <Button size="small" loading={drop.isPending} onClick={() => drop.mutate(id)}>
          Drop what it replaced
        </Button>
      )}
      {drop.error && <FieldError>{errorText(drop.error)}</FieldError>}
    </RunItem>
  )
}
