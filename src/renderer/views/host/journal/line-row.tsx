// One line of the journal as it is drawn, cut to one row; its whole text is in the details. Knows no list.
import { memo, type ReactNode } from 'react'
import { cx } from '../../../lib/class-names.ts'
import { formatClock, formatCount } from '../../../lib/format.ts'
import { safeShort } from '../../../lib/safe-text.ts'
import css from './journal.module.css'
import type { Line } from './line-store.ts'

export const priorityWords = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'] as const

/** What fits into the widest window. */
const shownChars = 600

/** For aria-activedescendant. */
export const lineId = (index: number): string => `line-${index}`

interface LineRowProps {
  readonly line: Line
  readonly index: number
  readonly rowPx: number
  readonly compact: boolean
  readonly hostName: string | undefined
  readonly selected: boolean
}

export const LineRow = memo(
  function LineRow(props: LineRowProps): ReactNode {
    const { line, index, rowPx, compact, hostName, selected } = props
    const word = priorityWords[line.priority] ?? 'info'
    return (
      <div
        id={lineId(index)}
        role="option"
        aria-selected={selected}
        tabIndex={-1}
        data-index={index}
        className={cx(css.line, css[`p${line.priority}`], index % 2 === 1 && css.odd, selected && css.selected)}
        style={{ height: `${rowPx}px` }}
      >
        <span className={css.time}>{formatClock(line.at, Date.now())}</span>
        {hostName !== undefined && <span className={css.from}>{safeShort(hostName, 24)}</span>}
        {!compact && (
          <span className={css.from}>
            {safeShort((line.unit ?? line.identifier ?? '').replace(/\.service$/, ''), 40)}
          </span>
        )}
        <span className={css.message}>
          {line.priority <= 4 && <span className={css.word}>{word}</span>}
          {safeShort(line.message, shownChars)}
        </span>
        {line.count > 1 && <span className={css.times}>×{formatCount(line.count)}</span>}
      </div>
    )
  },
  (a, b) =>
    a.index === b.index &&
    a.rowPx === b.rowPx &&
    a.selected === b.selected &&
    a.compact === b.compact &&
    a.hostName === b.hostName &&
    a.line.at === b.line.at &&
    a.line.count === b.line.count &&
    a.line.message === b.line.message,
)
