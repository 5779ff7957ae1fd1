// Form fields with their label, help and error tied together for everybody; know nothing of what is entered.
import { CircleAlert } from 'lucide-react'
import { type ComponentProps, type ReactNode, type Ref, useId } from 'react'
import { cx } from '../lib/class-names.ts'
import css from './field.module.css'

interface FieldFrame {
  readonly label: ReactNode
  readonly help?: ReactNode
  readonly error?: string | undefined
}

interface Described {
  readonly id: string
  readonly 'aria-describedby': string | undefined
  readonly 'aria-invalid': true | undefined
}

function Frame(
  props: FieldFrame & { className?: string | undefined; children: (own: Described) => ReactNode },
): ReactNode {
  const { label, help, error, children, className } = props
  const id = useId()
  const described = cx(help !== undefined && `${id}-help`, error !== undefined && `${id}-error`)
  return (
    <div className={cx(css.field, className)}>
      <label className={css.label} htmlFor={id}>
        {label}
      </label>
      {children({
        id,
        'aria-describedby': described || undefined,
        'aria-invalid': error === undefined ? undefined : true,
      })}
      {error !== undefined && <FieldError id={`${id}-error`}>{error}</FieldError>}
      {help !== undefined && (
        <p id={`${id}-help`} className={css.help}>
          {help}
        </p>
      )}
    </div>
  )
}

export function FieldError(props: { id?: string; children: ReactNode }): ReactNode {
  return (
    <p id={props.id} className={css.error} role="alert">
      <CircleAlert size="0.875rem" aria-hidden="true" />
      <span>{props.children}</span>
    </p>
  )
}

type TextFieldProps = FieldFrame &
  ComponentProps<'input'> & { /** A button beside the input. */ readonly beside?: ReactNode }

export function TextField(props: TextFieldProps): ReactNode {
  const { label, help, error, beside, className, ...rest } = props
  return (
    <Frame label={label} help={help} error={error} className={className}>
      {own => (
        <span className={css.line}>
          <input type="text" {...rest} {...own} className={css.input} />
          {beside}
        </span>
      )}
    </Frame>
  )
}

export function TextArea(props: FieldFrame & ComponentProps<'textarea'>): ReactNode {
  const { label, help, error, className, ...rest } = props
  return (
    <Frame label={label} help={help} error={error} className={className}>
      {own => <textarea rows={3} {...rest} {...own} className={cx(css.input, css.area)} />}
    </Frame>
  )
}

/** For secrets: uncontrolled on purpose, read through its ref at submit and cleared by its owner, so that React never holds the value. */
export function SecretField(
  props: FieldFrame & {
    inputRef: Ref<HTMLInputElement>
    placeholder?: string
    autoFocus?: boolean
    beside?: ReactNode
    className?: string
  },
): ReactNode {
  const { label, help, error, inputRef, placeholder, autoFocus, beside, className } = props
  return (
    <Frame label={label} help={help} error={error} className={className}>
      {own => (
        <span className={css.line}>
          <input
            {...own}
            ref={inputRef}
            type="password"
            className={css.input}
            placeholder={placeholder}
            autoComplete="off"
            maxLength={1024}
            data-autofocus={autoFocus || undefined}
          />
          {beside}
        </span>
      )}
    </Frame>
  )
}

export function SelectField(props: FieldFrame & ComponentProps<'select'>): ReactNode {
  const { label, help, error, className, children, ...rest } = props
  return (
    <Frame label={label} help={help} error={error} className={className}>
      {own => (
        <select {...rest} {...own} className={css.input}>
          {children}
        </select>
      )}
    </Frame>
  )
}

export function CheckField(
  props: Omit<ComponentProps<'input'>, 'type'> & { label: ReactNode; help?: ReactNode },
): ReactNode {
  const { label, help, className, ...rest } = props
  const id = useId()
  return (
    <div className={cx(css.check, className)}>
      <input {...rest} id={id} type="checkbox" aria-describedby={help === undefined ? undefined : `${id}-help`} />
      <div>
        <label htmlFor={id}>{label}</label>
        {help !== undefined && (
          <p id={`${id}-help`} className={css.help}>
            {help}
          </p>
        )}
      </div>
    </div>
  )
}

export interface Choice<V extends string> {
  readonly value: V
  readonly label: string
  readonly icon?: ReactNode
}

/** Several controls that are one question. */
export function FieldGroup(
  props: Omit<FieldFrame, 'label'> & {
    label: string /** The label is read but not shown. */
    bare?: boolean
    children: ReactNode
  },
): ReactNode {
  const { label, help, error, bare = false, children } = props
  const id = useId()
  const described = cx(help !== undefined && `${id}-help`, error !== undefined && `${id}-error`)
  return (
    <fieldset
      className={css.field}
      aria-describedby={described || undefined}
      data-invalid={error === undefined ? undefined : true}
    >
      <legend className={bare ? 'visually-hidden' : css.label}>{label}</legend>
      {children}
      {error !== undefined && <FieldError id={`${id}-error`}>{error}</FieldError>}
      {help !== undefined && (
        <p id={`${id}-help`} className={css.help}>
          {help}
        </p>
      )}
    </fieldset>
  )
}

/** Short fields beside each other, as many as there is room for. */
export function FieldRow(props: { /** For dates and the like. */ wide?: boolean; children: ReactNode }): ReactNode {
  return <div className={cx(css.row, props.wide && css.wide)}>{props.children}</div>
}

/** A few choices side by side: radio buttons in the look of a segmented control. */
export function Choices<V extends string>(props: {
  readonly label: string
  readonly name?: string
  readonly value: V
  readonly options: readonly Choice<V>[]
  readonly onChange: (value: V) => void
  readonly help?: ReactNode
  /** The label is read but not shown. */
  readonly bare?: boolean
}): ReactNode {
  const { value, options, onChange, name, ...frame } = props
  const id = useId()
  return (
    <FieldGroup {...frame}>
      <div className={css.choices}>
        {options.map(option => (
          <label key={option.value} className={css.choice}>
            <input
              type="radio"
              className="visually-hidden"
              name={name ?? id}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            {option.icon}
            {option.label}
          </label>
        ))}
      </div>
    </FieldGroup>
  )
}
