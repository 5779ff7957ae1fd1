// What may be asked of the engine about backups, their places, snapshots, restores and drills, and what it tells of them.
import { z } from 'zod'
import {
  Backup,
  BackupDraft,
  BackupKinds,
  BackupProposal,
  BackupRun,
  BackupView,
  RetentionPolicy,
  Target,
  TargetDraft,
  TargetView,
} from '../model/backup.ts'
import { FieldSecrets } from '../model/check.ts'
import { DrillRun, RestoreDraft, RestorePlan, RestoreRun } from '../model/restore.ts'
import {
  BackupId,
  MissingKey,
  OrphanSnapshot,
  Snapshot,
  SnapshotId,
  SnapshotItem,
  TargetId,
} from '../model/snapshot.ts'
import { UnitRef } from '../model/unit.ts'
import { type Contract, command, event, query } from './define.ts'

const none = z.void()

export const backupCalls = {
  'backup.kinds': query(none, BackupKinds),
  'backup.list': query(none, z.array(BackupView)),
  'backup.get': query(BackupId, BackupView),
  /** What a unit's backup would hold, found on its host. */
  'backup.propose': query(UnitRef, BackupProposal),
  'backup.add': command(z.object({ draft: BackupDraft, secrets: FieldSecrets }), Backup),
  'backup.edit': command(z.object({ id: BackupId, draft: BackupDraft, secrets: FieldSecrets }), Backup),
  /** Its snapshots stay where they are. */
  'backup.remove': command(BackupId, none),
  /** Starts and returns at once; `backupRun.changed` tells how it goes. */
  'backup.run': command(BackupId, BackupRun),
  'backup.cancel': command(z.string().max(64), none),
  'backup.runs': query(
    z.object({ id: BackupId, limit: z.number().int().min(1).max(200).default(50) }),
    z.array(BackupRun),
  ),
  /** For what is about to change a service: starts all backups that are switched on and are of it, and returns at once. None is an empty list. */
  'backup.runBeforeUpdate': command(UnitRef, z.array(BackupRun)),
  /** By what names the network may be known on which this computer is now, the best first; empty where nothing can be told. */
  'backup.networks': query(none, z.array(z.string())),
  'backup.changed': event(BackupView),
  'backup.removed': event(BackupId),
  'backupRun.changed': event(BackupRun),
  /** Newest first. */
  'snapshot.list': query(z.object({ backupId: BackupId }), z.array(Snapshot)),
  /** Those of a backup that need a key that is not here, by their ids. */
  'snapshot.missingKeys': query(z.object({ backupId: BackupId }), z.record(SnapshotId, MissingKey)),
  /** Those whose backup is not set up here, newest first; they can be verified, looked into, restored elsewhere and removed like all others. */
  'snapshot.orphans': query(none, z.array(OrphanSnapshot)),
  /** Keeps a passphrase or an age identity once it has opened this snapshot. Fails with BACKUP_BAD where it does not. */
  'snapshot.unlock': command(z.object({ id: SnapshotId, key: z.string().min(1).max(1000) }), none),
  /** Hashes every byte of it again. */
  'snapshot.verify': command(SnapshotId, Snapshot),
  /** Fails with CONFLICT for the last good one. */
  'snapshot.remove': command(SnapshotId, none),
  'snapshot.changed': event(Snapshot),
  'snapshot.removed': event(SnapshotId),
  /** What would go at the next success. */
  'snapshot.retentionPreview': query(z.object({ id: BackupId, retention: RetentionPolicy }), z.array(SnapshotId)),
  'snapshot.items': query(z.object({ id: SnapshotId, part: z.string().max(40) }), z.array(SnapshotItem)),
  /** Writes one file or table (a table as CSV), or a whole part, into a folder of this computer; returns the path. */
  'snapshot.extract': command(
    z.object({
      id: SnapshotId,
      part: z.string().max(40),
      path: z.string().max(4096).nullable(),
      folder: z.string().min(1).max(4096),
    }),
    z.string(),
  ),
  'target.list': query(none, z.array(TargetView)),
  'target.add': command(z.object({ draft: TargetDraft, secrets: FieldSecrets }), Target),
  'target.edit': command(z.object({ id: TargetId, draft: TargetDraft, secrets: FieldSecrets }), Target),
  /** Fails with CONFLICT while a backup uses it. */
  'target.remove': command(TargetId, none),
  /** Writes, reads and removes a few bytes. Null when that went well, else why not. */
  'target.test': command(
    z.object({ id: TargetId.nullable(), draft: TargetDraft, secrets: FieldSecrets }),
    z.object({ problem: z.string().nullable() }),
  ),
  'target.changed': event(z.array(TargetView)),
  /** Changes nothing. */
  'restore.plan': query(RestoreDraft, RestorePlan),
  /** `typed` is what the person typed: the plan's `confirm`. Returns at once; `restore.changed` tells how it goes. */
  'restore.run': command(z.object({ draft: RestoreDraft, typed: z.string().max(300) }), RestoreRun),
  /** Until the swap has begun. */
  'restore.cancel': command(z.string().max(64), none),
  'restore.list': query(z.object({ backupId: BackupId.nullable().default(null) }), z.array(RestoreRun)),
  /** Drops what a restore replaced. */
  'restore.dropOld': command(z.string().max(64), RestoreRun),
  'restore.changed': event(RestoreRun),
  /** Restores the newest good snapshot to a scratch place and looks at it. */
  'drill.run': command(BackupId, DrillRun),
  'drill.list': query(z.object({ backupId: BackupId }), z.array(DrillRun)),
  'drill.changed': event(DrillRun),
} as const satisfies Contract
