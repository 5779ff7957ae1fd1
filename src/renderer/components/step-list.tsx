// How work of several steps gets on: how it stands as a whole, where that is not said beside it, then each step and what it tells. Knows no work.
import type { ReactNode } from 'react'
import type { StatusWord, Tone } from '../lib/status.ts'
import { Pale } from './cells.tsx'
import { Status, StatusIcon } from './status.tsx'
import css from './step-list.module.css'

export interface ShownStep {
  readonly key: string
  readonly title: string
  readonly outcome: 'pending' | 'running' | 'done' | 'failed' | 'lost' | 'cancelled' | 'skipped'
  /** What the title does not say already. */
  readonly told?: ReactNode
}

const tones: Record<ShownStep['outcome'], { tone: Tone; word: string }> = {
  pending: { tone: 'off', word: 'To come' },
  running: { tone: 'busy', word: 'Under way' },
  done: { tone: 'healthy', word: 'Done' },
  failed: { tone: 'unhealthy', word: 'Failed' },
  lost: { tone: 'unknown', word: 'Lost' },
  cancelled: { tone: 'unknown', word: 'Cancelled' },
  skipped: { tone: 'off', word: 'Left out' },
}

/** Their icons stand for more than one of them. */
const unclear: readonly ShownStep['outcome'][] = ['lost', 'cancelled', 'skipped']

export function StepList(props: { status?: StatusWord; steps: readonly ShownStep[] }): ReactNode {
  const { status, steps } = props
  return (
    <>
      {status && (
        <div aria-live="polite">
          <Status status={status} look="pill" />
        </div>
      )}
      <ol className={css.steps}>
        {steps.map(({ key, title, outcome, told }) => (
          <li key={key}>
            <StatusIcon tone={tones[outcome].tone} size={15} label={tones[outcome].word} />
            <div className={css.told}>
              <span>{title}</span>
              {unclear.includes(outcome) && <Pale>{tones[outcome].word.toLowerCase()}</Pale>}
              {told}
            </div>
          </li>
        ))}
      </ol>
    </>
  )
}
