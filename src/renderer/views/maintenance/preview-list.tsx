// What the steps of a task would do: the commands, the consequence, and what they would meet on the host now.
import type { ReactNode } from 'react'
import type { StepPreview } from '../../../shared/model/maintenance.ts'
import { Pale } from '../../components/cells.tsx'
import { Command } from '../../components/command.tsx'
import { EvidenceList } from '../../components/evidence-list.tsx'
import { LoadingState } from '../../components/faces.tsx'
import { FieldError } from '../../components/field.tsx'
import { Status } from '../../components/status.tsx'
import { errorText } from '../../lib/error-text.ts'
import { safeText } from '../../lib/safe-text.ts'
import css from './maintenance.module.css'
import type { Preview } from './use-preview.ts'

/** What would be done is shown while it is looked for what it would meet, and where that failed. */
export function PreviewList(props: { preview: Preview }): ReactNode {
  const { state, steps, error } = props.preview
  if (state === 'none') return null
  return (
    <div aria-live="polite" aria-busy={state === 'looking'}>
      {steps.length > 0 && (
        <ol className={css.preview} aria-label="What would happen">
          {steps.map((step, index) => (
            <Step key={step.key} step={step} number={index + 1} />
          ))}
        </ol>
      )}
      {state === 'looking' && <LoadingState label="Looking at the host" />}
      {error && <FieldError>{errorText(error)}</FieldError>}
    </div>
  )
}

function Step(props: { step: StepPreview; number: number }): ReactNode {
  const { step, number } = props
  return (
    <li className={css.part}>
      <h3>
        {number}. {safeText(step.title)}
      </h3>
      {step.consequence && <p>{safeText(step.consequence)}</p>}
      {step.found.length > 0 && <EvidenceList evidence={step.found} label="Found on the host now" />}
      {step.problem !== null && (
        <div>
          <Status status={{ tone: 'unknown', word: 'Not looked at' }} /> <Pale>{safeText(step.problem)}</Pale>
        </div>
      )}
      {numbered(step.commands).map(({ key, command }) => (
        <Command key={key} text={command} />
      ))}
    </li>
  )
}

/** One command may be given twice. */
function numbered(commands: readonly string[]): { key: string; command: string }[] {
  const seen = new Map<string, number>()
  return commands.map(command => {
    const count = (seen.get(command) ?? 0) + 1
    seen.set(command, count)
    return { key: `${count} ${command}`, command }
  })
}
