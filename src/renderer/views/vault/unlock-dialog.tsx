// Asks for the vault's passphrase at a start; the passphrase goes from the input to the engine and nowhere else.
import { type FormEvent, type ReactNode, useId, useRef, useState } from 'react'
import { AppError } from '../../../shared/errors.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { SecretField } from '../../components/field.tsx'
import { useEngine } from '../../data/remotes.tsx'
import { safeText } from '../../lib/safe-text.ts'

export function UnlockDialog(props: { open: boolean; onClose: () => void }): ReactNode {
  const { open, onClose } = props
  const engine = useEngine()
  const formId = useId()
  const input = useRef<HTMLInputElement>(null)
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)

  const unlock = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    const field = input.current
    if (!field || busy) return
    if (field.value === '') {
      setError('Enter the passphrase.')
      return
    }
    setBusy(true)
    setError(undefined)
    try {
      const sent = engine.call('vault.unlock', { passphrase: field.value })
      field.value = ''
      await sent
      onClose()
    } catch (caught) {
      setError(unlockError(AppError.from(caught)))
      field.focus()
    } finally {
      setBusy(false)
    }
  }

  return (
    <Dialog
      open={open}
      title="Unlock the vault"
      width="narrow"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Not now</Button>
          <Button type="submit" form={formId} look="primary" loading={busy}>
            Unlock
          </Button>
        </>
      }
    >
      <p>It holds the passwords and passphrases of your hosts. Hosts that need none connect without it.</p>
      <form id={formId} onSubmit={event => void unlock(event)}>
        <SecretField label="Passphrase" inputRef={input} error={error} autoFocus />
      </form>
    </Dialog>
  )
}

function unlockError(error: AppError): string {
  if (error.code === 'VAULT_PASSPHRASE_WRONG') return 'That is not the passphrase. Try again.'
  return safeText([error.message, error.hint].filter(Boolean).join(' '))
}
