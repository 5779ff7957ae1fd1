// How checks and units stood over time in history.db, as spans of one status. Frozen once landed.
import type { Migration } from '../migration.ts'

export const migration: Migration = {
  version: 2,
  name: 'probe-spans',
  up(db) {
    db.exec(`
      -- The unit is scope/name, or empty where the check is its own target. Status: healthy, degraded, unhealthy, unknown or maintenance.
      CREATE TABLE probe_span (
        check_id TEXT NOT NULL,
        unit TEXT NOT NULL,
        from_at REAL NOT NULL,
        to_at REAL NOT NULL,
        status TEXT NOT NULL,
        message TEXT NOT NULL,
        PRIMARY KEY (check_id, unit, from_at)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX probe_span_end ON probe_span (to_at);
    `)
  },
}
