// How one run of a task gets on or went, beside the word for it as a whole: each step, what it found, and what was stopped meanwhile.
import type { ReactNode } from 'react'
import type { MaintenanceRun, MaintenanceStepRun } from '../../../shared/model/maintenance.ts'
import { Pale } from '../../components/cells.tsx'
import { EvidenceList } from '../../components/evidence-list.tsx'
import { StepList } from '../../components/step-list.tsx'
import { useNow } from '../../data/now.ts'
import { formatDuration } from '../../lib/format.ts'
import { safeText } from '../../lib/safe-text.ts'
import { unitLabel } from '../../lib/unit-keys.ts'

export function RunProgress(props: { run: MaintenanceRun }): ReactNode {
  const { run } = props
  return (
    <>
      <StepList
        steps={run.steps.map(step => ({
          key: step.key,
          title: safeText(step.title),
          outcome: step.outcome,
          told: <Told step={step} />,
        }))}
      />
      {run.progress !== null && <Pale>{safeText(run.progress)}</Pale>}
      {run.stopped.length > 0 && (
        <Pale>Stopped for now: {safeText(run.stopped.map(unitLabel).join(', '))}. Started again at the end.</Pale>
      )}
      {run.evidence.length > 0 && <EvidenceList evidence={run.evidence} />}
    </>
  )
}

function Told(props: { step: MaintenanceStepRun }): ReactNode {
  const { startedAt, finishedAt, evidence, outcome } = props.step
  if (startedAt === null) return null
  return (
    <>
      {outcome === 'running' && <Since at={startedAt} />}
      {finishedAt !== null && <Pale>took {formatDuration(Math.max(0, finishedAt - startedAt))}</Pale>}
      {evidence.length > 0 && <EvidenceList evidence={evidence} />}
    </>
  )
}

/** Of its own, so that what is over is not drawn again each second. */
function Since(props: { at: number }): ReactNode {
  return <Pale>for {formatDuration(Math.max(0, useNow(1000) - props.at))}</Pale>
}
