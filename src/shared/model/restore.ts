// Putting a snapshot back, in place or elsewhere, and the proof that it can be (R33): what is asked for, what will happen, what happened.
import { z } from 'zod'
import { BackupProgress } from './backup.ts'
import { CheckUnit } from './check.ts'
import { HostId } from './host.ts'
import { BackupId, Snapshot, SnapshotId } from './snapshot.ts'
import { Evidence } from './unit.ts'

/** How what is there now differs from the snapshot, table by table. */
export const TableDifference = z.object({
  name: z.string(),
  rowsNow: z.number().int().nullable(),
  rowsThen: z.number().int().nullable(),
  /** Is its schema another one? */
  schema: z.enum(['same', 'changed', 'only-now', 'only-then', 'unknown']),
})
export type TableDifference = z.infer<typeof TableDifference>

export const RestoreDraft = z.object({
  snapshotId: SnapshotId,
  /** Keys of parts; empty is all. */
  parts: z.array(z.string()).max(32).default([]),
  to: z.discriminatedUnion('kind', [
    /** Over what is there, with a verified backup before it. */
    z.object({ kind: z.literal('in-place') }),
    /** Beside it or on another host: nothing is replaced. `place` is a folder, or for a database the name of the new one. */
    z.object({ kind: z.literal('elsewhere'), hostId: HostId, place: z.string().min(1).max(4096) }),
  ]),
  /** The person insists although host or database is not the one that was backed up. */
  despiteIdentity: z.boolean().default(false),
  /** What is there now is damaged, so that no good backup can be made of it; the person insists, and it is only kept beside. */
  despiteDamage: z.boolean().default(false),
})
export type RestoreDraft = z.infer<typeof RestoreDraft>

/** What a restore would do, found without changing anything. */
export const RestorePlan = z.object({
  snapshot: Snapshot,
  hostName: z.string(),
  /** What a person has to type. */
  confirm: z.string(),
  unit: CheckUnit.nullable(),
  parts: z.array(
    z.object({
      key: z.string(),
      type: z.string(),
      /** Path or database as it is now. */
      place: z.string(),
      thenBytes: z.number(),
      nowBytes: z.number().nullable(),
      /** Wall ms of its last change; null where it is not there. */
      nowChangedAt: z.number().nullable(),
      sameIdentity: z.boolean(),
      tables: z.array(TableDifference).max(5000),
      steps: z.array(z.string()),
    }),
  ),
  /** What speaks against it and cannot be overridden (no space, no rights); empty where nothing does. */
  problems: z.array(z.string()),
})
export type RestorePlan = z.infer<typeof RestorePlan>

export const restoreSteps = ['back-up', 'stage', 'check', 'stop', 'swap', 'start', 'verify', 'roll-back'] as const
export const RestoreRun = z.object({
  id: z.string().max(64),
  draft: RestoreDraft,
  backupId: BackupId,
  startedAt: z.number(),
  finishedAt: z.number().nullable(),
  outcome: z.enum(['running', 'restored', 'rolled-back', 'failed', 'cancelled']),
  steps: z.array(
    z.object({
      step: z.enum(restoreSteps),
      outcome: z.enum(['running', 'done', 'failed', 'skipped']),
      text: z.string(),
    }),
  ),
  evidence: z.array(Evidence),
  progress: BackupProgress.nullable(),
  /** The snapshot of what was there before. */
  before: SnapshotId.nullable(),
  /** Where the replaced ones lie until a person drops them. */
  kept: z.array(z.object({ part: z.string(), place: z.string() })),
})
export type RestoreRun = z.infer<typeof RestoreRun>

/** A restore to a scratch place that was looked at and dropped (R33). */
export const DrillRun = z.object({
  id: z.string().max(64),
  backupId: BackupId,
  snapshotId: SnapshotId,
  startedAt: z.number(),
  finishedAt: z.number().nullable(),
  outcome: z.enum(['running', 'proven', 'failed', 'cancelled']),
  evidence: z.array(Evidence),
  progress: BackupProgress.nullable(),
})
export type DrillRun = z.infer<typeof DrillRun>
