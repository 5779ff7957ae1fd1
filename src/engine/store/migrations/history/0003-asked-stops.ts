// In history.db: whether a unit went down because somebody asked systemd for it, which its state alone does not tell. Frozen once landed.
import type { Migration } from '../migration.ts'

export const migration: Migration = {
  version: 3,
  name: 'asked-stops',
  up(db) {
    // null where nobody could tell
    db.exec('ALTER TABLE transition ADD COLUMN asked INTEGER')
  },
}
