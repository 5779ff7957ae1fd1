// The parts of a backup, each drawn from its kind's schema. Knows no kind; secrets stay in their inputs.
import { Plus, Trash2 } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import type { SourceDraft } from '../../../shared/model/backup.ts'
import type { KindInfo } from '../../../shared/model/check.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { Pale } from '../../components/cells.tsx'
import { FieldError, SelectField } from '../../components/field.tsx'
import { SchemaForm } from '../../components/schema-form.tsx'
import type { SecretInputs } from '../../components/schema-values.tsx'
import { errorsWithin } from '../../data/use-draft-form.ts'
import { fieldsOf, initialSpec } from '../../lib/json-schema.ts'
import { safeText } from '../../lib/safe-text.ts'
import type { BackupFormState } from './backup-form-state.ts'
import css from './backups.module.css'

export function SourceFields(props: {
  form: BackupFormState
  kinds: readonly KindInfo[]
  stored: readonly string[]
  reasons: Readonly<Record<string, string>>
}): ReactNode {
  const { form, kinds, stored, reasons } = props
  const { draft, errors, change } = form
  const [adding, setAdding] = useState(kinds[0]?.type ?? '')
  const add = (): void => {
    const kind = kinds.find(each => each.type === adding)
    if (!kind) return
    const key = freeKey(kind.type, draft.sources)
    change({ sources: [...draft.sources, { key, type: kind.type, spec: initialSpec(fieldsOf(kind.schema)) }] })
  }
  return (
    <>
      {errors.sources && <FieldError>{errors.sources}</FieldError>}
      {draft.sources.map((source, index) => (
        <Source
          key={source.key}
          source={source}
          kind={kinds.find(kind => kind.type === source.type)}
          reason={reasons[source.key]}
          errors={errorsWithin(errors, `sources.${index}.spec`)}
          inputs={form.secretInputs}
          stored={stored}
          onChange={spec =>
            change({ sources: draft.sources.map(each => (each.key === source.key ? { ...each, spec } : each)) })
          }
          onRemove={() => change({ sources: draft.sources.filter(each => each.key !== source.key) })}
        />
      ))}
      <div className={css.adding}>
        <SelectField label="Kind" value={adding} onChange={event => setAdding(event.target.value)}>
          {kinds.map(kind => (
            <option key={kind.type} value={kind.type}>
              {safeText(kind.title)}
            </option>
          ))}
        </SelectField>
        <Button icon={Plus} onClick={add}>
          Add to the backup
        </Button>
      </div>
    </>
  )
}

function Source(props: {
  source: SourceDraft
  kind: KindInfo | undefined
  reason: string | undefined
  errors: Readonly<Record<string, string>>
  inputs: SecretInputs
  stored: readonly string[]
  onChange: (spec: SourceDraft['spec']) => void
  onRemove: () => void
}): ReactNode {
  const { source, kind, reason, errors, inputs, stored, onChange, onRemove } = props
  const fields = useMemo(() => (kind ? fieldsOf(kind.schema) : []), [kind])
  const secrets = useMemo(() => new PrefixedInputs(inputs, source.key), [inputs, source.key])
  const title = kind ? safeText(kind.title) : safeText(source.type)
  const prefix = `${source.key}.`
  return (
    <section className={css.source} aria-label={`${title} ${source.key}`}>
      <div className={css.heading}>
        <h3>
          {title} <Pale>{source.key}</Pale>
        </h3>
        <IconButton icon={Trash2} label={`Leave ${source.key} out`} onClick={onRemove} />
      </div>
      {reason && <Pale>{safeText(reason)}</Pale>}
      {!kind && <FieldError>This kind of source is not known to this version</FieldError>}
      <SchemaForm
        fields={fields}
        value={source.spec}
        onChange={spec => onChange({ ...spec })}
        secrets={secrets}
        stored={stored.filter(name => name.startsWith(prefix)).map(name => name.slice(prefix.length))}
        errors={errors}
      />
    </section>
  )
}

/** Each source's secrets under its own key, so that two databases can have a password each. */
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
function freeKey(type: string, sources: readonly SourceDraft[]): string {
  const taken = new Set(sources.map(({ key }) => key))
  if (!taken.has(type)) return type
  let number = 2
  while (taken.has(`${type}-${number}`)) number++
  return `${type}-${number}`
}
