// How a renewal goes, step by step, and what came of it.
import type { ReactNode } from 'react'
import type { RenewalRun } from '../../../shared/model/login.ts'
import { Pale, TwoLines } from '../../components/cells.tsx'
import { Status, StatusIcon } from '../../components/status.tsx'
import { renewalStatus } from '../../lib/login-status.ts'
import { safeText } from '../../lib/safe-text.ts'
import type { Tone } from '../../lib/status.ts'
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
const tones: Record<RenewalRun['steps'][number]['outcome'], { tone: Tone; word: string }> = {
  running: { tone: 'busy', word: 'Under way' },
  done: { tone: 'healthy', word: 'Done' },
  failed: { tone: 'unhealthy', word: 'Failed' },
  skipped: { tone: 'off', word: 'Not needed' },
}

export function RenewalProgress(props: { run: RenewalRun }): ReactNode {
  const { run } = props
  return (
    <div className={css.column}>
      <div aria-live="polite">
        <Status status={renewalStatus(run)} look="pill" />
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
      {run.backup && (
        <p className={css.pale}>
          The old file is kept on the host as <code>{safeText(run.backup)}</code>
        </p>
      )}
    </div>
  )
}
