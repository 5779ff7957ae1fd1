// All kinds of backup sources, one line each; a registry only lists them.
import { filesSource } from './files.ts'
import { mysql } from './mysql.ts'
import { postgres } from './postgres.ts'
import { postgresRoles } from './postgres-roles.ts'
import { redis } from './redis.ts'
import type { BackupSourceType } from './source.ts'
import { sqliteSource } from './sqlite.ts'
import { unitSource } from './unit.ts'

export type {
  Artefact,
  BackupSourceType,
  Compression,
  Dump,
  DumpEnd,
  DumpOptions,
  SourceContext,
  SourceLook,
  Staging,
  Verified,
} from './source.ts'
export { verifiedOf } from './source.ts'

/** In the order in which they are offered. The specs differ, so each is told as a kind of any spec. */
const all: readonly unknown[] = [sqliteSource, filesSource, unitSource, postgres, postgresRoles, mysql, redis]
export const backupSourceTypes = all as readonly BackupSourceType[]

const byType = new Map(backupSourceTypes.map(type => [type.type, type]))

/** Undefined for a kind that this version does not have. */
export const backupSourceTypeOf = (type: string): BackupSourceType | undefined => byType.get(type)
