// Decides what the tray says about all hosts together; knows nothing of trays.
import type { TraySummary } from '../../shared/contract/native.ts'
import type { HostView } from '../../shared/model/host.ts'
import type { Incident } from '../../shared/model/incident.ts'

const waitsForPerson = new Set(['host-key-unknown', 'host-key-changed', 'auth-failed', 'config'])
const ranks: readonly TraySummary['state'][] = ['healthy', 'maintenance', 'unknown', 'degraded', 'unhealthy']
const bySeverity = { info: 0, warning: 1, critical: 2 } as const
const mostLines = 20

/**
 * The worst of what fires and of what is seen; what fires comes first. Never "healthy" for what is not known: a host that is not connected
 * makes the whole at best unknown.
 */
export function summariseFleet(views: readonly HostView[], incidents: readonly Incident[] = []): TraySummary {
  const lines: TraySummary['lines'] = []
  let state: TraySummary['state'] = views.length === 0 ? 'unknown' : 'healthy'
  const say = (next: TraySummary['state'], text: string, route: string): void => {
    if (ranks.indexOf(next) > ranks.indexOf(state)) state = next
    lines.push({ text: text.length <= 200 ? text : `${text.slice(0, 199)}…`, route })
  }
  for (const incident of [...incidents].sort(worseFirst))
    say(standing(incident), incident.title, `/incidents/${encodeURIComponent(incident.id)}`)
  for (const { host, connection, units } of views) {
    const told = incidents.filter(incident => incident.hostId === host.id)
    // what its own lines above say is not said again
    const failed =
      (units?.failed ?? 0) - told.filter(incident => incident.unit !== null && incident.cause === 'unit').length
    if (failed > 0)
      say(
        'unhealthy',
        `${host.name}: ${failed} failed ${failed === 1 ? 'service' : 'services'}`,
        `/hosts/${host.id}/services`,
      )
    if (waitsForPerson.has(connection.state)) say('degraded', `${host.name}: waits for you`, `/hosts/${host.id}`)
    else if (connection.state !== 'ready') {
      if (ranks.indexOf('unknown') > ranks.indexOf(state)) state = 'unknown'
      if (!told.some(incident => incident.checkType === 'host-reachable'))
        say('unknown', `${host.name}: not connected`, `/hosts/${host.id}`)
    }
  }
  return { state, lines: lines.slice(0, mostLines) }
}

function standing({ severity, mutedBy }: Incident): TraySummary['state'] {
  if (mutedBy === 'maintenance') return 'maintenance'
  return severity === 'critical' ? 'unhealthy' : 'degraded'
}

function worseFirst(a: Incident, b: Incident): number {
  return bySeverity[b.severity] - bySeverity[a.severity] || b.openedAt - a.openedAt
}
