// The rule of one service: whether it acts, what it does in which order, and within which budget; with a look at what it would have done.
import { useQueryClient } from '@tanstack/react-query'
import { Plus, Trash2 } from 'lucide-react'
import { type FormEvent, type ReactNode, useState } from 'react'
import { type RecoveryKind, RecoveryPolicy, type RecoveryStep } from '../../../shared/model/recovery.ts'
import { Button, ButtonRow, IconButton } from '../../components/button.tsx'
import { CheckField, FieldGroup, FieldRow, SelectField } from '../../components/field.tsx'
import { NumberField } from '../../components/number-field.tsx'
import { Panel } from '../../components/page.tsx'
import { SchemaForm } from '../../components/schema-form.tsx'
import { useToast } from '../../components/toast.tsx'
import { refOf } from '../../data/recovery.ts'
import { callKey, useEngine } from '../../data/remotes.tsx'
import { type DraftForm, errorsWithin, numberOf, useDraftForm } from '../../data/use-draft-form.ts'
import { fieldsOf, initialSpec } from '../../lib/json-schema.ts'
import { safeText } from '../../lib/safe-text.ts'
import { useFirstMistake } from '../../lib/use-first-mistake.ts'
import { useKeys } from '../../lib/use-keys.ts'
import { SaveError } from '../vault/save-error.tsx'
import { DryRun } from './dry-run.tsx'
import { PlanPreview } from './plan-preview.tsx'
import css from './recovery.module.css'

export function PolicyForm(props: { policy: RecoveryPolicy; kinds: readonly RecoveryKind[] }): ReactNode {
  const engine = useEngine()
  const client = useQueryClient()
  const toast = useToast()
  const form = useDraftForm(RecoveryPolicy, props.policy)
  const { draft, change } = form
  const formRef = useFirstMistake(form.errors)
  const [dryRun, setDryRun] = useState<RecoveryPolicy | null>(null)

  const save = (event: FormEvent): void => {
    event.preventDefault()
    void form.send('save', async (policy, secrets) => {
      const view = await engine.call('recovery.set', { policy, secrets })
      client.setQueryData(callKey('recovery.get', refOf(policy)), view)
      form.clearSecrets()
      toast({ tone: 'healthy', title: policy.enabled ? 'The rule is on' : 'The rule is saved, and off' })
    })
  }
  return (
    <form ref={formRef} className={css.column} onSubmit={save} noValidate>
      <Panel title="The rule">
        <CheckField
          label="Mend this service without me"
          help="Only for causes on the host itself: never for trouble on the way to it, refused logins, rate limits, a full disk, or a service that somebody stopped."
          checked={draft.enabled}
          onChange={event => change({ enabled: event.target.checked })}
        />
        <Steps form={form} kinds={props.kinds} />
        <PlanPreview policy={draft} />
      </Panel>
      <Panel title="Its budget">
        <FieldRow>
          <NumberField label="Attempts per incident" help="5 at the most" {...numberOf(form, 'attemptsPerIncident')} />
          <NumberField label="Attempts in 10 min" help="3 at the most" {...numberOf(form, 'attemptsPerTenMinutes')} />
          <NumberField label="First delay (s)" help="Doubled each time" {...numberOf(form, 'firstDelaySeconds')} />
          <NumberField label="Longest delay (s)" {...numberOf(form, 'maxDelaySeconds')} />
          <NumberField label="Proof within (s)" {...numberOf(form, 'verifySeconds')} />
        </FieldRow>
      </Panel>
      {form.failure && <SaveError error={form.failure} />}
      <ButtonRow>
        <Button type="submit" look="primary" loading={form.busy === 'save'}>
          Save
        </Button>
        <Button
          loading={form.busy === 'dry-run'}
          onClick={() => void form.send('dry-run', async policy => setDryRun(policy))}
        >
          What would it have done?
        </Button>
      </ButtonRow>
      <DryRun policy={dryRun} onClose={() => setDryRun(null)} />
    </form>
  )
}

function Steps(props: { form: DraftForm<RecoveryPolicy>; kinds: readonly RecoveryKind[] }): ReactNode {
  const { form, kinds } = props
  const { steps } = form.draft
  const { keys, drop } = useKeys(steps.length)
  const set = (index: number, step: RecoveryStep): void =>
    form.change({ steps: steps.map((old, other) => (other === index ? step : old)) })
  return (
    <FieldGroup label="Each attempt does, in this order, stopping at the first that fails">
      <div className={css.steps}>
        {steps.map((step, index) => {
          const kind = kinds.find(each => each.type === step.type)
          return (
            <div key={keys[index]} className={css.step}>
              <SelectField
                label={`Step ${index + 1}`}
                help={kind && safeText(kind.description)}
                value={step.type}
                onChange={event => {
                  const next = kinds.find(each => each.type === event.target.value)
                  if (next) set(index, { type: next.type, spec: initialSpec(fieldsOf(next.schema)) })
                }}
              >
                {!kind && <option value={step.type}>{step.type}</option>}
                {kinds.map(each => (
                  <option key={each.type} value={each.type}>
                    {each.title}
                  </option>
                ))}
              </SelectField>
              {kind && (
                <SchemaForm
                  fields={fieldsOf(kind.schema)}
                  value={step.spec}
                  onChange={spec => set(index, { ...step, spec: { ...spec } })}
                  secrets={form.secretInputs}
                  errors={errorsWithin(form.errors, `steps.${index}.spec`)}
                />
              )}
              {steps.length > 1 && (
                <IconButton
                  icon={Trash2}
                  size="small"
                  label={`Remove step ${index + 1}`}
                  onClick={() => {
                    drop(index)
                    form.change({ steps: steps.filter((_, other) => other !== index) })
                  }}
                />
              )}
            </div>
          )
        })}
        {steps.length < 8 && (
          <div>
            <Button
              size="small"
              icon={Plus}
              onClick={() => form.change({ steps: [...steps, { type: 'restart-unit', spec: {} }] })}
            >
              Add a step
            </Button>
          </div>
        )}
      </div>
    </FieldGroup>
  )
}
