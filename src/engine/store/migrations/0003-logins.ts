// Logins and their renewals in quarterdeck.db; values of cookies are never here, only ciphertext in the vault's table. Frozen once landed.
import type { Migration } from './migration.ts'

export const migration: Migration = {
  version: 3,
  name: 'logins',
  up(db) {
    db.exec(`
      CREATE TABLE login (
        id TEXT PRIMARY KEY,
        host_id TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE,
        draft TEXT NOT NULL CHECK (json_valid(draft)),
        check_id TEXT NOT NULL,
        created_at REAL NOT NULL,
        -- Of what the app last wrote.
        pushed_sha256 TEXT,
        pushed_at REAL,
        -- The units that were stopped or disabled because it is expired, with how they were before; null where none are.
        deactivated TEXT CHECK (deactivated IS NULL OR json_valid(deactivated)),
        refreshed_at REAL
      ) STRICT;
      CREATE INDEX login_host ON login (host_id);

      -- Kept when a login is removed: it tells what was done.
      CREATE TABLE renewal_run (
        id TEXT PRIMARY KEY,
        login_id TEXT NOT NULL,
        started_at REAL NOT NULL,
        finished_at REAL,
        outcome TEXT NOT NULL,
        run TEXT NOT NULL CHECK (json_valid(run))
      ) STRICT;
      CREATE INDEX renewal_run_login ON renewal_run (login_id, started_at);
      CREATE INDEX renewal_run_unfinished ON renewal_run (started_at) WHERE finished_at IS NULL;
    `)
  },
}
