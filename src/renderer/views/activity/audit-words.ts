// The words for what the audit log records; knows nothing of how it is shown.
import type { AuditVerb } from '../../../shared/model/audit.ts'
import { safeText } from '../../lib/safe-text.ts'

const own: Record<AuditVerb, string> = {
  'unit.start': 'Start',
  'unit.stop': 'Stop',
  'unit.restart': 'Restart',
  'unit.reload': 'Reload',
  'unit.enable': 'Enable',
  'unit.disable': 'Disable',
  'unit.mask': 'Mask',
  'unit.unmask': 'Unmask',
  'unit.reset-failed': 'Reset failed state of',
  'host.add': 'Add host',
  'host.edit': 'Edit host',
  'host.remove': 'Remove host',
  'host-key.trust': 'Trust host key',
  'host-key.forget': 'Forget host key',
  'check.add': 'Add check',
  'check.edit': 'Edit check',
  'check.remove': 'Remove check',
  'incident.acknowledge': 'Acknowledge',
  'incident.note': 'Note on',
  'silence.add': 'Silence',
  'silence.edit': 'Change silence',
  'silence.remove': 'End silence',
  'channel.add': 'Add channel',
  'channel.edit': 'Edit channel',
  'channel.remove': 'Remove channel',
  'channel.command': 'Command by chat:',
  'recovery.set': 'Set recovery of',
  'recovery.remove': 'Remove recovery of',
  'recovery.attempt': 'Mend',
  'login.add': 'Add login',
  'login.edit': 'Edit login',
  'login.remove': 'Remove login',
  'login.renew': 'Renew login',
  'login.adopt': 'Take over the file of login',
  'login.deactivate': 'Stop services of login',
  'login.reactivate': 'Start services of login',
  'backup.add': 'Add backup',
  'backup.edit': 'Edit backup',
  'backup.remove': 'Remove backup',
  'backup.run': 'Back up',
  'snapshot.remove': 'Remove snapshot',
  'snapshot.unlock': 'Unlock snapshot',
  'restore.run': 'Restore',
  'restore.drop-old': 'Drop what was replaced of',
  'drill.run': 'Prove by restoring',
  'maintenance.add': 'Add maintenance task',
  'maintenance.edit': 'Edit maintenance task',
  'maintenance.remove': 'Remove maintenance task',
  'maintenance.run': 'Run maintenance task',
  'target.add': 'Add place',
  'target.edit': 'Edit place',
  'target.remove': 'Remove place',
  'dropin.apply': 'Write drop-in of',
  'dropin.undo': 'Undo drop-in of',
  'data.export': 'Export all to',
  'data.import': 'Import all from',
  'settings.change': 'Change settings',
  'vault.create': 'Create vault',
  'vault.unlock': 'Unlock vault',
  'vault.reset': 'Set vault aside',
}
const verbs: Readonly<Record<string, string>> = own

/** A verb from a newer engine is shown as it is. */
export function verbName(verb: string): string {
  return verbs[verb] ?? safeText(verb)
}

export function actorName(actor: string): string {
  return actor === 'person' ? 'You' : safeText(actor)
}
