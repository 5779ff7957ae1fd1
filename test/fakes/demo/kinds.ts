// The engine's own kinds of checks, channels and recovery actions. Runs in Node: they speak protocols, which a page cannot load. See kinds-plugin.ts.
import { z } from 'zod'
import { backupSourceTypes } from '../../../src/engine/backups/index.ts'
import { channelTypes } from '../../../src/engine/channels/index.ts'
import { checkTypes } from '../../../src/engine/checks/index.ts'
import { actionTypes, hostActionTypes } from '../../../src/engine/recovery/index.ts'
import { targetTypes } from '../../../src/engine/targets/index.ts'
import type { BackupKinds } from '../../../src/shared/model/backup.ts'
import type { ChannelKind } from '../../../src/shared/model/channel.ts'
import type { CheckKind, KindInfo } from '../../../src/shared/model/check.ts'
import type { MaintenanceKind } from '../../../src/shared/model/maintenance.ts'
import type { RecoveryKind } from '../../../src/shared/model/recovery.ts'

const infoOf = (kind: { type: string; title: string; description: string; spec: z.ZodType }): KindInfo => ({
  type: kind.type,
  title: kind.title,
  description: kind.description,
  schema: z.toJSONSchema(kind.spec, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>,
})

export const checkKinds: readonly CheckKind[] = checkTypes.map(kind => ({
  ...infoOf(kind),
  vantages: [...kind.vantages],
  needsUnit: kind.needsUnit,
  addable: kind.addable,
  defaults: { ...kind.defaults },
}))

export const channelKinds: readonly ChannelKind[] = channelTypes.map(kind => ({
  ...infoOf(kind),
  addable: kind.addable,
}))

export const recoveryKinds: readonly RecoveryKind[] = actionTypes
  .filter(kind => kind.mends.length > 0)
  .map(kind => ({ ...infoOf(kind), risk: kind.risk }))

export const maintenanceKinds: readonly MaintenanceKind[] = hostActionTypes.map(kind => ({
  ...infoOf(kind),
  risk: kind.risk,
  previews: kind.preview !== undefined,
}))

export const backupKinds: BackupKinds = {
  sources: backupSourceTypes.map(infoOf),
  targets: targetTypes.map(infoOf),
}
