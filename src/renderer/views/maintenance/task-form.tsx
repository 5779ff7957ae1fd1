// The form of a maintenance task: where, what in which order, when, with a look at what it would meet. Holds no secret: they go from their inputs to the engine.
import { Eye } from 'lucide-react'
import { type FormEvent, type ReactNode, useState } from 'react'
import type { FieldSecrets } from '../../../shared/model/check.ts'
import { MaintenanceDraft, type MaintenanceKind, type MaintenanceTask } from '../../../shared/model/maintenance.ts'
import { Button } from '../../components/button.tsx'
import { Pale } from '../../components/cells.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { CheckField, TextField } from '../../components/field.tsx'
import { FormButtons } from '../../components/form-buttons.tsx'
import { HostSelect } from '../../components/host-select.tsx'
import { KindParts } from '../../components/kind-parts.tsx'
import { Columns, Panel } from '../../components/page.tsx'
import { ScheduleFields } from '../../components/schedule-fields.tsx'
import { useEngine } from '../../data/remotes.tsx'
import { type DraftForm, textOf, useDraftForm, useSave } from '../../data/use-draft-form.ts'
import { places, taskPath } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { whenText } from '../../lib/schedule-words.ts'
import { useFirstMistake } from '../../lib/use-first-mistake.ts'
import { SaveError } from '../vault/save-error.tsx'
import css from './maintenance.module.css'
import { PreviewList } from './preview-list.tsx'
import { isRisky } from './risk.ts'
import { StopFields } from './stop-fields.tsx'
import { isLooked, usePreview } from './use-preview.ts'

const mostSteps = 8

export function TaskForm(props: {
  task: MaintenanceTask | null
  draft: MaintenanceDraft
  kinds: readonly MaintenanceKind[]
}): ReactNode {
  const { task, kinds } = props
  const engine = useEngine()
  const form = useDraftForm(MaintenanceDraft, props.draft)
  const store = useSave(form)
  const { draft, errors, change } = form
  const formRef = useFirstMistake(errors)
  const { preview, look } = usePreview()
  const [asking, setAsking] = useState(false)
  // what was found says nothing of steps that were changed since
  const [lookedAt, setLookedAt] = useState<MaintenanceDraft | null>(null)
  const holds = lookedAt?.hostId === draft.hostId && lookedAt.steps === draft.steps

  // Not waited for: a look may take long, and nothing of the form hangs on its end.
  const ask = async ({ hostId, steps }: MaintenanceDraft, secrets: FieldSecrets): Promise<void> => {
    setLookedAt(draft)
    void look({ id: task?.id ?? null, hostId, steps, secrets })
  }
  const lookNow = (): Promise<void> => form.send('look', ask)
  const save = (): Promise<void> =>
    store(async (entered, secrets) => {
      const saved = task
        ? await engine.call('maintenance.edit', { id: task.id, draft: entered, secrets })
        : await engine.call('maintenance.add', { draft: entered, secrets })
      return taskPath(saved.id)
    })
  /** What will run by itself and takes something away is looked at first. */
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (!isRisky(draft.steps, kinds) || draft.schedule === null || !draft.enabled || draft.steps.length === 0) {
      void save()
      return
    }
    void form.send('check', async (entered, secrets) => {
      setAsking(true)
      await ask(entered, secrets)
    })
  }
  return (
    <form ref={formRef} className={css.form} onSubmit={submit} noValidate>
      <Columns>
        <div>
          <Panel title="Where">
            <WhereFields form={form} fixed={task !== null} />
          </Panel>
          <Panel title="What is done, in this order">
            <KindParts
              ordered
              parts={draft.steps}
              kinds={kinds}
              path="steps"
              errors={errors}
              secrets={form.secretInputs}
              stored={task?.stored ?? []}
              add="Add step"
              most={mostSteps}
              onChange={steps => change({ steps })}
            />
          </Panel>
        </div>
        <div>
          <Panel title="When">
            <ScheduleFields
              label="Runs"
              value={draft.schedule}
              errors={errors}
              path="schedule"
              hour={4}
              onChange={schedule => change({ schedule })}
            />
            <CheckField
              label="Run it on schedule"
              checked={draft.enabled}
              onChange={event => change({ enabled: event.target.checked })}
            />
          </Panel>
          <Panel title="Stopped meanwhile">
            <StopFields form={form} />
          </Panel>
          <Panel
            title="What it would do now"
            aside={
              <Button size="small" icon={Eye} loading={preview.state === 'looking'} onClick={() => void lookNow()}>
                Look
              </Button>
            }
          >
            {preview.state === 'none' || !holds ? (
              <Pale>Looks at the host without changing anything: which files would go, how large a database is.</Pale>
            ) : (
              <PreviewList preview={preview} />
            )}
          </Panel>
        </div>
      </Columns>
      {form.failure && !asking && <SaveError error={form.failure} />}
      <FormButtons
        busy={form.busy}
        save={task ? 'Save' : 'Add task'}
        back={task ? taskPath(task.id) : places.maintenance}
      />
      <ConfirmDialog
        open={asking}
        title={`Let ${safeText(draft.name)} run by itself?`}
        action={task ? 'Save' : 'Add task'}
        ready={isLooked(preview)}
        busy={form.busy === 'save'}
        error={form.failure}
        onClose={() => setAsking(false)}
        onConfirm={() => void save()}
      >
        <p>{draft.schedule && safeText(whenText(draft.schedule))}: nobody looks on then. Now it would do this:</p>
        <PreviewList preview={preview} />
      </ConfirmDialog>
    </form>
  )
}

function WhereFields(props: { form: DraftForm<MaintenanceDraft>; fixed: boolean }): ReactNode {
  const { form, fixed } = props
  return (
    <>
      <TextField label="Name" autoComplete="off" {...textOf(form, 'name')} />
      <HostSelect
        label="Host"
        disabled={fixed}
        {...textOf(form, 'hostId')}
        onChange={event => form.change({ hostId: event.target.value, stopUnits: [] })}
      />
    </>
  )
}
