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

export function PreviewList(props: { preview: Preview }): ReactNode {
  const { preview } = props
  if (preview.state === 'none') return null
  if (preview.state === 'failed') return <FieldError>{errorText(preview.error)}</FieldError>
  return (
    <div aria-live="polite" aria-busy={preview.state === 'looking'}>
      {preview.state === 'looking' ? (
        <LoadingState label="Looking at the host" />
      ) : (
        <ol className={css.preview} aria-label="What would happen">
          {preview.steps.map((step, index) => (
            <Step key={step.key} step={step} number={index + 1} />
          ))}
        </ol>
      )}
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
      {step.commands.map(command => (
        <Command key={command} text={command} />
      ))}
    </li>
  )
}
