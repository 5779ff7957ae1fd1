// What the audit log keeps of every act of a person or a rule; knows nothing of how acts are done.
import { z } from 'zod'
import { HostId } from './host.ts'
import { ActionOutcome } from './unit.ts'

const auditVerbs = [
  'unit.start',
  'unit.stop',
  'unit.restart',
  'unit.reload',
  'unit.enable',
  'unit.disable',
  'unit.mask',
  'unit.unmask',
  'unit.reset-failed',
  'host.add',
  'host.edit',
  'host.remove',
  'host-key.trust',
  'host-key.forget',
  'check.add',
  'check.edit',
  'check.remove',
  'incident.acknowledge',
  'incident.note',
  'silence.add',
  'silence.edit',
  'silence.remove',
  'channel.add',
  'channel.edit',
  'channel.remove',
  'channel.command',
  'recovery.set',
  'recovery.remove',
  'recovery.attempt',
  'login.add',
  'login.edit',
  'login.remove',
  'login.renew',
  'login.adopt',
  'login.deactivate',
  'login.reactivate',
  'backup.add',
  'backup.edit',
  'backup.remove',
  'backup.run',
  'snapshot.remove',
  'snapshot.unlock',
  'restore.run',
  'restore.drop-old',
  'drill.run',
  'maintenance.add',
  'maintenance.edit',
  'maintenance.remove',
  'maintenance.run',
  'target.add',
  'target.edit',
  'target.remove',
  'dropin.apply',
  'dropin.undo',
  'data.export',
  'data.import',
  'settings.change',
  'vault.create',
  'vault.unlock',
  'vault.reset',
] as const
/** What this version records; entries of another version may have other verbs. */
export type AuditVerb = (typeof auditVerbs)[number]

export const AuditEntry = z.object({
  id: z.number().int(),
  at: z.number(),
  finishedAt: z.number().nullable(),
  /** `person`, or the name of a rule. */
  actor: z.string(),
  verb: z.string(),
  hostId: HostId.nullable(),
  /** The unit or other object acted on. */
  target: z.string().nullable(),
  command: z.string().nullable(),
  outcome: ActionOutcome,
  detail: z.string().nullable(),
  actionRunId: z.string().nullable(),
})
export type AuditEntry = z.infer<typeof AuditEntry>

export const AuditQuery = z.object({
  hostId: HostId.nullable().default(null),
  target: z.string().max(255).nullable().default(null),
  text: z.string().max(200).nullable().default(null),
  /** Entries with a smaller id, for paging. */
  before: z.number().int().nullable().default(null),
  limit: z.number().int().min(1).max(500).default(100),
})
export type AuditQuery = z.infer<typeof AuditQuery>
