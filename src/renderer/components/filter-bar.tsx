// The bar of filters above a list; knows neither.
import type { ReactNode } from 'react'
import { cx } from '../lib/class-names.ts'
import css from './filter-bar.module.css'

export function FilterBar(props: { className?: string | undefined; children: ReactNode }): ReactNode {
  return <div className={cx(css.bar, props.className)}>{props.children}</div>
}
