// The form of a place for backups of one kind, tried before it is saved.
import { PlugZap, Trash2 } from 'lucide-react'
import { type FormEvent, type ReactNode, useMemo, useState } from 'react'
import { useNavigate } from 'react-router'
import { localTargetId, type Target, TargetDraft } from '../../../shared/model/backup.ts'
import type { KindInfo } from '../../../shared/model/check.ts'
import { Button, ButtonRow, LinkButton } from '../../components/button.tsx'
import { Pale } from '../../components/cells.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { TextField } from '../../components/field.tsx'
import { Panel } from '../../components/page.tsx'
import { SchemaForm } from '../../components/schema-form.tsx'
import { Status } from '../../components/status.tsx'
import { useEngine, useEngineCommand } from '../../data/remotes.tsx'
import { errorsWithin, textOf, useDraftForm } from '../../data/use-draft-form.ts'
import { fieldsOf } from '../../lib/json-schema.ts'
import { places } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { useFirstMistake } from '../../lib/use-first-mistake.ts'
import { SaveError } from '../vault/save-error.tsx'
import css from './backups.module.css'
import { useHostChoices } from './host-choices.ts'

export function TargetForm(props: { kind: KindInfo; target: Target | null; draft: TargetDraft }): ReactNode {
  const { kind, target } = props
  const engine = useEngine()
  const navigate = useNavigate()
  const form = useDraftForm(TargetDraft, props.draft)
  const { draft, errors, failure, busy, change } = form
  const [tested, setTested] = useState<{ problem: string | null } | null>(null)
  const formRef = useFirstMistake(errors)
  const withHosts = useHostChoices()
  const fields = useMemo(() => withHosts(fieldsOf(kind.schema)), [kind.schema, withHosts])

  const save = (event: FormEvent): void => {
    event.preventDefault()
    void form.send('save', async (entered, secrets) => {
      if (target) await engine.call('target.edit', { id: target.id, draft: entered, secrets })
      else await engine.call('target.add', { draft: entered, secrets })
      form.clearSecrets()
      void navigate(places.targets)
    })
  }
  const test = (): void => {
    setTested(null)
    void form.send('test', async (entered, secrets) =>
      setTested(await engine.call('target.test', { id: target?.id ?? null, draft: entered, secrets })),
    )
  }
  return (
    <form ref={formRef} className={css.form} onSubmit={save} noValidate>
      <Panel title={safeText(kind.title)}>
        <Pale>{safeText(kind.description)}</Pale>
        <TextField label="Name" autoComplete="off" {...textOf(form, 'name')} />
        <SchemaForm
          fields={fields}
          value={draft.spec}
          onChange={spec => change({ spec: { ...spec } })}
          secrets={form.secretInputs}
          stored={target?.stored ?? []}
          errors={errorsWithin(errors, 'spec')}
        />
      </Panel>
      {failure && <SaveError error={failure} />}
      <ButtonRow>
        <Button type="submit" look="primary" loading={busy === 'save'}>
          {target ? 'Save' : 'Add place'}
        </Button>
        <Button icon={PlugZap} loading={busy === 'test'} onClick={test}>
          Try it
        </Button>
        <LinkButton to={places.targets} look="quiet">
          Cancel
        </LinkButton>
        {target && target.id !== localTargetId && <Remove target={target} />}
      </ButtonRow>
      <div aria-live="polite">
        {tested && (
          <Status
            status={
              tested.problem === null
                ? { tone: 'healthy', word: 'A file was written, read back and removed' }
                : { tone: 'unhealthy', word: safeText(tested.problem) }
            }
          />
        )}
      </div>
    </form>
  )
}

function Remove(props: { target: Target }): ReactNode {
  const { id, name } = props.target
  const navigate = useNavigate()
  const [asking, setAsking] = useState(false)
  const remove = useEngineCommand('target.remove')
  return (
    <>
      <Button icon={Trash2} look="quiet" onClick={() => setAsking(true)}>
        Remove
      </Button>
      <ConfirmDialog
        open={asking}
        title={`Remove ${safeText(name)}?`}
        action="Remove place"
        busy={remove.isPending}
        error={remove.error}
        onClose={() => setAsking(false)}
        onConfirm={() => remove.mutate(id, { onSuccess: () => void navigate(places.targets) })}
      >
        <p>What is kept there stays there, and shows again when the place is added again.</p>
      </ConfirmDialog>
    </>
  )
}
