// Asks what steps would do, which is known at once, and what they would meet on the host now. Not cached: what was typed as a secret may go with the question.
import { useCallback, useEffect, useRef, useState } from 'react'
import { AppError } from '../../../shared/errors.ts'
import type { FieldSecrets } from '../../../shared/model/check.ts'
import type { MaintenanceStep, StepPreview } from '../../../shared/model/maintenance.ts'
import { useEngine } from '../../data/remotes.tsx'

export interface Preview {
  readonly state: 'none' | 'looking' | 'failed' | 'there'
  /** What would be done; only where it is `there` with what it would meet. */
  readonly steps: readonly StepPreview[]
  /** Why what it would meet is not known. */
  readonly error: AppError | null
}

/** Nothing more is to be expected of the look: what was found is there, or why nothing was. */
export function isLooked(preview: Preview): boolean {
  return preview.state === 'there' || preview.state === 'failed'
}

export interface PreviewQuestion {
  readonly id: string | null
  readonly hostId: string
  readonly steps: MaintenanceStep[]
  readonly secrets: FieldSecrets
}

export function usePreview(): { preview: Preview; look: (question: PreviewQuestion) => Promise<void> } {
  const engine = useEngine()
  const [preview, setPreview] = useState<Preview>({ state: 'none', steps: [], error: null })
  const asking = useRef<AbortController | null>(null)
  useEffect(() => () => asking.current?.abort(), [])
  const look = useCallback(
    async (question: PreviewQuestion): Promise<void> => {
      asking.current?.abort()
      const abort = new AbortController()
      asking.current = abort
      const { signal } = abort
      setPreview({ state: 'looking', steps: [], error: null })
      // what is wrong with the question is told by the look
      void engine.call('maintenance.preview', { ...question, look: false }, signal).then(
        steps => {
          if (!signal.aborted) setPreview(old => (old.state === 'there' ? old : { ...old, steps }))
        },
        () => {},
      )
      try {
        const steps = await engine.call('maintenance.preview', { ...question, look: true }, signal)
        if (!signal.aborted) setPreview({ state: 'there', steps, error: null })
      } catch (caught) {
        if (!signal.aborted) setPreview(old => ({ ...old, state: 'failed', error: AppError.from(caught) }))
      }
    },
    [engine],
  )
  return { preview, look }
}
