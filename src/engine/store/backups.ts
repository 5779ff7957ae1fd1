// Keeps backups, their targets, what is remembered of their snapshots, and their runs; reads no target and decides nothing.
import { AppError } from '../../shared/errors.ts'
import { type Backup, BackupDraft, type Target, TargetDraft } from '../../shared/model/backup.ts'
import type { Manifest, Snapshot } from '../../shared/model/snapshot.ts'
import type { Db } from './database.ts'
import { fieldSecretId, keyField, removeFieldSecrets, storedFields } from './field-secrets.ts'

export type JobKind = 'backup' | 'restore' | 'drill'

/** What all runs have in common; the rest of each is kept as it is. */
export interface Job {
  readonly id: string
  readonly backupId: string
  readonly startedAt: number
  readonly finishedAt: number | null
}

export interface StoredBackup {
  readonly backup: Backup
  /** The time of the schedule that was taken care of last, by a run or by passing it over. */
  readonly scheduledAt: number | null
  readonly drilledAt: number | null
}

export interface BackupStore {
  targets(): Target[]
  target(id: string): Target | null
  insertTarget(target: Omit<Target, 'stored'>): void
  /** Throws NOT_FOUND. */
  updateTarget(id: string, draft: TargetDraft): void
  /** With its secrets, what is remembered of its snapshots, and the secrets of removed backups that had no others. */
  removeTarget(id: string): void
  list(): StoredBackup[]
  get(id: string): StoredBackup | null
  insert(backup: Omit<Backup, 'stored'>): void
  /** Throws NOT_FOUND. */
  update(id: string, draft: BackupDraft): void
  /** Its runs stay as history, and its snapshots; its secrets until the last of those is gone, for they open it. */
  remove(id: string): void
  setScheduled(id: string, at: number): void
  setDrilled(id: string, at: number): void
  /** Newest first. */
  snapshots(backupId: string): Snapshot[]
  snapshotsOn(targetId: string): Snapshot[]
  snapshot(id: string): Snapshot | null
  /** Whose backups are not there (any more), newest first. */
  orphans(): Snapshot[]
  /** Ids of the keys that the vault holds for a backup's snapshots beside the present ones. */
  keyIds(backupId: string): string[]
  putSnapshot(snapshot: Snapshot): void
  removeSnapshot(id: string): void
  insertJob(kind: JobKind, job: Job): void
  updateJob(job: Job): void
  job<T extends Job>(id: string): T | null
  /** Newest first; null for those of all backups. */
  jobs<T extends Job>(kind: JobKind, backupId: string | null, limit: number): T[]
  /** Under way when the engine ended, oldest first. */
  unfinished<T extends Job>(kind: JobKind): T[]
}

/** So many runs of one kind and backup are kept. */
const mostJobs = 500

interface TargetRow {
  id: string
  draft: string
  created_at: number
  stored: string
}

interface BackupRow {
  id: string
  draft: string
  check_id: string
  created_at: number
  scheduled_at: number | null
  drilled_at: number | null
  stored: string
}

interface SnapshotRow {
  id: string
  target_id: string
  manifest: string
  state: Snapshot['state']
  problem: string | null
  hashed_at: number | null
  proven_at: number | null
}

export function createBackupStore(db: Db): BackupStore {
  const targetSelect = `SELECT *, ${storedFields('target', 'backup_target')} AS stored FROM backup_target`
  const targets = db.prepare<[], TargetRow>(`${targetSelect} ORDER BY created_at, rowid`)
  const target = db.prepare<[string], TargetRow>(`${targetSelect} WHERE id = ?`)
  const insertTarget = db.prepare<[string, string, number]>('INSERT INTO backup_target VALUES (?, ?, ?)')
  const updateTarget = db.prepare<[string, string]>('UPDATE backup_target SET draft = ? WHERE id = ?')
  const removeTarget = db.prepare<[string]>('DELETE FROM backup_target WHERE id = ?')
  const forgetTarget = db.prepare<[string]>('DELETE FROM snapshot WHERE target_id = ?')
  const select = `SELECT *, ${storedFields('backup', 'backup')} AS stored FROM backup`
  const list = db.prepare<[], BackupRow>(`${select} ORDER BY created_at, rowid`)
  const one = db.prepare<[string], BackupRow>(`${select} WHERE id = ?`)
  const insert = db.prepare<[string, string, string, string, number]>(
    'INSERT INTO backup (id, host_id, draft, check_id, created_at) VALUES (?, ?, ?, ?, ?)',
  )
  const update = db.prepare<[string, string]>('UPDATE backup SET draft = ? WHERE id = ?')
  const remove = db.prepare<[string]>('DELETE FROM backup WHERE id = ?')
  const removeSecrets = db.prepare<[string, string]>(removeFieldSecrets)
  const scheduled = db.prepare<[number, string]>('UPDATE backup SET scheduled_at = ? WHERE id = ?')
  const drilled = db.prepare<[number, string]>('UPDATE backup SET drilled_at = ? WHERE id = ?')
  const snapshots = db.prepare<[string], SnapshotRow>(
    'SELECT * FROM snapshot WHERE backup_id = ? ORDER BY taken_at DESC, id',
  )
  const snapshotsOn = db.prepare<[string], SnapshotRow>('SELECT * FROM snapshot WHERE target_id = ? ORDER BY taken_at')
  const snapshot = db.prepare<[string], SnapshotRow>('SELECT * FROM snapshot WHERE id = ?')
  const orphans = db.prepare<[], SnapshotRow>(
    'SELECT * FROM snapshot WHERE backup_id NOT IN (SELECT id FROM backup) ORDER BY taken_at DESC, id',
  )
  const keys = db.prepare<[string, string], { record_id: string }>(
    'SELECT record_id FROM secret WHERE record_id > ? AND record_id < ? ORDER BY record_id',
  )
  // '0' follows '/' in order
  const sweepSecrets = db.prepare<[]>(
    `DELETE FROM secret WHERE record_id > 'backup/' AND record_id < 'backup0' AND NOT EXISTS (
       SELECT 1 FROM (SELECT id FROM backup UNION SELECT backup_id FROM snapshot) AS owner
       WHERE secret.record_id > 'backup/' || owner.id || '/' AND secret.record_id < 'backup/' || owner.id || '0')`,
  )
  const putSnapshot = db.prepare(
    `INSERT OR REPLACE INTO snapshot VALUES (@id, @backup_id, @target_id, @taken_at, @bytes, @manifest, @state, @problem,
      @hashed_at, @proven_at)`,
  )
  const removeSnapshot = db.prepare<[string]>('DELETE FROM snapshot WHERE id = ?')
  const insertJob = db.prepare<[string, string, string, number, number | null, string]>(
    'INSERT INTO backup_job VALUES (?, ?, ?, ?, ?, ?)',
  )
  const trimJobs = db.prepare<[string, string, string, string, number]>(
    `DELETE FROM backup_job WHERE backup_id = ? AND kind = ? AND finished_at IS NOT NULL AND id NOT IN (
       SELECT id FROM backup_job WHERE backup_id = ? AND kind = ? ORDER BY started_at DESC LIMIT ?)`,
  )
  const updateJob = db.prepare<[number | null, string, string]>(
    'UPDATE backup_job SET finished_at = ?, run = ? WHERE id = ?',
  )
  const job = db.prepare<[string], { run: string }>('SELECT run FROM backup_job WHERE id = ?')
  const jobsOf = db.prepare<[string, string, number], { run: string }>(
    'SELECT run FROM backup_job WHERE kind = ? AND backup_id = ? ORDER BY started_at DESC, rowid DESC LIMIT ?',
  )
  const jobs = db.prepare<[string, number], { run: string }>(
    'SELECT run FROM backup_job WHERE kind = ? ORDER BY started_at DESC, rowid DESC LIMIT ?',
  )
  const unfinished = db.prepare<[string], { run: string }>(
    'SELECT run FROM backup_job WHERE finished_at IS NULL AND kind = ? ORDER BY started_at, rowid',
  )
  // manifests may be long, and are asked for whenever something changes
  const known = new Map<string, Snapshot[]>()
  const remembered = (key: string, rows: () => SnapshotRow[]): Snapshot[] => {
    const found = known.get(key) ?? db.read(() => rows().map(toSnapshot))
    known.set(key, found)
    return [...found]
  }
  const jobOf = <T>({ run }: { run: string }): T => JSON.parse(run) as T
  return {
    targets: () => db.read(() => targets.all().map(toTarget)),
    target: id =>
      db.read(() => {
        const row = target.get(id)
        return row ? toTarget(row) : null
      }),
    insertTarget: ({ id, createdAt, ...draft }) => {
      db.write(() => insertTarget.run(id, JSON.stringify(TargetDraft.parse(draft)), createdAt))
    },
    updateTarget: (id, draft) => {
      db.write(() => {
        if (updateTarget.run(JSON.stringify(draft), id).changes === 0)
          throw new AppError('NOT_FOUND', 'This place is not there any more')
      })
    },
    removeTarget: id => {
      db.write(() => {
        known.clear()
        removeTarget.run(id)
        forgetTarget.run(id)
        removeSecrets.run(`target/${id}`, `target/${id}`)
        sweepSecrets.run()
      })
    },
    list: () => db.read(() => list.all().map(toBackup)),
    get: id =>
      db.read(() => {
        const row = one.get(id)
        return row ? toBackup(row) : null
      }),
    insert: ({ id, checkId, createdAt, ...draft }) => {
      db.write(() => insert.run(id, draft.hostId, JSON.stringify(BackupDraft.parse(draft)), checkId, createdAt))
    },
    update: (id, draft) => {
      db.write(() => {
        if (update.run(JSON.stringify(draft), id).changes === 0)
          throw new AppError('NOT_FOUND', 'This backup is not there any more')
      })
    },
    remove: id => {
      db.write(() => {
        remove.run(id)
        sweepSecrets.run()
      })
    },
    setScheduled: (id, at) => {
      db.write(() => scheduled.run(at, id))
    },
    setDrilled: (id, at) => {
      db.write(() => drilled.run(at, id))
    },
    snapshots: backupId => remembered(`backup ${backupId}`, () => snapshots.all(backupId)),
    snapshotsOn: targetId => remembered(`target ${targetId}`, () => snapshotsOn.all(targetId)),
    snapshot: id =>
      db.read(() => {
        const row = snapshot.get(id)
        return row ? toSnapshot(row) : null
      }),
    orphans: () => db.read(() => orphans.all().map(toSnapshot)),
    keyIds: backupId => {
      const first = fieldSecretId('backup', backupId, keyField(''))
      return db.read(() => keys.all(first, `${first}g`).map(({ record_id }) => record_id.slice(first.length)))
    },
    putSnapshot: given => {
      known.clear()
      db.write(() => putSnapshot.run(columns(given)))
    },
    removeSnapshot: id => {
      known.clear()
      db.write(() => {
        removeSnapshot.run(id)
        sweepSecrets.run()
      })
    },
    insertJob: (kind, run) => {
      db.write(() => {
        insertJob.run(run.id, kind, run.backupId, run.startedAt, run.finishedAt, JSON.stringify(run))
        trimJobs.run(run.backupId, kind, run.backupId, kind, mostJobs)
      })
    },
    updateJob: run => {
      db.write(() => updateJob.run(run.finishedAt, JSON.stringify(run), run.id))
    },
    job: <T extends Job>(id: string) =>
      db.read(() => {
        const row = job.get(id)
        return row ? jobOf<T>(row) : null
      }),
    jobs: <T extends Job>(kind: JobKind, backupId: string | null, limit: number) =>
      db.read(() => (backupId === null ? jobs.all(kind, limit) : jobsOf.all(kind, backupId, limit)).map(jobOf<T>)),
    unfinished: <T extends Job>(kind: JobKind) => db.read(() => unfinished.all(kind).map(jobOf<T>)),
  }
}

/** All bytes of a snapshot on its target, without the manifest. */
export const bytesOf = ({ parts }: Manifest): number => parts.reduce((sum, { bytes }) => sum + bytes, 0)

function columns({ id, targetId, manifest, state, problem, hashedAt, provenAt }: Snapshot) {
  return {
    ...{ id, target_id: targetId, backup_id: manifest.backupId, taken_at: manifest.startedAt },
    ...{ bytes: bytesOf(manifest), manifest: JSON.stringify(manifest), state, problem },
    ...{ hashed_at: hashedAt, proven_at: provenAt },
  }
}

function toTarget(row: TargetRow): Target {
  const draft = TargetDraft.parse(JSON.parse(row.draft))
  return { ...draft, id: row.id, createdAt: row.created_at, stored: JSON.parse(row.stored) as string[] }
}

function toBackup(row: BackupRow): StoredBackup {
  const draft = BackupDraft.parse(JSON.parse(row.draft))
  const stored = (JSON.parse(row.stored) as string[]).filter(field => !field.startsWith(keyField('')))
  return {
    backup: { ...draft, id: row.id, checkId: row.check_id, createdAt: row.created_at, stored },
    scheduledAt: row.scheduled_at,
    drilledAt: row.drilled_at,
  }
}

function toSnapshot(row: SnapshotRow): Snapshot {
  return {
    ...{ id: row.id, targetId: row.target_id, manifest: JSON.parse(row.manifest) as Manifest },
    ...{ state: row.state, problem: row.problem, hashedAt: row.hashed_at, provenAt: row.proven_at },
  }
}
