// Asks for the key of a snapshot that was encrypted under one that is not stored here. The key goes from its input to the engine and is kept nowhere else.
import { type FormEvent, type ReactNode, useId, useRef, useState } from 'react'
import { AppError } from '../../../shared/errors.ts'
import type { OrphanSnapshot, Snapshot } from '../../../shared/model/snapshot.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { FieldError, SecretField } from '../../components/field.tsx'
import { useEngine } from '../../data/remotes.tsx'
import { snapshotText } from '../../lib/backup-status.ts'
import { errorText } from '../../lib/error-text.ts'
import { safeText } from '../../lib/safe-text.ts'

const words: Record<NonNullable<OrphanSnapshot['missingKey']>, { label: string; help: string }> = {
  passphrase: { label: 'Passphrase', help: 'The one that its backup was encrypted under.' },
  age: { label: 'age identity', help: 'It begins with AGE-SECRET-KEY-1.' },
}

export function UnlockDialog(props: {
  snapshot: Snapshot
  missing: NonNullable<OrphanSnapshot['missingKey']>
  onClose: () => void
}): ReactNode {
  const { snapshot, missing, onClose } = props
  const engine = useEngine()
  const formId = useId()
  const input = useRef<HTMLInputElement>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const unlock = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    const key = input.current?.value ?? ''
    if (key === '') return setError(new AppError('INVALID_INPUT', 'There is nothing in it yet'))
    setBusy(true)
    setError(null)
    try {
      await engine.call('snapshot.unlock', { id: snapshot.id, key })
      if (input.current) input.current.value = ''
      onClose()
    } catch (caught) {
      setError(AppError.from(caught))
      setBusy(false)
    }
  }
  return (
    <Dialog
      open
      title="Unlock this snapshot"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={formId} look="primary" loading={busy}>
            Unlock
          </Button>
        </>
      }
    >
      <p>{safeText(snapshotText(snapshot.manifest))}</p>
      <form id={formId} onSubmit={event => void unlock(event)}>
        <SecretField {...words[missing]} inputRef={input} autoFocus />
      </form>
      {error && <FieldError>{errorText(error)}</FieldError>}
    </Dialog>
  )
}
