// The frame of a screen: its title, what can be done there, and a body that scrolls or fills. Knows no screen.
import { type ReactNode, useEffect } from 'react'
import { cx } from '../lib/class-names.ts'
import css from './page.module.css'

export interface PageProps {
  readonly title: string
  /** Beside the title: counts, a status. */
  readonly aside?: ReactNode
  readonly actions?: ReactNode
  /** `fill`: the body has the height that is left and its parts scroll by themselves; `read`: a column of readable width. */
  readonly body?: 'scroll' | 'fill' | 'read'
  readonly children: ReactNode
}

export function Page(props: PageProps): ReactNode {
  const { title, aside, actions, body = 'scroll', children } = props
  useTitle(title)
  return (
    <div className={css.page}>
      <header className={css.header}>
        <h1 className={css.title}>{title}</h1>
        {aside && <div className={css.aside}>{aside}</div>}
        {actions && <div className={css.actions}>{actions}</div>}
      </header>
      <div className={cx(css.body, css[body])}>
        {body === 'read' ? <div className={css.column}>{children}</div> : children}
      </div>
    </div>
  )
}

/** The window's title: where one is, then the app's name. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} – Quarterdeck`
  }, [title])
}

/** A titled part of a screen. */
export function Panel(props: {
  title?: string
  aside?: ReactNode
  children: ReactNode
  className?: string
  flush?: boolean
}): ReactNode {
  const { title, aside, children, className, flush = false } = props
  return (
    <section className={cx(css.panel, className)} aria-label={title}>
      {title && (
        <header className={css.panelHeader}>
          <h2>{title}</h2>
          {aside}
        </header>
      )}
      <div className={cx(css.panelBody, flush && css.flush)}>{children}</div>
    </section>
  )
}

/** A screen's two columns, below each other where there is no room for both; its children are the columns. */
export function Columns(props: {
  /** Which one is the wider. */
  readonly wider?: 'first' | 'second' | 'neither'
  readonly children: ReactNode
}): ReactNode {
  return <div className={cx(css.columns, css[props.wider ?? 'first'])}>{props.children}</div>
}

/** Name and value pairs in two columns. */
export function Facts(props: { children: ReactNode }): ReactNode {
  return <dl className={css.facts}>{props.children}</dl>
}
export function Fact(props: { name: string; children: ReactNode }): ReactNode {
  return (
    <>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </>
  )
}
