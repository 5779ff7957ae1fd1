// The recent course of one number, without axes; gaps are gaps. Knows nothing of what it measures.
import type { ReactNode } from 'react'
import css from './sparkline.module.css'

const width = 100
const height = 24

/** Decoration beside a number that is written out: hidden from screen readers. `max` fixes the scale (100 for percent). */
export function Sparkline(props: { values: readonly (number | null)[]; max?: number; className?: string }): ReactNode {
  const { values, className } = props
  const max = props.max ?? Math.max(1e-9, ...values.map(value => value ?? 0))
  const path = linePath(values, max)
  return (
    <svg
      className={[css.spark, className].filter(Boolean).join(' ')}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path d={path} className={css.line} />
    </svg>
  )
}

/** One `M` per stretch without gaps; a lone point becomes a dot-long line. */
export function linePath(values: readonly (number | null)[], max: number): string {
  const step = values.length > 1 ? width / (values.length - 1) : width
  let path = ''
  let open = false
  values.forEach((value, index) => {
    if (value === null) {
      open = false
      return
    }
    const x = (index * step).toFixed(1)
    const y = (height - 1.5 - (Math.min(max, Math.max(0, value)) / max) * (height - 3)).toFixed(1)
    const lone = !open && (values[index + 1] ?? null) === null
    path += open ? `L${x} ${y}` : `M${x} ${y}${lone ? 'h0.01' : ''}`
    open = true
  })
  return path
}
