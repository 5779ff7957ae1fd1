// How a renewal goes, step by step, and what came of it.
import type { ReactNode } from 'react'
import type { RenewalRun } from '../../../shared/model/login.ts'
import { Pale } from '../../components/cells.tsx'
import { StepList } from '../../components/step-list.tsx'
import { renewalStatus } from '../../lib/login-status.ts'
import { safeText } from '../../lib/safe-text.ts'
import css from './logins.module.css'

const titles: Record<RenewalRun['steps'][number]['step'], string> = {
  read: 'Read the file',
  'back-up': 'Back it up',
  write: 'Write the new one',
  'read-back': 'Read it back',
  restart: 'Restart what uses it',
  prove: 'Ask the site',
  'roll-back': 'Put the old one back',
}

export function RenewalProgress(props: { run: RenewalRun }): ReactNode {
  const { run } = props
  return (
    <div className={css.column}>
      <StepList
        status={renewalStatus(run)}
        steps={run.steps.map(({ step, outcome, text }) => ({
          key: step,
          title: titles[step],
          outcome,
          told: text && <Pale>{safeText(text)}</Pale>,
        }))}
      />
      {run.backup && (
        <p className={css.pale}>
          The old file is kept on the host as <code>{safeText(run.backup)}</code>
        </p>
      )}
    </div>
  )
}
