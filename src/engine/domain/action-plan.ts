// Decides what an action on a unit will run, how risky it is and how to say so; runs nothing.
import type { HostFacts } from '../../shared/model/host.ts'
import type { ActionPreview, UnitScope, UnitVerb } from '../../shared/model/unit.ts'

/** Units whose end takes the way to the host with them. */
const lifelines =
  /^(ssh|sshd|ssh@.*|dbus|dbus-broker|systemd-networkd|networking|NetworkManager|systemd-logind)\.(service|socket)$/

/** The command, its risk and its consequence, as shown before a person clicks (R9). */
export function planAction(
  target: { scope: UnitScope; name: string; hostName: string },
  verb: UnitVerb,
  rights: HostFacts['rights'],
): ActionPreview {
  const argv = [
    ...(target.scope === 'system' && rights !== 'root' ? ['sudo'] : []),
    'systemctl',
    ...(target.scope === 'user' ? ['--user'] : []),
    verb,
    '--',
    target.name,
  ]
  const consequence = consequenceOf(target, verb)
  return {
    argv,
    command: argv
      .filter(word => word !== '--')
      .map(shellWord)
      .join(' '),
    risk: consequence === null ? 'safe' : 'confirm',
    consequence,
  }
}

function consequenceOf(target: { scope: UnitScope; name: string; hostName: string }, verb: UnitVerb): string | null {
  const { name, hostName } = target
  const lifeline = target.scope === 'system' && lifelines.test(name)
  const warning = lifeline ? ` Quarterdeck reaches ${hostName} through it: you may lock yourself out.` : ''
  switch (verb) {
    case 'stop':
      return `${name} will not run on ${hostName} until someone starts it or the host boots.${warning}`
    case 'disable':
      return `${name} will no longer start when ${hostName} boots. It keeps running now.${warning}`
    case 'mask':
      return `${name} cannot be started on ${hostName} by anyone or anything until it is unmasked. It keeps running now.${warning}`
    case 'restart':
      return lifeline ? `${name} ends for a moment.${warning}` : null
    case 'start':
    case 'reload':
    case 'enable':
    case 'unmask':
    case 'reset-failed':
      return null
  }
}

/** Unit names have no character but the backslash that a shell would take for its own. */
function shellWord(word: string): string {
  return /[^A-Za-z0-9:_.@/-]/.test(word) ? `'${word}'` : word
}
