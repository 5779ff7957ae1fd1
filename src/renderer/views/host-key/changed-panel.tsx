// A changed host key: says what it means and makes forgetting the old one a deliberate act.
import { type ReactNode, useState } from 'react'
import type { HostView } from '../../../shared/model/host.ts'
import { Button } from '../../components/button.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { Notice } from '../../components/notice.tsx'
import { useEngineCommand } from '../../data/remotes.tsx'
import { safeText } from '../../lib/safe-text.ts'
import css from './host-key.module.css'
import { KeyFacts } from './key-facts.tsx'

export function ChangedKeyPanel(props: { view: HostView }): ReactNode {
  const { host, connection } = props.view
  const [asking, setAsking] = useState(false)
  const forget = useEngineCommand('host.forgetKey')
  return (
    <Notice
      tone="unhealthy"
      urgent
      title="The host key has changed. Nothing was sent to this host."
      actions={
        <Button look="danger" onClick={() => setAsking(true)}>
          I know why it changed: forget the old key
        </Button>
      }
    >
      <p>
        The key that {safeText(host.address)} shows now is not the one that was trusted before. Either the machine was
        installed anew or its keys were replaced, or somebody between you and it pretends to be it and wants your login.
      </p>
      <ul className={css.list}>
        <li>
          The old key is the one kept here or in known_hosts; it is what every connection was checked against so far.
        </li>
        <li>The new key is the one below. If you did not replace it, find out who did before you go on.</li>
      </ul>
      {connection.offeredKey && <KeyFacts offered={connection.offeredKey} />}
      <ConfirmDialog
        open={asking}
        title="Forget the old host key?"
        action="Forget the old key"
        typedName={host.name}
        busy={forget.isPending}
        error={forget.error}
        onClose={() => setAsking(false)}
        onConfirm={() => forget.mutate(host.id, { onSuccess: () => setAsking(false) })}
      >
        <p>
          From then on the host counts as new: the next connection shows its key again and asks whether you trust it. If
          the change was an attack, trusting the new key hands your login to the attacker.
        </p>
      </ConfirmDialog>
    </Notice>
  )
}
