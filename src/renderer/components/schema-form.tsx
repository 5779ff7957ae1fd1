// Draws a form from fields that a schema was turned into: the same for every kind of check, channel and recovery action. Knows no kind.
import { Plus, Trash2 } from 'lucide-react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { cx } from '../lib/class-names.ts'
import { emptyValue, type FieldShape, type FormField, initialSpec } from '../lib/json-schema.ts'
import { useKeys } from '../lib/use-keys.ts'
import { Button, IconButton } from './button.tsx'
import { CheckField, SecretField, SelectField, TextArea, TextField } from './field.tsx'
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

export function SchemaForm(props: SchemaFormProps): ReactNode {
  const { fields, value, onChange, path = '', errors = {} } = props
  const draw = (field: FormField): ReactNode => (
    <SchemaField
      key={field.name}
      {...props}
      field={field}
      at={pathOf(path, field)}
      current={value[field.name]}
      set={next => {
        const { [field.name]: _, ...rest } = value
        onChange(next === undefined ? rest : { ...rest, [field.name]: next })
      }}
    />
  )
  const seldom = fields.filter(field => field.advanced)
  return (
    <div className={css.form}>
      {fields.filter(field => !field.advanced).map(draw)}
      {seldom.length > 0 && (
        <More open={seldom.some(field => isWrong(errors, pathOf(path, field)))}>{seldom.map(draw)}</More>
      )}
    </div>
  )
}

/** Its fields are there while it is closed, too: secrets that were typed into them are sent. */
function More(props: { open: boolean; children: ReactNode }): ReactNode {
  const [open, setOpen] = useState(false)
  return (
    <details className={css.more} open={open || props.open} onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>More</summary>
      <div className={css.form}>{props.children}</div>
    </details>
  )
}

const pathOf = (path: string, field: FormField): string => (path === '' ? field.name : `${path}.${field.name}`)

function isWrong(errors: Readonly<Record<string, string>>, at: string): boolean {
  return Object.keys(errors).some(path => path === at || path.startsWith(`${at}.`))
}

interface FieldProps extends SchemaFormProps {
  readonly field: FormField
  readonly at: string
  readonly current: unknown
  readonly set: (value: unknown) => void
}

function SchemaField(props: FieldProps): ReactNode {
  const { field, current, set, at, errors } = props
  const { shape } = field
  const frame = {
    label: field.unit ? `${field.title} (${field.unit})` : field.title,
    ...(field.help ? { help: field.help } : {}),
    error: errors?.[at],
  }
  switch (shape.kind) {
    case 'text':
      return <TextValue {...props} shape={shape} frame={frame} />
    case 'number':
      return <NumberValue {...props} shape={shape} frame={frame} />
    case 'switch':
      return (
        <CheckField
          label={frame.label}
          {...(field.help ? { help: field.help } : {})}
          checked={current === true}
          onChange={event => set(event.target.checked)}
        />
      )
    case 'choice':
      return (
        <SelectField
          {...frame}
          value={typeof current === 'string' ? current : ''}
          onChange={event =>
            set(event.target.value === '' ? emptyValue({ ...field, required: false }) : event.target.value)
          }
        >
          {(field.nullable || !field.required) && current === undefined && <option value="">–</option>}
          {field.nullable && <option value="">None</option>}
          {shape.options.map(option => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </SelectField>
      )
    case 'secret':
      return <SecretValue {...props} frame={frame} />
    case 'lines':
      return (
        <div className={css.withExamples}>
          <LinesValue {...props} frame={frame} />
          <Examples field={field} />
        </div>
      )
    case 'group':
      return (
        <fieldset className={css.group}>
          <legend>{field.title}</legend>
          {field.help && <p className={css.help}>{field.help}</p>}
          {field.nullable && (
            <CheckField
              label={`Use ${field.title.toLowerCase()}`}
              checked={current !== null && current !== undefined}
              onChange={event => set(event.target.checked ? initialSpec(shape.fields) : null)}
            />
          )}
          {(!field.nullable || (current !== null && current !== undefined)) && (
            <SchemaForm {...props} fields={shape.fields} value={asSpec(current)} onChange={set} path={at} />
          )}
        </fieldset>
      )
    case 'rows':
      return <RowsValue {...props} shape={shape} />
    case 'variants':
      return <VariantsValue {...props} shape={shape} frame={frame} />
    case 'json':
      return <JsonValue {...props} frame={frame} />
  }
}

function Examples(props: { field: FormField }): ReactNode {
  const { title, examples } = props.field
  if (examples.length === 0) return null
  return (
    <details className={css.more}>
      <summary>Examples for {title.toLowerCase()}</summary>
      <ul className={css.examples}>
        {examples.map(example => (
          <li key={example}>{example}</li>
        ))}
      </ul>
    </details>
  )
}

interface Frame {
  readonly label: string
  readonly help?: string
  readonly error: string | undefined
}
type Of<K extends FieldShape['kind']> = Extract<FieldShape, { kind: K }>

function TextValue(props: FieldProps & { shape: Of<'text'>; frame: Frame }): ReactNode {
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
function NumberValue(props: FieldProps & { shape: Of<'number'>; frame: Frame }): ReactNode {
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

function SecretValue(props: FieldProps & { frame: Frame }): ReactNode {
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
function LinesValue(props: FieldProps & { frame: Frame }): ReactNode {
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

function RowsValue(props: FieldProps & { shape: Of<'rows'> }): ReactNode {
  const { field, shape, current, set, at } = props
  const rows = Array.isArray(current) ? current.map(asSpec) : []
  const { keys, drop } = useKeys(rows.length)
  return (
    <fieldset className={css.group}>
      <legend>{field.title}</legend>
      {field.help && <p className={css.help}>{field.help}</p>}
      {rows.map((row, index) => (
        <div key={keys[index]} className={css.row}>
          <SchemaForm
            {...props}
            fields={shape.fields}
            value={row}
            path={`${at}.${index}`}
            onChange={changed => set(rows.map((old, other) => (other === index ? changed : old)))}
          />
          <IconButton
            icon={Trash2}
            size="small"
            label={`Remove ${index + 1}`}
            onClick={() => {
              drop(index)
              set(rows.filter((_, other) => other !== index))
            }}
          />
        </div>
      ))}
      {(shape.max === null || rows.length < shape.max) && (
        <div>
          <Button size="small" icon={Plus} onClick={() => set([...rows, initialSpec(shape.fields)])}>
            Add
          </Button>
        </div>
      )}
    </fieldset>
  )
}

function VariantsValue(props: FieldProps & { shape: Of<'variants'>; frame: Frame }): ReactNode {
  const { field, shape, current, set, frame, at } = props
  const value = asSpec(current)
  const chosen = shape.variants.find(variant => variant.value === value[shape.tag])
  return (
    <div className={css.group}>
      <SelectField
        {...frame}
        value={chosen?.value ?? ''}
        onChange={event => {
          const next = shape.variants.find(variant => variant.value === event.target.value)
          set(next ? { [shape.tag]: next.value, ...initialSpec(next.fields) } : emptyValue(field))
        }}
      >
        {(field.nullable || !chosen) && <option value="">None</option>}
        {shape.variants.map(variant => (
          <option key={variant.value} value={variant.value}>
            {variant.title}
          </option>
        ))}
      </SelectField>
      {chosen && <SchemaForm {...props} fields={chosen.fields} value={value} onChange={set} path={at} />}
    </div>
  )
}

function JsonValue(props: FieldProps & { frame: Frame }): ReactNode {
  const { field, current, set, frame } = props
  const [typed, setTyped] = useState(current === undefined || current === null ? '' : JSON.stringify(current, null, 2))
  const [problem, setProblem] = useState<string | null>(null)
  return (
    <TextArea
      {...frame}
      className={cx(css.json)}
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

function asSpec(value: unknown): Spec {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Spec) : {}
}
