// The three other faces of every screen: loading, failed, empty. Knows no screen.
import type { UseQueryResult } from '@tanstack/react-query'
import { CircleX, LoaderCircle, type LucideIcon, RotateCw } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import type { AppError, ErrorShape } from '../../shared/errors.ts'
import { safeText } from '../lib/safe-text.ts'
import { Button } from './button.tsx'
import css from './faces.module.css'

/** Shown only after a moment, so that quick answers do not flicker. */
export function LoadingState(props: { label?: string; afterMs?: number }): ReactNode {
  const { label = 'Loading', afterMs = 180 } = props
  const [shown, setShown] = useState(afterMs === 0)
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), afterMs)
    return () => clearTimeout(timer)
  }, [afterMs])
  return (
    <div className={css.face} role="status" aria-busy="true">
      {shown && (
        <p className={css.loading}>
          <LoaderCircle className={css.spin} size="1rem" aria-hidden="true" />
          {label}…
        </p>
      )}
    </div>
  )
}

export interface ErrorStateProps {
  readonly error: ErrorShape | AppError
  /** What could not be done, e.g. "The services could not be read". */
  readonly title: string
  readonly onRetry?: () => void
  readonly retrying?: boolean
  /** More to do about it, e.g. a link to the host's settings. */
  readonly children?: ReactNode
}

/** What went wrong, in the engine's words, and what to do about it. */
export function ErrorState(props: ErrorStateProps): ReactNode {
  const { error, title, onRetry, retrying = false, children } = props
  return (
    <div className={css.face} role="alert">
      <CircleX className={css.bad} size="1.5rem" aria-hidden="true" />
      <h2 className={css.title}>{title}</h2>
      <p className={css.text}>{safeText(error.message)}</p>
      {error.hint && <p className={css.hint}>{safeText(error.hint)}</p>}
      <div className={css.buttons}>
        {onRetry && (
          <Button icon={RotateCw} onClick={onRetry} loading={retrying}>
            Try again
          </Button>
        )}
        {children}
      </div>
    </div>
  )
}

export interface EmptyStateProps {
  readonly icon: LucideIcon
  /** One sentence. */
  readonly title: string
  readonly text?: string
  /** The button that fills it. */
  readonly children?: ReactNode
}

export function EmptyState(props: EmptyStateProps): ReactNode {
  const Icon = props.icon
  return (
    <div className={css.face}>
      <Icon className={css.pale} size="1.5rem" aria-hidden="true" />
      <h2 className={css.title}>{props.title}</h2>
      {props.text && <p className={css.text}>{props.text}</p>}
      {props.children && <div className={css.buttons}>{props.children}</div>}
    </div>
  )
}

export interface QueryFacesProps<T> {
  readonly query: UseQueryResult<T, AppError>
  /** Title of the failed face. */
  readonly failed: string
  readonly loading?: string
  /** Shown instead where there is no such thing. */
  readonly missing?: ReactNode
  readonly children: (data: T) => ReactNode
}

/** Draws the loading and failed faces of a query; old data stay on screen when a later look fails. */
export function QueryFaces<T>(props: QueryFacesProps<T>): ReactNode {
  const { query, failed, loading, missing, children } = props
  if (query.data !== undefined) return children(query.data)
  if (query.error) {
    // what is asked for by a name that cannot be one is not there either
    const unknown = query.error.code === 'NOT_FOUND' || query.error.code === 'INVALID_INPUT'
    if (unknown && missing !== undefined) return missing
    return (
      <ErrorState error={query.error} title={failed} onRetry={() => void query.refetch()} retrying={query.isFetching} />
    )
  }
  return <LoadingState {...(loading === undefined ? {} : { label: loading })} />
}
