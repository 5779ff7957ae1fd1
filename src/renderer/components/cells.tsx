// What the rows of lists are made of: two lines, the name that leads to a page, words that step back. Knows no list.
import type { ReactNode } from 'react'
import { Link, type To } from 'react-router'
import css from './cells.module.css'

/** Its children below each other, each cut off at the end of the cell. */
export function TwoLines(props: { children: ReactNode }): ReactNode {
  return <div className={css.two}>{props.children}</div>
}

/** What a row is about, as the way to its page. */
export function NameLink(props: { to: To; children: ReactNode }): ReactNode {
  return (
    <Link className={css.name} to={props.to}>
      {props.children}
    </Link>
  )
}

export function Pale(props: { children: ReactNode }): ReactNode {
  return <span className={css.pale}>{props.children}</span>
}

/** A long text over the two lines that a row has. */
export function Wrapped(props: { children: ReactNode }): ReactNode {
  return <div className={css.wrapped}>{props.children}</div>
}
