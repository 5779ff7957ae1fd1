// The words for what the audit log records; knows nothing of how it is shown.
import { safeText } from '../../lib/safe-text.ts'

const verbs: Record<string, string> = {
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
  'dropin.apply': 'Write drop-in of',
  'dropin.undo': 'Undo drop-in of',
  'settings.change': 'Change settings',
  'vault.create': 'Create vault',
  'vault.unlock': 'Unlock vault',
  'vault.reset': 'Set vault aside',
}

/** A verb from a newer engine is shown as it is. */
export function verbName(verb: string): string {
  return verbs[verb] ?? safeText(verb)
}

export function actorName(actor: string): string {
  return actor === 'person' ? 'You' : safeText(actor)
}
