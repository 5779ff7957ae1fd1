// The Metrics tab of a host. Mounted by routes/router.tsx at /hosts/:hostId/metrics inside HostLayout, which hands over the host by useHostView().
import type { ReactNode } from 'react'
import { LoadingState } from '../../../components/faces.tsx'

export function MetricsView(): ReactNode {
  return <LoadingState label="Metrics" />
}
