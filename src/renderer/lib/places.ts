// The addresses of all places in the app, in one spot; knows no component.
import type { UnitRef } from '../../shared/model/unit.ts'
import { unitKey } from './unit-keys.ts'

export const hostTabs = ['services', 'metrics', 'journal', 'timers', 'checks'] as const
export type HostTab = (typeof hostTabs)[number]

export const places = {
  fleet: '/fleet',
  incidents: '/incidents',
  silences: '/silences',
  activity: '/activity',
  settings: '/settings',
  addHost: '/hosts/new',
  checks: '/checks',
  channels: '/settings/channels',
  logins: '/logins',
  addLogin: '/logins/new',
  backups: '/backups',
  addBackup: '/backups/new',
  targets: '/backups/places',
  addTarget: '/backups/places/new',
  maintenance: '/maintenance',
  addMaintenance: '/maintenance/new',
  addChannel: '/settings/channels/new',
  addCheck: '/checks/new',
  suggestions: '/checks/suggestions',
} as const

export function hostPath(hostId: string, tab: HostTab = 'services'): string {
  return `/hosts/${encodeURIComponent(hostId)}/${tab}`
}

export function editHostPath(hostId: string): string {
  return `/hosts/${encodeURIComponent(hostId)}/edit`
}

/** The incidents of one host that are not over. */
export function incidentsPath(hostId: string): string {
  return `${places.incidents}?${new URLSearchParams({ host: hostId })}`
}

export function incidentPath(incidentId: string): string {
  return `/incidents/${encodeURIComponent(incidentId)}`
}

export function checkPath(checkId: string): string {
  return `/checks/${encodeURIComponent(checkId)}`
}

export function channelPath(channelId: string): string {
  return `${places.channels}/${encodeURIComponent(channelId)}`
}

export function editCheckPath(checkId: string): string {
  return `${checkPath(checkId)}/edit`
}

/** A new check of what is known already: its kind, its unit, for a journal's pattern that pattern. */
export function addCheckPath(about: {
  hostId: string
  type?: string
  unit?: Pick<UnitRef, 'scope' | 'name'>
  pattern?: string
}): string {
  const query = new URLSearchParams({ host: about.hostId })
  if (about.type) query.set('type', about.type)
  if (about.unit) query.set('unit', unitKey(about.unit))
  if (about.pattern) query.set('pattern', about.pattern)
  return `${places.addCheck}?${query}`
}

/** What would be of use to check on a host. */
export function suggestionsPath(hostId: string): string {
  return `${places.suggestions}?${new URLSearchParams({ host: hostId })}`
}

/** A service's own page. */
export function unitPath(unit: UnitRef): string {
  return `${hostPath(unit.hostId)}/${unit.scope}/${encodeURIComponent(unit.name)}`
}

export function recoveryPath(unit: UnitRef): string {
  return `${unitPath(unit)}/recovery`
}

export function loginPath(loginId: string): string {
  return `${places.logins}/${encodeURIComponent(loginId)}`
}

export function editLoginPath(loginId: string): string {
  return `${loginPath(loginId)}/edit`
}

/** A new login in a file that is known already. */
export function addLoginPath(about: { hostId: string; path: string }): string {
  return `${places.addLogin}?${new URLSearchParams({ host: about.hostId, path: about.path })}`
}

export function backupPath(backupId: string): string {
  return `${places.backups}/${encodeURIComponent(backupId)}`
}

export function editBackupPath(backupId: string): string {
  return `${backupPath(backupId)}/edit`
}

/** A new backup of a service and all that it needs. */
export function addBackupPath(about: UnitRef): string {
  return `${places.addBackup}?${new URLSearchParams({ host: about.hostId, unit: `${about.scope}/${about.name}` })}`
}

export function restorePath(backupId: string, snapshotId: string): string {
  return `${backupPath(backupId)}/restore?${new URLSearchParams({ snapshot: snapshotId })}`
}

export function taskPath(taskId: string): string {
  return `${places.maintenance}/${encodeURIComponent(taskId)}`
}

export function editTaskPath(taskId: string): string {
  return `${taskPath(taskId)}/edit`
}

export function targetPath(targetId: string): string {
  return `${places.targets}/${encodeURIComponent(targetId)}`
}
