// Judges what a person entered for a place that backups are kept in, naming the field that is wrong; saves nothing.
import { AppError } from '../../shared/errors.ts'
import type { Target, TargetDraft } from '../../shared/model/backup.ts'
import type { FieldSecrets } from '../../shared/model/check.ts'
import type { Store } from '../store/store.ts'
import type { TargetType } from '../targets/index.ts'
import { completeSpec, refuseMovedSecrets, secretFieldsOf, wrongField } from './kind-spec.ts'

export interface TargetWorldView {
  readonly store: Pick<Store, 'backups' | 'hosts'>
  readonly typeOf: (type: string) => TargetType | undefined
}

/** The draft with its spec completed by its kind, and without secrets in it. Throws INVALID_INPUT with `detail.field`, and CONFLICT for a name that is taken. */
export function judgeTarget(
  draft: TargetDraft,
  secrets: FieldSecrets,
  before: Target | null,
  { store, typeOf }: TargetWorldView,
): TargetDraft {
  const type = typeOf(draft.type)
  if (!type) throw wrongField('type', `There are no places of the kind ${draft.type}`)
  if (before && before.type !== draft.type) throw wrongField('type', 'A place stays of its kind')
  const names = secretFieldsOf(type)
  const unknown = Object.keys(secrets).find(name => !names.includes(name))
  if (unknown !== undefined) throw wrongField(`secrets.${unknown}`, `${type.title} has no secret field ${unknown}`)
  const spec = completeSpec(type, draft.spec, 'spec')
  if (before) refuseMovedSecrets(type, before, spec, secrets)
  const hostId = type.hostOf(type.spec.parse(spec))
  if (hostId !== null && !store.hosts.get(hostId)) throw wrongField('spec.hostId', 'This host is not configured')
  const same = store.backups
    .targets()
    .find(one => one.id !== before?.id && one.name.toLowerCase() === draft.name.toLowerCase())
  if (same) throw new AppError('CONFLICT', `There is already a place named ${draft.name}`)
  return { ...draft, spec }
}
