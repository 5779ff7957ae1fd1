// The first run: what this is, where secrets will be kept, and the first thing to look at.
import { Monitor, Server } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { useNavigate } from 'react-router'
import { localHostId } from '../../../shared/model/host.ts'
import { Button } from '../../components/button.tsx'
import { QueryFaces } from '../../components/faces.tsx'
import { FieldError } from '../../components/field.tsx'
import { Mark } from '../../components/mark.tsx'
import { useTitle } from '../../components/page.tsx'
import { useVault } from '../../data/hosts.ts'
import { useEngineCommand } from '../../data/remotes.tsx'
import { hostPath, places } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { CreateVault } from '../vault/create-vault.tsx'
import css from './welcome-view.module.css'

export function WelcomeView(): ReactNode {
  useTitle('Welcome')
  const vault = useVault()
  const [putOff, setPutOff] = useState(false)
  return (
    <main className={css.welcome}>
      <div className={css.card}>
        <div className={css.mark}>
          <Mark size={44} />
        </div>
        <h1 className={css.title}>Welcome to Quarterdeck</h1>
        <p className={css.lead}>
          Quarterdeck shows what runs on your hosts, tells you within seconds what broke, and restarts it with one
          click. It talks to them over SSH and installs nothing on them.
        </p>
        <QueryFaces query={vault} failed="The vault could not be read">
          {status =>
            status.state === 'uninitialised' && !putOff ? (
              <CreateVault vault={status} action="Get started" onDone={() => setPutOff(true)}>
                {!status.keyringAvailable && (
                  <Button look="quiet" onClick={() => setPutOff(true)}>
                    Decide later
                  </Button>
                )}
              </CreateVault>
            ) : (
              <FirstLook />
            )
          }
        </QueryFaces>
      </div>
    </main>
  )
}

function FirstLook(): ReactNode {
  const navigate = useNavigate()
  const save = useEngineCommand('settings.set')
  const go = async (path: string): Promise<void> => {
    // First the place, then the frame around it: the frame would lead to the fleet before the place is loaded.
    await navigate(path, { replace: true })
    save.mutate({ firstRunDone: true })
  }
  return (
    <>
      <div className={css.choices}>
        <Choice
          icon={<Server size="1.25rem" aria-hidden="true" />}
          title="Add your first host"
          text="A VPS or any machine with SSH and systemd."
          onClick={() => void go(places.addHost)}
        />
        <Choice
          icon={<Monitor size="1.25rem" aria-hidden="true" />}
          title="Just look at this computer"
          text="Its services, journal and metrics, right away."
          onClick={() => void go(hostPath(localHostId))}
        />
      </div>
      {save.error && <FieldError>{safeText(save.error.message)}</FieldError>}
    </>
  )
}

function Choice(props: { icon: ReactNode; title: string; text: string; onClick: () => void }): ReactNode {
  return (
    <button type="button" className={css.choice} onClick={props.onClick}>
      {props.icon}
      <span className={css.choiceTitle}>{props.title}</span>
      <span className={css.pale}>{props.text}</span>
    </button>
  )
}
