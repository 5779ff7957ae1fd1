// Judges what a person entered for a maintenance task, naming the field that is wrong; saves nothing.
import type { FieldSecrets } from '../../shared/model/check.ts'
import type { MaintenanceDraft, MaintenanceStep, MaintenanceTask } from '../../shared/model/maintenance.ts'
import { cronProblem } from '../lib/cron.ts'
import { type HostActionType, hostActionTypeOf } from '../recovery/index.ts'
import type { Store } from '../store/store.ts'
import { completeSpec, refuseMovedSecrets, secretFieldsOf, wrongField } from './kind-spec.ts'

export interface JudgedStep {
  readonly step: MaintenanceStep
  readonly type: HostActionType
}

/** The draft with its specs completed by their kinds, and without secrets in it. Throws INVALID_INPUT with `detail.field`. */
export function judgeMaintenanceDraft(
  draft: MaintenanceDraft,
  secrets: FieldSecrets,
  before: MaintenanceTask | null,
  store: Pick<Store, 'maintenance' | 'hosts'>,
): MaintenanceDraft {
  if (!store.hosts.get(draft.hostId)) throw wrongField('hostId', 'This host is not configured')
  if (before && before.hostId !== draft.hostId) throw wrongField('hostId', 'A task stays on its host')
  const problem = draft.schedule && cronProblem(draft.schedule.cron, draft.schedule.zone)
  if (problem) throw wrongField('schedule.cron', problem)
  const units = new Set(draft.stopUnits.map(({ scope, name }) => `${scope}/${name}`))
  if (units.size !== draft.stopUnits.length) throw wrongField('stopUnits', 'One service is named twice')
  const same = store.maintenance
    .list()
    .find(
      ({ task }) =>
        task.id !== before?.id && task.hostId === draft.hostId && task.name.toLowerCase() === draft.name.toLowerCase(),
    )
  if (same) throw wrongField('name', 'This host has a task of this name already')
  return { ...draft, steps: judgeSteps(draft.steps, secrets, before).map(({ step }) => step) }
}

/** The same for the steps alone. */
export function judgeSteps(
  steps: readonly MaintenanceStep[],
  secrets: FieldSecrets,
  before: MaintenanceTask | null,
): JudgedStep[] {
  const allowed = new Set<string>()
  const judged = steps.map((step, at) => {
    const type = hostActionTypeOf(step.type)
    if (!type) throw wrongField(`steps.${at}.type`, `There is no maintenance of the kind ${step.type}`)
    const prefix = `${step.key}.`
    for (const name of secretFieldsOf(type)) allowed.add(`${prefix}${name}`)
    const spec = completeSpec(type, step.spec, `steps.${at}.spec`)
    const was = before?.steps.find(({ key }) => key === step.key)
    if (was && was.type !== step.type) throw wrongField(`steps.${at}.key`, 'A step of another kind needs another key')
    if (was && before) refuseMovedSecrets(type, { spec: was.spec, stored: before.stored }, spec, secrets, prefix)
    return { step: { ...step, spec }, type }
  })
  // what was given to be forgotten may be of a step that is no longer there
  const unknown = Object.keys(secrets).find(name => secrets[name] !== null && !allowed.has(name))
  if (unknown !== undefined) throw wrongField(`secrets.${unknown}`, 'There is no such secret in this task')
  return judged
}
