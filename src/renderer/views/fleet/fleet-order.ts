// Which hosts the fleet shows and in what order: trouble first. Pure, so that it can be tested without a screen.
import type { HostView } from '../../../shared/model/host.ts'
import { hostHealth, isFiring, type KnownIncidents, listOf } from '../../lib/incident-words.ts'
import { saysAll } from '../../lib/says-all.ts'
import { type StatusWord, type Tone, toneRank } from '../../lib/status.ts'

/** The groups of the summary, worst first. */
export const toneGroups: readonly { readonly tone: Tone; readonly word: string }[] = [
  { tone: 'unhealthy', word: 'unhealthy' },
  { tone: 'waiting', word: 'waiting for you' },
  { tone: 'degraded', word: 'limited' },
  { tone: 'unknown', word: 'not known' },
  // they connect, or their incidents are still being read
  { tone: 'busy', word: 'being looked at' },
  { tone: 'healthy', word: 'healthy' },
]

export interface FleetRow {
  readonly view: HostView
  readonly tone: Tone
  /** How many incidents of it are firing. */
  readonly incidents: number
}

/** Worst first, then this computer, then A–Z. */
export function fleetRows(hosts: readonly HostView[], incidents: KnownIncidents, now: number): FleetRow[] {
  return hosts
    .map(view => {
      const own = listOf(incidents).filter(incident => incident.hostId === view.host.id && isFiring(incident))
      return {
        view,
        tone: hostHealth(view, incidents, now).tone,
        incidents: own.length,
      }
    })
    .sort(
      (a, b) =>
        toneRank(a.tone) - toneRank(b.tone) ||
        (b.view.units?.failed ?? 0) - (a.view.units?.failed ?? 0) ||
        b.incidents - a.incidents ||
        Number(b.view.host.kind === 'local') - Number(a.view.host.kind === 'local') ||
        a.view.host.name.localeCompare(b.view.host.name, 'en', { numeric: true }),
    )
}

export function matchesText(row: FleetRow, status: StatusWord, text: string): boolean {
  const { host, facts } = row.view
  return saysAll([host.name, host.address, host.user, facts?.os, facts?.hostname, status.word, status.detail], text)
}
