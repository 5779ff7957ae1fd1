// A number of a form that is saved as a whole: what is typed stays until it is a number.
import { type ReactNode, useState } from 'react'
import { TextField } from './field.tsx'

export function NumberField(props: {
  label: string
  value: number
  error: string | undefined
  help?: string
  onChange: (value: number) => void
}): ReactNode {
  const { label, value, error, help, onChange } = props
  const [typed, setTyped] = useState(String(value))
  const number = Number(typed.replace(',', '.'))
  const valid = typed.trim() !== '' && Number.isFinite(number)
  return (
    <TextField
      label={label}
      {...(help === undefined ? {} : { help })}
      inputMode="decimal"
      autoComplete="off"
      value={valid && number !== value ? String(value) : typed}
      error={valid ? error : 'Enter a number'}
      onChange={event => {
        setTyped(event.target.value)
        const next = Number(event.target.value.replace(',', '.'))
        // what is no number must not be saved as the one before it
        onChange(event.target.value.trim() !== '' && Number.isFinite(next) ? next : Number.NaN)
      }}
    />
  )
}
