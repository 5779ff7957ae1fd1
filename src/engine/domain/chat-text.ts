// The words in which commands of a chat are answered; pure, knows no chat service and no markup.
import type { Incident } from '../../shared/model/incident.ts'
import type { ActionRun } from '../../shared/model/unit.ts'
import { type NamedUnit, shortName } from './chat-command.ts'
import { newsMark } from './notification-text.ts'

const mostLines = 40

export const chatHelp = [
  '/status: hosts, failed services and open incidents',
  '/listbots: the services that are watched',
  '/restart NAME: restart a service',
  '/silence NAME 30m: say nothing of a service or host for a time',
  '/ack or /ack NAME: acknowledge open incidents',
  '/update NAME: update a bot',
  'With several hosts of the same service, name it as host/NAME.',
].join('\n')

export const named = (unit: NamedUnit): string => `${shortName(unit.name)} on ${unit.hostName}`

export function incidentLine({ severity, title, state }: Incident): string {
  return `${newsMark({ kind: 'firing', severity })} ${title}${state === 'acknowledged' ? ' (acknowledged)' : ''}`
}

export function capped(lines: readonly string[]): string {
  if (lines.length <= mostLines) return lines.join('\n')
  return [...lines.slice(0, mostLines), `… and ${lines.length - mostLines} more`].join('\n')
}

/** How a restart ended, with its proof. */
export function outcomeText(run: ActionRun, name: string): string {
  const evidence = run.evidence.map(({ ok, text }) => `${ok ? '✓' : '✗'} ${text}`)
  const words: Record<ActionRun['outcome'], string> = {
    running: 'is under way',
    verified: 'was restarted, and runs',
    degraded: 'was restarted; have a look at it',
    failed: 'was not restarted well',
    lost: 'may or may not have been restarted: the connection was lost',
    cancelled: 'was not waited for',
  }
  return [`${name} ${words[run.outcome]}.`, ...(run.error ? [run.error.message] : []), ...evidence].join('\n')
}
