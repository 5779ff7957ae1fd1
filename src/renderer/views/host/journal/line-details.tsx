// The chosen line with its whole text and fields. Knows no list.
import { ListChecks, X } from 'lucide-react'
import type { ReactNode } from 'react'
import type { UnitScope } from '../../../../shared/model/unit.ts'
import { Button, LinkButton } from '../../../components/button.tsx'
import { CopyButton } from '../../../components/command.tsx'
import { formatCount, formatExact } from '../../../lib/format.ts'
import { patternOfLine } from '../../../lib/line-pattern.ts'
import { safeText } from '../../../lib/safe-text.ts'
import css from './journal.module.css'
import { lineCheckPath } from './line-check.ts'
import { priorityWords } from './line-row.tsx'
import type { Line } from './line-store.ts'

export interface LineDetailsProps {
  readonly line: Line
  /** Whose journal it is. */
  readonly scope?: UnitScope
  readonly onClose: () => void
}

export function LineDetails(props: LineDetailsProps): ReactNode {
  const { line, scope = 'system', onClose } = props
  return (
    <aside className={css.details} aria-label="Chosen line">
      <header className={css.detailsHead}>
        <span>{formatExact(line.at)}</span>
        {line.count > 1 && (
          <span>
            {formatCount(line.count)} times, last {formatExact(line.lastAt)}
          </span>
        )}
        <span>{priorityWords[line.priority]}</span>
        {line.unit && <span>{safeText(line.unit)}</span>}
        {line.identifier && line.identifier !== line.unit && <span>{safeText(line.identifier)}</span>}
        {line.pid !== null && <span>PID {line.pid}</span>}
        <span className={css.detailsButtons}>
          <LinkButton
            to={lineCheckPath(line, scope, patternOfLine(line.message))}
            size="small"
            look="quiet"
            icon={ListChecks}
          >
            Make a check of this
          </LinkButton>
          <CopyButton text={line.message} label="Copy line" />
          <Button size="small" look="quiet" icon={X} onClick={onClose}>
            Close
          </Button>
        </span>
      </header>
      <pre className={css.whole} data-whole-line="">
        {safeText(line.message, { lines: true })}
      </pre>
      {line.truncated && <p className={css.quiet}>The message is longer; a download has more of it.</p>}
    </aside>
  )
}
