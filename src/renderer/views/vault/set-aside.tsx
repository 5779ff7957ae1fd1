// For a vault that nothing opens any more: says what is lost with it, sets it aside, and starts the engine anew, which then has none.
import { type ReactNode, useState } from 'react'
import { AppError } from '../../../shared/errors.ts'
import { Button } from '../../components/button.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { useToast } from '../../components/toast.tsx'
import { useEngine, useShellCommand } from '../../data/remotes.tsx'
import { errorText } from '../../lib/error-text.ts'

export function SetAside(): ReactNode {
  const engine = useEngine()
  const restart = useShellCommand('engine.restart')
  const toast = useToast()
  const [open, setOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)

  const setAside = async (): Promise<void> => {
    setBusy(true)
    setError(null)
    try {
      await engine.call('vault.reset', undefined)
      setOpen(false)
    } catch (caught) {
      setError(AppError.from(caught))
      return
    } finally {
      setBusy(false)
    }
    try {
      // what it had read of secrets that were stored is no longer so
      await restart.mutateAsync(undefined)
    } catch (caught) {
      // not beside the button: with the vault this part of the page is gone
      toast({
        tone: 'unhealthy',
        title: 'The vault is set aside, but the engine was not started anew',
        text: errorText({ ...AppError.from(caught).toShape(), hint: 'Quit Quarterdeck and start it again.' }),
      })
    }
  }

  return (
    <>
      <Button look="quiet" onClick={() => setOpen(true)}>
        Set it aside…
      </Button>
      <ConfirmDialog
        open={open}
        title="Set this vault aside?"
        action="Set the vault aside"
        typedName="set aside"
        busy={busy}
        error={error}
        onConfirm={() => void setAside()}
        onClose={() => setOpen(false)}
      >
        <p>
          Only where its key is gone for good. Passwords of hosts, tokens of channels and what checks and logins keep in
          it have to be entered again, into a new vault. The old one stays in the database, unused.
        </p>
      </ConfirmDialog>
    </>
  )
}
