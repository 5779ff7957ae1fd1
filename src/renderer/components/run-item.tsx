// One run in a list of what was done: what it was, how it ended, when, and what was found for whoever asks. Knows no run.
import { type ReactNode, useState } from 'react'
import { formatDuration } from '../lib/format.ts'
import type { StatusWord } from '../lib/status.ts'
import { Pale } from './cells.tsx'
import { RelativeTime } from './relative-time.tsx'
import css from './run-item.module.css'
import { Status } from './status.tsx'

export function RunItem(props: {
  readonly what: string
  readonly status: StatusWord
  readonly startedAt: number
  /** Null while it is under way. */
  readonly finishedAt: number | null
  /** Shown when it is asked for, and unasked where the newest one failed; null where there is nothing. */
  readonly found: ReactNode
  readonly newest: boolean
  /** What can be done about it. */
  readonly children?: ReactNode
}): ReactNode {
  const { what, status, startedAt, finishedAt, found, newest, children } = props
  const [asked, setAsked] = useState<boolean | null>(null)
  const open = asked ?? (newest && status.tone === 'unhealthy')
  return (
    <li className={css.run}>
      <div className={css.line}>
        <span>{what}</span>
        <Status status={status} />
        <Pale>
          <RelativeTime at={startedAt} />
          {finishedAt !== null && `, took ${formatDuration(finishedAt - startedAt)}`}
        </Pale>
      </div>
      {found && (
        <details open={open} onToggle={event => setAsked(event.currentTarget.open)}>
          <summary>
            <Pale>What was found</Pale>
          </summary>
          {/* of many runs, most are never opened, and one under way would be drawn each second */}
          {open && <div className={css.found}>{found}</div>}
        </details>
      )}
      {children}
    </li>
  )
}
