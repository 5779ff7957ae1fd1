// The frame of a tab: a bar of filters over a body that has the height that is left. Knows no tab.
import type { ReactNode } from 'react'
import { FilterBar } from './filter-bar.tsx'
import css from './tab-page.module.css'

export interface TabPageProps {
  readonly bar: ReactNode
  /** What the tab's own controls in the bar look like. */
  readonly barClassName?: string | undefined
  /** Said at the end of the bar where what is shown is not of now. */
  readonly stale?: ReactNode
  readonly children: ReactNode
}

export function TabPage(props: TabPageProps): ReactNode {
  const { bar, barClassName, stale, children } = props
  return (
    <div className={css.view}>
      <FilterBar className={barClassName}>
        {bar}
        {stale && <span className={css.stale}>{stale}</span>}
      </FilterBar>
      {children}
    </div>
  )
}
