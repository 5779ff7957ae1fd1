// A share of a whole as a thin bar with its number; the number carries the meaning, the bar only repeats it.
import type { ReactNode } from 'react'
import { cx } from '../lib/class-names.ts'
import { formatPercent } from '../lib/format.ts'
import css from './meter.module.css'

export interface MeterProps {
  readonly label: string
  /** 0 … 100; null where it is not known. */
  readonly percent: number | null
  /** Above these it is drawn as degraded, unhealthy. */
  readonly warnAt?: number
  readonly badAt?: number
  /** Instead of the percentage, e.g. `1.2 / 4 GiB`. */
  readonly text?: string
  /** The label is read but not shown. */
  readonly bare?: boolean
}

export function Meter(props: MeterProps): ReactNode {
  const { label, percent, warnAt = 80, badAt = 92, text, bare = false } = props
  const share = percent === null ? 0 : Math.min(100, Math.max(0, percent))
  const level = percent === null ? css.none : share >= badAt ? css.bad : share >= warnAt && css.warn
  return (
    <div className={cx(css.meter, level)}>
      <span className={bare ? 'visually-hidden' : css.label}>{label}</span>
      <span className={css.value}>{text ?? formatPercent(percent)}</span>
      <span className={css.track} aria-hidden="true">
        <span className={css.fill} style={{ transform: `scaleX(${share / 100})` }} />
      </span>
    </div>
  )
}
