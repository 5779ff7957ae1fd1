// First trust: shows the key that a host offers and lets the person decide; nothing is sent to the host before.
import { type ReactNode, useState } from 'react'
import { AppError } from '../../../shared/errors.ts'
import type { HostKey } from '../../../shared/model/host.ts'
import { Button } from '../../components/button.tsx'
import { FieldError } from '../../components/field.tsx'
import { Notice } from '../../components/notice.tsx'
import { useEngine } from '../../data/remotes.tsx'
import { safeText } from '../../lib/safe-text.ts'
import { KeyFacts } from './key-facts.tsx'

export interface TrustPanelProps {
  readonly address: string
  readonly port: number
  readonly offered: HostKey
  readonly onTrusted: () => void
  readonly onCancel: () => void
}

export function TrustPanel(props: TrustPanelProps): ReactNode {
  const { address, port, offered, onTrusted, onCancel } = props
  const engine = useEngine()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const trust = async (): Promise<void> => {
    setBusy(true)
    try {
      await engine.call('host.trustKey', { address, port, key: offered })
      onTrusted()
    } catch (caught) {
      setError(AppError.from(caught))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Notice
      tone="waiting"
      urgent
      title={`Is this really ${safeText(address)}?`}
      actions={
        <>
          <Button look="primary" onClick={() => void trust()} loading={busy}>
            Trust this key
          </Button>
          <Button onClick={onCancel}>Cancel</Button>
        </>
      }
    >
      <p>This host is new here. It shows the key below; no login has been sent yet. Compare it before you go on.</p>
      <KeyFacts offered={offered} />
      {error && <FieldError>{safeText(error.message)}</FieldError>}
    </Notice>
  )
}
