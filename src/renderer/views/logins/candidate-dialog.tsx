// What would change if new cookies were written, and, once that is confirmed, how it goes: written, restarted, proven, or taken back.
import { type ReactNode, useState } from 'react'
import type { Login, LoginCandidate, RenewalRun } from '../../../shared/model/login.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { FieldError } from '../../components/field.tsx'
import { useRenewals } from '../../data/logins.ts'
import { useEngine, useEngineCommand } from '../../data/remotes.tsx'
import { errorText } from '../../lib/error-text.ts'
import { safeText } from '../../lib/safe-text.ts'
import { CandidatePreview } from './candidate-preview.tsx'
import { RenewalProgress } from './renewal-progress.tsx'

export function CandidateDialog(props: { candidate: LoginCandidate; login: Login; onClose: () => void }): ReactNode {
  const { candidate, login, onClose } = props
  const engine = useEngine()
  const renew = useEngineCommand('login.renew')
  const [runId, setRunId] = useState<string | null>(null)
  const { data: runs = [] } = useRenewals(login.id)
  const run: RenewalRun | undefined = runs.find(each => each.id === runId) ?? renew.data
  const close = (): void => {
    if (!runId) void engine.call('login.discard', candidate.id).catch(() => {})
    onClose()
  }
  return (
    <Dialog
      open
      width="wide"
      title={run ? `Renewing ${safeText(login.name)}` : `Renew ${safeText(login.name)}?`}
      onClose={close}
      footer={
        run ? (
          <Button onClick={onClose}>{run.outcome === 'running' ? 'Close, it goes on' : 'Close'}</Button>
        ) : (
          <>
            <Button onClick={close}>Cancel</Button>
            <Button
              look={candidate.problems.length > 0 ? 'danger' : 'primary'}
              loading={renew.isPending}
              onClick={() =>
                renew.mutate(
                  { candidateId: candidate.id, despiteProblems: candidate.problems.length > 0 },
                  { onSuccess: begun => setRunId(begun.id) },
                )
              }
            >
              {candidate.problems.length > 0 ? 'Write it all the same' : 'Write it'}
            </Button>
          </>
        )
      }
    >
      {run ? <RenewalProgress run={run} /> : <CandidatePreview candidate={candidate} login={login} />}
      {renew.error && <FieldError>{errorText(renew.error)}</FieldError>}
    </Dialog>
  )
}
