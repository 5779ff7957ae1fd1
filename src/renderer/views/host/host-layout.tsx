// The frame of a host's pages: who and how it is, what is wrong with it and what to do, and its tabs. The tabs' content is elsewhere.
import type { ReactNode } from 'react'
import { Outlet, useParams } from 'react-router'
import { QueryFaces } from '../../components/faces.tsx'
import { LinkTabs } from '../../components/tabs.tsx'
import { useHost, useWatchedHost } from '../../data/hosts.ts'
import { hostPath } from '../../lib/places.ts'
import css from './host-layout.module.css'

export function HostLayout(): ReactNode {
  const { hostId = '' } = useParams()
  useWatchedHost(hostId)
  const host = useHost(hostId)
  return (
    <QueryFaces query={host} failed="This host could not be read">
      {view => (
        <div className={css.layout}>
          <LinkTabs
            label="Host"
            tabs={[
              { to: hostPath(hostId, 'services'), label: 'Services' },
              { to: hostPath(hostId, 'metrics'), label: 'Metrics' },
              { to: hostPath(hostId, 'journal'), label: 'Journal' },
              { to: hostPath(hostId, 'timers'), label: 'Timers' },
            ]}
          />
          <div className={css.content}>
            <Outlet context={view} />
          </div>
        </div>
      )}
    </QueryFaces>
  )
}
