// The screen on which a host is added or edited; loads what the form needs.
import type { ReactNode } from 'react'
import { useParams } from 'react-router'
import { QueryFaces } from '../../components/faces.tsx'
import { Page } from '../../components/page.tsx'
import { useHost, useHosts } from '../../data/hosts.ts'
import { safeText } from '../../lib/safe-text.ts'
import { HostForm } from './host-form.tsx'

export function HostFormView(): ReactNode {
  const { hostId } = useParams()
  return hostId === undefined ? <AddHost /> : <EditHost hostId={hostId} />
}

function AddHost(): ReactNode {
  const hosts = useHosts()
  return (
    <Page title="Add host">
      <QueryFaces query={hosts} failed="The hosts could not be read">
        {list => <HostForm key="new" host={null} hosts={list} />}
      </QueryFaces>
    </Page>
  )
}

function EditHost(props: { hostId: string }): ReactNode {
  const host = useHost(props.hostId)
  const hosts = useHosts()
  const name = host.data?.host.name
  return (
    <Page title={name === undefined ? 'Edit host' : `Edit ${safeText(name)}`}>
      <QueryFaces query={host} failed="This host could not be read">
        {view => <HostForm key={view.host.id} host={view.host} hosts={hosts.data ?? []} />}
      </QueryFaces>
    </Page>
  )
}
