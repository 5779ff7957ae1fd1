// The page of one service. Mounted by routes/router.tsx at /hosts/:hostId/services/:scope/:unit inside HostLayout (useHostView(), useParams()).
import type { ReactNode } from 'react'
import { LoadingState } from '../../../components/faces.tsx'

export function ServiceView(): ReactNode {
  return <LoadingState label="Service" />
}
