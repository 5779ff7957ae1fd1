// The Host screen.
import type { ReactNode } from 'react'
import { LoadingState } from '../../components/faces.tsx'

export function HostFormView(): ReactNode {
  return <LoadingState label="Host" />
}
