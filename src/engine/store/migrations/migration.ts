// What one step of a database's life is; knows nothing of any particular table.
import type { Database } from 'better-sqlite3'

export interface Migration {
  /** 1, 2, 3 … without holes. */
  readonly version: number
  readonly name: string
  /** SQL only, and frozen once landed: what it did to one person's file it must do to everybody's. */
  up(db: Database): void
}
