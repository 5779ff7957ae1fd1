// How the vault stands, and how to make or unlock it where that was put off.
import { Lock, LockOpen } from 'lucide-react'
import type { ReactNode } from 'react'
import type { VaultStatus } from '../../../shared/model/settings.ts'
import { QueryFaces } from '../../components/faces.tsx'
import { Panel } from '../../components/page.tsx'
import { useVault } from '../../data/hosts.ts'
import { safeText } from '../../lib/safe-text.ts'
import { CreateVault } from '../vault/create-vault.tsx'
import { SetAside } from '../vault/set-aside.tsx'
import { VaultNeeded } from '../vault/vault-needed.tsx'
import css from './settings.module.css'

export function VaultPanel(): ReactNode {
  const vault = useVault()
  return (
    <Panel title="Vault">
      <QueryFaces query={vault} failed="The vault could not be read">
        {status => <Vault status={status} />}
      </QueryFaces>
    </Panel>
  )
}

function Vault(props: { status: VaultStatus }): ReactNode {
  const { status } = props
  if (status.state === 'uninitialised')
    return <CreateVault vault={status} action="Create the vault" onDone={() => {}} />
  const locked = status.state === 'locked'
  const Icon = locked ? Lock : LockOpen
  return (
    <>
      <p className={css.line}>
        <Icon size="0.9375rem" aria-hidden="true" />
        {locked ? 'Locked.' : 'Unlocked.'}{' '}
        {status.protection === 'keyring'
          ? 'Its key is kept by your desktop’s keyring.'
          : 'Its key comes from your passphrase, which is asked for once after each start of the app.'}
      </p>
      {locked && status.reason !== null && <p className={css.pale}>{safeText(status.reason)}</p>}
      {locked && (
        <div>
          <VaultNeeded /> <SetAside />
        </div>
      )}
    </>
  )
}
