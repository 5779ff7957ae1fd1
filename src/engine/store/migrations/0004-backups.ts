// Backups, their places, snapshots and runs in quarterdeck.db. A snapshot's truth is its manifest on the target; the row here is a memory of it.
import type { Migration } from './migration.ts'

export const migration: Migration = {
  version: 4,
  name: 'backups',
  up(db) {
    db.exec(`
      CREATE TABLE backup_target (
        id TEXT PRIMARY KEY,
        draft TEXT NOT NULL CHECK (json_valid(draft)),
        created_at REAL NOT NULL
      ) STRICT;

      CREATE TABLE backup (
        id TEXT PRIMARY KEY,
        host_id TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE,
        draft TEXT NOT NULL CHECK (json_valid(draft)),
        check_id TEXT NOT NULL,
        created_at REAL NOT NULL,
        -- Of schedule and drill: when each was due last, so that a missed one is made up for once.
        scheduled_at REAL,
        drilled_at REAL
      ) STRICT;
      CREATE INDEX backup_host ON backup (host_id);

      -- No reference to backup: what was taken outlives its configuration.
      CREATE TABLE snapshot (
        id TEXT PRIMARY KEY,
        backup_id TEXT NOT NULL,
        target_id TEXT NOT NULL,
        taken_at REAL NOT NULL,
        bytes REAL NOT NULL,
        manifest TEXT NOT NULL CHECK (json_valid(manifest)),
        state TEXT NOT NULL CHECK (state IN ('good', 'damaged', 'missing')),
        problem TEXT,
        hashed_at REAL,
        proven_at REAL
      ) STRICT;
      CREATE INDEX snapshot_backup ON snapshot (backup_id, taken_at);

      -- Runs of all three kinds: a backup, a restore, a drill.
      CREATE TABLE backup_job (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('backup', 'restore', 'drill')),
        backup_id TEXT NOT NULL,
        started_at REAL NOT NULL,
        finished_at REAL,
        run TEXT NOT NULL CHECK (json_valid(run))
      ) STRICT;
      CREATE INDEX backup_job_backup ON backup_job (backup_id, kind, started_at);
      CREATE INDEX backup_job_unfinished ON backup_job (started_at) WHERE finished_at IS NULL;
    `)
  },
}
