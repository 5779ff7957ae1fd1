// All handlers of the engine's contract, put together for one connected window.
import type { EngineContract } from '../../shared/contract/engine.ts'
import type { Handlers } from '../../shared/rpc/server.ts'
import { backupHandlers } from './backups.ts'
import { channelHandlers } from './channels.ts'
import { checkHandlers } from './checks.ts'
import { engineHandlers } from './engine.ts'
import { hostHandlers } from './hosts.ts'
import { incidentHandlers } from './incidents.ts'
import { loginHandlers } from './logins.ts'
import { maintenanceHandlers } from './maintenance.ts'
import { observationHandlers } from './observations.ts'
import { ownDataHandlers } from './own-data.ts'
import { recoveryHandlers } from './recovery.ts'
import type { ClientSession, Services } from './services.ts'
import { unitHandlers } from './units.ts'

export function createHandlers(services: Services, client: ClientSession): Handlers<EngineContract> {
  return {
    ...engineHandlers(services),
    ...ownDataHandlers(services),
    ...hostHandlers(services, client),
    ...unitHandlers(services),
    ...observationHandlers(services),
    ...checkHandlers(services),
    ...incidentHandlers(services),
    ...recoveryHandlers(services),
    ...channelHandlers(services),
    ...loginHandlers(services),
    ...backupHandlers(services),
    ...maintenanceHandlers(services),
  }
}
