// Removes a login after asking, and asks what is to become of services that were stopped because of it. Knows nothing of how they are started.
import { type ReactNode, useState } from 'react'
import { useNavigate } from 'react-router'
import type { LoginView } from '../../../shared/model/login.ts'
import { CheckField } from '../../components/field.tsx'
import { RemoveButton } from '../../components/remove-button.tsx'
import { useEngineCommand } from '../../data/remotes.tsx'
import { places } from '../../lib/places.ts'

export function RemoveLogin(props: { view: LoginView }): ReactNode {
  const { login, deactivated } = props.view
  const navigate = useNavigate()
  const [startServices, setStartServices] = useState(true)
  const remove = useEngineCommand('login.remove')
  return (
    <RemoveButton
      name={login.name}
      noun="login"
      busy={remove.isPending}
      error={remove.error}
      onRemove={() =>
        remove.mutate(
          { id: login.id, startServices: deactivated && startServices },
          { onSuccess: () => void navigate(places.logins) },
        )
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
    </RemoveButton>
  )
}
