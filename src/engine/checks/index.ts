// All kinds of checks, one line each; a registry only lists them.
import { backupAge } from './backup-age.ts'
import type { CheckType } from './check.ts'
import { command } from './command.ts'
import { diskSpace } from './disk-space.ts'
import { heartbeat } from './heartbeat.ts'
import { hostReachable } from './host-reachable.ts'
import { hostResources } from './host-resources.ts'
import { httpCheck } from './http.ts'
import { journalPattern } from './journal-pattern.ts'
import { loginCheck } from './login.ts'
import { maintenance } from './maintenance.ts'
import { postgres } from './postgres.ts'
import { redis } from './redis.ts'
import { sqlite } from './sqlite.ts'
import { systemdUnit } from './systemd-unit.ts'
import { tcp } from './tcp.ts'
import { telegramBot } from './telegram-bot.ts'
import { tlsCertificate } from './tls-certificate.ts'
import { unitActivity } from './unit-activity.ts'
import { unitFailures } from './unit-failures.ts'
import { unitResources } from './unit-resources.ts'
import { unitRestarts } from './unit-restarts.ts'

export { type CheckType, type ProbeContext, type ProbeResult, unknownBecause } from './check.ts'
export { type PreviewQuery, previewJournal } from './journal-pattern.ts'

/** In the order in which they are offered. The specs differ, so each is told as a kind of any spec. */
const all = [
  httpCheck,
  systemdUnit,
  unitResources,
  unitRestarts,
  unitActivity,
  journalPattern,
  tcp,
  tlsCertificate,
  telegramBot,
  heartbeat,
  command,
  hostResources,
  diskSpace,
  sqlite,
  postgres,
  redis,
  loginCheck,
  backupAge,
  maintenance,
  hostReachable,
  unitFailures,
]
export const checkTypes = all as unknown as readonly CheckType[]

const byType = new Map(checkTypes.map(type => [type.type, type]))

/** Undefined for a kind that this version does not have. */
export const checkTypeOf = (type: string): CheckType | undefined => byType.get(type)
