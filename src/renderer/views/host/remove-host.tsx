// Asks before a host is removed: what goes with it, what stays, and what is to become of services that a login stopped. Knows nothing of how that is done.
import { Trash2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { useNavigate } from 'react-router'
import { AppError } from '../../../shared/errors.ts'
import type { Host, HostView } from '../../../shared/model/host.ts'
import type { LoginView } from '../../../shared/model/login.ts'
import { IconButton } from '../../components/button.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { CheckField } from '../../components/field.tsx'
import { useToast } from '../../components/toast.tsx'
import { useBackups } from '../../data/backups.ts'
import { useChannels } from '../../data/channels.ts'
import { useChecks } from '../../data/checks.ts'
import { useLogins } from '../../data/logins.ts'
import { useMaintenance } from '../../data/maintenance.ts'
import { useEngine } from '../../data/remotes.tsx'
import { countOf } from '../../lib/format.ts'
import { places } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import css from './host-layout.module.css'

export function RemoveHost(props: { view: HostView }): ReactNode {
  const { host } = props.view
  const [asking, setAsking] = useState(false)
  return (
    <>
      <IconButton icon={Trash2} label="Remove host" onClick={() => setAsking(true)} />
      {asking && <Asking host={host} onClose={() => setAsking(false)} />}
    </>
  )
}

function Asking(props: { host: Host; onClose: () => void }): ReactNode {
  const { host, onClose } = props
  const engine = useEngine()
  const navigate = useNavigate()
  const toast = useToast()
  const { data: logins = [] } = useLogins()
  const stopped = logins.filter(({ login, deactivated }) => login.hostId === host.id && deactivated)
  const [start, setStart] = useState(true)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const remove = async (): Promise<void> => {
    setBusy(true)
    setError(null)
    try {
      await engine.call('host.remove', { id: host.id, startServices: start && stopped.length > 0 })
      toast({ tone: 'healthy', title: `${host.name} was removed` })
      void navigate(places.fleet)
    } catch (caught) {
      setError(AppError.from(caught))
      setBusy(false)
    }
  }
  return (
    <ConfirmDialog
      open
      title={`Remove ${safeText(host.name)}?`}
      action="Remove host"
      typedName={host.name}
      busy={busy}
      error={error}
      onClose={onClose}
      onConfirm={() => void remove()}
    >
      <p>
        Quarterdeck stops watching it and deletes its history and stored secrets from this computer.{' '}
        {stopped.length === 0 && 'Nothing is changed on the host itself.'}
      </p>
      <GoesWithIt hostId={host.id} />
      {stopped.length > 0 && <Stopped logins={stopped} start={start} onStart={setStart} />}
    </ConfirmDialog>
  )
}

/** What belongs to the host and is removed with it, as far as there is any. */
function GoesWithIt(props: { hostId: string }): ReactNode {
  const { hostId } = props
  const { data: checks = [] } = useChecks()
  const { data: logins = [] } = useLogins()
  const { data: backups = [] } = useBackups()
  const { data: tasks = [] } = useMaintenance()
  const { data: channels = [] } = useChannels()
  const silent = channels
    .filter(({ channel: { enabled, filter } }) => enabled && filter.hosts.length === 1 && filter.hosts[0] === hostId)
    .map(({ channel }) => channel.name)
  const own = backups.filter(({ backup }) => backup.hostId === hostId)
  const snapshots = own.reduce((sum, view) => sum + view.snapshots, 0)
  const parts = [
    countOf(checks.filter(({ check }) => check.hostId === hostId).length, 'check'),
    countOf(logins.filter(({ login }) => login.hostId === hostId).length, 'login'),
    countOf(own.length, 'backup'),
    countOf(tasks.filter(({ task }) => task.hostId === hostId).length, 'maintenance task'),
  ].filter(part => part !== null)
  return (
    <>
      {parts.length > 0 && <p>With it go:</p>}
      {parts.length > 0 && (
        <ul className={css.goes}>
          {parts.map(part => (
            <li key={part}>{part}</li>
          ))}
        </ul>
      )}
      {silent.length > 0 && <p>Channels for this host alone are switched off: {safeText(silent.join(', '))}.</p>}
      {snapshots > 0 && (
        <p>
          {snapshots === 1 ? 'Its snapshot stays where it is' : `Its ${snapshots} snapshots stay where they are`} kept,
          and can be restored to another host.
        </p>
      )}
    </>
  )
}

function Stopped(props: {
  logins: readonly LoginView[]
  start: boolean
  onStart: (start: boolean) => void
}): ReactNode {
  const names = props.logins.flatMap(({ login }) => login.consumers.map(({ name }) => name))
  return (
    <>
      <p>
        {safeText([...new Set(names)].join(', '))} {names.length === 1 ? 'was' : 'were'} stopped because a login is
        expired. Nothing here would start {names.length === 1 ? 'it' : 'them'} again once the host is removed.
      </p>
      <CheckField
        label={names.length === 1 ? 'Start it again first' : 'Start them again first'}
        help="What was disabled is enabled again, too."
        checked={props.start}
        onChange={event => props.onStart(event.target.checked)}
      />
    </>
  )
}
