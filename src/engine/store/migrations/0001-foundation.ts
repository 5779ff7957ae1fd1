// The first tables of quarterdeck.db: what a person configured and did. Frozen.
import type { Migration } from './migration.ts'

export const migration: Migration = {
  version: 1,
  name: 'foundation',
  up(db) {
    db.exec(`
      CREATE TABLE host (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('ssh', 'local')),
        name TEXT NOT NULL,
        address TEXT NOT NULL,
        port INTEGER NOT NULL,
        user TEXT NOT NULL,
        auth TEXT NOT NULL CHECK (json_valid(auth)),
        sudo TEXT NOT NULL,
        jump TEXT REFERENCES host (id),
        user_units INTEGER NOT NULL CHECK (user_units IN (0, 1)),
        created_at REAL NOT NULL
      ) STRICT;

      CREATE TABLE pin (
        host_id TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE,
        scope TEXT NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (host_id, scope, name)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE trusted_key (
        address TEXT NOT NULL,
        port INTEGER NOT NULL,
        type TEXT NOT NULL,
        key TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        trusted_at REAL NOT NULL,
        PRIMARY KEY (address, port, type, key)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE secret (
        record_id TEXT PRIMARY KEY,
        ciphertext BLOB NOT NULL
      ) STRICT;

      CREATE TABLE vault (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        protection TEXT NOT NULL CHECK (protection IN ('keyring', 'passphrase')),
        wrapped_key BLOB NOT NULL,
        kdf TEXT CHECK (kdf IS NULL OR json_valid(kdf)),
        check_value BLOB NOT NULL
      ) STRICT;

      CREATE TABLE setting (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE action_run (
        id TEXT PRIMARY KEY,
        host_id TEXT NOT NULL,
        scope TEXT NOT NULL,
        unit TEXT NOT NULL,
        verb TEXT NOT NULL,
        command TEXT NOT NULL,
        actor TEXT NOT NULL,
        requested_at REAL NOT NULL,
        finished_at REAL,
        outcome TEXT NOT NULL,
        evidence TEXT NOT NULL CHECK (json_valid(evidence)),
        error TEXT CHECK (error IS NULL OR json_valid(error)),
        invocation_before TEXT,
        invocation_after TEXT
      ) STRICT;
      CREATE INDEX action_run_unit ON action_run (host_id, scope, unit, requested_at);
      CREATE INDEX action_run_unfinished ON action_run (requested_at) WHERE finished_at IS NULL;

      -- Kept when a host is removed: it tells what was done, to things that may be gone.
      CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at REAL NOT NULL,
        finished_at REAL,
        actor TEXT NOT NULL,
        verb TEXT NOT NULL,
        host_id TEXT,
        target TEXT,
        command TEXT,
        outcome TEXT NOT NULL,
        detail TEXT,
        action_run_id TEXT
      ) STRICT;
      CREATE INDEX audit_host ON audit (host_id, id);

      -- Written now and then to find out whether the disk takes writes again.
      CREATE TABLE probe (one INTEGER PRIMARY KEY CHECK (one = 1), filler BLOB NOT NULL) STRICT;
    `)
  },
}
