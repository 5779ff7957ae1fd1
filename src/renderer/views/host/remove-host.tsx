// Asks before a host is removed: what goes with it, what stays, and what is to become of services that a login stopped. Knows nothing of how that is done.
import { Trash2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { useNavigate } from 'react-router'
import { AppError } from '../../../shared/errors.ts'
import type { BackupView } from '../../../shared/model/backup.ts'
import type { Host, HostView } from '../../../shared/model/host.ts'
import type { LoginView } from '../../../shared/model/login.ts'
import { IconButton } from '../../components/button.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { QueryFaces } from '../../components/faces.tsx'
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
  const owned = useOwned(host.id)
  const stopped = owned.own?.logins.filter(({ deactivated }) => deactivated) ?? []
  const [start, setStart] = useState(true)
  const [despite, setDespite] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const [unfinished, setUnfinished] = useState(false)
  const startServices = start && stopped.length > 0
  const remove = async (): Promise<void> => {
    setBusy(true)
    setError(null)
    try {
      await engine.call('host.remove', { id: host.id, startServices, despiteUnfinished: unfinished && despite })
      toast({ tone: 'healthy', title: `${host.name} was removed` })
      void navigate(places.fleet)
    } catch (caught) {
      const failure = AppError.from(caught)
      if (failure.detail?.despite === 'unfinished') setUnfinished(true)
      // what is under way has nothing to do with whether they are started
      setError(startServices && failure.code !== 'CONFLICT' ? orWithoutStart(failure) : failure)
      setBusy(false)
    }
  }
  return (
    <ConfirmDialog
      open
      title={`Remove ${safeText(host.name)}?`}
      action="Remove host"
      typedName={host.name}
      ready={owned.own !== null}
      busy={busy}
      error={error}
      onClose={onClose}
      onConfirm={() => void remove()}
    >
      <p>
        Quarterdeck stops watching it and deletes its history and stored secrets from this computer.{' '}
        {owned.own && stopped.length === 0 && 'Nothing is changed on the host itself.'}
      </p>
      {owned.own ? <GoesWithIt own={owned.own} /> : owned.face}
      {stopped.length > 0 && <Stopped logins={stopped} start={start} onStart={setStart} />}
      {unfinished && (
        <CheckField
          label="Remove it although something is half done on it"
          help="It is given up, and what was stopped for it stays stopped. See to the rest on the host yourself."
          checked={despite}
          onChange={event => setDespite(event.target.checked)}
        />
      )}
    </ConfirmDialog>
  )
}

/** A host that is away for good must not be kept by services that nobody can start. */
function orWithoutStart(error: AppError): AppError {
  const hint = `${error.hint ?? ''} To remove the host without starting them, untick “Start … again first”.`.trim()
  return new AppError(error.code, error.message, { hint })
}

interface Own {
  readonly checks: number
  readonly logins: readonly LoginView[]
  readonly backups: readonly BackupView[]
  readonly tasks: number
  /** Names of the channels that are for this host alone. */
  readonly silent: readonly string[]
}

/** What belongs to a host; null with the face for it until all of it is known: what is not known yet is not nothing. */
function useOwned(hostId: string): { own: Own; face: null } | { own: null; face: ReactNode } {
  const checks = useChecks()
  const logins = useLogins()
  const backups = useBackups()
  const tasks = useMaintenance()
  const channels = useChannels()
  if (checks.data && logins.data && backups.data && tasks.data && channels.data) {
    const own: Own = {
      checks: checks.data.filter(({ check }) => check.hostId === hostId).length,
      logins: logins.data.filter(({ login }) => login.hostId === hostId),
      backups: backups.data.filter(({ backup }) => backup.hostId === hostId),
      tasks: tasks.data.filter(({ task }) => task.hostId === hostId).length,
      silent: channels.data
        .filter(
          ({ channel: { enabled, filter } }) => enabled && filter.hosts.length === 1 && filter.hosts[0] === hostId,
        )
        .map(({ channel }) => channel.name),
    }
    return { own, face: null }
  }
  const unread = [checks, logins, backups, tasks, channels].filter(({ data }) => data === undefined)
  const first = unread.find(({ error }) => error !== null) ?? unread[0]
  const face = first && (
    <QueryFaces<unknown>
      query={first}
      failed="What belongs to this host could not be read"
      loading="Reading what belongs to this host"
    >
      {() => null}
    </QueryFaces>
  )
  return { own: null, face }
}

/** What belongs to the host and is removed with it, as far as there is any. */
function GoesWithIt(props: { own: Own }): ReactNode {
  const { checks, logins, backups, tasks, silent } = props.own
  const snapshots = backups.reduce((sum, view) => sum + view.snapshots, 0)
  const parts = [
    countOf(checks, 'check'),
    countOf(logins.length, 'login'),
    countOf(backups.length, 'backup'),
    countOf(tasks, 'maintenance task'),
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
