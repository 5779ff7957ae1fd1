// The addresses of all places in the app, in one spot; knows no component.
import type { UnitRef } from '../../shared/model/unit.ts'

export type HostTab = 'services' | 'metrics' | 'journal' | 'timers'

export const places = {
  fleet: '/fleet',
  activity: '/activity',
  settings: '/settings',
  addHost: '/hosts/new',
} as const

export function hostPath(hostId: string, tab: HostTab = 'services'): string {
  return `/hosts/${encodeURIComponent(hostId)}/${tab}`
}

export function editHostPath(hostId: string): string {
  return `/hosts/${encodeURIComponent(hostId)}/edit`
}

/** A service's own page. */
export function unitPath(unit: UnitRef): string {
  return `${hostPath(unit.hostId)}/${unit.scope}/${encodeURIComponent(unit.name)}`
}
