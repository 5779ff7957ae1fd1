// Who a host is and how it stands, in one line, with what can be done to the host as such. Knows no tab.
import { Pencil, PlugZap, Unplug } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { HostView } from '../../../shared/model/host.ts'
import { Button, IconButton, LinkButton } from '../../components/button.tsx'
import { Status } from '../../components/status.tsx'
import { useKnownIncidents } from '../../data/incidents.ts'
import { useLatestSample } from '../../data/measures.ts'
import { useNow } from '../../data/now.ts'
import { useEngineCommand } from '../../data/remotes.tsx'
import { formatDuration } from '../../lib/format.ts'
import { byUrgency, incidentCount, incidentStatus, isFiring, lackOf, listOf } from '../../lib/incident-words.ts'
import { editHostPath, incidentsPath } from '../../lib/places.ts'
import { safeShort, safeText } from '../../lib/safe-text.ts'
import { connectionStatus, isConnecting, waitsForPerson } from '../../lib/status.ts'
import css from './host-layout.module.css'
import { RemoveHost } from './remove-host.tsx'

export function HostHeader(props: { view: HostView }): ReactNode {
  const { view } = props
  const { host, connection } = view
  const status = connectionStatus(view, useNow(1000))
  const connect = useEngineCommand('host.connect')
  const disconnect = useEngineCommand('host.disconnect')
  const remote = host.kind === 'ssh'
  const waits = waitsForPerson(connection.state)
  const ready = connection.state === 'ready'
  return (
    <header className={css.header}>
      <div className={css.identity}>
        <h1 className={css.name}>{safeText(host.name)}</h1>
        <Status status={status} look="pill" />
        <Incidents hostId={host.id} />
      </div>
      <HostFactsLine view={view} />
      {remote && (
        <div className={css.actions}>
          {waits ? null : ready ? (
            <IconButton
              icon={Unplug}
              label="Disconnect"
              onClick={() => disconnect.mutate(host.id)}
              loading={disconnect.isPending}
            />
          ) : (
            <Button
              icon={PlugZap}
              onClick={() => connect.mutate(host.id)}
              loading={connect.isPending || isConnecting(connection.state)}
            >
              Reconnect
            </Button>
          )}
          <LinkButton to={editHostPath(host.id)} icon={Pencil}>
            Edit
          </LinkButton>
          <RemoveHost view={view} />
        </div>
      )}
    </header>
  )
}

/** The way to what is wrong with it; nothing where nothing is. */
function Incidents(props: { hostId: string }): ReactNode {
  const known = useKnownIncidents()
  const firing = listOf(known).filter(incident => incident.hostId === props.hostId && isFiring(incident))
  const [worst] = [...firing].sort(byUrgency)
  if (!worst)
    return lackOf(known) === 'failed' ? (
      <Status status={{ tone: 'unknown', word: 'Incidents not known' }} look="pill" />
    ) : null
  return (
    <Link className={css.incidents} to={incidentsPath(props.hostId)}>
      <Status status={{ ...incidentStatus(worst), word: incidentCount(firing.length) }} look="pill" />
    </Link>
  )
}

function HostFactsLine(props: { view: HostView }): ReactNode {
  const { host, facts, uptimeSeconds } = props.view
  const sample = useLatestSample(props.view)
  const ready = props.view.connection.state === 'ready'
  const uptime = ready ? (sample?.uptimeSeconds ?? uptimeSeconds) : null
  const parts = [
    host.kind === 'local' ? facts?.hostname : `${host.user}@${host.address}${host.port === 22 ? '' : `:${host.port}`}`,
    facts?.os,
    facts?.cpus ? `${facts.cpus} ${facts.cpus === 1 ? 'CPU' : 'CPUs'}` : null,
    uptime === null ? null : `up ${formatDuration(uptime * 1000)}`,
  ]
  return (
    <ul className={css.facts} aria-label="About this host">
      {parts
        .filter(part => part !== null && part !== undefined)
        .map(part => (
          <li key={part}>{safeShort(part, 120)}</li>
        ))}
    </ul>
  )
}
