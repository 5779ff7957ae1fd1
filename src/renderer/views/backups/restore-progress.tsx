// How a restore goes, step by step, and what came of it.
import type { ReactNode } from 'react'
import type { BackupProgress } from '../../../shared/model/backup.ts'
import type { RestoreRun } from '../../../shared/model/restore.ts'
import { Pale } from '../../components/cells.tsx'
import { EvidenceList } from '../../components/evidence-list.tsx'
import { type ShownStep, StepList } from '../../components/step-list.tsx'
import { useBackup } from '../../data/backups.ts'
import { restoreStatus } from '../../lib/backup-status.ts'
import { safeText } from '../../lib/safe-text.ts'
import { JobProgress } from './job-progress.tsx'

type Step = RestoreRun['steps'][number]

const titles: Record<Step['step'], string> = {
  'back-up': 'Back up what is there now',
  stage: 'Restore beside it',
  check: 'Look at what was restored',
  stop: 'Stop the service',
  swap: 'Swap it in',
  start: 'Start the service',
  verify: 'See that it is there',
  'roll-back': 'Put the old one back',
}

export function RestoreProgress(props: { run: RestoreRun }): ReactNode {
  const { run } = props
  const { data: backup } = useBackup(run.backupId)
  // The backup before a restore is a run of its own, and counts its bytes itself.
  const ofBackup = backup?.running?.reason === 'before-restore' ? backup.running.progress : null
  const steps = run.steps.map(
    (step): ShownStep => ({
      key: step.step,
      title: step.step === 'stage' && run.draft.to.kind === 'elsewhere' ? 'Restore it there' : titles[step.step],
      outcome: step.outcome,
      told: (
        <>
          {step.text && <Pale>{safeText(step.text)}</Pale>}
          {step.outcome === 'running' && <Moved progress={step.step === 'back-up' ? ofBackup : run.progress} />}
        </>
      ),
    }),
  )
  return (
    <>
      <StepList status={restoreStatus(run)} steps={steps} />
      {run.evidence.length > 0 && <EvidenceList evidence={run.evidence} />}
      {run.kept.length > 0 && (
        <Pale>
          What was there before is kept as{' '}
          {run.kept.map(({ part, place }, index) => (
            <span key={part}>
              {index > 0 ? ', ' : ''}
              <code>{safeText(place)}</code>
            </span>
          ))}
          .
        </Pale>
      )}
    </>
  )
}

/** Bytes and rate, where a part is being moved; a step that moves nothing is told by its title. */
function Moved(props: { progress: BackupProgress | null }): ReactNode {
  const { progress } = props
  return progress && (progress.part !== null || progress.bytes > 0) ? <JobProgress progress={progress} /> : null
}
