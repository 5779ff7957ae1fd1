// Draws a form from fields that a schema was turned into: the same for every kind of check, channel and recovery action. Knows no kind.
import { Plus, Trash2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { emptyValue, type FormField, initialSpec } from '../lib/json-schema.ts'
import { useKeys } from '../lib/use-keys.ts'
import { Button, IconButton } from './button.tsx'
import { CheckField, SelectField } from './field.tsx'
import css from './schema-form.module.css'
import {
  type FieldProps,
  type Frame,
  JsonValue,
  LinesValue,
  NumberValue,
  type Of,
  type SchemaFormProps,
  SecretValue,
  type Spec,
  TextValue,
} from './schema-values.tsx'

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

function asSpec(value: unknown): Spec {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Spec) : {}
}
