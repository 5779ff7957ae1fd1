// Runs "Test connection" and gathers its steps as they come; keeps nothing of what was sent.
import { useCallback, useEffect, useRef, useState } from 'react'
import { AppError } from '../../../shared/errors.ts'
import type { ConnectionStep, HostDraft, HostSecrets } from '../../../shared/model/host.ts'
import { useEngine } from '../../data/remotes.tsx'

export interface ConnectionTest {
  readonly steps: readonly ConnectionStep[]
  readonly running: boolean
  /** The test itself could not be run. */
  readonly error: AppError | null
  /** What was tested, for the trust question; no secrets. */
  readonly target: { readonly address: string; readonly port: number } | null
  run(input: { id: string | null; draft: HostDraft; secrets: HostSecrets }): void
  stop(): void
}

type State = Pick<ConnectionTest, 'steps' | 'running' | 'error' | 'target'>
const idle: State = { steps: [], running: false, error: null, target: null }

export function useConnectionTest(): ConnectionTest {
  const engine = useEngine()
  const [state, setState] = useState<State>(idle)
  const controller = useRef<AbortController | null>(null)
  useEffect(() => () => controller.current?.abort(), [])

  const run = useCallback<ConnectionTest['run']>(
    input => {
      controller.current?.abort()
      const own = new AbortController()
      controller.current = own
      const { address, port } = input.draft
      setState({ ...idle, running: true, target: { address, port } })
      const items = engine.stream('host.test', input, { signal: own.signal })
      const update = (change: (old: State) => State): void => {
        if (controller.current === own) setState(change)
      }
      void (async () => {
        try {
          for await (const step of items) update(old => ({ ...old, steps: putStep(old.steps, step) }))
        } catch (caught) {
          const error = AppError.from(caught)
          if (error.code !== 'CANCELLED') update(old => ({ ...old, error }))
        } finally {
          update(old => ({ ...old, running: false }))
        }
      })()
    },
    [engine],
  )
  const stop = useCallback(() => {
    controller.current?.abort()
    controller.current = null
    setState(old => ({ ...old, running: false, steps: old.steps.filter(step => step.outcome !== 'running') }))
  }, [])
  return { ...state, run, stop }
}

/** The newest word on each step, in the order in which they began. */
export function putStep(steps: readonly ConnectionStep[], step: ConnectionStep): ConnectionStep[] {
  const index = steps.findIndex(other => other.step === step.step)
  if (index < 0) return [...steps, step]
  const next = [...steps]
  next[index] = step
  return next
}
