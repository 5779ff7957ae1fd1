// The frame of a host's pages: who and how it is, what is wrong with it and what to do, and its tabs. The tabs' content is elsewhere.
import { PlugZap, ServerOff } from 'lucide-react'
import type { ReactNode } from 'react'
import { Outlet, useLocation, useParams } from 'react-router'
import type { HostView } from '../../../shared/model/host.ts'
import { LinkButton } from '../../components/button.tsx'
import { EmptyState, ErrorState, LoadingState } from '../../components/faces.tsx'
import { useTitle } from '../../components/page.tsx'
import { LinkTabs } from '../../components/tabs.tsx'
import { useHost, useWatchedHost } from '../../data/hosts.ts'
import { hostPath, places } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { HostHeader } from './host-header.tsx'
import css from './host-layout.module.css'
import { HostNotices } from './host-notices.tsx'

export function HostLayout(): ReactNode {
  const { hostId = '' } = useParams()
  const host = useHost(hostId)
  if (host.data) return <Layout key={hostId} view={host.data} />
  if (!host.error) return <LoadingState label="Reading host" />
  if (host.error.code === 'NOT_FOUND' || host.error.code === 'INVALID_INPUT') {
    return (
      <EmptyState icon={ServerOff} title="This host is not configured, or was removed">
        <LinkButton to={places.fleet}>Go to the fleet</LinkButton>
      </EmptyState>
    )
  }
  return <ErrorState error={host.error} title="This host could not be read" onRetry={() => void host.refetch()} />
}

function Layout(props: { view: HostView }): ReactNode {
  const { view } = props
  const id = view.host.id
  useWatchedHost(id)
  useTitle(safeText(view.host.name))
  return (
    <div className={css.layout}>
      <HostHeader view={view} />
      <HostNotices view={view} />
      <div className={css.tabs}>
        <LinkTabs
          label="Host"
          tabs={[
            { to: hostPath(id, 'services'), label: 'Services' },
            { to: hostPath(id, 'metrics'), label: 'Metrics' },
            { to: hostPath(id, 'journal'), label: 'Journal' },
            { to: hostPath(id, 'timers'), label: 'Timers' },
            { to: hostPath(id, 'checks'), label: 'Checks' },
          ]}
        />
      </div>
      <div className={css.content}>
        <Content view={view} />
      </div>
    </div>
  )
}

/** The tab's own view, unless the host cannot have one. */
function Content(props: { view: HostView }): ReactNode {
  const { view } = props
  const { pathname } = useLocation()
  const onMetrics = pathname.endsWith('/metrics')
  // Whether it can be reached is checked as well.
  if (pathname.endsWith('/checks')) return <Outlet context={view} />
  if (view.facts === null) {
    return view.connection.state === 'ready' ? (
      <LoadingState label="Finding out what this host is" />
    ) : (
      <EmptyState
        icon={PlugZap}
        title="Not connected yet"
        text="What runs on this host appears here once it is connected."
      />
    )
  }
  if (view.facts.unitSource === 'none' && !onMetrics) {
    return (
      <EmptyState
        icon={ServerOff}
        title="This is not a systemd host"
        text="Services, timers and the journal come from systemd, which does not run here. Metrics work all the same."
      >
        <LinkButton to={hostPath(view.host.id, 'metrics')}>Show metrics</LinkButton>
      </EmptyState>
    )
  }
  return <Outlet context={view} />
}
