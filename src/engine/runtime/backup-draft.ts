// Judges what a person entered for a backup, naming the field that is wrong; saves nothing.
import type { Backup, BackupDraft } from '../../shared/model/backup.ts'
import type { FieldSecrets } from '../../shared/model/check.ts'
import type { BackupSourceType } from '../backups/index.ts'
import { nestedSources } from '../domain/backup-nesting.ts'
import { refuseEmptyPolicy } from '../domain/backup-retention.ts'
import { cronProblem } from '../lib/cron.ts'
import type { Store } from '../store/store.ts'
import { identityField, passphraseField } from './backup-sealing.ts'
import { completeSpec, refuseMovedSecrets, secretFieldsOf, wrongField } from './kind-spec.ts'

export interface BackupWorldView {
  readonly store: Pick<Store, 'backups' | 'hosts'>
  readonly typeOf: (type: string) => BackupSourceType | undefined
}

/** The draft with its specs completed by their kinds, and without secrets in it. Throws INVALID_INPUT with `detail.field`. */
export function judgeBackup(
  draft: BackupDraft,
  secrets: FieldSecrets,
  before: Backup | null,
  { store, typeOf }: BackupWorldView,
): BackupDraft {
  if (!store.hosts.get(draft.hostId)) throw wrongField('hostId', 'This host is not configured')
  if (before && before.hostId !== draft.hostId) throw wrongField('hostId', 'A backup stays on its host')
  refuseEmptyPolicy(draft.retention)
  for (const id of draft.targets)
    if (!store.backups.target(id)) throw wrongField('targets', 'One of the places to keep it is not there any more')
  if (new Set(draft.targets).size !== draft.targets.length) throw wrongField('targets', 'One place is named twice')
  for (const name of ['schedule', 'drill'] as const) {
    const schedule = draft[name]
    const problem = schedule && cronProblem(schedule.cron, schedule.zone)
    if (problem) throw wrongField(`${name}.cron`, problem)
  }
  const allowed = new Set([passphraseField, identityField])
  const sources = draft.sources.map((source, at) => {
    const type = typeOf(source.type)
    if (!type) throw wrongField(`sources.${at}.type`, `There are no sources of the kind ${source.type}`)
    const prefix = `${source.key}.`
    for (const name of secretFieldsOf(type)) allowed.add(`${prefix}${name}`)
    const spec = completeSpec(type, source.spec, `sources.${at}.spec`)
    const was = before?.sources.find(({ key }) => key === source.key)
    if (was && was.type !== source.type)
      throw wrongField(`sources.${at}.key`, 'A part of another kind needs another key')
    if (was && before) refuseMovedSecrets(type, { spec: was.spec, stored: before.stored }, spec, secrets, prefix)
    return { ...source, spec }
  })
  const nested = nestedSources(sources)
  if (nested)
    throw wrongField(`sources.${nested.inner}.spec.path`, 'This lies within the folder of another part', {
      hint: 'Put back together, the folder would replace it: take it in a backup of its own.',
    })
  // what was given to be forgotten may be of a part that is no longer there
  const unknown = Object.keys(secrets).find(name => secrets[name] !== null && !allowed.has(name))
  if (unknown !== undefined) throw wrongField(`secrets.${unknown}`, 'There is no such secret in this backup')
  judgePassphrase(draft, secrets, before)
  const same = store.backups
    .list()
    .find(({ backup }) => backup.id !== before?.id && backup.name.toLowerCase() === draft.name.toLowerCase())
  if (same) throw wrongField('name', 'There is already a backup of this name')
  return { ...draft, sources }
}

function judgePassphrase(draft: BackupDraft, secrets: FieldSecrets, before: Backup | null): void {
  const given = secrets[passphraseField]
  const stored = before?.stored.includes(passphraseField) === true
  if (draft.encryption.kind === 'passphrase' && (given === null || (given === undefined && !stored)))
    throw wrongField('secrets.passphrase', 'Give a passphrase to encrypt it with')
}
