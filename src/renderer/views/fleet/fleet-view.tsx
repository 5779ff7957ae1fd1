// The Fleet screen.
import type { ReactNode } from 'react'
import { LoadingState } from '../../components/faces.tsx'

export function FleetView(): ReactNode {
  return <LoadingState label="Fleet" />
}
