// A whole number within limits that is saved when the field is left; knows nothing of what it sets.
import { type ReactNode, useEffect, useState } from 'react'
import { TextField } from '../../components/field.tsx'
import css from './settings.module.css'

export interface NumberSettingProps {
  readonly label: string
  readonly unit: string
  readonly min: number
  readonly max: number
  readonly value: number
  readonly help?: string
  readonly onChange: (value: number) => void
}

export function NumberSetting(props: NumberSettingProps): ReactNode {
  const { label, unit, min, max, value, help, onChange } = props
  const [text, setText] = useState(String(value))
  // Another window, or the engine, may have set it meanwhile.
  useEffect(() => setText(String(value)), [value])
  const number = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN
  const valid = number >= min && number <= max
  const save = (): void => {
    if (valid && number !== value) onChange(number)
  }
  return (
    <TextField
      label={label}
      className={css.number}
      inputMode="numeric"
      value={text}
      error={valid ? undefined : `A whole number from ${min} to ${max}.`}
      help={help}
      beside={<span className={css.unit}>{unit}</span>}
      onChange={event => setText(event.target.value)}
      onBlur={save}
      onKeyDown={event => {
        if (event.key === 'Enter') save()
      }}
    />
  )
}
