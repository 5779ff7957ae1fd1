// The form of a check of one kind, with a try before it is saved. Secrets live in their inputs alone.
import { FlaskConical } from 'lucide-react'
import { type FormEvent, type ReactNode, useMemo, useRef, useState } from 'react'
import { useNavigate } from 'react-router'
import { AppError } from '../../../shared/errors.ts'
import { type Check, CheckDraft, type CheckKind, type FieldSecrets, type Probe } from '../../../shared/model/check.ts'
import { Button, LinkButton } from '../../components/button.tsx'
import { FieldError } from '../../components/field.tsx'
import { Panel } from '../../components/page.tsx'
import { SchemaForm, type SecretInputs } from '../../components/schema-form.tsx'
import { useEngine } from '../../data/remotes.tsx'
import { fieldsOf } from '../../lib/json-schema.ts'
import { checkPath, places } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { VaultNeeded } from '../vault/vault-needed.tsx'
import { SubjectFields, ThresholdFields } from './check-fields.tsx'
import css from './checks.module.css'
import { PatternPreview } from './pattern-preview.tsx'
import { TryPanel } from './try-panel.tsx'

export type Errors = Readonly<Record<string, string>>

export function CheckForm(props: { kind: CheckKind; check: Check | null; draft: CheckDraft }): ReactNode {
  const { kind, check } = props
  const engine = useEngine()
  const navigate = useNavigate()
  const [draft, setDraft] = useState(props.draft)
  const [errors, setErrors] = useState<Errors>({})
  const [failure, setFailure] = useState<AppError | null>(null)
  const [busy, setBusy] = useState<'save' | 'try' | null>(null)
  const [tried, setTried] = useState<Probe | null>(null)
  const inputs = useRef<SecretInputs>(new Map())
  const fields = useMemo(() => fieldsOf(kind.schema), [kind.schema])
  const change = (parts: Partial<CheckDraft>): void => setDraft(old => ({ ...old, ...parts }))

  /** Runs `work` with what is entered, and shows at its field what is wrong with it. */
  const send = async (what: 'save' | 'try', work: (entered: CheckDraft, secrets: FieldSecrets) => Promise<void>) => {
    setFailure(null)
    const parsed = CheckDraft.safeParse(draft)
    if (!parsed.success) {
      setErrors(Object.fromEntries(parsed.error.issues.map(issue => [issue.path.join('.'), issue.message])))
      return
    }
    setErrors({})
    setBusy(what)
    try {
      await work(parsed.data, typedSecrets(inputs.current))
    } catch (caught) {
      const error = AppError.from(caught)
      const field = error.detail?.field
      if (typeof field === 'string') setErrors({ [field]: error.message })
      setFailure(error)
    } finally {
      setBusy(null)
    }
  }

  const save = (event: FormEvent): void => {
    event.preventDefault()
    void send('save', async (entered, secrets) => {
      const saved = check
        ? await engine.call('check.edit', { id: check.id, draft: entered, secrets })
        : await engine.call('check.add', { draft: entered, secrets })
      for (const input of inputs.current.values()) input.value = ''
      void navigate(checkPath(saved.id), { replace: true })
    })
  }
  const tryOut = (): void => {
    setTried(null)
    void send('try', async (entered, secrets) =>
      setTried(await engine.call('check.try', { id: check?.id ?? null, draft: entered, secrets })),
    )
  }

  return (
    <div className={css.columns}>
      <form className={css.form} onSubmit={save} noValidate>
        <Panel title={safeText(kind.title)}>
          <p className={css.pale}>{safeText(kind.description)}</p>
          <SubjectFields kind={kind} draft={draft} errors={errors} builtIn={check?.builtIn ?? false} change={change} />
          <SchemaForm
            fields={fields}
            value={draft.spec}
            onChange={spec => change({ spec: { ...spec } })}
            secrets={inputs.current}
            stored={check?.stored ?? []}
            errors={specErrors(errors)}
          />
          {kind.type === 'journal-pattern' && <PatternPreview draft={draft} />}
        </Panel>
        <Panel title="When it alerts">
          <ThresholdFields kind={kind} draft={draft} errors={errors} checkId={check?.id ?? null} change={change} />
        </Panel>
        {failure && <Failure error={failure} />}
        <div className={css.buttons}>
          <Button type="submit" look="primary" loading={busy === 'save'}>
            {check ? 'Save' : 'Add check'}
          </Button>
          <Button icon={FlaskConical} loading={busy === 'try'} onClick={tryOut}>
            Try it now
          </Button>
          <LinkButton to={check ? checkPath(check.id) : places.checks} look="quiet">
            Cancel
          </LinkButton>
        </div>
      </form>
      <div className={css.side}>
        <TryPanel probe={tried} running={busy === 'try'} />
      </div>
    </div>
  )
}

function Failure(props: { error: AppError }): ReactNode {
  const { error } = props
  return (
    <>
      <FieldError>{safeText([error.message, error.hint].filter(Boolean).join('. '))}</FieldError>
      {error.code.startsWith('VAULT_') && (
        <div>
          <VaultNeeded />
        </div>
      )}
    </>
  )
}

/** What was typed into the secret fields; an empty one keeps what is stored. */
function typedSecrets(inputs: SecretInputs): FieldSecrets {
  return Object.fromEntries([...inputs].map(([name, input]) => [name, input.value]).filter(([, value]) => value !== ''))
}

/** The messages of the spec's own fields, by the path within the spec. */
function specErrors(errors: Errors): Errors {
  return Object.fromEntries(
    Object.entries(errors)
      .filter(([path]) => path.startsWith('spec.'))
      .map(([path, message]) => [path.slice('spec.'.length), message]),
  )
}
