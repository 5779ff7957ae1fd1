// All kinds of recovery actions, one line each; a registry only lists them.
import type { RecoveryActionType } from './action.ts'
import { deactivateUnit } from './deactivate-unit.ts'
import { deleteOldLogs } from './delete-old-logs.ts'
import { httpCall } from './http-call.ts'
import { restartUnit } from './restart-unit.ts'
import { runbook } from './runbook.ts'
import { telegramWebhook } from './telegram-webhook.ts'
import { vacuumJournal } from './vacuum-journal.ts'

export type { ActionContext, Expectation, RecoveryActionType, StepResult } from './action.ts'

export const actionTypes: readonly RecoveryActionType[] = [
  restartUnit,
  httpCall,
  telegramWebhook,
  runbook,
  vacuumJournal,
  deleteOldLogs,
  deactivateUnit,
]

const byType = new Map(actionTypes.map(type => [type.type, type]))

/** Undefined for a kind that this version does not have. */
export const actionTypeOf = (type: string): RecoveryActionType | undefined => byType.get(type)
