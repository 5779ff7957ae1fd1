// Checks, incidents, channels, the outbox and recovery in quarterdeck.db. Frozen once landed.
import type { Migration } from './migration.ts'

export const migration: Migration = {
  version: 2,
  name: 'alerting',
  up(db) {
    db.exec(`
      CREATE TABLE check_definition (
        id TEXT PRIMARY KEY,
        host_id TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE,
        type TEXT NOT NULL,
        name TEXT NOT NULL,
        spec TEXT NOT NULL CHECK (json_valid(spec)),
        unit_scope TEXT,
        unit_name TEXT,
        enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
        vantage TEXT NOT NULL,
        interval_seconds INTEGER NOT NULL,
        timeout_seconds REAL NOT NULL,
        failure_threshold INTEGER NOT NULL,
        recovery_threshold INTEGER NOT NULL,
        for_seconds INTEGER NOT NULL,
        severity TEXT NOT NULL,
        depends_on TEXT NOT NULL CHECK (json_valid(depends_on)),
        tags TEXT NOT NULL CHECK (json_valid(tags)),
        built_in INTEGER NOT NULL CHECK (built_in IN (0, 1)),
        created_at REAL NOT NULL
      ) STRICT;
      CREATE INDEX check_definition_host ON check_definition (host_id);

      CREATE TABLE dismissed_proposal (
        host_id TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        PRIMARY KEY (host_id, key)
      ) STRICT, WITHOUT ROWID;

      -- The alert machine of each key (host, target, check): the unit is scope/name, or empty where the check is its own target.
      CREATE TABLE alert (
        check_id TEXT NOT NULL REFERENCES check_definition (id) ON DELETE CASCADE,
        unit TEXT NOT NULL,
        state TEXT NOT NULL CHECK (json_valid(state)),
        PRIMARY KEY (check_id, unit)
      ) STRICT, WITHOUT ROWID;

      -- Kept when its check or host is removed: it tells what happened, to things that may be gone.
      CREATE TABLE incident (
        id TEXT PRIMARY KEY,
        host_id TEXT NOT NULL,
        host_name TEXT NOT NULL,
        check_id TEXT NOT NULL,
        check_name TEXT NOT NULL,
        check_type TEXT NOT NULL,
        unit_scope TEXT,
        unit_name TEXT,
        severity TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('open', 'acknowledged', 'resolved')),
        title TEXT NOT NULL,
        first_message TEXT NOT NULL,
        last_message TEXT NOT NULL,
        cause TEXT,
        opened_at REAL NOT NULL,
        started_at REAL NOT NULL,
        acknowledged_at REAL,
        acknowledged_by TEXT,
        resolved_at REAL,
        muted_by TEXT,
        tags TEXT NOT NULL CHECK (json_valid(tags))
      ) STRICT;
      CREATE INDEX incident_opened ON incident (opened_at);
      CREATE INDEX incident_host ON incident (host_id, opened_at);
      CREATE INDEX incident_check ON incident (check_id, opened_at);
      CREATE INDEX incident_active ON incident (opened_at) WHERE state <> 'resolved';

      -- Its story, as far as it is not kept elsewhere (transitions, audit, outbox, attempts).
      CREATE TABLE incident_event (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        incident_id TEXT NOT NULL REFERENCES incident (id) ON DELETE CASCADE,
        at REAL NOT NULL,
        kind TEXT NOT NULL,
        tone TEXT NOT NULL,
        title TEXT NOT NULL,
        detail TEXT,
        actor TEXT
      ) STRICT;
      CREATE INDEX incident_event_incident ON incident_event (incident_id, at);

      CREATE TABLE silence (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('silence', 'maintenance')),
        scope TEXT NOT NULL CHECK (json_valid(scope)),
        schedule TEXT NOT NULL CHECK (json_valid(schedule)),
        created_at REAL NOT NULL,
        created_by TEXT NOT NULL
      ) STRICT;

      CREATE TABLE channel (
        id TEXT PRIMARY KEY,
        type TEXT NOT NULL,
        name TEXT NOT NULL,
        spec TEXT NOT NULL CHECK (json_valid(spec)),
        enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
        filter TEXT NOT NULL CHECK (json_valid(filter)),
        quiet_hours TEXT CHECK (quiet_hours IS NULL OR json_valid(quiet_hours)),
        created_at REAL NOT NULL
      ) STRICT;

      -- What a channel remembers over restarts, e.g. how far Telegram's updates were read.
      CREATE TABLE channel_state (
        channel_id TEXT NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (channel_id, name)
      ) STRICT, WITHOUT ROWID;

      -- One row per piece of news and channel, in order. Rows that become one message share its batch, fixed before it is first sent.
      CREATE TABLE outbox (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        channel_id TEXT NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
        host_id TEXT,
        incident_id TEXT,
        kind TEXT NOT NULL,
        severity TEXT NOT NULL,
        news TEXT NOT NULL CHECK (json_valid(news)),
        created_at REAL NOT NULL,
        -- Not to be sent before: the end of the grouping or of quiet hours.
        not_before REAL NOT NULL,
        -- Quiet hours hold it, or held it until its summary.
        held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1)),
        batch_id TEXT,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'dropped')),
        attempts INTEGER NOT NULL DEFAULT 0,
        first_attempt_at REAL,
        next_attempt_at REAL,
        sent_at REAL,
        error TEXT
      ) STRICT;
      CREATE INDEX outbox_due ON outbox (channel_id, seq) WHERE state IN ('waiting', 'sending');
      CREATE INDEX outbox_incident ON outbox (incident_id, channel_id);
      CREATE INDEX outbox_batch ON outbox (batch_id) WHERE batch_id IS NOT NULL;
      CREATE INDEX outbox_sent ON outbox (channel_id, created_at);

      CREATE TABLE recovery_policy (
        host_id TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE,
        scope TEXT NOT NULL,
        name TEXT NOT NULL,
        policy TEXT NOT NULL CHECK (json_valid(policy)),
        state TEXT NOT NULL CHECK (json_valid(state)),
        PRIMARY KEY (host_id, scope, name)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE recovery_attempt (
        id TEXT PRIMARY KEY,
        host_id TEXT NOT NULL,
        scope TEXT NOT NULL,
        name TEXT NOT NULL,
        incident_id TEXT NOT NULL,
        number INTEGER NOT NULL,
        at REAL NOT NULL,
        finished_at REAL,
        command TEXT NOT NULL,
        outcome TEXT NOT NULL,
        evidence TEXT NOT NULL CHECK (json_valid(evidence)),
        -- What has to be seen afterwards for it to count as verified.
        expects TEXT NOT NULL,
        invocation_before TEXT
      ) STRICT;
      CREATE INDEX recovery_attempt_open ON recovery_attempt (at) WHERE finished_at IS NULL;
      CREATE INDEX recovery_attempt_unit ON recovery_attempt (host_id, scope, name, at);
      CREATE INDEX recovery_attempt_incident ON recovery_attempt (incident_id, at);

      -- What lay on a host before the app changed it, so that it can be put back.
      CREATE TABLE dropin_change (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        host_id TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE,
        scope TEXT NOT NULL,
        name TEXT NOT NULL,
        path TEXT NOT NULL,
        at REAL NOT NULL,
        before TEXT,
        after TEXT
      ) STRICT;
      CREATE INDEX dropin_change_unit ON dropin_change (host_id, scope, name, id);

      -- How often features failed for their own reasons, by kind of error and UTC day.
      CREATE TABLE error_count (
        day TEXT NOT NULL,
        kind TEXT NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (day, kind)
      ) STRICT, WITHOUT ROWID;
    `)
  },
}
