// What a restart must not forget, in quarterdeck.db: when a check becomes critical, what is switched off, how a visit went; and vaults set aside. Frozen once landed.
import type { Migration } from './migration.ts'

export const migration: Migration = {
  version: 5,
  name: 'not-forgotten',
  up(db) {
    db.exec(`
      -- Unhealthy for so long its alert becomes critical; null is never.
      ALTER TABLE check_definition ADD COLUMN rise_seconds INTEGER;

      -- Features that are switched off for having failed too often (semantics 25).
      CREATE TABLE breaker (
        feature TEXT PRIMARY KEY,
        failures INTEGER NOT NULL,
        open_until REAL NOT NULL
      ) STRICT, WITHOUT ROWID;

      -- When its kept session visited the site last, and what was wrong then.
      ALTER TABLE login ADD COLUMN visit TEXT CHECK (visit IS NULL OR json_valid(visit));

      -- Vaults whose key was gone, with all that they hold: never used, never removed.
      CREATE TABLE vault_aside (
        id INTEGER PRIMARY KEY,
        at REAL NOT NULL,
        protection TEXT NOT NULL,
        wrapped_key BLOB NOT NULL,
        kdf TEXT,
        check_value BLOB NOT NULL
      ) STRICT;
      CREATE TABLE secret_aside (
        vault INTEGER NOT NULL REFERENCES vault_aside (id),
        record_id TEXT NOT NULL,
        ciphertext BLOB NOT NULL,
        PRIMARY KEY (vault, record_id)
      ) STRICT, WITHOUT ROWID;
    `)
  },
}
