// What was taken of a host and lies on a target: the manifest, its parts, what is known of them, and the names that lead there; knows no run and no restore.
import { z } from 'zod'
import { HostId } from './host.ts'

export const BackupId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'not a backup id')
export type BackupId = z.infer<typeof BackupId>
export const TargetId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'not a target id')
export type TargetId = z.infer<typeof TargetId>
/** On one target: `<target>/<backup>/<name>`; the name sorts by time. */
export const SnapshotId = z.string().min(1).max(220)
export type SnapshotId = z.infer<typeof SnapshotId>
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)

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

/** What lies in a part of a snapshot: files of an archive, tables of a database. */
export const SnapshotItem = z.object({
  path: z.string(),
  kind: z.enum(['file', 'folder', 'link', 'table', 'database']),
  bytes: z.number().nullable(),
  rows: z.number().int().nullable(),
  modifiedAt: z.number().nullable(),
})
export type SnapshotItem = z.infer<typeof SnapshotItem>
