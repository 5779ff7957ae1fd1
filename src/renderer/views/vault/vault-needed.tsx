// Opens or makes the vault right where something could not be saved for want of it, so that what was entered is not lost.
import { type ReactNode, useState } from 'react'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { useVault } from '../../data/hosts.ts'
import { CreateVault } from './create-vault.tsx'
import { KeyringRetry } from './keyring-retry.tsx'
import { UnlockDialog } from './unlock-dialog.tsx'

export function VaultNeeded(): ReactNode {
  const { data: vault } = useVault()
  const [open, setOpen] = useState(false)
  const close = (): void => setOpen(false)
  if (!vault || vault.state === 'unlocked') return null
  if (vault.state === 'locked' && vault.protection === 'keyring') return <KeyringRetry />
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        {vault.state === 'locked' ? 'Unlock the vault' : 'Create the vault'}
      </Button>
      {vault.state === 'locked' ? (
        <UnlockDialog open={open} onClose={close} />
      ) : (
        <Dialog open={open} title="Create the vault" onClose={close}>
          <CreateVault vault={vault} action="Create the vault" onDone={close} />
        </Dialog>
      )}
    </>
  )
}
