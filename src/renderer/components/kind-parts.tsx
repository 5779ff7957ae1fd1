// Several parts of kinds, each drawn from its kind's schema: what a backup holds, what maintenance does. Knows no kind; secrets stay in their inputs.
import { ArrowDown, ArrowUp, Plus, Trash2 } from 'lucide-react'
import { type ReactNode, type RefObject, useEffect, useMemo, useRef, useState } from 'react'
import type { KindInfo } from '../../shared/model/check.ts'
import { type Errors, errorsWithin } from '../data/use-draft-form.ts'
import { fieldsOf, initialSpec } from '../lib/json-schema.ts'
import { safeText } from '../lib/safe-text.ts'
import { Button, IconButton } from './button.tsx'
import { Pale } from './cells.tsx'
import { FieldError, SelectField } from './field.tsx'
import css from './kind-parts.module.css'
import { SchemaForm } from './schema-form.tsx'
import type { SecretInputs } from './schema-values.tsx'

export interface KindPart {
  /** Names the part for good; its secrets are `<key>.<field>`. */
  readonly key: string
  readonly type: string
  readonly spec: Record<string, unknown>
}

export interface KindPartsProps {
  readonly parts: readonly KindPart[]
  readonly kinds: readonly KindInfo[]
  readonly onChange: (parts: KindPart[]) => void
  /** Where the parts lie in the form: `sources`, `steps`. */
  readonly path: string
  readonly errors: Errors
  readonly secrets: SecretInputs
  readonly stored: readonly string[]
  /** Said of a part, by its key. */
  readonly reasons?: Readonly<Record<string, string>>
  /** They are done one after the other, and can be moved. */
  readonly ordered?: boolean
  /** On the button that adds one. */
  readonly add: string
  readonly most: number
}

export function KindParts(props: KindPartsProps): ReactNode {
  const { parts, kinds, onChange, path, errors, stored, most } = props
  const [adding, setAdding] = useState(kinds[0]?.type ?? '')
  const next = useRef<NextFocus | null>(null)
  const addButton = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (next.current?.key !== null) return
    next.current = null
    addButton.current?.focus()
  })
  const add = (): void => {
    const kind = kinds.find(each => each.type === adding)
    if (!kind) return
    // a new part is given no secret of one that was left out just now
    const taken = [...parts.map(({ key }) => key), ...stored.map(name => name.split('.')[0] ?? '')]
    const key = freeKey(kind.type, new Set(taken))
    onChange([...parts, { key, type: kind.type, spec: initialSpec(fieldsOf(kind.schema)) }])
  }
  return (
    <>
      {parts.map((part, index) => (
        <Part key={part.key} {...props} part={part} index={index} next={next} />
      ))}
      {parts.length >= most && errors[path] && <FieldError>{errors[path]}</FieldError>}
      {parts.length < most && (
        <AddRow>
          <SelectField
            label="Kind"
            value={adding}
            error={errors[path]}
            onChange={event => setAdding(event.target.value)}
          >
            {kinds.map(kind => (
              <option key={kind.type} value={kind.type}>
                {safeText(kind.title)}
              </option>
            ))}
          </SelectField>
          <Button ref={addButton} icon={Plus} onClick={add}>
            {props.add}
          </Button>
        </AddRow>
      )}
    </>
  )
}

/** A choice, and beside it the button that adds what is chosen: going through a list by keys adds nothing yet. */
export function AddRow(props: { children: ReactNode }): ReactNode {
  return <div className={css.adding}>{props.children}</div>
}

/** Who works by keys stays where they were: at the part that was moved, or beside the one that was left out. Null: at the button that adds one. */
interface NextFocus {
  readonly key: string | null
  readonly move?: 1 | -1
}

function Part(props: KindPartsProps & { part: KindPart; index: number; next: RefObject<NextFocus | null> }): ReactNode {
  const { parts, part, index, kinds, onChange, path, errors, secrets: inputs, stored, next, ordered = false } = props
  const { key } = part
  const section = useRef<HTMLElement>(null)
  useEffect(() => {
    if (next.current?.key !== key) return
    const button = section.current?.querySelector<HTMLElement>(`[data-move="${next.current.move}"]`)
    next.current = null
    ;(button ?? section.current)?.focus()
  })
  const kind = kinds.find(each => each.type === part.type)
  const fields = useMemo(() => (kind ? fieldsOf(kind.schema) : []), [kind])
  const secrets = useMemo(() => new PrefixedInputs(inputs, key), [inputs, key])
  const title = safeText(kind?.title ?? part.type)
  const reason = props.reasons?.[key]
  const prefix = `${key}.`
  const move = (by: 1 | -1): void => {
    const rest = parts.filter(each => each.key !== key)
    next.current = { key, move: by }
    onChange(rest.toSpliced(index + by, 0, part))
  }
  const leaveOut = (): void => {
    next.current = { key: (parts[index + 1] ?? parts[index - 1])?.key ?? null }
    onChange(parts.filter(each => each.key !== key))
  }
  return (
    <section ref={section} tabIndex={-1} className={css.part} aria-label={`${title} ${key}`}>
      <div className={css.heading}>
        <h3>
          {ordered && `${index + 1}. `}
          {title} {(!ordered || key !== part.type) && <Pale>{key}</Pale>}
        </h3>
        <div className={css.buttons}>
          {ordered && index > 0 && (
            <IconButton icon={ArrowUp} data-move={-1} label={`Do ${key} earlier`} onClick={() => move(-1)} />
          )}
          {ordered && index < parts.length - 1 && (
            <IconButton icon={ArrowDown} data-move={1} label={`Do ${key} later`} onClick={() => move(1)} />
          )}
          <IconButton icon={Trash2} label={`Leave ${key} out`} onClick={leaveOut} />
        </div>
      </div>
      {reason && <Pale>{safeText(reason)}</Pale>}
      {ordered && kind && <Pale>{safeText(kind.description)}</Pale>}
      {!kind && <FieldError>This kind is not known to this version</FieldError>}
      <SchemaForm
        fields={fields}
        value={part.spec}
        onChange={spec => onChange(parts.map(each => (each.key === key ? { ...each, spec: { ...spec } } : each)))}
        secrets={secrets}
        stored={stored.filter(name => name.startsWith(prefix)).map(name => name.slice(prefix.length))}
        errors={errorsWithin(errors, `${path}.${index}.spec`)}
      />
    </section>
  )
}

/** Each part's secrets under its own key, so that two databases can have a password each. */
class PrefixedInputs extends Map<string, HTMLInputElement> {
  readonly #all: SecretInputs
  readonly #key: string
  constructor(all: SecretInputs, key: string) {
    super()
    this.#all = all
    this.#key = key
  }
  override set(name: string, input: HTMLInputElement): this {
    this.#all.set(`${this.#key}.${name}`, input)
    return this
  }
  override delete(name: string): boolean {
    return this.#all.delete(`${this.#key}.${name}`)
  }
}

/** `sqlite`, then `sqlite-2` … */
function freeKey(type: string, taken: ReadonlySet<string>): string {
  if (!taken.has(type)) return type
  let number = 2
  while (taken.has(`${type}-${number}`)) number++
  return `${type}-${number}`
}
