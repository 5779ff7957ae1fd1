// A virtualised table with sorting and row focus by arrow keys: ten or a hundred thousand rows cost the same. Knows nothing of its rows.
import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { cx } from '../lib/class-names.ts'
import css from './data-table.module.css'
import { useRowKeys } from './row-keys.ts'

export interface Column<T> {
  readonly id: string
  readonly header: string
  /** A grid track: `8rem`, `minmax(10rem, 2fr)`. Sizes in rem, so that text scales. */
  readonly width: string
  /** Left out where the table is narrower than so many rem, so that nothing has to be scrolled to sideways. */
  readonly leastRem?: number
  readonly align?: 'start' | 'end'
  readonly cell: (row: T) => ReactNode
  /** Compares for an ascending order; without it the column cannot be sorted. */
  readonly compare?: (a: T, b: T) => number
  /** The header is read but not shown (columns of buttons). */
  readonly bareHeader?: boolean
}

export interface Sort {
  readonly column: string
  readonly descending: boolean
}

/** `name` ascending is `name`, descending `-name`; for the URL. */
export function readSort(text: string): Sort | null {
  if (!text) return null
  return text.startsWith('-') ? { column: text.slice(1), descending: true } : { column: text, descending: false }
}
export function writeSort(sort: Sort | null): string {
  return sort ? `${sort.descending ? '-' : ''}${sort.column}` : ''
}

export interface DataTableProps<T> {
  readonly label: string
  readonly rows: readonly T[]
  readonly rowKey: (row: T) => string
  readonly columns: readonly Column<T>[]
  /** Click or Enter on a row. Give the row's name cell a real link too. */
  readonly onOpen?: (row: T) => void
  readonly selectedKey?: string | null
  readonly sort?: Sort | null
  readonly onSort?: (sort: Sort | null) => void
  /** Height of a row in rem. */
  readonly rowRem?: number
  /** Shown instead of rows; the header stays. */
  readonly empty?: ReactNode
  /** Called when the last rows come into view. */
  readonly onEnd?: () => void
  readonly className?: string
}

/** Fills its parent and scrolls inside: the parent gives it a height (`flex: 1; min-height: 0`). */
export function DataTable<T>(props: DataTableProps<T>): ReactNode {
  const { label, rowKey, onOpen, selectedKey = null, sort = null, rowRem = 2, empty, onEnd, className } = props
  const rows = useMemo(() => sortRows(props.rows, props.columns, sort), [props.rows, props.columns, sort])
  const scroller = useRef<HTMLDivElement>(null)
  const probe = useRef<HTMLSpanElement>(null)
  const rem = useRemPixels(probe)
  const rowHeight = rowRem * rem
  const room = useWidth(scroller) / rem
  const columns = props.columns.filter(({ leastRem }) => leastRem === undefined || leastRem <= room)
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: index => {
      const row = rows[index]
      return row === undefined ? index : rowKey(row)
    },
    overscan: 12,
    // The header sticks over the first rows.
    scrollPaddingStart: rowHeight,
  })
  const { measure } = virtualizer
  useEffect(() => {
    if (rowHeight > 0) measure()
  }, [rowHeight, measure])

  const [focused, setFocused] = useState<string | null>(null)
  const focusKey = rows.some(row => rowKey(row) === focused) ? focused : rows[0] === undefined ? null : rowKey(rows[0])
  useRowKeys(scroller, {
    count: rows.length,
    page: () => Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 2),
    focus: index => {
      const row = rows[index]
      if (row === undefined) return
      setFocused(rowKey(row))
      virtualizer.scrollToIndex(index)
      requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus())
    },
    open: index => {
      const row = rows[index]
      if (row !== undefined) onOpen?.(row)
    },
  })

  const items = virtualizer.getVirtualItems()
  const last = items.at(-1)?.index ?? -1
  useEffect(() => {
    if (onEnd && rows.length > 0 && last >= rows.length - 5) onEnd()
  }, [onEnd, last, rows.length])

  const template = { gridTemplateColumns: columns.map(column => column.width).join(' ') }
  return (
    <div ref={scroller} className={cx(css.scroller, className)}>
      <span ref={probe} className={css.probe} aria-hidden="true" />
      <table className={css.table} aria-label={label} aria-rowcount={rows.length + 1}>
        <thead className={css.head}>
          <tr className={css.row} style={template} aria-rowindex={1}>
            {columns.map(column => (
              <HeaderCell key={column.id} column={column} sort={sort} onSort={props.onSort} />
            ))}
          </tr>
        </thead>
        <tbody className={css.body} style={{ height: `${virtualizer.getTotalSize()}px` }}>
          {items.map(item => {
            const row = rows[item.index]
            if (row === undefined) return null
            const key = rowKey(row)
            return (
              <tr
                key={item.key}
                data-index={item.index}
                className={cx(css.row, css.line, onOpen && css.opens, key === selectedKey && css.selected)}
                style={{ ...template, height: `${item.size}px`, transform: `translateY(${item.start}px)` }}
                tabIndex={key === focusKey ? 0 : -1}
                aria-rowindex={item.index + 2}
                aria-selected={selectedKey === null ? undefined : key === selectedKey}
              >
                {columns.map(column => (
                  <td key={column.id} className={cx(css.cell, column.align === 'end' && css.end)}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
      {rows.length === 0 && empty}
    </div>
  )
}

function HeaderCell<T>(props: {
  column: Column<T>
  sort: Sort | null
  onSort: ((sort: Sort | null) => void) | undefined
}): ReactNode {
  const { column, sort, onSort } = props
  const active = sort?.column === column.id
  const order = active ? (sort.descending ? 'descending' : 'ascending') : undefined
  const className = cx(css.cell, column.align === 'end' && css.end)
  if (column.bareHeader) {
    return (
      <th scope="col" className={className}>
        <span className="visually-hidden">{column.header}</span>
      </th>
    )
  }
  if (!column.compare || !onSort) {
    return (
      <th scope="col" className={className}>
        {column.header}
      </th>
    )
  }
  const Arrow = sort?.descending ? ArrowDown : ArrowUp
  // Three clicks: ascending, descending, the list's own order.
  const next = !active
    ? { column: column.id, descending: false }
    : sort.descending
      ? null
      : { column: column.id, descending: true }
  return (
    <th scope="col" className={className} aria-sort={order}>
      <button type="button" className={css.sort} onClick={() => onSort(next)}>
        {column.header}
        {active && <Arrow size="0.75rem" aria-hidden="true" />}
      </button>
    </th>
  )
}

function sortRows<T>(rows: readonly T[], columns: readonly Column<T>[], sort: Sort | null): readonly T[] {
  const compare = columns.find(column => column.id === sort?.column)?.compare
  if (!compare) return rows
  return [...rows].sort((a, b) => (sort?.descending ? compare(b, a) : compare(a, b)))
}

/** In pixels; known before anything is painted. */
function useWidth(box: { readonly current: HTMLElement | null }): number {
  const [pixels, setPixels] = useState(Number.POSITIVE_INFINITY)
  useLayoutEffect(() => {
    const element = box.current
    if (!element) return
    const measure = (): void => setPixels(element.clientWidth)
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [box])
  return pixels
}

/** Pixels of one rem, also when the text is scaled while the table is shown. */
function useRemPixels(probe: { readonly current: HTMLElement | null }): number {
  const [pixels, setPixels] = useState(rootFontSize)
  useEffect(() => {
    if (!probe.current) return
    const observer = new ResizeObserver(() => setPixels(rootFontSize()))
    observer.observe(probe.current)
    return () => observer.disconnect()
  }, [probe])
  return pixels
}

function rootFontSize(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16
}
