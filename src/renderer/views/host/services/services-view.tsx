// The Services tab of a host. Mounted by routes/router.tsx at /hosts/:hostId/services inside HostLayout, which hands over the host by useHostView().
import type { ReactNode } from 'react'
import { LoadingState } from '../../../components/faces.tsx'

export function ServicesView(): ReactNode {
  return <LoadingState label="Services" />
}
