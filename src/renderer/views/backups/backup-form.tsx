// The form of a backup: what, where to, when, how many are kept, and how. Holds no secret: they go from their inputs to the engine.
import type { FormEvent, ReactNode } from 'react'
import { type Backup, BackupDraft, type BackupKinds } from '../../../shared/model/backup.ts'
import { LinkButton } from '../../components/button.tsx'
import { CheckField, SelectField, TextField } from '../../components/field.tsx'
import { FormButtons } from '../../components/form-buttons.tsx'
import { HostSelect } from '../../components/host-select.tsx'
import { KindParts } from '../../components/kind-parts.tsx'
import { ManyOf } from '../../components/many-of.tsx'
import { Columns, Panel } from '../../components/page.tsx'
import { ScheduleFields } from '../../components/schedule-fields.tsx'
import { useTargets } from '../../data/backups.ts'
import { useUnits } from '../../data/hosts.ts'
import { useEngine } from '../../data/remotes.tsx'
import { textOf, useDraftForm, useSave } from '../../data/use-draft-form.ts'
import { backupPath, places } from '../../lib/places.ts'
import { safeText } from '../../lib/safe-text.ts'
import { unitKey, unitLabel } from '../../lib/unit-keys.ts'
import { unitOfKey } from '../../lib/unit-of-key.ts'
import { useFirstMistake } from '../../lib/use-first-mistake.ts'
import { SaveError } from '../vault/save-error.tsx'
import type { BackupFormState } from './backup-form-state.ts'
import css from './backups.module.css'
import { HowFields } from './how-fields.tsx'
import { RetentionFields } from './retention-fields.tsx'

export function BackupForm(props: {
  backup: Backup | null
  draft: BackupDraft
  kinds: BackupKinds
  /** Why a source was proposed, by its key. */
  reasons: Readonly<Record<string, string>>
}): ReactNode {
  const { backup, kinds, reasons } = props
  const engine = useEngine()
  const form = useDraftForm(BackupDraft, props.draft)
  const save = useSave(form)
  const formRef = useFirstMistake(form.errors)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void save(async (draft, secrets) => {
      const saved = backup
        ? await engine.call('backup.edit', { id: backup.id, draft, secrets })
        : await engine.call('backup.add', { draft, secrets })
      return backupPath(saved.id)
    })
  }
  return (
    <form ref={formRef} className={css.form} onSubmit={submit} noValidate>
      <Columns>
        <div>
          <Panel title="What">
            <SubjectFields form={form} fixed={backup !== null} />
          </Panel>
          <Panel title="What it holds">
            <KindParts
              parts={form.draft.sources}
              kinds={kinds.sources}
              path="sources"
              errors={form.errors}
              secrets={form.secretInputs}
              stored={backup?.stored ?? []}
              reasons={reasons}
              add="Add to the backup"
              most={32}
              onChange={sources => form.change({ sources })}
            />
          </Panel>
        </div>
        <div>
          <Panel title="Where it is kept">
            <TargetFields form={form} />
          </Panel>
          <Panel title="When">
            <ScheduleFields
              label="Taken"
              value={form.draft.schedule}
              errors={form.errors}
              path="schedule"
              hour={3}
              onChange={schedule => form.change({ schedule })}
            />
            <CheckField
              label="Take it on schedule"
              checked={form.draft.enabled}
              onChange={event => form.change({ enabled: event.target.checked })}
            />
          </Panel>
          <Panel title="How many are kept">
            <RetentionFields form={form} backupId={backup?.id ?? null} />
          </Panel>
          <Panel title="Proof by restoring">
            <ScheduleFields
              label="Restored to a scratch place"
              value={form.draft.drill}
              errors={form.errors}
              path="drill"
              hour={3}
              onChange={drill => form.change({ drill })}
            />
          </Panel>
          <Panel title="How">
            <HowFields form={form} stored={backup?.stored ?? []} />
          </Panel>
        </div>
      </Columns>
      {form.failure && <SaveError error={form.failure} />}
      <FormButtons
        busy={form.busy}
        save={backup ? 'Save' : 'Add backup'}
        back={backup ? backupPath(backup.id) : places.backups}
      />
    </form>
  )
}

function SubjectFields(props: { form: BackupFormState; fixed: boolean }): ReactNode {
  const { form, fixed } = props
  const { draft, errors, change } = form
  const { data: units = [] } = useUnits(draft.hostId)
  const chosen = draft.unit ? unitKey(draft.unit) : ''
  return (
    <>
      <TextField label="Name" autoComplete="off" {...textOf(form, 'name')} />
      <HostSelect
        label="Host"
        disabled={fixed}
        {...textOf(form, 'hostId')}
        onChange={event => change({ hostId: event.target.value, unit: null })}
      />
      <SelectField
        label="Service"
        help="Stopped while a restore swaps its data in, and started again."
        value={chosen}
        error={errors.unit}
        onChange={event => change({ unit: unitOfKey(event.target.value) })}
      >
        <option value="">None</option>
        {draft.unit && !units.some(unit => unitKey(unit) === chosen) && (
          <option value={chosen}>{safeText(unitLabel(draft.unit))}</option>
        )}
        {units.map(unit => (
          <option key={unitKey(unit)} value={unitKey(unit)}>
            {safeText(unitLabel(unit))}
          </option>
        ))}
      </SelectField>
    </>
  )
}

function TargetFields(props: { form: BackupFormState }): ReactNode {
  const { draft, errors, change } = props.form
  const { data: targets = [] } = useTargets()
  return (
    <>
      <ManyOf
        label="Places"
        bare
        error={errors.targets}
        options={targets.map(({ target, problem }) => ({
          value: target.id,
          label: safeText(target.name),
          ...(problem === null ? {} : { help: safeText(problem) }),
        }))}
        chosen={draft.targets}
        onChange={chosen => change({ targets: chosen })}
      />
      <div>
        <LinkButton to={places.targets} size="small">
          All places
        </LinkButton>
      </div>
    </>
  )
}
