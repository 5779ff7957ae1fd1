// Maintenance tasks and their runs in quarterdeck.db.
import type { Migration } from './migration.ts'

export const migration: Migration = {
  version: 6,
  name: 'maintenance',
  up(db) {
    db.exec(`
      CREATE TABLE maintenance (
        id TEXT PRIMARY KEY,
        host_id TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE,
        draft TEXT NOT NULL CHECK (json_valid(draft)),
        check_id TEXT NOT NULL,
        created_at REAL NOT NULL,
        -- The time of the schedule that was taken care of last, so that a missed one is made up for once.
        scheduled_at REAL,
        -- When a run of it last ended well.
        done_at REAL
      ) STRICT;
      CREATE INDEX maintenance_host ON maintenance (host_id);

      CREATE TABLE maintenance_run (
        id TEXT PRIMARY KEY,
        maintenance_id TEXT NOT NULL REFERENCES maintenance (id) ON DELETE CASCADE,
        started_at REAL NOT NULL,
        finished_at REAL,
        run TEXT NOT NULL CHECK (json_valid(run))
      ) STRICT;
      CREATE INDEX maintenance_run_task ON maintenance_run (maintenance_id, started_at);
      CREATE INDEX maintenance_run_unfinished ON maintenance_run (started_at) WHERE finished_at IS NULL;
    `)
  },
}
