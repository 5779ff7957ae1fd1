// The first tables of history.db: what was observed on hosts. Frozen.
import type { Migration } from '../migration.ts'

export const migration: Migration = {
  version: 1,
  name: 'samples',
  up(db) {
    db.exec(`
      -- Small numbers for host ids; one whose id is null belongs to a removed host and is being purged.
      CREATE TABLE host (number INTEGER PRIMARY KEY, id TEXT UNIQUE) STRICT;

      CREATE TABLE series (
        id INTEGER PRIMARY KEY,
        host INTEGER NOT NULL REFERENCES host (number),
        -- Where its value lies in a hot row; null while nothing comes and another series needs the place.
        slot INTEGER,
        name TEXT NOT NULL,
        last_day INTEGER NOT NULL,
        UNIQUE (host, name),
        UNIQUE (host, slot)
      ) STRICT;

      -- The newest samples: a row per look at a host, Float32 by slot.
      CREATE TABLE hot (
        host INTEGER NOT NULL,
        at INTEGER NOT NULL,
        reconstructed INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (host, at)
      ) STRICT, WITHOUT ROWID;

      -- Compacted samples: a segment has the times of some looks at one host …
      CREATE TABLE segment (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        host INTEGER NOT NULL,
        first_at INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        -- How many looks; and 1 when it is not to be merged with its neighbours any more.
        looks INTEGER NOT NULL,
        merged INTEGER NOT NULL,
        times BLOB NOT NULL
      ) STRICT;
      CREATE INDEX segment_host ON segment (host, first_at);
      CREATE INDEX segment_last ON segment (last_at);
      CREATE INDEX segment_unmerged ON segment (first_at) WHERE merged = 0;

      -- … and for each series of that host its values, id = segment << 24 | series. Written at the end of the table, never changed.
      CREATE TABLE chunk (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;

      -- Where roll-ups exist: per host, level and span, 0 = samples wait to be rolled up, 1 = rolled up.
      CREATE TABLE span (
        host INTEGER NOT NULL,
        level INTEGER NOT NULL,
        start INTEGER NOT NULL,
        rolled INTEGER NOT NULL,
        PRIMARY KEY (host, level, start)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX span_waiting ON span (level, start) WHERE rolled = 0;
      CREATE INDEX span_age ON span (level, start);

      -- Roll-ups by level, id = number of the span << 24 | series.
      CREATE TABLE rollup_1 (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
      CREATE TABLE rollup_2 (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
      CREATE TABLE rollup_3 (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
      CREATE TABLE rollup_4 (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;

      CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

      -- Unit histories by host id in words: they can be asked for and removed without the numbers above.
      CREATE TABLE unit_state (
        host_id TEXT NOT NULL,
        scope TEXT NOT NULL,
        name TEXT NOT NULL,
        state TEXT NOT NULL CHECK (json_valid(state)),
        PRIMARY KEY (host_id, scope, name)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE transition (
        id INTEGER PRIMARY KEY,
        host_id TEXT NOT NULL,
        scope TEXT NOT NULL,
        name TEXT NOT NULL,
        at REAL NOT NULL,
        from_state TEXT,
        to_state TEXT NOT NULL,
        sub_state TEXT NOT NULL,
        result TEXT,
        main_pid INTEGER,
        restarts INTEGER,
        invocation_id TEXT,
        reconstructed INTEGER NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX transition_once ON transition (host_id, scope, name, at, to_state);
      CREATE INDEX transition_at ON transition (at);

      CREATE TABLE gap (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        host_id TEXT NOT NULL,
        from_at REAL NOT NULL,
        to_at REAL,
        cause TEXT NOT NULL,
        filled INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX gap_host ON gap (host_id, from_at);
      CREATE INDEX gap_end ON gap (to_at);

      CREATE TABLE probe (one INTEGER PRIMARY KEY CHECK (one = 1), filler BLOB NOT NULL) STRICT;
    `)
  },
}
