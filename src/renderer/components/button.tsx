// The one button, in its few looks, with a face for work under way; knows nothing of what it starts.
import { LoaderCircle, type LucideIcon } from 'lucide-react'
import type { ComponentProps, ReactNode } from 'react'
import { Link, type To } from 'react-router'
import { cx } from '../lib/class-names.ts'
import css from './button.module.css'
import { Tooltip } from './tooltip.tsx'

export type ButtonLook = 'primary' | 'secondary' | 'quiet' | 'danger'

interface Look {
  readonly look?: ButtonLook
  readonly size?: 'normal' | 'small'
  readonly icon?: LucideIcon
}

export interface ButtonProps extends Look, Omit<ComponentProps<'button'>, 'children'> {
  /** Shows a spinner, keeps its width and focus, and ignores clicks. */
  readonly loading?: boolean
  readonly children: ReactNode
}

export function Button(props: ButtonProps): ReactNode {
  const {
    look = 'secondary',
    size = 'normal',
    icon: Icon,
    loading = false,
    children,
    className,
    onClick,
    ...rest
  } = props
  return (
    <button
      type="button"
      {...rest}
      className={cx(css.button, css[look], size === 'small' && css.small, className)}
      // Not `disabled`: the focus would be lost while it works.
      aria-disabled={loading || rest.disabled || undefined}
      aria-busy={loading || undefined}
      onClick={event => {
        if (loading) event.preventDefault()
        else onClick?.(event)
      }}
    >
      {loading ? (
        <LoaderCircle className={css.spin} size="0.9375rem" aria-hidden="true" />
      ) : (
        Icon && <Icon size="0.9375rem" aria-hidden="true" />
      )}
      {children}
    </button>
  )
}

export interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children' | 'aria-label'> {
  readonly icon: LucideIcon
  /** Its name for everybody: shown as a tooltip, read by screen readers. */
  readonly label: string
  readonly size?: 'normal' | 'small'
  readonly loading?: boolean
  /** For toggles. */
  readonly pressed?: boolean
}

export function IconButton(props: IconButtonProps): ReactNode {
  const { icon, label, size = 'normal', loading = false, pressed, className, onClick, ...rest } = props
  const Icon = loading ? LoaderCircle : icon
  return (
    <Tooltip content={label} names>
      <button
        type="button"
        {...rest}
        className={cx(css.button, css.quiet, css.square, size === 'small' && css.small, className)}
        aria-label={label}
        aria-pressed={pressed}
        aria-busy={loading || undefined}
        onClick={event => {
          if (!loading) onClick?.(event)
        }}
      >
        <Icon className={loading ? css.spin : undefined} size="0.9375rem" aria-hidden="true" />
      </button>
    </Tooltip>
  )
}

/** A link that looks like a button, for going to a place rather than doing something. */
export function LinkButton(props: Look & { to: To; children: ReactNode; className?: string }): ReactNode {
  const { look = 'secondary', size = 'normal', icon: Icon, to, children, className } = props
  return (
    <Link to={to} className={cx(css.button, css[look], size === 'small' && css.small, className)}>
      {Icon && <Icon size="0.9375rem" aria-hidden="true" />}
      {children}
    </Link>
  )
}

export function ButtonRow(props: { children: ReactNode }): ReactNode {
  return <div className={css.row}>{props.children}</div>
}
