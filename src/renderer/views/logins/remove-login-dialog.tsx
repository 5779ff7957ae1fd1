// Asks before a login is removed, and what is to become of services that were stopped because of it. Knows nothing of how they are started.
import { type ReactNode, useState } from 'react'
import type { LoginView } from '../../../shared/model/login.ts'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { CheckField } from '../../components/field.tsx'
import { useEngineCommand } from '../../data/remotes.tsx'
import { safeText } from '../../lib/safe-text.ts'

export function RemoveLoginDialog(props: {
  open: boolean
  view: LoginView
  onClose: () => void
  onRemoved: () => void
}): ReactNode {
  const { open, view, onClose, onRemoved } = props
  const { login, deactivated } = view
  const [startServices, setStartServices] = useState(true)
  const remove = useEngineCommand('login.remove')
  return (
    <ConfirmDialog
      open={open}
      title={`Remove ${safeText(login.name)}?`}
      action="Remove login"
      busy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() =>
        remove.mutate({ id: login.id, startServices: deactivated && startServices }, { onSuccess: onRemoved })
      }
    >
      <p>It is no longer watched. The file on the host stays as it is; what is kept here of it is forgotten.</p>
      {deactivated && (
        <>
          <p>Its services were stopped because it is expired. Nothing would start them again once it is removed.</p>
          <CheckField
            label="Start its services again first"
            help="Those that were disabled are enabled again, too."
            checked={startServices}
            onChange={event => setStartServices(event.target.checked)}
          />
        </>
      )}
    </ConfirmDialog>
  )
}
