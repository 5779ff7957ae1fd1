// The Activity screen.
import type { ReactNode } from 'react'
import { LoadingState } from '../../components/faces.tsx'

export function ActivityView(): ReactNode {
  return <LoadingState label="Activity" />
}
