// One line across the window about the app itself: engine gone, vault locked, disk full. Knows nothing of causes.
import type { ReactNode } from 'react'
import { cx } from '../lib/class-names.ts'
import type { Tone } from '../lib/status.ts'
import css from './banner.module.css'
import { StatusIcon } from './status.tsx'

export function Banner(props: { tone: Tone; children: ReactNode; actions?: ReactNode }): ReactNode {
  return (
    <div className={cx(css.banner, css[props.tone])} role={props.tone === 'unhealthy' ? 'alert' : 'status'}>
      <StatusIcon tone={props.tone} />
      <div className={css.text}>{props.children}</div>
      {props.actions && <div className={css.actions}>{props.actions}</div>}
    </div>
  )
}
