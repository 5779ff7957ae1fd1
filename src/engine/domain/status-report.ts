// Decides in one word how a host and all hosts are, for the command line; never "healthy" for what is not known.
import type { HostView } from '../../shared/model/host.ts'
import type { Unit, UnitScope } from '../../shared/model/unit.ts'

export type StatusWord = 'healthy' | 'degraded' | 'unhealthy' | 'unknown'

export interface HostStatus {
  readonly id: string
  readonly name: string
  readonly status: StatusWord
  readonly message: string
  readonly connection: string
  readonly services: { readonly total: number; readonly active: number; readonly failed: number } | null
  readonly failed: readonly string[]
}

export function statusOf(view: HostView, units: readonly Pick<Unit, 'name' | 'activeState'>[]): HostStatus {
  const { host, connection, problems, units: services } = view
  const failed = units.filter(unit => unit.activeState === 'failed').map(unit => unit.name)
  const base = { id: host.id, name: host.name, connection: connection.state, services, failed }
  if (connection.state !== 'ready')
    return { ...base, status: 'unknown', message: connection.error?.message ?? `not connected (${connection.state})` }
  if (failed.length > 0) return { ...base, status: 'unhealthy', message: `failed: ${failed.join(', ')}` }
  const problem = problems[0]
  if (problem) return { ...base, status: services === null ? 'unknown' : 'degraded', message: problem.error.message }
  if (services === null) return { ...base, status: 'unknown', message: 'services are not known yet' }
  return { ...base, status: 'healthy', message: `${services.active} of ${services.total} services active, none failed` }
}

/** The worst that is known; a host that cannot be seen makes the whole at best unknown. */
export function overallStatus(hosts: readonly Pick<HostStatus, 'status'>[]): StatusWord {
  for (const word of ['unhealthy', 'unknown', 'degraded'] as const)
    if (hosts.some(host => host.status === word)) return word
  return hosts.length === 0 ? 'unknown' : 'healthy'
}

/** Is nothing more to be learnt by waiting? All of its services are watched, or known not to be, or it waits for a person. */
export function isSettled(view: HostView, isWatched: (scope: UnitScope) => boolean): boolean {
  const { state } = view.connection
  if (state !== 'ready')
    return (
      state === 'host-key-unknown' ||
      state === 'host-key-changed' ||
      state === 'auth-failed' ||
      state === 'config' ||
      state === 'backoff'
    )
  const isKnown = (scope: UnitScope, area: 'units' | 'user-units'): boolean =>
    isWatched(scope) || view.problems.some(problem => problem.area === area)
  return isKnown('system', 'units') && (!view.host.userUnits || isKnown('user', 'user-units'))
}
