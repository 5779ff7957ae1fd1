// The Settings screen.
import type { ReactNode } from 'react'
import { LoadingState } from '../../components/faces.tsx'

export function SettingsView(): ReactNode {
  return <LoadingState label="Settings" />
}
