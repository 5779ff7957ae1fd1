// A block inside a screen that says what is wrong or needs the person, with what to do; knows nothing of the matter.
import type { ReactNode } from 'react'
import { cx } from '../lib/class-names.ts'
import type { Tone } from '../lib/status.ts'
import css from './notice.module.css'
import { StatusIcon } from './status.tsx'

export interface NoticeProps {
  readonly tone: Tone
  readonly title: string
  readonly children?: ReactNode
  /** Buttons. */
  readonly actions?: ReactNode
  /** Read out at once when it appears. */
  readonly urgent?: boolean
}

export function Notice(props: NoticeProps): ReactNode {
  const { tone, title, children, actions, urgent = false } = props
  return (
    <section className={cx(css.notice, css[tone])} aria-label={title} role={urgent ? 'alert' : undefined}>
      <StatusIcon tone={tone} size={16} />
      <div className={css.body}>
        <h2 className={css.title}>{title}</h2>
        {children}
        {actions && <div className={css.actions}>{actions}</div>}
      </div>
    </section>
  )
}
