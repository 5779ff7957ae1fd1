// The faces of an address that leads nowhere and of a screen that broke.
import { Compass, RotateCw } from 'lucide-react'
import type { ReactNode } from 'react'
import { useRouteError } from 'react-router'
import { AppError } from '../../shared/errors.ts'
import { Button, LinkButton } from '../components/button.tsx'
import { EmptyState, ErrorState } from '../components/faces.tsx'

export function Lost(): ReactNode {
  return (
    <EmptyState icon={Compass} title="There is nothing at this address">
      <LinkButton to="/fleet">Go to the fleet</LinkButton>
    </EmptyState>
  )
}

/** A bug in a screen must not take the app with it. */
export function RouteFailed(): ReactNode {
  const error = AppError.from(useRouteError())
  return (
    <ErrorState error={error} title="This screen broke">
      <Button icon={RotateCw} onClick={() => window.location.reload()}>
        Reload the window
      </Button>
    </ErrorState>
  )
}
