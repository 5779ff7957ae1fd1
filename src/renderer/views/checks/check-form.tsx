// The form of a check of one kind, with a try before it is saved.
import { FlaskConical } from 'lucide-react'
import { type FormEvent, type ReactNode, useMemo, useState } from 'react'
import { type Check, CheckDraft, type CheckKind, type Probe } from '../../../shared/model/check.ts'
import { Button } from '../../components/button.tsx'
import { FormButtons } from '../../components/form-buttons.tsx'
import { Columns, Panel } from '../../components/page.tsx'
import { SchemaForm } from '../../components/schema-form.tsx'
import { useEngine } from '../../data/remotes.tsx'
import { errorsWithin, useDraftForm, useSave } from '../../data/use-draft-form.ts'
import { fieldsOf } from '../../lib/json-schema.ts'
import { checkPath, places } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { useFirstMistake } from '../../lib/use-first-mistake.ts'
import { SaveError } from '../vault/save-error.tsx'
import { SubjectFields, ThresholdFields } from './check-fields.tsx'
import css from './checks.module.css'
import { PatternPreview } from './pattern-preview.tsx'
import { TryPanel } from './try-panel.tsx'

export function CheckForm(props: { kind: CheckKind; check: Check | null; draft: CheckDraft }): ReactNode {
  const { kind, check } = props
  const engine = useEngine()
  const form = useDraftForm(CheckDraft, props.draft)
  const save = useSave(form)
  const { draft, errors, failure, busy, change } = form
  const [tried, setTried] = useState<Probe | null>(null)
  const formRef = useFirstMistake(errors)
  const fields = useMemo(() => fieldsOf(kind.schema), [kind.schema])

  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void save(async (entered, secrets) => {
      const saved = check
        ? await engine.call('check.edit', { id: check.id, draft: entered, secrets })
        : await engine.call('check.add', { draft: entered, secrets })
      return checkPath(saved.id)
    })
  }
  const tryOut = (): void => {
    setTried(null)
    void form.send('try', async (entered, secrets) =>
      setTried(await engine.call('check.try', { id: check?.id ?? null, draft: entered, secrets })),
    )
  }

  return (
    <Columns>
      <form ref={formRef} onSubmit={submit} noValidate>
        <Panel title={safeText(kind.title)}>
          <p className={css.pale}>{safeText(kind.description)}</p>
          <SubjectFields kind={kind} form={form} builtIn={check?.builtIn ?? false} />
          {kind.type === 'login' ? (
            <p>What it asks is set with the login that it belongs to.</p>
          ) : (
            <SchemaForm
              fields={fields}
              value={draft.spec}
              onChange={spec => change({ spec: { ...spec } })}
              secrets={form.secretInputs}
              stored={check?.stored ?? []}
              errors={errorsWithin(errors, 'spec')}
            />
          )}
          {kind.type === 'journal-pattern' && <PatternPreview draft={draft} />}
        </Panel>
        <Panel title="When it alerts">
          <ThresholdFields kind={kind} form={form} checkId={check?.id ?? null} />
        </Panel>
        {failure && <SaveError error={failure} />}
        <FormButtons busy={busy} save={check ? 'Save' : 'Add check'} back={check ? checkPath(check.id) : places.checks}>
          <Button icon={FlaskConical} loading={busy === 'try'} onClick={tryOut}>
            Try it now
          </Button>
        </FormButtons>
      </form>
      <div className={css.side}>
        <TryPanel probe={tried} running={busy === 'try'} />
      </div>
    </Columns>
  )
}
