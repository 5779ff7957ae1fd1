// A table that is read as it is: headed columns, its rows given, scrolled sideways where there is no room. Knows nothing of its cells.
import type { ReactNode } from 'react'
import { cx } from '../lib/class-names.ts'
import css from './plain-table.module.css'

export interface PlainColumn {
  readonly name: string
  /** Numbers, or buttons at the end of a row; their cells are `NumberCell`s. */
  readonly number?: boolean
  /** The name is read but not shown. */
  readonly bare?: boolean
}

/** `flush`: within a panel's own edges, not from one to the other. Each row is headed by a `th`. */
export function PlainTable(props: {
  columns: readonly PlainColumn[]
  flush?: boolean
  children: ReactNode
}): ReactNode {
  return (
    <div className={css.scroller}>
      <table className={cx(css.table, props.flush && css.flush)}>
        <thead>
          <tr>
            {props.columns.map(({ name, number, bare }) => (
              <th key={name} scope="col" className={cx(number && css.number)}>
                {bare ? <span className="visually-hidden">{name}</span> : name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </div>
  )
}

export function NumberCell(props: { children: ReactNode }): ReactNode {
  return <td className={css.number}>{props.children}</td>
}
