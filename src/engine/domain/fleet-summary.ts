// Decides what the tray says about all hosts together; knows nothing of trays.
import type { TraySummary } from '../../shared/contract/native.ts'
import type { HostView } from '../../shared/model/host.ts'

const waitsForPerson = new Set(['host-key-unknown', 'host-key-changed', 'auth-failed', 'config'])

/** Never "healthy" for what is not known: a host that is not connected makes the whole at best unknown. */
export function summariseFleet(views: readonly HostView[]): TraySummary {
  const lines: TraySummary['lines'] = []
  let state: TraySummary['state'] = views.length === 0 ? 'unknown' : 'healthy'
  for (const { host, connection, units } of views) {
    if (units !== null && units.failed > 0) {
      state = 'unhealthy'
      lines.push({
        text: `${host.name}: ${units.failed} failed ${units.failed === 1 ? 'service' : 'services'}`,
        route: `/hosts/${host.id}/services`,
      })
    }
    if (waitsForPerson.has(connection.state)) {
      if (state !== 'unhealthy') state = 'degraded'
      lines.push({ text: `${host.name}: waits for you`, route: `/hosts/${host.id}` })
    } else if (connection.state !== 'ready') {
      if (state === 'healthy') state = 'unknown'
      lines.push({ text: `${host.name}: not connected`, route: `/hosts/${host.id}` })
    }
  }
  return { state, lines: lines.slice(0, 20) }
}
