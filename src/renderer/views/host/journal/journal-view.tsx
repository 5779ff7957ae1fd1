// The Journal tab of a host. Mounted by routes/router.tsx at /hosts/:hostId/journal inside HostLayout, which hands over the host by useHostView().
import type { ReactNode } from 'react'
import { LoadingState } from '../../../components/faces.tsx'

export function JournalView(): ReactNode {
  return <LoadingState label="Journal" />
}
