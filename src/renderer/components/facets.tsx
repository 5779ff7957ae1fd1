// A row of counts that are filters: at most one is chosen, and choosing it again shows all. Knows nothing of what is counted.
import type { ReactNode } from 'react'
import { cx } from '../lib/class-names.ts'
import css from './facets.module.css'

export interface Facet<V extends string> {
  readonly value: V
  readonly word: string
  readonly count?: number
  readonly icon?: ReactNode
  /** Its count is trouble. */
  readonly alarm?: boolean
}

export function Facets<V extends string>(props: {
  /** What is chosen among, for those who do not see it: "Show only hosts that are". */
  readonly legend: string
  readonly facets: readonly Facet<V>[]
  readonly chosen: string
  readonly onChoose: (value: V) => void
}): ReactNode {
  const { legend, facets, chosen, onChoose } = props
  return (
    <fieldset className={css.facets}>
      <legend className="visually-hidden">{legend}</legend>
      {facets.map(({ value, word, count, icon, alarm = false }) => (
        <button
          key={value}
          type="button"
          className={cx(css.facet, chosen === value && css.chosen, alarm && css.alarm)}
          aria-pressed={chosen === value}
          onClick={() => onChoose(value)}
        >
          {icon}
          {count !== undefined && <strong>{count}</strong>} {word}
        </button>
      ))}
    </fieldset>
  )
}
