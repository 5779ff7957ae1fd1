// The frame of a form of one kind (a place, a channel): its name and fields, tried before it is saved. Knows no kind, and saves nothing itself.
import type { LucideIcon } from 'lucide-react'
import { type FormEvent, type ReactNode, useMemo, useState } from 'react'
import type { FieldSecrets, KindInfo } from '../../shared/model/check.ts'
import { type DraftForm, errorsWithin, textOf, useSave } from '../data/use-draft-form.ts'
import { fieldsOf } from '../lib/json-schema.ts'
import { safeText } from '../lib/safe-text.ts'
import { useFirstMistake } from '../lib/use-first-mistake.ts'
import { Button } from './button.tsx'
import { Pale } from './cells.tsx'
import { TextField } from './field.tsx'
import { FormButtons } from './form-buttons.tsx'
import css from './kind-form.module.css'
import { Panel } from './page.tsx'
import { SchemaForm } from './schema-form.tsx'
import { Status } from './status.tsx'

interface KindDraft {
  readonly name: string
  readonly spec: Readonly<Record<string, unknown>>
}

export interface KindFormProps<T extends KindDraft> {
  readonly kind: KindInfo
  readonly form: DraftForm<T>
  /** Fields that the vault holds a value for. */
  readonly stored: readonly string[]
  /** How the kind's fields are drawn, where its schema alone does not tell. */
  readonly fields?: (fields: readonly ReturnType<typeof fieldsOf>[number][]) => ReturnType<typeof fieldsOf>
  /** Between the name and the kind's own fields. */
  readonly before?: ReactNode
  /** Panels after the kind's own. */
  readonly children?: ReactNode
  /** Above the buttons, where saving failed. */
  readonly failure: ReactNode
  readonly save: string
  readonly onSave: (entered: T, secrets: FieldSecrets) => Promise<unknown>
  readonly trial: {
    readonly label: string
    readonly icon: LucideIcon
    /** What is said when nothing was wrong. */
    readonly works: string
    readonly run: (entered: T, secrets: FieldSecrets) => Promise<{ problem: string | null }>
  }
  /** Where it goes when it was saved, or is not to be. */
  readonly back: string
  /** After the other buttons, where there is something to remove. */
  readonly remove: ReactNode
}

export function KindForm<T extends KindDraft>(props: KindFormProps<T>): ReactNode {
  const { kind, form, trial, fields: shape } = props
  const { draft, errors, busy } = form
  const entered: Pick<DraftForm<KindDraft>, 'draft' | 'errors' | 'change'> = form
  const [tried, setTried] = useState<{ of: T; problem: string | null } | null>(null)
  const formRef = useFirstMistake(errors)
  const store = useSave(form)
  const fields = useMemo(() => {
    const own = fieldsOf(kind.schema)
    return shape ? shape(own) : own
  }, [kind.schema, shape])
  const save = (event: FormEvent): void => {
    event.preventDefault()
    void store(async (sent, secrets) => {
      await props.onSave(sent, secrets)
      return props.back
    })
  }
  const tryOut = (): void => {
    setTried(null)
    void form.send('try', async (sent, secrets) => setTried({ ...(await trial.run(sent, secrets)), of: draft }))
  }
  return (
    <form ref={formRef} className={css.form} onSubmit={save} noValidate>
      <Panel title={safeText(kind.title)}>
        <Pale>{safeText(kind.description)}</Pale>
        <TextField label="Name" autoComplete="off" {...textOf(entered, 'name')} />
        {props.before}
        <SchemaForm
          fields={fields}
          value={draft.spec}
          onChange={spec => entered.change({ spec: { ...spec } })}
          secrets={form.secretInputs}
          stored={props.stored}
          errors={errorsWithin(errors, 'spec')}
        />
      </Panel>
      {props.children}
      {props.failure}
      <FormButtons busy={busy} save={props.save} back={props.back} remove={props.remove}>
        <Button icon={trial.icon} loading={busy === 'try'} onClick={tryOut}>
          {trial.label}
        </Button>
      </FormButtons>
      <div aria-live="polite">
        {/* what was changed since was not tried */}
        {tried !== null && tried.of === draft && (
          <Status
            status={
              tried.problem === null
                ? { tone: 'healthy', word: trial.works }
                : { tone: 'unhealthy', word: safeText(tried.problem) }
            }
          />
        )}
      </div>
    </form>
  )
}
