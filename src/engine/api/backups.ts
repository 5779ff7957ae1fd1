// The contract's handlers for backups, their places, snapshots, restores and drills: thin, with an audit entry for whatever a person changed.
import type { AuditVerb } from '../../shared/model/audit.ts'
import type { Backup, BackupDraft, RetentionPolicy, TargetDraft } from '../../shared/model/backup.ts'
import type { FieldSecrets } from '../../shared/model/check.ts'
import type { RestoreDraft } from '../../shared/model/restore.ts'
import type { UnitRef } from '../../shared/model/unit.ts'
import type { Services } from './services.ts'

type Context = { signal: AbortSignal }
type Given<D> = { draft: D; secrets: FieldSecrets }

const actor = 'person'

export const backupHandlers = ({ audit, backups }: Services) => {
  const { targets, snapshots, runner, restores, drills, items } = backups
  const record = (verb: AuditVerb, { hostId, name }: Pick<Backup, 'hostId' | 'name'>): void =>
    audit.record({ actor, verb, hostId, target: name })
  const recordTarget = (verb: AuditVerb, name: string): void => audit.record({ actor, verb, target: name })
  return {
    'backup.kinds': () => backups.kinds(),
    'backup.list': () => backups.list(),
    'backup.get': (id: string) => backups.view(id),
    'backup.propose': (ref: UnitRef, { signal }: Context) => backups.propose(ref, signal),
    'backup.add': ({ draft, secrets }: Given<BackupDraft>) => {
      const backup = backups.add(draft, secrets)
      record('backup.add', backup)
      return backup
    },
    'backup.edit': ({ id, draft, secrets }: Given<BackupDraft> & { id: string }) => {
      const backup = backups.edit(id, draft, secrets)
      record('backup.edit', backup)
      return backup
    },
    'backup.remove': (id: string) => record('backup.remove', backups.remove(id)),
    'backup.run': (id: string) => runner.start({ backupId: id, reason: 'person', actor }),
    'backup.runBeforeUpdate': (ref: UnitRef) => backups.runBeforeUpdate(ref, actor),
    'backup.networks': () => backups.networks(),
    'backup.cancel': (runId: string) => {
      runner.cancel(runId)
      drills.cancel(runId)
    },
    'backup.runs': ({ id, limit }: { id: string; limit: number }) => runner.list(id, limit),
    'snapshot.list': ({ backupId }: { backupId: string }) => snapshots.list(backupId),
    'snapshot.missingKeys': ({ backupId }: { backupId: string }) => snapshots.missingKeys(backupId),
    'snapshot.orphans': () => snapshots.orphans(),
    'snapshot.unlock': async ({ id, key }: { id: string; key: string }, { signal }: Context) => {
      await snapshots.unlock(id, key, signal)
      const { manifest } = snapshots.get(id)
      record('snapshot.unlock', { hostId: manifest.hostId, name: `${manifest.backupName} ${manifest.name}` })
    },
    'snapshot.verify': (id: string, { signal }: Context) => snapshots.verify(id, signal),
    'snapshot.remove': async (id: string, { signal }: Context) => {
      const { manifest } = await snapshots.remove(id, signal)
      record('snapshot.remove', { hostId: manifest.hostId, name: `${manifest.backupName} ${manifest.name}` })
    },
    'snapshot.retentionPreview': ({ id, retention }: { id: string; retention: RetentionPolicy }) =>
      backups.preview(id, retention),
    'snapshot.items': ({ id, part }: { id: string; part: string }, { signal }: Context) => items.list(id, part, signal),
    'snapshot.extract': (
      { id, part, path, folder }: { id: string; part: string; path: string | null; folder: string },
      { signal }: Context,
    ) => items.extract(id, part, path, folder, signal),
    'target.list': () => targets.list(),
    'target.add': ({ draft, secrets }: Given<TargetDraft>) => {
      const target = targets.add(draft, secrets)
      recordTarget('target.add', target.name)
      // what lies there from before is shown; where it cannot be read now, the next run looks again
      void backups.scan(target.id).catch(() => {})
      return target
    },
    'target.edit': ({ id, draft, secrets }: Given<TargetDraft> & { id: string }) => {
      const target = targets.edit(id, draft, secrets)
      recordTarget('target.edit', target.name)
      void backups.scan(target.id).catch(() => {})
      return target
    },
    'target.remove': (id: string) => recordTarget('target.remove', targets.remove(id).name),
    'target.test': ({ id, draft, secrets }: Given<TargetDraft> & { id: string | null }) =>
      targets.test(id, draft, secrets),
    'restore.plan': (draft: RestoreDraft, { signal }: Context) => restores.plan(draft, signal),
    'restore.run': ({ draft, typed }: { draft: RestoreDraft; typed: string }, { signal }: Context) =>
      restores.start(draft, typed, actor, signal),
    'restore.cancel': (id: string) => restores.cancel(id),
    'restore.list': ({ backupId }: { backupId: string | null }) => restores.list(backupId),
    'restore.dropOld': async (id: string) => {
      const run = await restores.dropOld(id)
      recordTarget('restore.drop-old', run.draft.snapshotId)
      return run
    },
    'drill.run': (id: string) => drills.start(id, actor),
    'drill.list': ({ backupId }: { backupId: string }) => drills.list(backupId),
  }
}
