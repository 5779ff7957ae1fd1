// All kinds of actions that mend or maintain, one line each; a registry only lists them.
import type { HostActionType, RecoveryActionType } from './action.ts'
import { deactivateUnit } from './deactivate-unit.ts'
import { deleteOldLogs } from './delete-old-logs.ts'
import { httpCall } from './http-call.ts'
import { restartUnit } from './restart-unit.ts'
import { runbook } from './runbook.ts'
import { telegramWebhook } from './telegram-webhook.ts'
import { vacuumJournal } from './vacuum-journal.ts'
import { vacuumPostgres } from './vacuum-postgres.ts'
import { vacuumSqlite } from './vacuum-sqlite.ts'

export type {
  ActionContext,
  Expectation,
  HostActionContext,
  HostActionType,
  RecoveryActionType,
  StepResult,
} from './action.ts'

export const actionTypes: readonly RecoveryActionType[] = [
  restartUnit,
  httpCall,
  telegramWebhook,
  runbook,
  vacuumJournal,
  deleteOldLogs,
  vacuumSqlite,
  vacuumPostgres,
  deactivateUnit,
]

/** Those that work on a host without a unit: what maintenance may be made of. */
export const hostActionTypes: readonly HostActionType[] = actionTypes.filter(type => type.scope === 'host')

const hostsByType = new Map(hostActionTypes.map(type => [type.type, type]))

/** Undefined for a kind that this version does not have, or that needs a unit. */
export const hostActionTypeOf = (type: string): HostActionType | undefined => hostsByType.get(type)

const byType = new Map(actionTypes.map(type => [type.type, type]))

/** Undefined for a kind that this version does not have. */
export const actionTypeOf = (type: string): RecoveryActionType | undefined => byType.get(type)
