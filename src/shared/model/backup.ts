// What a backup is: sources of one host, taken to targets on a schedule, kept as snapshots that were verified; knows no kind of source or target.
import { z } from 'zod'
import { CheckUnit, KindInfo } from './check.ts'
import { HostId } from './host.ts'
import { RunSchedule, WaitsFor } from './schedule.ts'
import { BackupId, Manifest, Snapshot, SnapshotId, TargetId } from './snapshot.ts'
import { Evidence } from './unit.ts'

/** The folder on this computer that is there from the first start. */
export const localTargetId = 'this-computer'

// ── targets ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export const TargetDraft = z.object({
  type: z.string().min(1).max(64),
  name: z.string().trim().min(1, 'Give the place a name').max(100),
  /** Parsed by the kind's own schema; holds no secret. */
  spec: z.record(z.string(), z.unknown()),
})
export type TargetDraft = z.infer<typeof TargetDraft>
export const Target = TargetDraft.extend({ id: TargetId, createdAt: z.number(), stored: z.array(z.string()) })
export type Target = z.infer<typeof Target>
export const TargetView = z.object({
  target: Target,
  /** What it could be asked last: bytes free (null where it cannot be known) and what is wrong with it. */
  freeBytes: z.number().nullable(),
  problem: z.string().nullable(),
  snapshots: z.number().int(),
  bytes: z.number(),
})
export type TargetView = z.infer<typeof TargetView>

// ── the backup as a person sets it up ────────────────────────────────────────────────────────────────────────────────

/** One part of a backup: a kind of source and where it lies. */
export const SourceDraft = z.object({
  /** Names the part for as long as the backup lives, so that snapshots can be compared. */
  key: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/),
  type: z.string().min(1).max(64),
  /** Parsed by the kind's own schema; holds no secret. */
  spec: z.record(z.string(), z.unknown()),
})
export type SourceDraft = z.infer<typeof SourceDraft>

/** Which snapshots stay (R31). A snapshot stays if any of them wants it; all zero is refused (semantics 30). */
export const RetentionPolicy = z.object({
  last: z.number().int().min(0).max(1000).default(7),
  hourly: z.number().int().min(0).max(1000).default(0),
  daily: z.number().int().min(0).max(1000).default(0),
  weekly: z.number().int().min(0).max(1000).default(0),
  monthly: z.number().int().min(0).max(1000).default(0),
})
export type RetentionPolicy = z.infer<typeof RetentionPolicy>

/** A command on the host before or after, as argv. */
export const BackupHook = z.object({
  argv: z.array(z.string().min(1).max(4096)).min(1).max(64),
  sudo: z.boolean().default(false),
  timeoutSeconds: z.number().int().min(1).max(86_400).default(60),
})
export type BackupHook = z.infer<typeof BackupHook>

/** Done before anything leaves this computer for a target. The vault holds the field `passphrase`, or for age `identity`. */
export const BackupEncryption = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('passphrase') }),
  z.object({
    kind: z.literal('age'),
    recipient: z.string().regex(/^age1[a-z0-9]{58}$/, 'An age recipient begins with age1'),
  }),
])
export type BackupEncryption = z.infer<typeof BackupEncryption>

export const BackupDraft = z.object({
  name: z.string().trim().min(1, 'Give the backup a name').max(100),
  hostId: HostId,
  /** The service whose data it is; stopped and started around a restore. */
  unit: CheckUnit.nullable().default(null),
  sources: z
    .array(SourceDraft)
    .min(1, 'Choose what is to be backed up')
    .max(32)
    .refine(sources => new Set(sources.map(({ key }) => key)).size === sources.length, 'Two sources have one key'),
  targets: z.array(TargetId).min(1, 'Choose where it is kept').max(4),
  schedule: RunSchedule.nullable().default(null),
  retention: RetentionPolicy.refine(
    ({ last, hourly, daily, weekly, monthly }) => last + hourly + daily + weekly + monthly > 0,
    'Keep at least one',
  ),
  compression: z.enum(['auto', 'zstd', 'gzip', 'none']).default('auto'),
  encryption: BackupEncryption.default({ kind: 'none' }),
  /** Null is as fast as it goes. */
  bytesPerSecond: z.number().int().min(16_384).nullable().default(null),
  before: BackupHook.nullable().default(null),
  after: BackupHook.nullable().default(null),
  /** Run by itself before the app updates or changes what it backs up. */
  drill: RunSchedule.nullable().default(null),
  enabled: z.boolean().default(true),
})
export type BackupDraft = z.infer<typeof BackupDraft>

export const Backup = BackupDraft.extend({
  id: BackupId,
  createdAt: z.number(),
  /** Its check of the kind `backup-age`, made and removed with it. */
  checkId: z.string(),
  /** Fields that the vault holds a value for: `passphrase`, and `<source key>.<field>`. */
  stored: z.array(z.string()),
})
export type Backup = z.infer<typeof Backup>

// ── runs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

export const BackupProgress = z.object({
  /** Which part, and what of it: "Dumping app.db". */
  step: z.string(),
  part: z.string().nullable(),
  /** Raw bytes so far; total null where the source cannot tell. */
  bytes: z.number(),
  totalBytes: z.number().nullable(),
  bytesPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
})
export type BackupProgress = z.infer<typeof BackupProgress>

/** One go at making a snapshot. `waiting`: the host was offline, and it is tried again when it is back (semantics 31). */
export const BackupRun = z.object({
  id: z.string().max(64),
  backupId: BackupId,
  reason: Manifest.shape.reason,
  startedAt: z.number(),
  finishedAt: z.number().nullable(),
  outcome: z.enum(['running', 'waiting', 'good', 'partly', 'failed', 'cancelled']),
  /** In sentences, what happened; ends with why it failed. */
  evidence: z.array(Evidence),
  progress: BackupProgress.nullable(),
  snapshots: z.array(SnapshotId),
})
export type BackupRun = z.infer<typeof BackupRun>

export const BackupView = z.object({
  backup: Backup,
  nextAt: z.number().nullable(),
  /** Why it has not begun, though `nextAt` is past. */
  waitsFor: WaitsFor.nullable(),
  running: BackupRun.nullable(),
  lastRun: BackupRun.nullable(),
  lastGood: Snapshot.nullable(),
  /** When a snapshot of it was last restored whole to a scratch place. */
  provenAt: z.number().nullable(),
  snapshots: z.number().int(),
  bytes: z.number(),
  problem: z.string().nullable(),
})
export type BackupView = z.infer<typeof BackupView>

/** A set of sources that the app proposes for a unit (the "bot" preset). */
export const BackupProposal = z.object({
  draft: BackupDraft,
  /** Why each source is in it, by its key. */
  reasons: z.record(z.string(), z.string()),
})
export type BackupProposal = z.infer<typeof BackupProposal>

export const BackupKinds = z.object({ sources: z.array(KindInfo), targets: z.array(KindInfo) })
export type BackupKinds = z.infer<typeof BackupKinds>
