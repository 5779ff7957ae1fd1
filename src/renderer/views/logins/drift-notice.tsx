// Says that the bot changed its cookies since they were last written from here, and offers what can be done about it (R29).
import { type ReactNode, useState } from 'react'
import type { LoginCandidate, LoginView } from '../../../shared/model/login.ts'
import { Button } from '../../components/button.tsx'
import { FieldError } from '../../components/field.tsx'
import { Notice } from '../../components/notice.tsx'
import { useEngineCommand } from '../../data/remotes.tsx'
import { errorText } from '../../lib/error-text.ts'
import { CandidateDialog } from './candidate-dialog.tsx'

export function DriftNotice(props: { view: LoginView }): ReactNode {
  const { login, drifted } = props.view
  const adopt = useEngineCommand('login.adopt')
  const offer = useEngineCommand('login.candidate')
  const [candidate, setCandidate] = useState<LoginCandidate | null>(null)
  if (drifted !== true) return null
  const error = adopt.error ?? offer.error
  return (
    <>
      <Notice
        tone="degraded"
        title="The bot has changed this file since it was last written from here"
        actions={
          <>
            <Button loading={adopt.isPending} onClick={() => adopt.mutate(login.id)}>
              Keep the bot’s
            </Button>
            <Button
              loading={offer.isPending}
              onClick={() => offer.mutate({ id: login.id, source: 'last-push' }, { onSuccess: setCandidate })}
            >
              Write mine again
            </Button>
          </>
        }
      >
        <p>Sites hand out new cookies as time goes on, so its own are probably the newer ones.</p>
        {error && <FieldError>{errorText(error)}</FieldError>}
      </Notice>
      {candidate && <CandidateDialog candidate={candidate} login={login} onClose={() => setCandidate(null)} />}
    </>
  )
}
