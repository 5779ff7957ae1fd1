// The Welcome screen.
import type { ReactNode } from 'react'
import { LoadingState } from '../../components/faces.tsx'

export function WelcomeView(): ReactNode {
  return <LoadingState label="Welcome" />
}
