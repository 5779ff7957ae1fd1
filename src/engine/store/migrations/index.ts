// The two lists of migrations, in order; a new one is a file and a line here.
import { migration as foundation } from './0001-foundation.ts'
import { migration as alerting } from './0002-alerting.ts'
import { migration as logins } from './0003-logins.ts'
import { migration as backups } from './0004-backups.ts'
import { migration as notForgotten } from './0005-not-forgotten.ts'
import { migration as maintenance } from './0006-maintenance.ts'
import { migration as samples } from './history/0001-samples.ts'
import { migration as probeSpans } from './history/0002-probe-spans.ts'
import { migration as askedStops } from './history/0003-asked-stops.ts'
import type { Migration } from './migration.ts'

export const configurationMigrations: readonly Migration[] = [
  foundation,
  alerting,
  logins,
  backups,
  notForgotten,
  maintenance,
]
export const historyMigrations: readonly Migration[] = [samples, probeSpans, askedStops]
