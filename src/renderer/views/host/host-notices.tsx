// What is wrong with a host or waits for the person, each with what to do about it. Decides nothing about the host.
import type { ReactNode } from 'react'
import { useNavigate } from 'react-router'
import type { HostProblem, HostView } from '../../../shared/model/host.ts'
import { Button, LinkButton } from '../../components/button.tsx'
import { Notice } from '../../components/notice.tsx'
import { useNow } from '../../data/now.ts'
import { useEngineCommand } from '../../data/remotes.tsx'
import { editHostPath, places } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { connectionStatus } from '../../lib/status.ts'
import { ChangedKeyPanel } from '../host-key/changed-panel.tsx'
import { TrustPanel } from '../host-key/trust-panel.tsx'
import css from './host-layout.module.css'

export function HostNotices(props: { view: HostView }): ReactNode {
  const { view } = props
  const connection = connectionNotice(view)
  // The face in the tab's place says it already.
  const problems = view.problems.filter(problem => problem.error.code !== 'NOT_SYSTEMD')
  if (!connection && problems.length === 0) return null
  return (
    <div className={css.notices}>
      {connection}
      {view.connection.state === 'ready' &&
        problems.map(problem => <ProblemNotice key={`${problem.area}-${problem.error.code}`} problem={problem} />)}
    </div>
  )
}

function connectionNotice(view: HostView): ReactNode {
  const { state, offeredKey, error } = view.connection
  switch (state) {
    case 'host-key-unknown':
      return offeredKey ? <Trust view={view} /> : null
    case 'host-key-changed':
      return <ChangedKeyPanel view={view} />
    case 'auth-failed':
    case 'config':
      return <WaitingNotice view={view} />
    case 'lost':
    case 'backoff':
      return error ? <RetryNotice view={view} /> : null
    default:
      return null
  }
}

function Trust(props: { view: HostView }): ReactNode {
  const { host, connection } = props.view
  const connect = useEngineCommand('host.connect')
  const navigate = useNavigate()
  if (!connection.offeredKey) return null
  return (
    <TrustPanel
      address={host.address}
      port={host.port}
      offered={connection.offeredKey}
      onTrusted={() => connect.mutate(host.id)}
      onCancel={() => void navigate(places.fleet)}
    />
  )
}

/** Nothing happens until the person acts (semantics 5). */
function WaitingNotice(props: { view: HostView }): ReactNode {
  const { host, connection } = props.view
  const connect = useEngineCommand('host.connect')
  const title =
    connection.state === 'auth-failed' ? 'The host refused the login' : 'This host cannot be reached as it is set up'
  return (
    <Notice
      tone="waiting"
      urgent
      title={title}
      actions={
        <>
          <LinkButton to={editHostPath(host.id)} look="primary">
            Change how to log in
          </LinkButton>
          <Button onClick={() => connect.mutate(host.id)} loading={connect.isPending}>
            Try once more
          </Button>
        </>
      }
    >
      <ErrorText error={connection.error} />
      <p className={css.quiet}>
        It is not tried again by itself, because repeated wrong logins get this computer banned.
      </p>
    </Notice>
  )
}

function RetryNotice(props: { view: HostView }): ReactNode {
  const { view } = props
  const status = connectionStatus(view, useNow(1000))
  const attempt = status.word.startsWith('Retry') ? status.word : 'Waiting to retry'
  return (
    <Notice tone="unknown" title={`Not connected. ${attempt}.`}>
      <ErrorText error={view.connection.error} />
    </Notice>
  )
}

const areas: Record<HostProblem['area'], string> = {
  units: 'Services are limited',
  'user-units': 'User services are limited',
  journal: 'The journal cannot be read in full',
  metrics: 'Metrics are limited',
  sudo: 'sudo does not work',
}

function ProblemNotice(props: { problem: HostProblem }): ReactNode {
  const { area, error } = props.problem
  return (
    <Notice tone="degraded" title={areas[area]}>
      <ErrorText error={error} />
    </Notice>
  )
}

function ErrorText(props: { error: HostView['connection']['error'] }): ReactNode {
  const { error } = props
  if (!error) return null
  return (
    <>
      <p>{safeText(error.message)}</p>
      {error.hint && <p>{safeText(error.hint)}</p>}
    </>
  )
}
