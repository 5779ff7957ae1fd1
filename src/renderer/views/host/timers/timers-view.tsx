// The Timers tab of a host. Mounted by routes/router.tsx at /hosts/:hostId/timers inside HostLayout, which hands over the host by useHostView().
import type { ReactNode } from 'react'
import { LoadingState } from '../../../components/faces.tsx'

export function TimersView(): ReactNode {
  return <LoadingState label="Timers" />
}
