// Any number of a list, each with its box to tick; knows nothing of what is listed.
import type { ReactNode } from 'react'
import { CheckField, FieldGroup } from './field.tsx'
import css from './many-of.module.css'

export function ManyOf(props: {
  readonly label: string
  /** The label is read but not shown. */
  readonly bare?: boolean
  readonly help?: string
  readonly error?: string | undefined
  readonly options: readonly { readonly value: string; readonly label: string; readonly help?: string }[]
  readonly chosen: readonly string[]
  readonly onChange: (chosen: string[]) => void
}): ReactNode {
  const { options, chosen, onChange, ...frame } = props
  return (
    <FieldGroup {...frame}>
      <div className={css.list}>
        {options.map(({ value, ...said }) => (
          <CheckField
            key={value}
            {...said}
            checked={chosen.includes(value)}
            onChange={event =>
              onChange(event.target.checked ? [...chosen, value] : chosen.filter(one => one !== value))
            }
          />
        ))}
      </div>
    </FieldGroup>
  )
}
