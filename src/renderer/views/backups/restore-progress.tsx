// How a restore goes, step by step, and what came of it.
import type { ReactNode } from 'react'
import type { RestoreRun } from '../../../shared/model/backup.ts'
import { Pale, TwoLines } from '../../components/cells.tsx'
import { Status, StatusIcon } from '../../components/status.tsx'
import { restoreStatus } from '../../lib/backup-status.ts'
import { safeText } from '../../lib/safe-text.ts'
import type { Tone } from '../../lib/status.ts'
import css from './backups.module.css'
import { EvidenceList, JobProgress } from './job-progress.tsx'

const titles: Record<RestoreRun['steps'][number]['step'], string> = {
  'back-up': 'Back up what is there now',
  stage: 'Restore beside it',
  check: 'Look at what was restored',
  stop: 'Stop the service',
  swap: 'Swap it in',
  start: 'Start the service',
  verify: 'See that it runs',
  'roll-back': 'Put the old one back',
}
const tones: Record<RestoreRun['steps'][number]['outcome'], { tone: Tone; word: string }> = {
  running: { tone: 'busy', word: 'Under way' },
  done: { tone: 'healthy', word: 'Done' },
  failed: { tone: 'unhealthy', word: 'Failed' },
  skipped: { tone: 'off', word: 'Not needed' },
}

export function RestoreProgress(props: { run: RestoreRun }): ReactNode {
  const { run } = props
  return (
    <>
      <div aria-live="polite">
        <Status status={restoreStatus(run)} look="pill" />
      </div>
      <ol className={css.steps}>
        {run.steps.map(({ step, outcome, text }) => (
          <li key={step}>
            <StatusIcon tone={tones[outcome].tone} size={15} label={tones[outcome].word} />
            <TwoLines>
              <span>{titles[step]}</span>
              {text && <Pale>{safeText(text)}</Pale>}
            </TwoLines>
          </li>
        ))}
      </ol>
      {run.progress && <JobProgress progress={run.progress} />}
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
