// What may be asked of the engine about scheduled maintenance, and what it tells of it.
import { z } from 'zod'
import { FieldSecrets } from '../model/check.ts'
import { HostId } from '../model/host.ts'
import {
  MaintenanceDraft,
  MaintenanceId,
  MaintenanceKind,
  MaintenanceRun,
  MaintenanceTask,
  MaintenanceView,
  PreviewRequest,
  StepPreview,
} from '../model/maintenance.ts'
import { type Contract, command, event, query } from './define.ts'

const none = z.void()

export const maintenanceCalls = {
  'maintenance.kinds': query(none, z.array(MaintenanceKind)),
  'maintenance.list': query(z.object({ hostId: HostId.nullable().default(null) }), z.array(MaintenanceView)),
  'maintenance.get': query(MaintenanceId, MaintenanceView),
  'maintenance.add': command(z.object({ draft: MaintenanceDraft, secrets: FieldSecrets }), MaintenanceTask),
  'maintenance.edit': command(
    z.object({ id: MaintenanceId, draft: MaintenanceDraft, secrets: FieldSecrets }),
    MaintenanceTask,
  ),
  /** What is under way of it is cancelled first. */
  'maintenance.remove': command(MaintenanceId, none),
  /** What the steps would do, and with `look` what they would meet on the host now. Changes nothing there, and nothing is saved. */
  'maintenance.preview': query(PreviewRequest.extend({ secrets: FieldSecrets }), z.array(StepPreview)),
  /** Starts and returns at once; `maintenanceRun.changed` tells how it goes. Gives one that waits another try. */
  'maintenance.run': command(MaintenanceId, MaintenanceRun),
  /** By the run's id: what runs on the host is ended there. */
  'maintenance.cancel': command(z.string().max(64), none),
  /** Newest first. */
  'maintenance.runs': query(
    z.object({ id: MaintenanceId, limit: z.number().int().min(1).max(200).default(50) }),
    z.array(MaintenanceRun),
  ),
  'maintenance.changed': event(MaintenanceView),
  'maintenance.removed': event(MaintenanceId),
  'maintenanceRun.changed': event(MaintenanceRun),
} as const satisfies Contract
