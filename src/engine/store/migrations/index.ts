// The two lists of migrations, in order; a new one is a file and a line here.
import { migration as foundation } from './0001-foundation.ts'
import { migration as samples } from './history/0001-samples.ts'
import type { Migration } from './migration.ts'

export const configurationMigrations: readonly Migration[] = [foundation]
export const historyMigrations: readonly Migration[] = [samples]
