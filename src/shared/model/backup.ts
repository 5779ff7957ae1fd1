// What a backup is: sources of one host, taken to targets on a schedule, kept as snapshots that were verified; knows no kind of source or target.
import { z } from 'zod'
import { CheckUnit, KindInfo } from './check.ts'
import { HostId } from './host.ts'
import { RunSchedule, WaitsFor } from './schedule.ts'
import { Evidence } from './unit.ts'

export const BackupId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'not a backup id')
export type BackupId = z.infer<typeof BackupId>
export const TargetId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'not a target id')
export type TargetId = z.infer<typeof TargetId>
/** On one target: `<target>/<backup>/<name>`; the name sorts by time. */
export const SnapshotId = z.string().min(1).max(220)
export type SnapshotId = z.infer<typeof SnapshotId>
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)

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

// ── snapshots ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A table (or a key space, a database) with what it held: what is compared before a restore and proven in a drill. */
export const TableFact = z.object({
  name: z.string().max(300),
  rows: z.number().int().nullable(),
  /** Hash of its definition, where the source can tell. */
  schema: z.string().max(128).optional(),
})
export type TableFact = z.infer<typeof TableFact>

/** Of what exactly a part was taken; a restore goes to nothing else unless a person insists (semantics 32). */
export const SourceIdentity = z.object({
  /** SHA-256 host-key fingerprint; null for this computer. */
  hostKey: z.string().nullable(),
  machineId: z.string().nullable(),
  /** The source's own: path and first inode, cluster system id and database name, and the like. */
  source: z.string().max(1000),
})
export type SourceIdentity = z.infer<typeof SourceIdentity>

/** More than sources: one of them may stand for all databases of a server. */
export const mostParts = 500

export const SnapshotPart = z.object({
  /** Of its source; where that stands for several, this one's own behind a dot. */
  key: z.string(),
  type: z.string(),
  spec: z.record(z.string(), z.unknown()),
  identity: SourceIdentity,
  /** Name of its file beside the manifest. */
  file: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,150}$/),
  /** As it lies on the target. */
  bytes: z.number().int(),
  sha256: Sha256,
  /** As the source gave it, before compression and encryption. */
  rawBytes: z.number().int(),
  rawSha256: Sha256,
  compression: z.enum(['zstd', 'gzip', 'none']),
  encryption: z.enum(['none', 'passphrase', 'age']),
  /** Which of the keys that its backup had opens it; absent where it had but one. Tells nothing of the key. */
  keyId: z
    .string()
    .regex(/^[0-9a-f]{8}$/)
    .optional(),
  /** Programs that took it, such as `sqlite3 3.40.1`. */
  versions: z.array(z.string().max(200)),
  tables: z.array(TableFact).max(5000),
  /** In words, what the source checked before it counted as good. */
  verified: z.string().max(1000),
  /** What a person should know, such as "copied with its WAL, for want of sqlite3 on the host". */
  notes: z.array(z.string().max(500)).max(20),
})
export type SnapshotPart = z.infer<typeof SnapshotPart>

/** `manifest.json`, whose rename is the commit (semantics 29): without it there is no backup. */
export const Manifest = z.object({
  format: z.literal('quarterdeck-snapshot'),
  version: z.literal(1),
  backupId: BackupId,
  backupName: z.string(),
  hostName: z.string(),
  hostId: HostId,
  /** Sorts by time: `20261122T132000Z-4f2a`. */
  name: z.string().regex(/^\d{8}T\d{6}Z-[0-9a-f]{4,16}$/),
  startedAt: z.number(),
  finishedAt: z.number(),
  reason: z.enum(['schedule', 'person', 'before-restore', 'before-update', 'catch-up']),
  quarterdeck: z.string(),
  parts: z.array(SnapshotPart).min(1).max(mostParts),
})
export type Manifest = z.infer<typeof Manifest>

export const Snapshot = z.object({
  id: SnapshotId,
  targetId: TargetId,
  manifest: Manifest,
  /** `good`; `damaged` where a re-hash found other bytes; `missing` where its files are gone from the target. */
  state: z.enum(['good', 'damaged', 'missing']),
  problem: z.string().nullable(),
  /** Wall ms of the last time that every byte was hashed again. */
  hashedAt: z.number().nullable(),
  /** Wall ms of the last drill that restored it whole (R33). */
  provenAt: z.number().nullable(),
})
export type Snapshot = z.infer<typeof Snapshot>

/** What has to be given by `snapshot.unlock` before a snapshot can be read. */
export const MissingKey = z.enum(['passphrase', 'age'])
export type MissingKey = z.infer<typeof MissingKey>

/** One whose backup is not set up here: it was removed, or is another computer's. */
export const OrphanSnapshot = z.object({
  snapshot: Snapshot,
  targetName: z.string(),
  bytes: z.number(),
  /** Null for nothing. */
  missingKey: MissingKey.nullable(),
})
export type OrphanSnapshot = z.infer<typeof OrphanSnapshot>

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

// ── restore and drill ────────────────────────────────────────────────────────────────────────────────────────────────

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

/** What lies in a part of a snapshot: files of an archive, tables of a database. */
export const SnapshotItem = z.object({
  path: z.string(),
  kind: z.enum(['file', 'folder', 'link', 'table', 'database']),
  bytes: z.number().nullable(),
  rows: z.number().int().nullable(),
  modifiedAt: z.number().nullable(),
})
export type SnapshotItem = z.infer<typeof SnapshotItem>

/** A set of sources that the app proposes for a unit (the "bot" preset). */
export const BackupProposal = z.object({
  draft: BackupDraft,
  /** Why each source is in it, by its key. */
  reasons: z.record(z.string(), z.string()),
})
export type BackupProposal = z.infer<typeof BackupProposal>

export const BackupKinds = z.object({ sources: z.array(KindInfo), targets: z.array(KindInfo) })
export type BackupKinds = z.infer<typeof BackupKinds>
