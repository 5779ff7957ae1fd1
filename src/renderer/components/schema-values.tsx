// The inputs of a schema's simple fields: text, number, secret, lines, JSON. Know no kind and no form around them.
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { emptyValue, type FieldShape, type FormField } from '../lib/json-schema.ts'
import { SecretField, TextArea, TextField } from './field.tsx'
import css from './schema-form.module.css'

export type Spec = Readonly<Record<string, unknown>>

/** The inputs of secret fields by name: uncontrolled, read when they are sent and cleared by their owner. */
export type SecretInputs = Map<string, HTMLInputElement>

export interface SchemaFormProps {
  readonly fields: readonly FormField[]
  readonly value: Spec
  readonly onChange: (value: Spec) => void
  readonly secrets?: SecretInputs
  /** Names of secret fields that the vault holds a value for. */
  readonly stored?: readonly string[]
  /** Messages by the path of their field: `conditions.0`, `url`. */
  readonly errors?: Readonly<Record<string, string>>
  /** Path of the object that is drawn, for nested ones. */
  readonly path?: string
}

export interface FieldProps extends SchemaFormProps {
  readonly field: FormField
  readonly at: string
  readonly current: unknown
  readonly set: (value: unknown) => void
}

export interface Frame {
  readonly label: string
  readonly help?: string
  readonly error: string | undefined
}
export type Of<K extends FieldShape['kind']> = Extract<FieldShape, { kind: K }>
export function TextValue(props: FieldProps & { shape: Of<'text'>; frame: Frame }): ReactNode {
  const { field, shape, current, set, frame } = props
  const change = (text: string): void =>
    set(text === '' && (field.nullable || !field.required) ? emptyValue(field) : text)
  const common = {
    ...frame,
    value: typeof current === 'string' ? current : '',
    placeholder: field.placeholder ?? undefined,
    maxLength: shape.maxLength ?? undefined,
    spellCheck: false,
    autoComplete: 'off',
  }
  if (shape.multiline) return <TextArea {...common} rows={4} onChange={event => change(event.target.value)} />
  return <TextField {...common} onChange={event => change(event.target.value)} />
}

/** Keeps what is typed until it is a number; what is none is said at once and not taken over. */
export function NumberValue(props: FieldProps & { shape: Of<'number'>; frame: Frame }): ReactNode {
  const { field, shape, current, set, frame } = props
  const shown = typeof current === 'number' ? String(current) : ''
  const [typed, setTyped] = useState(shown)
  const sent = useRef(shown)
  useEffect(() => {
    if (shown !== sent.current) setTyped(shown)
    sent.current = shown
  }, [shown])
  const problem = typed.trim() === '' ? null : numberProblem(typed, shape)
  return (
    <TextField
      {...frame}
      className={css.number}
      inputMode="decimal"
      autoComplete="off"
      placeholder={field.placeholder ?? undefined}
      value={typed}
      error={problem ?? frame.error}
      onChange={event => {
        const text = event.target.value
        setTyped(text)
        const value = text.trim() === '' ? emptyValue(field) : Number(text.replace(',', '.'))
        sent.current = typeof value === 'number' ? String(value) : ''
        set(typeof value === 'number' && Number.isNaN(value) ? undefined : value)
      }}
    />
  )
}

function numberProblem(typed: string, shape: Of<'number'>): string | null {
  const value = Number(typed.replace(',', '.'))
  if (Number.isNaN(value)) return 'Enter a number'
  if (shape.integer && !Number.isInteger(value)) return 'Enter a whole number'
  if (shape.min !== null && value < shape.min) return `At least ${shape.min}`
  if (shape.max !== null && value > shape.max) return `At most ${shape.max}`
  return null
}

export function SecretValue(props: FieldProps & { frame: Frame }): ReactNode {
  const { field, frame, secrets, stored = [] } = props
  return (
    <SecretField
      {...frame}
      placeholder={stored.includes(field.name) ? 'Stored; type to replace it' : (field.placeholder ?? '')}
      inputRef={input => {
        if (input) secrets?.set(field.name, input)
        else secrets?.delete(field.name)
      }}
    />
  )
}

/** One text per line. What is typed is kept as it is; empty lines are left out of the value. */
export function LinesValue(props: FieldProps & { frame: Frame }): ReactNode {
  const { field, current, set, frame, at, errors } = props
  const lines = Array.isArray(current) ? current.map(String) : []
  const [typed, setTyped] = useState(lines.join('\n'))
  const kept = typed.split('\n').filter(line => line.trim() !== '')
  const text = kept.join('\n') === lines.join('\n') ? typed : lines.join('\n')
  const inner = Object.entries(errors ?? {}).find(([path]) => path.startsWith(`${at}.`))?.[1]
  return (
    <TextArea
      {...frame}
      help={frame.help ?? 'One per line.'}
      error={frame.error ?? inner}
      rows={Math.min(8, Math.max(2, kept.length + 1))}
      spellCheck={false}
      value={text}
      onChange={event => {
        setTyped(event.target.value)
        const next = event.target.value.split('\n').filter(line => line.trim() !== '')
        set(next.length === 0 && !field.required ? (field.nullable ? null : []) : next)
      }}
    />
  )
}

export function JsonValue(props: FieldProps & { frame: Frame }): ReactNode {
  const { field, current, set, frame } = props
  const [typed, setTyped] = useState(current === undefined || current === null ? '' : JSON.stringify(current, null, 2))
  const [problem, setProblem] = useState<string | null>(null)
  return (
    <TextArea
      {...frame}
      className={css.json}
      error={problem ?? frame.error}
      rows={5}
      spellCheck={false}
      value={typed}
      onChange={event => {
        setTyped(event.target.value)
        try {
          set(event.target.value.trim() === '' ? emptyValue(field) : JSON.parse(event.target.value))
          setProblem(null)
        } catch {
          setProblem('This is not JSON yet')
        }
      }}
    />
  )
}
