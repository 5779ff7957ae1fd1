// Asks what steps would do and what they would meet on the host now. Not cached: what was typed as a secret may go with the question.
import { useCallback, useEffect, useRef, useState } from 'react'
import { AppError } from '../../../shared/errors.ts'
import type { FieldSecrets } from '../../../shared/model/check.ts'
import type { MaintenanceStep, StepPreview } from '../../../shared/model/maintenance.ts'
import { useEngine } from '../../data/remotes.tsx'

export type Preview =
  | { readonly state: 'none' }
  | { readonly state: 'looking' }
  | { readonly state: 'failed'; readonly error: AppError }
  | { readonly state: 'there'; readonly steps: readonly StepPreview[] }

export interface PreviewQuestion {
  readonly id: string | null
  readonly hostId: string
  readonly steps: MaintenanceStep[]
  readonly secrets: FieldSecrets
}

export function usePreview(): { preview: Preview; look: (question: PreviewQuestion) => Promise<void> } {
  const engine = useEngine()
  const [preview, setPreview] = useState<Preview>({ state: 'none' })
  const asking = useRef<AbortController | null>(null)
  useEffect(() => () => asking.current?.abort(), [])
  const look = useCallback(
    async (question: PreviewQuestion): Promise<void> => {
      asking.current?.abort()
      const abort = new AbortController()
      asking.current = abort
      setPreview({ state: 'looking' })
      try {
        const steps = await engine.call('maintenance.preview', question, abort.signal)
        if (!abort.signal.aborted) setPreview({ state: 'there', steps })
      } catch (caught) {
        if (!abort.signal.aborted) setPreview({ state: 'failed', error: AppError.from(caught) })
      }
    },
    [engine],
  )
  return { preview, look }
}
